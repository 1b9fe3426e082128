#' Outpatient visits in the RAND Health Insurance Experiment
#'
#' From 1974 to 1982 families in six places of the United States were assigned at random to insurance plans that differ
#' in how much of a medical bill the patient pays. A row is one person in one study year.
#'
#' @format A data frame with 20190 rows and 18 columns:
#' \describe{
#'   \item{person}{number of the person, 1 to 5912; a person has up to 5 rows}
#'   \item{year}{year of the study, 1 to 5}
#'   \item{site}{place, a factor with levels "1" to "6" (the source gives no names)}
#'   \item{visits}{outpatient visits to a physician in the year}
#'   \item{years_eligible}{share of the year in which the person was enrolled, 0.077 to 1}
#'   \item{coinsurance}{share of a medical bill paid by the patient in percent: 0, 25, 50, 95 or 100}
#'   \item{log_coinsurance}{log(coinsurance + 1), the form used in the literature}
#'   \item{individual_deductible}{1 for the plan with a deductible for each person, else 0}
#'   \item{log_incentive}{log(max(1, annual participation payment in dollars))}
#'   \item{log_expenditure_limit}{0 if `individual_deductible`, else log(max(1, limit / (0.01 coinsurance))), limit the
#'     maximum the family pays in a year, in dollars}
#'   \item{female}{1 for women and girls, 0 for men and boys}
#'   \item{age}{age in years, in that year}
#'   \item{income}{annual family income in dollars}
#'   \item{family_size}{persons in the family}
#'   \item{education}{schooling of the family's decision maker in years; missing in 4 rows}
#'   \item{physical_limitation}{1 with a physical limitation at the start, 0 without; values between are imputed by the
#'     source}
#'   \item{chronic_disease_score}{chronic diseases at the start, from 0 to 58.6}
#'   \item{health}{self-rated health at the start, a factor: excellent, good, fair, poor}
#' }
#' @source Public domain. Collected by the RAND Corporation; the version of Cameron and Trivedi (2005),
#'   *Microeconometrics: Methods and Applications*, Cambridge University Press. The same data are
#'   `contextstats.datasets.load_rand_hie()` in Python.
#' @references Manning, Newhouse, Duan, Keeler and Leibowitz (1987), Health insurance and the demand for medical care:
#'   evidence from a randomized experiment. *American Economic Review* 77, 251-277.
"rand_hie"

#' Expected vote in the American presidential election of 1996
#'
#' A part of the American National Election Study of 1996. A row is one respondent who expected to vote for Bill Clinton
#' or Bob Dole.
#'
#' @format A data frame with 944 rows and 10 columns:
#' \describe{
#'   \item{vote_dole}{1 for Dole, 0 for Clinton}
#'   \item{left_right}{own political position, 1 extremely liberal to 7 extremely conservative}
#'   \item{clinton_left_right, dole_left_right}{where the respondent places Clinton and Dole on that scale}
#'   \item{party}{party identification, 0 strong Democrat to 6 strong Republican}
#'   \item{age}{age in years}
#'   \item{education}{1 grades 1 to 8, 2 some high school, 3 high school, 4 some college, 5 college degree, 6 master's
#'     degree, 7 doctorate}
#'   \item{income}{household income, 24 classes from below 3,000 to above 105,000 dollars}
#'   \item{tv_news}{days in a week with television news, 0 to 7}
#'   \item{population}{population of the place of residence, in thousands}
#' }
#' @source Public domain. The American National Election Studies. The same data are
#'   `contextstats.datasets.load_anes96()` in Python.
"anes96"

#' Seven macroeconomic series of the United States
#'
#' Quarters from 1959 to 2009.
#'
#' @format A data frame with 202 rows and 9 columns:
#' \describe{
#'   \item{gdp, consumption, investment}{growth of real gross domestic product, of real personal consumption and of real
#'     private investment, in percent a year (400 times the difference of logarithms)}
#'   \item{money, inflation}{growth of the money stock M1 and of the consumer price index, in percent a year}
#'   \item{interest}{change of the interest rate of three-month treasury bills, in percentage points}
#'   \item{unemployment}{change of the unemployment rate, in percentage points}
#'   \item{year}{year and quarter: 1959.25 is the second quarter of 1959}
#'   \item{decade}{a factor: 1960 (with 1959), 1970, 1980, 1990 (to 2009)}
#' }
#' @source Public domain. Federal Reserve Bank of St. Louis, FRED; Bureau of Labor Statistics. Computed from the copy in
#'   the Python package statsmodels, `statsmodels.datasets.macrodata`.
"us_macro"

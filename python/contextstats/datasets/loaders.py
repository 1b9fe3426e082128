"""Read the shipped tables into typed data frames."""

from __future__ import annotations

from importlib.resources import as_file, files

import numpy as np
import pandas as pd

HEALTH_LEVELS = ["excellent", "good", "fair", "poor"]


def load_rand_hie() -> pd.DataFrame:
    """Outpatient visits in the RAND Health Insurance Experiment.

    From 1974 to 1982 families in six places of the United States were assigned at random to insurance plans
    that differ in how much of a medical bill the patient pays. A row is one person in one study year.

    Returns
    -------
    DataFrame, 20190 rows
        ============================ ========================================================================
        ``person``                   number of the person, 1 to 5912; a person has up to 5 rows
        ``year``                     year of the study, 1 to 5
        ``site``                     place, categorical with levels "1" to "6" (the source gives no names)
        ``visits``                   outpatient visits to a physician in the year, a count
        ``years_eligible``           share of the year in which the person was enrolled, 0.077 to 1
        ``coinsurance``              share of a medical bill paid by the patient in percent:
                                     0, 25, 50, 95 or 100
        ``log_coinsurance``          log(coinsurance + 1), the form used in the literature
        ``individual_deductible``    1 for the plan with a deductible for each person, else 0
        ``log_incentive``            log(max(1, annual participation payment in dollars))
        ``log_expenditure_limit``    0 if individual_deductible, else log(max(1, limit / (0.01 coinsurance))),
                                     limit the maximum the family pays in a year, in dollars
        ``female``                   1 for women and girls, 0 for men and boys
        ``age``                      age in years, in that year
        ``income``                   annual family income in dollars
        ``family_size``              persons in the family
        ``education``                schooling of the family's decision maker in years; missing in 4 rows
        ``physical_limitation``      1 with a physical limitation at the start, 0 without; values between are
                                     imputed by the source
        ``chronic_disease_score``    chronic diseases at the start. The source calls it a count, but it takes
                                     values from 0 to 58.6 that are not whole numbers
        ``health``                   self-rated health at the start, categorical: excellent, good, fair, poor
        ============================ ========================================================================

    Notes
    -----
    Public domain. Collected by the RAND Corporation; this version is the one of Cameron and Trivedi (2005),
    which statsmodels distributes as `statsmodels.datasets.randhie`. Columns were renamed, persons renumbered
    and the three dummies of self-rated health joined in one column; no value was changed.

    References
    ----------
    Manning, Newhouse, Duan, Keeler and Leibowitz (1987), Health insurance and the demand for medical care:
    evidence from a randomized experiment, American Economic Review 77, 251-277.

    Cameron and Trivedi (2005), *Microeconometrics: Methods and Applications*, Cambridge University Press.
    """
    table = _read("rand_hie")
    after = list(table.columns).index("coinsurance") + 1
    table.insert(after, "log_coinsurance", np.log1p(table["coinsurance"]))
    table["site"] = pd.Categorical(table["site"].astype(str), categories=[str(code) for code in range(1, 7)])
    table["health"] = pd.Categorical(table["health"], categories=HEALTH_LEVELS)
    return table


def load_anes96() -> pd.DataFrame:
    """Expected vote in the American presidential election of 1996.

    A part of the American National Election Study of 1996; a row is one respondent who expected to vote for
    Bill Clinton or Bob Dole.

    Returns
    -------
    DataFrame, 944 rows
        ======================= ========================================================================
        ``vote_dole``           1 for Dole, 0 for Clinton
        ``left_right``          own political position, 1 extremely liberal to 7 extremely conservative
        ``clinton_left_right``  where the respondent places Clinton on that scale
        ``dole_left_right``     where the respondent places Dole on that scale
        ``party``               party identification, 0 strong Democrat to 6 strong Republican
        ``age``                 age in years
        ``education``           1 grades 1 to 8, 2 some high school, 3 high school, 4 some college,
                                5 college degree, 6 master's degree, 7 doctorate
        ``income``              household income, 24 classes from below 3,000 to above 105,000 dollars
        ``tv_news``             days in a week with television news, 0 to 7
        ``population``          population of the place of residence, in thousands
        ======================= ========================================================================

    Notes
    -----
    Public domain. The American National Election Studies; distributed by statsmodels as
    `statsmodels.datasets.anes96`. Columns were renamed; no value was changed.
    """
    return _read("anes96")


def _read(name: str) -> pd.DataFrame:
    with as_file(files("contextstats.datasets") / f"{name}.csv.gz") as path:
        return pd.read_csv(path)

#' @keywords internal
#' @importFrom generics tidy glance augment
#' @importFrom graphics plot
#' @importFrom stats AIC anova coef confint cooks.distance drop1 extractAIC family fitted formula hatvalues influence
#' @importFrom stats logLik model.frame model.matrix nobs predict residuals rstandard sigma simulate vcov weights
#' @importFrom stats case.names variable.names deviance df.residual rstudent
"_PACKAGE"

#' @export
generics::tidy

#' @export
generics::glance

#' @export
generics::augment

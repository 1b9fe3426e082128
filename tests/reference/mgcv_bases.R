# Writes mgcv_bases.json: penalised least squares with fixed smoothing parameters, for every kind of smooth.
# Run with: Rscript tests/reference/mgcv_bases.R
#
# A case is one model y ~ s(...) on the same 150 rows. Its smoothing parameters are fixed, so the numbers depend on
# the definitions of basis, constraint and penalty scale alone. Fitted values, effective degrees of freedom and
# standard errors do not depend on the coordinates of the smooth; coefficients do and are not kept.

suppressMessages(library(mgcv))
library(jsonlite)

set.seed(20)
n <- 150
data <- data.frame(
  a = round(runif(n), 6),
  b = round(rgamma(n, 2), 6),
  g = factor(sample(c("u", "v", "w", "x"), n, replace = TRUE))
)
data$y <- round(
  sin(6 * data$a) + cos(data$b) * data$a + c(u = 0.5, v = -0.2, w = 0, x = 0.3)[as.character(data$g)] + 0.3 * rnorm(n), 6
)
# The first rows of newdata are within the data, the others outside (g is always a known level).
newdata <- data.frame(
  a = c(seq(0.05, 0.95, length.out = 6), -0.3, -0.001, 1.002, 1.5),
  b = c(seq(0.3, 4, length.out = 6), -1, 0.001, 9, 20),
  g = factor(rep(c("u", "v", "w", "x"), length.out = 10), levels = levels(data$g))
)

fit_case <- function(smooth, sp, select = FALSE, knots = NULL) {
  fit <- gam(as.formula(paste("y ~", smooth)), data = data, sp = sp, select = select, knots = knots)
  smooth_object <- fit$smooth[[1]]
  predicted <- predict(fit, newdata, se.fit = TRUE, newdata.guaranteed = FALSE)
  list(
    smooth = smooth, sp = sp, select = select, knots = knots,
    fitted = as.numeric(fitted(fit)[1:20]),
    fitted_se = as.numeric(predict(fit, se.fit = TRUE)$se.fit[1:20]),
    edf_total = sum(fit$edf), scale = fit$sig2, deviance = deviance(fit),
    predicted = as.numeric(predicted$fit), predicted_se = as.numeric(predicted$se.fit),
    s_scale = smooth_object$S.scale, null_dim = smooth_object$null.space.dim,
    n_coefficients = smooth_object$df,
    xp = as.numeric(if (is.null(smooth_object$knots)) smooth_object$xp else smooth_object$knots)
  )
}

cases <- list(
  ps = fit_case("s(a, bs = 'ps')", 0.7),
  ps_rough = fit_case("s(a, bs = 'ps', k = 20)", 1e-4),
  ps_stiff = fit_case("s(b, bs = 'ps')", 1e7),
  ps_m1 = fit_case("s(a, bs = 'ps', k = 8, m = 1)", 0.2),
  ps_m31 = fit_case("s(a, bs = 'ps', k = 9, m = c(3, 1))", 0.2),
  ps_m23 = fit_case("s(a, bs = 'ps', k = 12, m = c(2, 3))", 2),
  ps_ridge = fit_case("s(a, bs = 'ps', m = c(2, 0))", 2),
  ps_knots = fit_case("s(a, bs = 'ps')", 0.7, knots = list(a = seq(-3 / 7, 1 + 3 / 7, length = 14))),
  ps_select = fit_case("s(a, bs = 'ps')", c(0.7, 3), select = TRUE),
  bs = fit_case("s(a, bs = 'bs')", 0.05),
  bs_m21 = fit_case("s(b, bs = 'bs', k = 12, m = c(2, 1))", 0.3),
  bs_m33 = fit_case("s(b, bs = 'bs', k = 8, m = c(3, 3))", 0.3),
  bs_m10 = fit_case("s(b, bs = 'bs', k = 8, m = c(1, 0))", 0.3),
  bs_select = fit_case("s(b, bs = 'bs')", c(0.05, 20), select = TRUE),
  cr = fit_case("s(a, bs = 'cr')", 0.02),
  cr_skewed = fit_case("s(b, bs = 'cr', k = 15)", 0.5),
  cr_smallest = fit_case("s(b, bs = 'cr', k = 3)", 0.5),
  cr_select = fit_case("s(b, bs = 'cr')", c(0.5, 4), select = TRUE),
  cc = fit_case("s(a, bs = 'cc')", 0.01),
  cc_skewed = fit_case("s(b, bs = 'cc', k = 7)", 0.3),
  cc_smallest = fit_case("s(b, bs = 'cc', k = 4)", 0.3),
  cc_bounds = fit_case("s(a, bs = 'cc')", 0.01, knots = list(a = c(-0.1, 1.2))),
  re_numeric = fit_case("s(b, bs = 're')", 2),
  re_factor = fit_case("s(g, bs = 're')", 15),
  te_ps = fit_case("te(a, b, bs = 'ps')", c(0.3, 2)),
  te_ps_uneven = fit_case("te(a, b, bs = 'ps', k = c(7, 4), m = list(c(2, 1), c(1, 2)))", c(0.03, 0.2)),
  te_cr = fit_case("te(a, b, bs = 'cr')", c(0.3, 2)),
  te_mixed = fit_case("te(a, b, bs = c('cc', 'bs'), k = c(6, 5))", c(0.1, 0.1)),
  ti_ps = fit_case("ti(a, b, bs = 'ps')", c(0.3, 2)),
  ti_cr = fit_case("ti(a, b, bs = 'cr')", c(0.3, 2)),
  ti_mixed = fit_case("ti(a, b, bs = c('cc', 'ps'), k = c(6, 5))", c(0.1, 0.1)),
  ti_select = fit_case("ti(a, b, bs = 'ps')", c(0.3, 2, 5), select = TRUE),
  te_select = fit_case("te(a, b, bs = 'ps')", c(0.3, 2, 5), select = TRUE)
)

# jsonlite stops at 15 digits; doubles need 17.
exact <- function(x) {
  numbers <- sprintf("%.17g", x)
  text <- if (length(x) == 1) numbers else paste0("[", paste(numbers, collapse = ", "), "]")
  structure(text, class = "json")
}
column <- function(x) if (is.factor(x)) as.character(x) else x
result <- list(
  made_by = sprintf("R %s, mgcv %s, tests/reference/mgcv_bases.R", getRversion(), packageVersion("mgcv")),
  data = lapply(data, column),
  newdata = lapply(newdata, column),
  cases = cases
)
result <- rapply(result, exact, classes = c("numeric", "integer"), how = "replace")
write_json(result, "tests/reference/mgcv_bases.json", auto_unbox = TRUE, json_verbatim = TRUE, null = "null")

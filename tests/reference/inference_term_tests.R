# Writes inference_term_tests.json. Run in this folder: Rscript inference_term_tests.R
# mgcv's tests of random-effect terms and of smooths that can be penalised to zero.
library(mgcv)

set.seed(7)
n <- 120
d <- data.frame(u = runif(n), x = rnorm(n), a = factor(sample(1:9, n, TRUE)), b = factor(sample(1:6, n, TRUE)))
eta <- sin(5 * d$u) + 0.4 * d$x + rnorm(9, sd = 0.35)[d$a] + rnorm(6, sd = 0.3)[d$b]
d$gaussian <- eta + rnorm(n)
d$poisson <- rpois(n, exp(0.3 + 0.5 * eta))

describe <- function(model) {
  table <- summary(model)$s.table
  list(
    coefficients = coef(model), Vp = model$Vp, Ve = model$Ve, gram = crossprod(model$R), scale = model$sig2,
    residual_df = n - sum(model$edf), scale_estimated = model$scale.estimated, sp = model$sp,
    first = sapply(model$smooth, function(s) s$first.para), last = sapply(model$smooth, function(s) s$last.para),
    edf = table[, "edf"], ref_df = table[, "Ref.df"], statistic = table[, 3], pvalue = table[, "p-value"]
  )
}

one <- "s(u, bs = 'ps', k = 8)"
fit <- function(terms, response, family, ...) {
  gam(reformulate(c("x", terms), response), data = d, family = family, method = "REML", ...)
}
jsonlite::write_json(
  list(
    made_by = sprintf("R %s, mgcv %s", getRversion(), packageVersion("mgcv")),
    gaussian = describe(fit(c(one, "s(a, bs = 're')"), "gaussian", gaussian())),
    poisson = describe(fit(c(one, "s(a, bs = 're')"), "poisson", poisson())),
    two_random = describe(fit(c(one, "s(a, bs = 're')", "s(b, bs = 're')"), "gaussian", gaussian())),
    select = describe(fit(one, "poisson", poisson(), select = TRUE))
  ),
  "inference_term_tests.json",
  digits = NA, auto_unbox = TRUE
)

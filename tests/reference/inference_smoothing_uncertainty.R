# Writes inference_smoothing_uncertainty.json. Run in this folder: Rscript inference_smoothing_uncertainty.R
# Generalised responses whose weights depend on the coefficients, so that every term of mgcv's corrected
# covariance is exercised. The log link of the Gamma fit is not canonical: observed weights.
library(mgcv)

set.seed(20)
n <- 160
d <- data.frame(u = runif(n), v = runif(n), x = rnorm(n))
eta <- sin(5 * d$u) + 0.6 * d$x
d$poisson <- rpois(n, exp(0.4 + 0.7 * eta))
d$binomial <- rbinom(n, 1, plogis(eta))
d$gamma <- rgamma(n, shape = 3, scale = exp(0.5 * eta) / 3)

describe <- function(family, response) {
  model <- gam(reformulate(c("x", "s(u, bs = 'ps', k = 8)", "s(v, bs = 'ps', k = 7)"), response),
    family = family, data = d, method = "REML"
  )
  list(
    X = model.matrix(model), y = d[[response]], coefficients = coef(model), sp = model$sp, scale = model$sig2,
    scale_estimated = model$scale.estimated, weights = model$weights,
    S = lapply(model$smooth, function(s) s$S[[1]]), first = sapply(model$smooth, function(s) s$first.para),
    hessian = model$outer.info$hess, Vp = model$Vp, Ve = model$Ve, Vc = model$Vc, edf = model$edf,
    edf1 = model$edf1, edf2 = model$edf2
  )
}

jsonlite::write_json(
  list(
    made_by = sprintf("R %s, mgcv %s", getRversion(), packageVersion("mgcv")),
    poisson = describe(poisson(), "poisson"), binomial = describe(binomial(), "binomial"),
    gamma = describe(Gamma(link = "log"), "gamma")
  ),
  "inference_smoothing_uncertainty.json",
  digits = NA, auto_unbox = TRUE
)

# Every test that needs the Python side calls this first; continuous integration counts what it skips.
needs_python <- function() skip_if_not(contextstats_available(), "the Python package contextstats")

# Rows with smooth and categorical contexts, a factor, missing values, weights and offsets.
example_data <- function(n = 300, missing = TRUE) {
  set.seed(20260701)
  d <- data.frame(
    dose = rnorm(n), z = runif(n), age = runif(n, 20, 80), sex = factor(sample(c("f", "m"), n, TRUE)),
    dept = factor(sample(c("a", "b", "c"), n, TRUE)), w = sample(1:3, n, TRUE) / 2, off = rnorm(n, sd = 0.2)
  )
  eta <- 0.3 + 0.3 * sin(d$age / 12) * d$dose + 0.2 * (d$sex == "m") + d$off
  mu <- exp(eta)
  d$gaussian <- eta + rnorm(n, sd = 0.5)
  d$binomial <- rbinom(n, 1, plogis(eta))
  d$poisson <- rpois(n, mu)
  d$gamma <- rgamma(n, shape = 4, scale = mu / 4)
  d$nb <- rnbinom(n, size = 2, mu = mu)
  d$tweedie <- mgcv::rTweedie(mu, p = 1.5, phi = 0.8)
  d$failures <- rpois(n, 3)
  if (missing) {
    d$dose[c(3, 50)] <- NA
    d$age[7] <- NA
    d$dept[9] <- NA
  }
  d
}

families <- function() {
  list(
    gaussian = gaussian(), binomial = binomial(), poisson = poisson(), gamma = Gamma(link = "log"),
    gamma = inverse.gaussian(link = "log"), nb = MASS::negative.binomial(2), tweedie = mgcv::Tweedie(1.5, "log")
  )
}

# The same model through Python's public names alone: the data cross in a file, the numbers as JSON.
python_values <- function(y, x, contexts, context, family, extra = list(), options = "", newdata = NULL) {
  skip_if_not_installed("jsonlite")
  path <- tempfile(fileext = ".json")
  exact <- function(column) if (is.numeric(column)) sprintf("%.17g", column) else as.character(column)
  columns <- function(frame) lapply(as.list(as.data.frame(frame, check.names = FALSE)), exact)
  sent <- list(
    y = exact(y), x = columns(x), numbers = columns(Filter(is.numeric, contexts)),
    labels = columns(Filter(Negate(is.numeric), contexts)), extra = lapply(extra, exact)
  )
  jsonlite::write_json(sent, path)
  code <- sprintf("
import json, numpy as np, pandas as pd, contextstats as cs
sent = json.load(open(%s))
numbers = {name: np.array(values, float) for name, values in (sent['numbers'] or {}).items()}
model = cs.ContextualGLM(np.array(sent['y'], float), pd.DataFrame(sent['x']).astype(float),
                         pd.DataFrame({**numbers, **(sent['labels'] or {})}), encoder=%s, family=%s,
                         **{k: np.array(v, float) for k, v in (sent['extra'] or {}).items()})
res = model.fit(%s)
average, varying = res.average_effects(), res.heterogeneity()
out = json.dumps(dict(
    params=res.params.tolist(), vcov=res.cov_params().to_numpy().tolist(), fitted=res.fittedvalues.tolist(),
    deviance=res.deviance, null_deviance=res.null_deviance, scale=res.scale, df_resid=res.df_resid, nobs=res.nobs,
    llf=res.llf, aic=res.aic, bic=res.bic, alpha=res.family.parameter,
    average=average['estimate'].tolist(), average_se=average['std_error'].tolist(),
    varying=varying.drop(columns=['predictor', 'context']).to_numpy().tolist(),
    population=res.test_population().p_value,
    resid_pearson=res.resid_pearson.tolist(), resid_deviance=res.resid_deviance.tolist(),
    resid_working=res.resid_working.tolist(), hat=res.hat_diag.tolist(),
    se_link=res.get_prediction().se_linear.tolist()))
", encodeString(path, quote = "\""), context, family, options)
  jsonlite::fromJSON(reticulate::py_run_string(code)$out)
}

python_family <- function(family) {
  name <- switch(
    sub("[(].*", "", family$family), gaussian = "Gaussian", binomial = "Binomial", poisson = "Poisson", Gamma = "Gamma",
    inverse.gaussian = "InverseGaussian", "Negative Binomial" = "NegativeBinomial", Tweedie = "Tweedie"
  )
  option <- c(NegativeBinomial = ", alpha=0.5", Tweedie = ", power=1.5")[name]
  sprintf("cs.families.%s('%s'%s)", name, family$link, if (is.na(option)) "" else option)
}

# Largest difference on the scale of the values.
expect_close <- function(object, expected, tolerance = 1e-12) {
  object <- as.numeric(object)
  expected <- as.numeric(expected)
  expect_length(object, length(expected))
  expect_identical(is.na(object), is.na(expected))
  scale <- max(1, abs(expected), na.rm = TRUE)
  expect_lt(max(abs(object - expected), 0, na.rm = TRUE) / scale, tolerance)
}

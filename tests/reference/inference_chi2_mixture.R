# Writes inference_chi2_mixture.json. Run in this folder: Rscript inference_chi2_mixture.R
# Davies' method as mgcv has it, absolute error 1e-10.
library(mgcv)

cases <- list(
  list(q = 12, weights = c(6, 3, 1), df = c(1, 1, 1)), list(q = 1, weights = c(6, 3, 1), df = c(1, 1, 1)),
  list(q = 30, weights = c(7, 3, 1, 0.2), df = c(2, 1, 4, 6)), list(q = 2, weights = c(3, -1, -2), df = c(2, 3, 1)),
  list(q = -4, weights = c(1, 0.5, -3), df = c(3, 4, 2)), list(q = 0, weights = c(2, 0.7, -0.05), df = c(1, 1, 40))
)
for (i in seq_along(cases)) {
  case <- cases[[i]]
  cases[[i]]$survival <- psum.chisq(case$q, case$weights, df = case$df, tol = 1e-10, nlim = 1e7)
}
jsonlite::write_json(
  list(made_by = sprintf("R %s, mgcv %s, psum.chisq", getRversion(), packageVersion("mgcv")), cases = cases),
  "inference_chi2_mixture.json",
  digits = NA, auto_unbox = TRUE
)

# Writes inference_k_check.json. Run in this folder: Rscript inference_k_check.R
# mgcv's basis check: one smooth with a basis that is too small, one that is rich enough, one of two variables.
library(mgcv)

set.seed(3)
n <- 200
d <- data.frame(u = runif(n), v = runif(n))
d$y <- sin(12 * d$u) + 0.5 * d$v + 0.3 * rnorm(n)
describe <- function(formula) {
  model <- gam(formula, data = d, method = "REML")
  table <- k.check(model, n.rep = 4000)
  list(residuals = residuals(model), k_index = table[1, "k-index"], pvalue = table[1, "p-value"])
}
jsonlite::write_json(
  list(
    made_by = sprintf("R %s, mgcv %s", getRversion(), packageVersion("mgcv")), u = d$u, v = d$v,
    small = describe(y ~ s(u, k = 5)), rich = describe(y ~ s(u, k = 20)), surface = describe(y ~ s(u, v, k = 12))
  ),
  "inference_k_check.json",
  digits = NA, auto_unbox = TRUE
)

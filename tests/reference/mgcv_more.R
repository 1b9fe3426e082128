# Writes mgcv_more.json and data/mgcv_more.csv: other families, links, bases, weights, offsets and constraints.
# Run with: Rscript tests/reference/mgcv_more.R   (from the root of the repository)
suppressMessages({library(mgcv); library(jsonlite)})
set.seed(20)
n <- 600
d <- data.frame(a = runif(n, 20, 80), b = rexp(n), x = rnorm(n), g = factor(sample(c("u", "v", "w"), n, TRUE)),
                w = round(runif(n, 0.5, 2), 2), f = sample(1:3, n, TRUE), off = round(rnorm(n, 0, 0.3), 3))
eta <- 0.4 * sin(d$a / 12) + d$x * (0.5 - 0.2 * d$b) * 0.5 + c(0, 0.3, -0.2)[d$g]
d$gau <- eta + rnorm(n) * 0.7
d$bin <- rbinom(n, 1, plogis(1.5 * eta))
d$prop <- rbinom(n, 8, plogis(eta)) / 8
d$poi <- rpois(n, exp(eta + d$off))
d$gam <- rgamma(n, 2, 2 / exp(eta))
d$ig <- exp(eta) * rchisq(n, 20) / 20
d$nb <- rnbinom(n, mu = exp(eta + 0.5), size = 1.7)
d$tw <- rTweedie(exp(eta), p = 1.4, phi = 0.8)
write.csv(d, "tests/reference/data/mgcv_more.csv", row.names = FALSE)
# A point constraint identifies a smooth beside the predictor it multiplies.
mid <- mean(range(d$b))
ps <- 's(a, bs = "ps") + s(b, by = x, bs = "ps", k = 8, pc = mid)'
cases <- list(
  gamma_log = list("gam ~ x + %s", Gamma("log")), gamma_inverse = list("gam ~ s(a, bs='ps')", Gamma("inverse")),
  ig_log = list("ig ~ x + %s", inverse.gaussian("log")), probit = list("bin ~ x + %s", binomial("probit")),
  cloglog = list("bin ~ x + %s", binomial("cloglog")), poisson_sqrt = list("poi ~ s(a, bs='ps')", poisson("sqrt")),
  poisson_offset = list("poi ~ x + %s + offset(off)", poisson()), tweedie = list("tw ~ x + %s", Tweedie(1.4, "log")),
  negbin_fixed = list("nb ~ x + %s", negbin(1.7)), negbin_estimated = list("nb ~ x + %s", nb()),
  gaussian_weights = list("gau ~ x + %s", gaussian(), weights = "w"), gaussian_log = list("gam ~ s(a, bs='ps')", gaussian("log")),
  proportion = list("prop ~ x + %s", binomial(), weights = "trials"), gaussian_ml = list("gau ~ x + %s", gaussian(), method = "ML"),
  logit_ml = list("bin ~ x + %s", binomial(), method = "ML"), poisson_gcv = list("poi ~ x + %s", poisson(), method = "GCV.Cp"),
  gamma_gcv = list("gam ~ x + %s", Gamma("log"), method = "GCV.Cp"),
  cr = list("gau ~ x + s(a, bs='cr') + s(b, by=x, bs='cr', k=7, pc=mid)", gaussian()), bs = list("gau ~ s(a, bs='bs', k=12)", gaussian()),
  cc = list("gau ~ s(a, bs='cc')", gaussian()), re = list("gau ~ x + s(g, bs='re') + s(g, x, bs='re')", gaussian()),
  te = list("gau ~ te(a, b, bs='ps', k=5)", gaussian()), ti = list("gau ~ s(a, bs='ps') + s(b, bs='ps') + ti(a, b, bs='ps', k=5)", gaussian()),
  te_cr_logit = list("bin ~ te(a, b, bs='cr', k=c(5,4))", binomial()), select = list("gau ~ s(a, bs='ps') + s(b, bs='ps')", gaussian(), select = TRUE),
  select_logit = list("bin ~ s(a, bs='ps') + s(b, bs='ps')", binomial(), select = TRUE), factor_by = list("gau ~ x*g + s(a, bs='ps')", gaussian()))
d$trials <- 8
out <- list()
for (name in names(cases)) {
  case <- cases[[name]]
  formula <- as.formula(sub("%s", ps, case[[1]], fixed = TRUE))
  args <- list(formula, family = case[[2]], data = d, method = if (is.null(case$method)) "REML" else case$method,
               control = gam.control(epsilon = 1e-11, newton = list(conv.tol = 1e-9)))
  if (!is.null(case$weights)) args$weights <- d[[case$weights]]
  if (!is.null(case$select)) args$select <- TRUE
  m <- do.call(gam, args)
  p <- predict(m, se.fit = TRUE); u <- if (is.null(m$Vc)) p else predict(m, se.fit = TRUE, unconditional = TRUE)
  i <- seq(1, n, by = 20)
  out[[name]] <- list(formula = case[[1]], link = as.numeric(p$fit)[i], se = as.numeric(p$se.fit)[i], se_unconditional = as.numeric(u$se.fit)[i],
    edf = sum(m$edf), scale = m$scale, deviance = deviance(m), sp = as.numeric(m$sp), score = as.numeric(m$gcv.ubre),
    theta = if (name == "negbin_estimated") m$family$getTheta(TRUE) else NULL, p_values = as.numeric(summary(m)$s.table[, 4]),
    term_edf = as.numeric(summary(m)$s.table[, 1]))
}
out$made_by <- paste("R", getRversion(), "mgcv", packageVersion("mgcv"))
write_json(out, "tests/reference/mgcv_more.json", digits = 17, auto_unbox = TRUE)

# The same data through R and through Python's public names give the same numbers.

all_agrees <- function(fit, python) {
  expect_close(coef(fit), python$params)
  expect_close(vcov(fit), python$vcov)
  expect_close(fit$fitted.values, python$fitted)
  expect_close(deviance(fit), python$deviance)
  expect_close(fit$null.deviance, python$null_deviance)
  expect_close(fit$dispersion, python$scale)
  expect_close(df.residual(fit), python$df_resid)
  expect_close(average_effects(fit)$estimate, python$average)
  expect_close(average_effects(fit)$std.error, python$average_se)
  expect_close(as.matrix(heterogeneity(fit)[-(1:2)]), python$varying)
  expect_close(attr(heterogeneity(fit), "population_test")$p.value, python$population)
  expect_close(residuals(fit, "pearson"), python$resid_pearson)
  expect_close(residuals(fit, "deviance"), python$resid_deviance, 1e-11)
  expect_close(residuals(fit, "working"), python$resid_working)
  expect_close(hatvalues(fit), python$hat)
  expect_close(predict(fit, se.fit = TRUE)$se.fit, python$se_link)
}

for (response in names(families())) {
  for (family in families()[names(families()) == response]) {
    local({
      family <- family
      response <- response
      test_that(paste("a varying fit agrees with Python:", family$family), {
        needs_python()
        d <- example_data()
        formula <- reformulate(c("dose", "sex"), response)
        fit <- context_glm(formula, ~ s(age, k = 8) + dept, d, family = family, offset = off, weights = w)
        kept <- na.omit(d)
        all_agrees(fit, python_values(
          kept[[response]], model.matrix(~ dose + sex, kept), kept[c("age", "dept")], "'s(age, k=8) + dept'",
          python_family(family), list(offset = kept$off, var_weights = kept$w)
        ))
      })
    })
  }
}

test_that("contrasts, poly(), ns(), a context for each predictor, subset and select agree with Python", {
  needs_python()
  d <- example_data()
  fit <- context_glm(
    poisson ~ poly(z, 2) + splines::ns(dose, df = 3) + sex, list(`(Intercept)` = ~ s(age), sex = ~ s(age) + s(z, k = 6)),
    d, family = poisson(), contrasts = list(sex = "contr.sum"), subset = w > 0.5, select = TRUE, cov_type = "HC1"
  )
  kept <- na.omit(subset(d, select = -dept)[d$w > 0.5, ])
  frame <- model.frame(~ poly(z, 2) + splines::ns(dose, df = 3) + sex, subset(d, w > 0.5), na.action = na.pass)
  x <- model.matrix(fit$terms, fit$model, fit$contrasts)
  expect_equal(colnames(x), c("(Intercept)", "poly(z, 2)1", "poly(z, 2)2", paste0("splines::ns(dose, df = 3)", 1:3), "sex1"))
  all_agrees(fit, python_values(
    kept$poisson, x, kept[c("age", "z")], "{'(Intercept)': 's(age)', 'sex1': 's(age) + s(z, k=6)'}", "'poisson'",
    options = "select=True, cov_type='HC1'"
  ))
})

test_that("theta of a negative binomial, counts of successes, tensor products and clusters agree with Python", {
  needs_python()
  d <- example_data(missing = FALSE)
  x <- model.matrix(~ dose, d)
  fit <- context_glm(nb ~ dose, ~ s(age), d, family = mgcv::nb())
  python <- python_values(d$nb, x, d["age"], "'s(age)'", "'negative_binomial'")
  all_agrees(fit, python)
  expect_close(1 / MASS::theta.ml(d$nb, rep(1, 300)) > 0, 1)
  expect_close(logLik(fit), python$llf)
  expect_close(AIC(fit), python$aic)
  fit <- context_glm(cbind(poisson, failures) ~ dose, ~ te(age, z, k = c(4, 5)), d, binomial, weights = w,
                     subset = poisson + failures > 0)
  kept <- subset(d, poisson + failures > 0)
  trials <- kept$poisson + kept$failures
  all_agrees(fit, python_values(
    kept$poisson / trials, model.matrix(~ dose, kept), kept[c("age", "z")], "'te(age, z, k=(4, 5))'", "'binomial'",
    list(var_weights = trials * kept$w)
  ))
  fit <- context_glm(gaussian ~ dose, ~ s(age, bs = "cr"), d, cov_type = "cluster", cluster = ~dept)
  codes <- paste(as.integer(d$dept), collapse = ",")
  all_agrees(fit, python_values(
    d$gaussian, x, d["age"], "'s(age, bs=\"cr\")'", "'gaussian'",
    options = sprintf("cov_type='cluster', cov_kwds={'groups': [%s]}", codes)
  ))
})

test_that("frequency weights and an exposure agree with Python", {
  needs_python()
  d <- example_data(missing = FALSE)
  fit <- context_glm(poisson ~ dose, ~ s(age), d, poisson, exposure = exp(off), freq_weights = 2 * w)
  python <- python_values(d$poisson, model.matrix(~ dose, d), d["age"], "'s(age)'", "'poisson'",
                          list(exposure = exp(d$off), freq_weights = 2 * d$w))
  all_agrees(fit, python)
  expect_equal(nobs(fit), python$nobs)
  expect_false(inherits(fit, "glm"))
  constant <- context_glm(poisson ~ dose + sex, data = d, family = poisson, freq_weights = 2 * w)
  twice <- glm(poisson ~ dose + sex, data = d[rep(seq_len(300), 2 * d$w), ], family = poisson, control = list(epsilon = 1e-14))
  expect_equal(coef(summary(constant)), coef(summary(twice)), tolerance = 1e-6)
  expect_equal(c(AIC(constant), BIC(constant)), c(AIC(twice), BIC(twice)), tolerance = 1e-8)
  expect_equal(anova(constant)["sex", "Chi.sq"], coef(summary(twice))["sexm", "z value"]^2, tolerance = 1e-6)
  expect_close(logLik(fit), python$llf)
})

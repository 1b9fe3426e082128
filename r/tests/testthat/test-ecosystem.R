# What other packages make of a fit: beside glm() where there is no context.

# Data on the search path: some packages update a fit from inside their namespace.
pair <- function() {
  ours <- context_glm(case ~ spontaneous * education + age, data = infert, family = binomial)
  theirs <- glm(case ~ spontaneous * education + age, data = infert, family = binomial)
  for (time in 1:2) theirs <- update(theirs, start = coef(theirs))
  theirs$call$start <- NULL
  list(ours = ours, theirs = theirs)
}

same <- function(ours, theirs) {
  if (is.data.frame(theirs)) {
    ours <- as.data.frame(ours)
    theirs <- as.data.frame(theirs)
  }
  expect_equal(ours, theirs, tolerance = 1e-8, ignore_attr = TRUE)
}

test_that("broom and knitr", {
  needs_python()
  skip_if_not_installed("broom")
  both <- pair()
  ours <- both$ours
  theirs <- both$theirs
  same(broom::tidy(ours), broom::tidy(theirs))
  same(suppressMessages(tidy(ours, conf.int = TRUE, exponentiate = TRUE)),
       suppressMessages(broom::tidy(theirs, conf.int = TRUE, exponentiate = TRUE)))
  same(broom::glance(ours), broom::glance(theirs))
  expect_named(broom::glance(ours), names(broom::glance(theirs)))
  for (arguments in list(list(), list(se_fit = TRUE, type.predict = "response"), list(data = infert),
                         list(newdata = infert[1:5, ]))) {
    mine <- do.call(broom::augment, c(list(ours), arguments))
    its <- do.call(broom::augment, c(list(theirs), arguments))
    expect_setequal(names(mine), names(its))
    same(mine[names(its)], its)
  }
  d <- example_data()
  mine <- augment(context_glm(poisson ~ dose, data = d, family = poisson))
  expect_identical(mine$.rownames, broom::augment(glm(poisson ~ dose, data = d, family = poisson))$.rownames)
  expect_identical(knitr::kable(tidy(ours), digits = 6), knitr::kable(broom::tidy(theirs), digits = 6))
})

test_that("lmtest, sandwich and car", {
  needs_python()
  both <- pair()
  ours <- both$ours
  theirs <- both$theirs
  skip_if_not_installed("sandwich")
  for (type in c("HC0", "HC1", "HC2", "HC3", "HC4")) {
    same(sandwich::vcovHC(ours, type = type), sandwich::vcovHC(theirs, type = type))
  }
  same(sandwich::vcovCL(ours, cluster = ~parity), sandwich::vcovCL(theirs, cluster = ~parity))
  skip_if_not_installed("lmtest")
  same(unclass(lmtest::coeftest(ours))[, ], unclass(lmtest::coeftest(theirs))[, ])
  same(unclass(lmtest::coeftest(ours, vcov. = sandwich::vcovHC))[, ],
       unclass(lmtest::coeftest(theirs, vcov. = sandwich::vcovHC))[, ])
  same(lmtest::lrtest(ours, "age"), lmtest::lrtest(theirs, "age"))
  same(lmtest::waldtest(ours, "age"), lmtest::waldtest(theirs, "age"))
  skip_if_not_installed("car")
  same(car::Anova(ours), car::Anova(theirs))
  same(car::Anova(ours, type = 3, test.statistic = "Wald"), car::Anova(theirs, type = 3, test.statistic = "Wald"))
  same(car::linearHypothesis(ours, "spontaneous + age = 0"), car::linearHypothesis(theirs, "spontaneous + age = 0"))
})

test_that("emmeans", {
  needs_python()
  skip_if_not_installed("emmeans")
  both <- pair()
  for (make in list(
    function(fit) emmeans::emmeans(fit, ~ education, type = "response"),
    function(fit) emmeans::emtrends(fit, ~education, var = "spontaneous"),
    function(fit) graphics::pairs(emmeans::emmeans(fit, ~education))
  )) {
    suppressMessages(same(as.data.frame(make(both$ours)), as.data.frame(make(both$theirs))))
  }
})

test_that("stats and MASS", {
  needs_python()
  both <- pair()
  ours <- both$ours
  theirs <- both$theirs
  same(simulate(ours, 2, seed = 1), simulate(theirs, 2, seed = 1))
  same(add1(ours, ~ . + induced), add1(theirs, ~ . + induced))
  same(MASS::dropterm(ours, test = "Chisq"), MASS::dropterm(theirs, test = "Chisq"))
  same(coef(MASS::stepAIC(ours, trace = 0)), coef(MASS::stepAIC(theirs, trace = 0)))
  same(influence.measures(ours)$infmat, influence.measures(theirs)$infmat)
  same(dfbetas(ours), dfbetas(theirs))
  same(anova(ours, update(ours, . ~ . - age)), anova(theirs, update(theirs, . ~ . - age), test = "Chisq"))
  same(model.matrix(ours), model.matrix(theirs))
  same(weights(ours, "working"), weights(theirs, "working"))
  expect_identical(case.names(ours), case.names(theirs))
  expect_identical(variable.names(ours), variable.names(theirs))
  expect_identical(labels(ours), labels(theirs))
  expect_identical(sigma(ours), 1)
})

# ---- varying coefficients --------------------------------------------------------------------------------------------

varying <- function(...) {
  context_glm(poisson ~ dose + sex, ~ s(age) + dept, example_data(missing = FALSE), poisson, ...)
}

test_that("the sandwich of a varying fit is HC0 of the Python side, and lmtest uses it", {
  needs_python()
  skip_if_not_installed("sandwich")
  fit <- varying()
  expect_equal(sandwich::sandwich(fit), vcov(varying(cov_type = "HC0")), tolerance = 1e-8, ignore_attr = TRUE)
  expect_equal(sandwich::vcovHC(fit, type = "HC0"), vcov(varying(cov_type = "HC0")), tolerance = 1e-8, ignore_attr = TRUE)
  test <- lmtest::coeftest(fit)
  expect_equal(unname(test["dose", ]), unname(coef(summary(fit))["dose", ]), tolerance = 1e-10)
})

test_that("marginal means of a varying fit are its predictions", {
  needs_python()
  skip_if_not_installed("emmeans")
  fit <- varying()
  found <- as.data.frame(emmeans::emmeans(fit, ~ sex | dept, at = list(dose = 0.5, age = 40)))
  new <- data.frame(dose = 0.5, age = 40, sex = found$sex, dept = found$dept)
  predicted <- predict(fit, new, se.fit = TRUE)
  expect_equal(found$emmean, unname(predicted$fit), tolerance = 1e-10)
  expect_equal(found$SE, unname(predicted$se.fit), tolerance = 1e-8)
})

test_that("what marginaleffects asks for is consistent", {
  needs_python()
  fit <- varying()
  d <- example_data(missing = FALSE)
  expect_true("context_glm" %in% getOption("marginaleffects_model_classes"))
  expect_identical(get_coef.context_glm(fit), coef(fit))
  expect_identical(get_vcov.context_glm(fit), vcov(fit))
  expect_equal(get_predict.context_glm(fit, d)$estimate, unname(fitted(fit)), tolerance = 1e-10)
  moved <- set_coef.context_glm(fit, coef(fit) + 0.1)
  expected <- drop(exp(model.matrix(fit) %*% (coef(fit) + 0.1)))
  expect_equal(get_predict.context_glm(moved, d)$estimate, unname(expected), tolerance = 1e-10)
})

test_that("the methods of a varying fit agree with each other", {
  needs_python()
  fit <- varying()
  z <- model.matrix(fit)
  expect_identical(colnames(z), names(coef(fit)))
  expect_equal(drop(z %*% coef(fit)), fit$linear.predictors, tolerance = 1e-10)
  expect_equal(predict(fit, se.fit = TRUE)$se.fit, sqrt(rowSums((z %*% vcov(fit)) * z)), tolerance = 1e-8)
  expect_equal(sum(hatvalues(fit)), sum(fit$edf), tolerance = 1e-8)
  terms <- predict(fit, type = "terms")
  expect_equal(rowSums(terms), fit$linear.predictors, tolerance = 1e-10)
  at <- coefficients_at(fit, terms = "dose")
  d <- example_data(missing = FALSE)
  expect_equal(unname(terms[, "dose"]), at$estimate * d$dose, tolerance = 1e-10)
  expect_equal(predict(fit, type = "terms", se.fit = TRUE)$se.fit[, "dose"], at$std.error * abs(d$dose),
               tolerance = 1e-8, ignore_attr = TRUE)
  expect_equal(mean(at$estimate), average_effects(fit)$estimate[2], tolerance = 1e-10)
  expect_equal(extractAIC(fit), c(attr(logLik(fit), "df"), AIC(fit)))
  expect_equal(coef(update(fit, . ~ . - sex)), coef(context_glm(poisson ~ dose, ~ s(age) + dept, d, poisson)))
  expect_named(confint(fit)[1, ], c("2.5 %", "97.5 %"))
  dropped <- drop1(fit, test = "Chisq")
  expect_identical(row.names(dropped), c("<none>", "dose", "sex"))
  expect_equal(dropped["sex", "AIC"], AIC(update(fit, . ~ . - sex)))
  compared <- anova(update(fit, context = NULL), fit)
  expect_named(compared, c("Resid. Df", "Resid. Dev", "Df", "Deviance", "Pr(>Chi)"))
  expect_equal(compared$`Resid. Dev`[2], deviance(fit))
  expect_identical(rownames(anova(fit))[1:2], c("dose", "sex"))
})

test_that("simulated responses have the mean and variance of the family", {
  needs_python()
  d <- example_data(missing = FALSE)
  for (name in c("gaussian", "binomial", "poisson", "gamma", "nb", "tweedie")) {
    fit <- context_glm(reformulate("dose", name), ~ s(age), d, families()[[name]], weights = if (name == "binomial") 4 * w else w)
    draws <- simulate(fit, 400, seed = 3)
    expect_identical(draws, simulate(fit, 400, seed = 3))
    mu <- fitted(fit)
    variance <- fit$family$variance(mu) * fit$dispersion / if (name %in% c("poisson", "nb")) 1 else fit$prior.weights
    if (name == "tweedie") variance <- fit$family$variance(mu) * fit$dispersion
    error <- (rowMeans(draws) - mu) / sqrt(variance / 400)
    # 300 standard normal numbers: their mean and mean square to four standard errors.
    expect_lt(abs(mean(error)), 4 / sqrt(300))
    expect_lt(abs(mean(error^2) - 1), 4 * sqrt(2 / 300))
    expect_lt(abs(mean(apply(draws, 1, var) / variance) - 1), 0.1)
  }
})

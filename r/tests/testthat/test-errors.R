# What is wrong is said in one line of R's words, with the user's call.

test_that("problems that R sees are reported without Python", {
  d <- example_data(missing = FALSE)
  expect_complaint(context_glm(poisson ~ nothere, data = d), "variable 'nothere' was found neither in 'data'")
  expect_complaint(context_glm(poisson ~ dose, ~ s(nothere), d), "variable 'nothere'")
  expect_complaint(context_glm(sex ~ dose, data = d), "non-numeric response: sex must hold numbers, but is of class factor")
  expect_complaint(context_glm(poisson ~ dose, data = d, family = quasipoisson()),
                   "family 'quasipoisson' is not supported.*poisson\\(\\) with cov_type = \"HC1\"")
  expect_complaint(context_glm(binomial ~ dose, data = d, family = binomial("cauchit")), "link 'cauchit' is not supported")
  expect_complaint(context_glm(poisson ~ dose, data = d, family = "students_t"), "family 'students_t' is not supported")
  unknown <- expect_error(context_glm(poisson ~ dose, data = d, family = poissn), "object 'poissn' not found")
  expect_identical(conditionCall(unknown)[[1]], quote(context_glm))
  expect_complaint(context_glm(poisson ~ dose, data = d, maxitr = 3), "unused argument \\(maxitr = 3\\)")
  expect_complaint(context_glm(poisson ~ dose, data = d, control = list(maxitr = 3)), "unused argument \\(maxitr = 3\\)")
  expect_complaint(context_glm(poisson ~ dose, ~ s(age, by = dose), d), "has no option 'by'")
  expect_complaint(context_glm(poisson ~ dose, ~ age:z, d), "write ti\\(a, b\\)")
  expect_complaint(context_glm(poisson ~ dose, y ~ s(age), d), "one-sided formula")
  expect_complaint(context_glm(poisson ~ dose, "s(age)", d), "one-sided formula")
  expect_complaint(context_glm(poisson ~ dose, list(dosis = ~ s(age)), d), "'dosis' is none")
  expect_complaint(context_glm(poisson ~ dose, data = d, weights = -w), "negative weights not allowed")
  expect_complaint(context_glm(poisson ~ dose, data = d, smoothing = list(1)), "'smoothing' must be")
  expect_complaint(context_glm(poisson ~ dose, data = d, cov_type = "cluster"), "needs 'cluster'")
  d$age[4] <- NA
  expect_complaint(context_glm(poisson ~ dose, ~ s(age), d, na.action = na.fail), "missing values in object")
})

test_that("contexts in mgcv's notation are read into text for the core", {
  read <- function(context) read_context(context, quote(f()))$common
  size <- 7
  expect_identical(read(~ s(age, k = size, bs = "cr", bounds = c(0, 100)) + mgcv::s(z, k = NULL)),
                   "s(Q(\"age\"), k=7, bs=\"cr\", bounds=(0, 100)) + s(Q(\"z\"))")
  expect_identical(read(~ te(a, log(b), k = c(5, 8), bs = c("ps", "cr"), m = list(c(2, 1), 1)) + `my x` + 1),
                   "te(Q(\"a\"), Q(\"log(b)\"), k=(5, 8), bs=(\"ps\", \"cr\"), m=((2, 1), 1)) + Q(\"my x\")")
  expect_identical(read(~1), "1")
  found <- read_context(list(x = ~ s(a) + g, z = ~ s(a)), quote(f()))
  expect_identical(found$by_predictor, list(x = "s(Q(\"a\")) + Q(\"g\")", z = "s(Q(\"a\"))"))
  expect_named(found$variables, c("a", "g"))
})

test_that("families and links have the core's names", {
  core <- function(family) core_family(as_family(family, NULL), NULL)
  expect_identical(core(Gamma), list(name = "gamma", link = "inverse"))
  expect_identical(core("inverse_gaussian"), list(name = "inverse_gaussian", link = "inverse_squared"))
  expect_identical(core(MASS::negative.binomial(4, "sqrt")), list(name = "negative_binomial", alpha = 0.25, link = "sqrt"))
  expect_identical(core(mgcv::negbin(4)), list(name = "negative_binomial", alpha = 0.25, link = "log"))
  expect_identical(core(mgcv::nb()), list(name = "negative_binomial", link = "log"))
  expect_equal(core(mgcv::nb(theta = 4)), list(name = "negative_binomial", alpha = 0.25, link = "log"))
  expect_identical(core(mgcv::Tweedie(1.3, "log")), list(name = "tweedie", power = 1.3, link = "log"))
  expect_identical(core(poisson(power(0.5))), list(name = "poisson", link = "sqrt"))
  skip_if_not_installed("statmod")
  expect_identical(core(statmod::tweedie(1.4, 0)), list(name = "tweedie", power = 1.4, link = "log"))
})

test_that("problems that the Python side sees are R conditions with rows by R's numbers", {
  needs_python()
  d <- example_data(missing = FALSE)
  d$poisson[17] <- -2
  expect_complaint(context_glm(poisson ~ dose, data = d, family = poisson), "non-negative count.*row 17, value -2")
  kept <- subset(d, dose > 0 | poisson < 0)
  expect_complaint(context_glm(poisson ~ dose, data = kept, family = poisson), "row 17, value -2")
  row.names(kept) <- paste0("p", row.names(kept))
  expect_complaint(context_glm(poisson ~ dose, data = kept, family = poisson), "row p17, value -2")
  d <- subset(d, poisson >= 0)
  expect_error(context_glm(gamma - 100 ~ dose, data = d, family = Gamma("log")), class = "contextstats_DataError")
  expect_error(context_glm(gamma - 100 ~ dose, data = d, family = Gamma("log")), class = "contextstats_ValueError")
  expect_error(context_glm(gaussian ~ dose, ~ s(age, bs = "tp"), d), "^in the context, s\\(age, bs=\"tp\"\\): bs must be",
               class = "contextstats_FormulaError")
  expect_error(context_glm(poisson ~ dose, data = d, exposure = dose - 1), "'exposure' must be positive|log link")
  expect_error(context_glm(gaussian ~ dose, ~ s(age), d, cov_type = "HC9"), "HC9", class = "contextstats_OptionError")
  expect_warning(context_glm(binomial ~ I(ifelse(binomial == 1, 5, -5) + dose / 10), data = d, family = binomial),
                 class = "contextstats_DataWarning")
  expect_warning(context_glm(poisson ~ dose, data = d, family = poisson, maxiter = 1), class = "contextstats_ConvergenceWarning")
})

test_that("predictions refuse what the fit does not know", {
  needs_python()
  d <- example_data(missing = FALSE)
  fit <- context_glm(poisson ~ dose + sex, ~ s(age) + dept, d, poisson)
  new <- d[1:3, ]
  expect_complaint(predict(fit, new[c("dose", "sex", "age")]), "variable 'dept' was found neither in 'newdata'")
  expect_complaint(predict(fit, transform(new, dept = "z")), "factor dept has new level z")
  expect_complaint(predict(fit, transform(new, sex = "x")), "factor sex has new level x")
  expect_complaint(predict(fit, transform(new, age = "old")), "age")
  expect_complaint(predict(fit, 3), "'newdata' must be a data frame, but is of class numeric")
  expect_complaint(predict(fit, type = "probs"), "should be one of")
  expect_complaint(residuals(fit, "probs"), "should be one of")
  expect_complaint(anova(fit, update(fit, data = d[-1, ])), "same size of dataset, but to 300, 299 rows")
  expect_complaint(coefficients_at(fit, 3), "'newdata' must be a data frame")
  expect_complaint(coefficients_at(fit, data.frame(age = 3)), "variable 'dept'")
  expect_complaint(coefficients_at(fit, terms = "nobody"), "'nobody' is none")
  expect_complaint(heterogeneity(context_glm(poisson ~ dose, data = d)), "no coefficient varies")
  expect_warning(predict(fit, transform(new, age = 200)), class = "contextstats_ExtrapolationWarning")
  expect_identical(is.na(predict(fit, transform(new, dose = c(1, NA, 2)))), c("1" = FALSE, "2" = TRUE, "3" = FALSE))
})

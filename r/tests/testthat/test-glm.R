# A model without a context is glm(): same numbers in every method.

reference <- function(...) {
  call <- sys.call()
  call[[1]] <- quote(glm)
  if (is.null(call$control)) call$control <- list(epsilon = 1e-15, maxit = 100)
  # glm() takes standard errors from the weights of the last but one iteration: start again where it ended.
  for (time in 1:4) {
    fit <- suppressWarnings(eval(call, parent.frame()))
    call$start <- replace(coef(fit), is.na(coef(fit)), 0)
  }
  fit
}

same_components <- function(ours, theirs) {
  for (name in c("coefficients", "residuals", "fitted.values", "effects", "R", "rank", "linear.predictors", "deviance",
                 "aic", "null.deviance", "weights", "prior.weights", "df.residual", "df.null", "y", "converged",
                 "offset", "xlevels", "contrasts", "na.action")) {
    expect_equal(ours[[name]], theirs[[name]], tolerance = 1e-8, ignore_attr = name == "na.action", label = name)
  }
}

cases <- function(d) {
  list(
    gaussian = list(gaussian ~ dose + sex, d, family = gaussian()),
    binomial = list(binomial ~ dose * sex + dept, d, family = binomial()),
    cloglog = list(binomial ~ dose + sex, d, family = binomial("cloglog")),
    counts = list(cbind(poisson, failures) ~ dose, subset(d, poisson + failures > 0), family = binomial()),
    poisson = list(poisson ~ poly(z, 2) + offset(off), d, family = poisson()),
    gamma = list(gamma ~ dose + sex, d, family = Gamma("log")),
    inverse = list(gamma ~ z, d, family = inverse.gaussian("log")),
    "negative binomial" = list(nb ~ dose, d, family = MASS::negative.binomial(2))
  )
}

for (name in names(cases(example_data()))) {
  local({
    name <- name
    test_that(paste("without a context the components, summaries and predictions are those of glm:", name), {
      needs_python()
      d <- na.omit(example_data())
      arguments <- c(cases(d)[[name]], list(weights = quote(2 * w)))
      if (name == "counts") arguments$weights <- NULL
      ours <- suppressWarnings(do.call(context_glm, c(arguments[1], list(data = arguments[[2]]), arguments[-(1:2)])))
      theirs <- suppressWarnings(do.call(reference, unname(arguments[1]) |> c(list(data = arguments[[2]]), arguments[-(1:2)])))
      same_components(ours, theirs)
      expect_equal(logLik(ours), logLik(theirs), tolerance = 1e-8)
      expect_equal(c(AIC(ours), BIC(ours)), c(AIC(theirs), BIC(theirs)), tolerance = 1e-8)
      expect_equal(extractAIC(ours), extractAIC(theirs), tolerance = 1e-8)
      # glm() estimates a dispersion for the negative binomial family; it is 1, as glm.nb() knows.
      if (name == "negative binomial") class(theirs) <- c("negbin", class(theirs))
      mine <- summary(ours)
      its <- summary(theirs, dispersion = if (name == "negative binomial") 1)
      for (part in c("coefficients", "cov.scaled", "cov.unscaled", "dispersion", "df", "deviance.resid")) {
        expect_equal(mine[[part]], its[[part]], tolerance = 1e-8, label = part)
      }
      expect_equal(vcov(ours), its$cov.scaled, tolerance = 1e-8)
      for (type in c("deviance", "pearson", "working", "response")) {
        expect_equal(residuals(ours, type), residuals(theirs, type), tolerance = 1e-8)
      }
      new <- head(d, 9)
      for (type in c("link", "response")) {
        expect_equal(predict(ours, new, type = type, se.fit = TRUE), predict(theirs, new, type = type, se.fit = TRUE),
                     tolerance = 1e-8)
      }
      expect_equal(predict(ours, type = "terms"), predict(theirs, type = "terms"), tolerance = 1e-8)
      expect_equal(hatvalues(ours), hatvalues(theirs), tolerance = 1e-8)
      expect_equal(cooks.distance(ours), cooks.distance(theirs), tolerance = 1e-8)
      expect_equal(rstandard(ours), rstandard(theirs), tolerance = 1e-8)
      expect_equal(rstudent(ours), rstudent(theirs), tolerance = 1e-8)
      if (name == "negative binomial") return()
      expect_equal(suppressMessages(confint(ours)), suppressMessages(confint(theirs)), tolerance = 1e-6)
      expect_equal(drop1(ours), drop1(theirs), tolerance = 1e-8, ignore_attr = "heading")
      expect_equal(data.frame(anova(ours, test = "Chisq")), data.frame(anova(theirs, test = "Chisq")), tolerance = 1e-8)
    })
  })
}

test_that("collinear columns are NA as in glm, and rows of weight zero are predicted", {
  needs_python()
  d <- na.omit(example_data())
  d$twice <- 2 * d$dose
  d$w[1:4] <- 0
  expect_no_warning(ours <- context_glm(poisson ~ dose + twice + sex, data = d, family = poisson, weights = w))
  theirs <- reference(poisson ~ dose + twice + sex, data = d, family = poisson, weights = w, control = list())
  expect_identical(is.na(coef(ours)), is.na(coef(theirs)))
  same_components(ours, theirs)
  expect_equal(vcov(ours), vcov(theirs), tolerance = 1e-8)
  expect_equal(coef(summary(ours)), coef(summary(theirs)), tolerance = 1e-8)
  expect_equal(nobs(ours), nobs(theirs))
  expect_equal(as.data.frame(tidy(ours)), as.data.frame(broom::tidy(theirs)), tolerance = 1e-8)
})

test_that("na.exclude pads, missing values are counted and update() and step() work as for glm", {
  needs_python()
  d <- example_data()
  ours <- context_glm(binomial ~ dose + sex, data = d, family = binomial, na.action = na.exclude)
  theirs <- glm(binomial ~ dose + sex, data = d, family = binomial, na.action = na.exclude)
  expect_equal(fitted(ours), fitted(theirs), tolerance = 1e-7)
  expect_equal(residuals(ours), residuals(theirs), tolerance = 1e-7)
  expect_equal(predict(ours), predict(theirs), tolerance = 1e-7)
  kept <- na.omit(d)
  ours <- context_glm(binomial ~ dose + sex + z, data = kept, family = binomial)
  theirs <- glm(binomial ~ dose + sex + z, data = kept, family = binomial)
  expect_equal(coef(step(ours, trace = 0)), coef(step(theirs, trace = 0)), tolerance = 1e-7)
  expect_equal(coef(update(ours, . ~ . - z)), coef(update(theirs, . ~ . - z)), tolerance = 1e-7)
  expect_equal(coef(update(ours, . ~ dose, subset = sex == "m")), coef(update(theirs, . ~ dose, subset = sex == "m")),
               tolerance = 1e-7)
})

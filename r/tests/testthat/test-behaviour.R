# Interrupts, progress, printing: what is seen at the console.

test_that("Ctrl-C stops a fit within a second and the next one works", {
  needs_python()
  skip_on_os("windows")
  # Fits of many rows one after the other, so that one is running when the signal comes, however fast the machine is.
  found <- run_r("
    set.seed(1)
    n <- 4e5
    d <- data.frame(matrix(rnorm(8 * n), n), a = runif(n), b = runif(n))
    d$y <- rbinom(n, 1, plogis(d$X1 * d$a))
    before <- coef(context_glm(mpg ~ wt, ~ s(hp, k = 5), data = mtcars))
    sent <- tempfile()
    attempt <- function(after) {
      send <- sprintf('sleep %g; date +%%s.%%N > %s; kill -INT %d', after, sent, Sys.getpid())
      how <- tryCatch({
        system2('sh', c('-c', shQuote(send)), wait = FALSE)
        give_up <- Sys.time() + 30
        while (Sys.time() < give_up) context_glm(y ~ ., ~ s(a, k = 20) + s(b, k = 20), d, binomial, progress = TRUE)
        'not interrupted'
      }, interrupt = function(cnd) 'interrupted', error = conditionMessage)
      late <- as.numeric(Sys.time()) - as.numeric(readLines(sent))
      cat('\\n', how, late, 'seconds late\\n')
      c(how = how, late = late)
    }
    attempts <- vapply(c(1, 1.6, 2.5), attempt, c(how = '', late = ''))
    stopifnot(attempts['how', ] == 'interrupted', min(as.numeric(attempts['late', ])) < 1)
    stopifnot(identical(coef(context_glm(mpg ~ wt, ~ s(hp, k = 5), data = mtcars)), before))
    cat('and on\\n')", python = TRUE)
  expect_match(found, "and on", fixed = TRUE, all = FALSE)
})

test_that("a Ctrl-C while a fit is prepared or runs is an interrupt each time", {
  needs_python()
  skip_on_os("windows")
  found <- run_r("
    set.seed(2)
    n <- 20000
    x <- matrix(rnorm(15 * n), n)
    t <- runif(n)
    small <- context_network(x[, 1:3], ~t)
    how <- vapply(seq(0.05, 0.8, length.out = 12), function(after) {
      tryCatch({
        system2('sh', c('-c', shQuote(sprintf('sleep %g; kill -INT %d', after, Sys.getpid()))), wait = FALSE)
        give_up <- Sys.time() + 30
        while (Sys.time() < give_up) context_network(x, archetypes(~ s(t)), type = 'bayesian')
        'not interrupted'
      }, interrupt = function(cnd) 'interrupted', error = conditionMessage)
    }, '')
    cat('how:', unique(how), '\n')
    stopifnot(identical(coef(context_network(x[, 1:3], ~t)), coef(small)))", python = TRUE)
  expect_match(paste(found, collapse = "\n"), "how: interrupted *$")
})

test_that("progress is shown on one line, in interactive sessions only and never in knitr", {
  expect_false(context_control()$progress)
  withr_options <- options(knitr.in.progress = TRUE)
  on.exit(options(withr_options))
  expect_false(context_control()$progress)
  shown <- capture.output(progress_line(0)(3, 12.5, 1e-4), type = "message")
  expect_match(shown, "iteration 3, criterion 12.5, gradient 0.0001")
  expect_identical(capture.output(progress_line(100)(3, 12.5, 1e-4), type = "message"), character())
})

test_that("Python tells the progress of a fit in numbers of R", {
  needs_python()
  found <- run_r("
    line <- contextstats:::progress_line
    utils::assignInNamespace('progress_line', function() line(delay = 0), 'contextstats')
    fit <- context_glm(mpg ~ wt, ~ s(hp, k = 5), mtcars, Gamma('log'), progress = TRUE)", python = TRUE)
  expect_match(found, "iteration [0-9]+, criterion [0-9.-]+, gradient [0-9.e-]+", all = FALSE)
})

test_that("rows of weight zero do not count and are predicted", {
  needs_python()
  d <- example_data(missing = FALSE)
  d$w[c(2, 9)] <- 0
  fit <- context_glm(poisson ~ dose, ~ s(age) + dept, d, poisson, weights = w)
  without <- context_glm(poisson ~ dose, ~ s(age) + dept, d[-c(2, 9), ], poisson, weights = w)
  expect_identical(coef(fit), coef(without))
  expect_identical(nobs(fit), 298)
  expect_equal(fitted(fit), predict(without, d, type = "response"), tolerance = 1e-12)
  expect_equal(logLik(fit), logLik(without))
})

test_that("na.exclude pads what a varying fit returns", {
  needs_python()
  d <- example_data()
  fit <- context_glm(poisson ~ dose, ~ s(age) + dept, d, poisson, na.action = na.exclude)
  for (values in list(fitted(fit), residuals(fit), predict(fit), residuals(fit, "pearson"))) {
    expect_length(values, 300)
    expect_identical(unname(which(is.na(values))), c(3L, 7L, 9L, 50L))
  }
})

test_that("contexts may be expressions, dates, logical values and text", {
  needs_python()
  d <- example_data(missing = FALSE)
  d$day <- as.Date("2026-01-01") + round(d$age * 10)
  d$old <- d$age > 50
  d$text <- as.character(d$dept)
  one <- context_glm(poisson ~ dose, ~ s(log(age)) + old + text, d, poisson)
  d$log_age <- log(d$age)
  two <- context_glm(poisson ~ dose, ~ s(log_age) + old + dept, d, poisson)
  expect_equal(unname(coef(one)), unname(coef(two)))
  expect_true(all(c("oldTRUE", "textb", "dose:textc") %in% names(coef(one))))
  new <- d[c(4, 8), c("dose", "age", "old", "text")]
  expect_equal(predict(one, new), predict(one)[c(4, 8)], tolerance = 1e-12)
  expect_equal(coefficients_at(one, new)$estimate, coefficients_at(one)$estimate[c(4, 8, 304, 308)], tolerance = 1e-12)
  dated <- context_glm(poisson ~ dose, ~ s(day), d, poisson)
  expect_equal(predict(dated, d[1:3, ]), predict(dated)[1:3], tolerance = 1e-12)
})

test_that("arithmetic and parentheses may stand in a context", {
  needs_python()
  d <- example_data(missing = FALSE)
  d$half <- d$age / 2
  d$sum <- d$age + d$z
  expect_equal(unname(coef(context_glm(poisson ~ dose, ~ (s(age / 2)) + sex, d, poisson))),
               unname(coef(context_glm(poisson ~ dose, ~ s(half) + sex, d, poisson))))
  one <- context_glm(poisson ~ dose, ~ s(age + z), d, poisson)
  expect_equal(unname(coef(one)), unname(coef(context_glm(poisson ~ dose, ~ s(sum), d, poisson))))
  expect_equal(predict(one, d[1:3, ]), predict(one)[1:3], tolerance = 1e-12)
})

test_that("an exposure is an offset everywhere", {
  needs_python()
  d <- example_data(missing = FALSE)
  d$years <- exp(d$off)
  ours <- context_glm(poisson ~ dose + z, data = d, family = poisson, exposure = years)
  theirs <- glm(poisson ~ dose + z + offset(log(years)), data = d, family = poisson)
  expect_equal(coef(ours), coef(theirs), tolerance = 1e-8)
  expect_equal(suppressMessages(confint(ours)), suppressMessages(confint(theirs)), tolerance = 1e-6)
  expect_equal(predict(ours, d[1:4, ]), predict(theirs, d[1:4, ]), tolerance = 1e-8)
  expect_equal(add1(ours, ~ . + sex), add1(theirs, ~ . + sex), tolerance = 1e-8, ignore_attr = TRUE)
  expect_equal(coef(update(ours, . ~ . - z)), coef(update(theirs, . ~ . - z)), tolerance = 1e-8)
})

test_that("fits with different thetas are compared by their likelihoods", {
  needs_python()
  d <- example_data(missing = FALSE)
  one <- context_glm(nb ~ dose, data = d, family = mgcv::nb())
  two <- context_glm(nb ~ dose + z + sex, data = d, family = mgcv::nb())
  ours <- anova(one, two)
  theirs <- anova(MASS::glm.nb(nb ~ dose, d), MASS::glm.nb(nb ~ dose + z + sex, d))
  expect_equal(ours$`LR stat.`[2], theirs$`LR stat.`[2], tolerance = 1e-6)
  expect_equal(ours$`Pr(>Chi)`[2], theirs$`Pr(Chi)`[2], tolerance = 1e-6)
  expect_equal(ours$Df[2], 2)
  expect_match(capture.output(print(ours)), "Model 2: nb ~ dose \\+ z \\+ sex, Negative Binomial\\(", all = FALSE)
  fewer <- context_glm(nb ~ dose, data = d[-1, ], family = mgcv::nb())
  expect_error(anova(fewer, two), "same size of dataset")
})

test_that("an estimated dispersion means Student's t, whatever the context", {
  needs_python()
  d <- example_data(missing = FALSE)
  fit <- context_glm(gaussian ~ dose, ~ dept, d)
  theirs <- lm(gaussian ~ dose * dept, d)
  expect_equal(sort(unname(coef(summary(fit))[, 4])), sort(unname(coef(summary(theirs))[, 4])), tolerance = 1e-8)
  expect_equal(sort(unname(confint(fit)[, 1])), sort(unname(confint(theirs)[, 1])), tolerance = 1e-8)
  expect_equal(deviance(fit), deviance(theirs))
  expect_equal(AIC(fit), AIC(theirs), tolerance = 1e-8)
})

test_that("a dot stands for the other columns, and a context that is constant is left out", {
  needs_python()
  d <- example_data(missing = FALSE)[c("poisson", "dose", "z", "age")]
  dotted <- context_glm(poisson ~ ., ~ s(age), d, poisson)
  written <- context_glm(poisson ~ dose + z, ~ s(age), d, poisson)
  expect_equal(deviance(dotted), deviance(written))
  expect_no_warning(fewer <- context_glm(poisson ~ . - age - z, ~ s(age), d, poisson))
  expect_identical(labels(terms(fewer)), "dose")
  d$same <- 1
  expect_warning(fit <- context_glm(poisson ~ dose, ~ s(age) + same, d, poisson), "left out")
  expect_equal(predict(fit, d), predict(fit))
  expect_warning(plain <- context_glm(poisson ~ dose, ~ same, d, poisson), "left out")
  expect_s3_class(plain, "glm")
})

test_that("curves and surfaces that plots draw are the coefficients", {
  needs_python()
  d <- example_data(missing = FALSE)
  fit <- context_glm(poisson ~ dose, list(dose = ~ te(age, z, k = 4) + dept, `(Intercept)` = ~ s(age)), d, poisson)
  expect_identical(vapply(fit$curves, `[[`, "", "context"), c("age", "dept"))
  surface <- fit$surfaces[[1]]
  at <- data.frame(age = surface$first[c(3, 20)], z = surface$second[c(31, 5)],
                   dept = names(which.max(table(d$dept))))
  expect_equal(diag(surface$estimate[c(3, 20), c(31, 5)]), coefficients_at(fit, at, terms = "dose")$estimate,
               tolerance = 1e-12)
  at <- data.frame(age = median(d$age), z = median(d$z), dept = levels(d$dept))
  expect_equal(fit$curves[[2]]$estimate, coefficients_at(fit, at, terms = "dose")$estimate, tolerance = 1e-12)
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  expect_no_error(plot(fit))
})

test_that("summaries and plots of a fit look as they should", {
  needs_python()
  fit <- context_glm(mpg ~ wt, ~ s(hp, k = 5) + factor(am), data = mtcars)
  expect_snapshot(cran = TRUE, {
    print(fit)
    summary(fit)
    anova(fit)
  })
  shown <- knitr::knit_print(fit)
  expect_match(shown, "|:*wt by s\\(hp\\)", all = FALSE)
  expect_s3_class(shown, "knit_asis")
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  curves <- plot(fit, select = 1:2)
  expect_setequal(curves$predictor, c("(Intercept)", "wt"))
  numbers <- context_glm(mpg ~ wt, ~ s(hp, k = 5), data = mtcars)
  expect_s3_class(ggplot2::ggplot_build(ggplot2::autoplot(numbers)), "ggplot_built")
})

test_that("rows that learned the hidden layers of a network are predicted and weigh nothing", {
  needs_python()
  set.seed(1)
  d <- data.frame(a = rnorm(200), b = rnorm(200), x = rnorm(200), center = gl(2, 100))
  d$y <- tanh(d$a * d$b) * d$x + rnorm(200)
  fit <- context_glm(y ~ x, ~ mlp(a, b, width = 4, seed = 3) + center, data = d)
  expect_equal(nobs(fit), 100)
  expect_equal(sum(weights(fit, "prior") > 0), 100)
  expect_false(anyNA(fitted(fit)))
  expect_equal(unname(fitted(fit)), unname(predict(fit, d, type = "response")), tolerance = 1e-10)
  expect_equal(sum(residuals(fit, "deviance")^2), deviance(fit), tolerance = 1e-10)
  expect_match(capture.output(summary(fit)), "learned from 100 rows", all = FALSE)
  expect_equal(fit$heterogeneity$context[1], "mlp(a,b)")
  expect_error(context_glm(y ~ x, ~ mlp(a, k = 4), data = d), "it takes width, layers, seed")

  network <- context_network(~ x + y, ~ mlp(a, b, width = 4), data = d)
  expect_equal(nobs(network), 100)
  expect_equal(nrow(model.frame(network)), 100)
  expect_equal(as.numeric(logLik(network, d[rownames(model.frame(network)), ])), network$loglik, tolerance = 1e-8)
  again <- network
  again$population_test <- NULL # then heterogeneity() asks Python, with the rows of the fit
  expect_equal(heterogeneity(again)$p_value, network$heterogeneity$p_value)
  graph <- context_network(~ x + y, ~ mlp(a, b, width = 4), data = d, type = "bayesian")
  expect_true(all(edge_stability(graph, n = 3)$frequency <= 1))
  expect_true(all(edge_bootstrap(graph, n = 3)$std_error >= 0))
})

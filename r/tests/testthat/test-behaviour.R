# Interrupts, progress, printing: what is seen at the console.

test_that("Ctrl-C stops a fit within a second and the next one works", {
  needs_python()
  skip_on_os("windows")
  found <- run_r("
    set.seed(1)
    n <- 4e5
    d <- data.frame(matrix(rnorm(6 * n), n), a = runif(n), b = runif(n))
    d$y <- rbinom(n, 1, plogis(d$X1 * d$a))
    before <- coef(context_glm(mpg ~ wt, ~ s(hp, k = 5), data = mtcars))
    killed <- tempfile()
    system2('sh', c('-c', shQuote(sprintf('sleep 2; date +%%s.%%N > %s; kill -INT %d', killed, Sys.getpid()))), wait = FALSE)
    how <- tryCatch({
      context_glm(y ~ X1 + X2 + X3 + X4 + X5 + X6, ~ s(a, k = 20) + s(b, k = 20), d, binomial, progress = TRUE)
      'finished'
    }, interrupt = function(cnd) 'interrupted')
    late <- as.numeric(Sys.time()) - as.numeric(readLines(killed))
    cat('how:', how, if (late < 1) 'in time' else late, '\\n')
    stopifnot(identical(coef(context_glm(mpg ~ wt, ~ s(hp, k = 5), data = mtcars)), before))
    cat('and on\\n')", python = TRUE)
  expect_match(paste(found, collapse = "\n"), "how: interrupted in time.*and on")
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

test_that("a dot stands for the other columns, and a context that is constant is left out", {
  needs_python()
  d <- example_data(missing = FALSE)[c("poisson", "dose", "z", "age")]
  dotted <- context_glm(poisson ~ ., ~ s(age), d, poisson)
  written <- context_glm(poisson ~ dose + z, ~ s(age), d, poisson)
  expect_equal(deviance(dotted), deviance(written))
  d$same <- 1
  expect_warning(fit <- context_glm(poisson ~ dose, ~ s(age) + same, d, poisson), "left out")
  expect_equal(predict(fit, d), predict(fit))
  expect_warning(plain <- context_glm(poisson ~ dose, ~ same, d, poisson), "left out")
  expect_s3_class(plain, "glm")
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

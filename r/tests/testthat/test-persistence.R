# Fits are plain values: they are read in a session without Python, and predict in one with it.

holds_pointer <- function(x) {
  if (typeof(x) %in% c("externalptr", "weakref")) return(TRUE)
  if (is.environment(x)) return(inherits(x, "python.builtin.object"))
  is.list(x) && any(vapply(unclass(x), holds_pointer, TRUE))
}

test_that("a fit saved in one process is used in another, without and with Python", {
  needs_python()
  file <- tempfile(fileext = ".rds")
  plot <- tempfile(fileext = ".png")
  saving <- sprintf("
    d <- transform(mtcars, gear = factor(gear))
    fit <- context_glm(mpg ~ wt, ~ s(hp, k = 5) + gear, data = d)
    new <- data.frame(wt = c(2, 3), hp = c(90, 150), gear = '4')
    saveRDS(list(fit = fit, new = new, predicted = predict(fit, new, se.fit = TRUE),
                 at = coefficients_at(fit, new, simultaneous = TRUE)), %s)", shQuote(file))
  run_r(saving, python = TRUE)
  saved <- readRDS(file)
  expect_false(holds_pointer(saved$fit))
  reading <- sprintf("
    saved <- readRDS(%s)
    fit <- saved$fit
    stopifnot(!contextstats_available())
    print(fit); print(summary(fit)); print(tidy(fit, conf.int = TRUE)); print(tidy(fit, parametric = FALSE))
    print(glance(fit)); print(anova(fit)); print(confint(fit)); print(AIC(fit), digits = 10)
    png(%s); plot(fit); invisible(dev.off())
    message <- tryCatch(predict(fit, saved$new), error = conditionMessage)
    stopifnot(grepl('install_contextstats', message), !grepl('\\n', message))
    refused <- tryCatch(augment(fit), error = identity)
    stopifnot(inherits(refused, 'contextstats_no_python'), identical(conditionCall(refused), quote(augment(fit))))
    cat('all done')", shQuote(file), shQuote(plot))
  found <- run_r(reading, python = FALSE)
  expect_true(any(grepl("all done", found)))
  expect_true(any(grepl("wt by s(hp)", found, fixed = TRUE)))
  expect_gt(file.size(plot), 1000)
  expect_identical(predict(saved$fit, saved$new, se.fit = TRUE), saved$predicted)
  expect_identical(coefficients_at(saved$fit, saved$new, simultaneous = TRUE), saved$at)
})

test_that("a network saved in one process is used in another, without and with Python", {
  needs_python()
  file <- tempfile(fileext = ".rds")
  plot <- tempfile(fileext = ".png")
  saving <- sprintf("
    set.seed(3)
    d <- data.frame(t = runif(200), g = factor(sample(c('x', 'y'), 200, TRUE)), a = rnorm(200), b = rnorm(200))
    fit <- context_network(~ a + b, ~ s(t) + g, d)
    graph <- context_network(~ a + b, ~ t, d, type = 'bayesian')
    new <- data.frame(t = c(0.2, 0.7), g = 'y', a = 1, b = 2)
    saveRDS(list(fit = fit, graph = graph, new = new, table = tidy(fit, new), precision = predict(fit, new, type = 'precision'),
                 likelihood = logLik(fit, new), tests = heterogeneity(fit)), %s)", shQuote(file))
  run_r(saving, python = TRUE)
  saved <- readRDS(file)
  expect_false(holds_pointer(saved$fit))
  reading <- sprintf("
    saved <- readRDS(%s)
    stopifnot(!contextstats_available())
    for (fit in saved[c('fit', 'graph')]) {
      print(fit); print(summary(fit)); print(tidy(fit, conf.int = TRUE)); print(glance(fit)); print(coef(fit)); print(confint(fit))
      print(as.matrix(fit)); print(logLik(fit)); print(c(AIC(fit), BIC(fit), nobs(fit))); print(heterogeneity(fit))
      png(%s); plot(fit); plot(fit, 'network'); plot(fit, 'heatmap'); invisible(dev.off())
    }
    stopifnot(identical(heterogeneity(saved$fit), saved$tests))
    print(compare_networks(saved$fit, saved$graph))
    message <- tryCatch(predict(saved$fit, saved$new), error = conditionMessage)
    stopifnot(grepl('install_contextstats', message), !grepl('\\n', message))
    cat('all done')", shQuote(file), shQuote(plot))
  found <- run_r(reading, python = FALSE)
  expect_true(any(grepl("all done", found)))
  expect_gt(file.size(plot), 1000)
  expect_identical(tidy(saved$fit, saved$new), saved$table)
  expect_identical(predict(saved$fit, saved$new, type = "precision"), saved$precision)
  expect_identical(logLik(saved$fit, saved$new), saved$likelihood)
})

test_that("neither the package nor a fit that is read starts Python", {
  needs_python()
  file <- tempfile(fileext = ".rds")
  saveRDS(context_glm(mpg ~ wt, ~ s(hp, k = 5), data = mtcars), file)
  found <- run_r(sprintf("
    fit <- readRDS(%s)
    print(summary(fit)); print(tidy(fit)); print(predict(fit))
    stopifnot(!reticulate::py_available())
    predict(fit, mtcars)
    stopifnot(reticulate::py_available())
    cat('all done')", shQuote(file)), python = TRUE)
  expect_match(found, "all done", all = FALSE)
})

test_that("workers of a PSOCK cluster fit and predict", {
  needs_python()
  cluster <- parallel::makePSOCKcluster(1)
  on.exit(parallel::stopCluster(cluster))
  source <- package_source()
  parallel::clusterCall(cluster, function(source, paths) {
    .libPaths(paths)
    if (nzchar(source)) pkgload::load_all(source, quiet = TRUE) else library(contextstats)
    NULL
  }, source, .libPaths())
  fit <- context_glm(mpg ~ wt, ~ s(hp, k = 5), data = mtcars)
  there <- parallel::clusterApply(cluster, list(fit), function(fit) {
    again <- contextstats::context_glm(mpg ~ wt, ~ s(hp, k = 5), data = mtcars)
    list(predict(fit, mtcars), coef(again))
  })[[1]]
  expect_identical(there[[1]], predict(fit, mtcars))
  expect_identical(there[[2]], coef(fit))
})

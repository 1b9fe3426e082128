# A varying-coefficient model on real data beside mgcv::gam(method = "REML").

test_that("fits, degrees of freedom and standard errors are those of mgcv", {
  needs_python()
  d <- MASS::Boston
  ours <- context_glm(log(medv) ~ rm + lstat, list(`(Intercept)` = ~ s(age), rm = ~ s(age), lstat = ~ s(dis)), d)
  # Smooths of an effect need a point constraint in mgcv; the correction for smoothing parameters depends on the point.
  middle_age <- mean(range(d$age))
  middle_dis <- mean(range(d$dis))
  theirs <- mgcv::gam(
    log(medv) ~ rm + lstat + s(age, bs = "ps") + s(age, by = rm, bs = "ps", pc = middle_age) +
      s(dis, by = lstat, bs = "ps", pc = middle_dis),
    data = d, method = "REML", control = list(newton = list(conv.tol = 1e-9))
  )
  expect_equal(unname(fitted(ours)), unname(as.numeric(fitted(theirs))), tolerance = 1e-5)
  edf <- heterogeneity(ours)
  edf <- edf$edf[edf$context != "any"]
  expect_lt(max(abs(edf - summary(theirs)$edf)), 1e-3)
  conditional <- update(ours, cov_type = "bayes_conditional")
  corrected <- update(ours, cov_type = "bayes_corrected")
  new <- d[seq(1, 506, 25), ]
  for (pair in list(list(conditional, FALSE), list(corrected, TRUE))) {
    mine <- predict(pair[[1]], new, se.fit = TRUE)
    its <- predict(theirs, new, se.fit = TRUE, unconditional = pair[[2]])
    expect_equal(unname(mine$fit), as.numeric(its$fit), tolerance = 1e-5)
    expect_lt(max(abs(mine$se.fit / as.numeric(its$se.fit) - 1)), 1e-4)
  }
  expect_equal(AIC(ours), AIC(theirs), tolerance = 1e-5)
  rows <- augment(conditional)
  expect_equal(rows$.hat, unname(stats::influence(theirs)), tolerance = 1e-4)
  expect_equal(rows$.cooksd, unname(as.numeric(cooks.distance(theirs))), tolerance = 1e-4)
  expect_equal(rows$.resid, unname(as.numeric(residuals(theirs))), tolerance = 1e-4)
})

test_that("concurvity and the check of bases are mgcv's", {
  needs_python()
  d <- MASS::Boston
  ours <- context_glm(log(medv) ~ 1, ~ s(age) + s(dis), d)
  theirs <- mgcv::gam(log(medv) ~ s(age, bs = "ps") + s(dis, bs = "ps"), data = d, method = "REML")
  mine <- concurvity(ours)
  expect_identical(colnames(mine), c("para", "(Intercept) by s(age)", "(Intercept) by s(dis)"))
  expect_equal(unname(mine[, -1]), unname(concurvity(theirs)[, -1]), tolerance = 1e-4)
  expect_identical(concurvity(theirs), mgcv::concurvity(theirs))
  checked <- k.check(ours)
  its <- k.check(theirs)
  expect_equal(unname(checked[, c("k'", "edf", "k-index")]), unname(its[, c("k'", "edf", "k-index")]), tolerance = 1e-3)
  expect_equal(unname(checked[, "p-value"]), unname(its[, "p-value"]), tolerance = 0.1)
  varying <- context_glm(medv ~ rm, ~ s(age) + chas, d, Gamma("log"))
  expect_identical(rownames(k.check(varying, seed = 3)), c("(Intercept) by s(age)", "rm by s(age)"))
  expect_identical(colnames(concurvity(varying))[c(1, 3)], c("para", "(Intercept) by chas"))
  expect_complaint(concurvity(context_glm(medv ~ rm, data = d)), "no coefficient varies in this fit")
})

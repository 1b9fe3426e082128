# The same networks through R and through Python's public names have the same numbers; methods do what R people expect.

GAUSSIAN <- c("means", "correlations", "partial_correlations", "precisions", "covariances")
TESTS <- "dict(table=rows(res.heterogeneity()), population=[res.test_population().statistic, res.test_population().p_value])"

cases <- list(
  cholesky = list("markov", NULL, "MarkovNetwork", ""),
  neighborhood = list("markov", "neighborhood", "MarkovNetwork", ", method='neighborhood'"),
  likelihood = list("markov", "likelihood", "MarkovNetwork", ", method='likelihood'"),
  pairwise = list("correlation", NULL, "CorrelationNetwork", ""),
  joint = list("correlation", "joint", "CorrelationNetwork", ", method='joint'")
)

for (name in names(cases)) {
  local({
    case <- cases[[name]]
    test_that(paste("a network agrees with Python:", name), {
      needs_python()
      d <- network_data()
      fit <- context_network(~ a + b + c + d, ~ s(age, k = 7) + site, d, type = case[[1]], method = case[[2]])
      kept <- na.omit(d)
      python <- python_network(kept, case[[3]], c("a", "b", "c", "d"), c("age", "site"),
                               paste0(", encoder='s(age, k=7) + site'", case[[4]]), matrices = GAUSSIAN, code = TESTS)
      network_agrees(fit, python, kept)
      expect_equal(nobs(fit), nrow(kept))
      found <- heterogeneity(fit)
      expect_identical(found[1:2], as.data.frame(python$extra$table$names[1:2]))
      expect_close(as.matrix(found[c("statistic", "p.value", "q.value", "sd")]), python$extra$table$numbers)
      test <- attr(found, "population_test")
      expect_close(c(test$statistic, test$p.value), python$extra$population)
    })
  })
}

test_that("options, orders, sparse and constant networks agree with Python", {
  needs_python()
  d <- network_data(missing = FALSE)
  variables <- c("a", "b", "c", "d")
  fit <- context_network(d[variables], ~ s(age), d, order = "average", n_orders = 3, select = TRUE)
  network_agrees(fit, python_network(d, "MarkovNetwork", variables, "age", ", encoder='s(age)'",
                                     "order='average', n_orders=3, select=True"), d)
  fit <- context_network(~ a + b + c + d, ~ s(age), d, order = c("d", "c", "b", "a"), smoothing = 10)
  network_agrees(fit, python_network(d, "MarkovNetwork", variables, "age", ", encoder='s(age)'",
                                     "order=['d', 'c', 'b', 'a'], smoothing=10"), d)
  fit <- context_network(as.matrix(d[variables]), ~age, d, method = "neighborhood", sparsity = "bic", l1_ratio = 0.5, rule = "or")
  arguments <- ", encoder='age', method='neighborhood'"
  python <- python_network(d, "MarkovNetwork", variables, "age", arguments, "sparsity='bic', l1_ratio=0.5, rule='or'",
                           code = "rows(model.stability_selection(n=4, seed=3, l1_ratio=0.5, rule='or'))")
  network_agrees(fit, python, d)
  expect_close(as.matrix(edge_stability(fit, 4, seed = 3)[3:4]), python$extra$numbers)
  expect_identical(is.na(tidy(fit)$std.error), rep(TRUE, 6))
  constant <- context_network(~ a + b + c + d, data = d)
  network_agrees(constant, python_network(d, "MarkovNetwork", variables, character(), matrices = GAUSSIAN), d)
  pearson <- context_network(~ a + b + c + d, data = d, type = "correlation")
  expect_equal(predict(pearson, d[1, ], type = "correlation")[, , 1], cor(d[variables]), tolerance = 1e-9)
  expect_equal(unname(coef(constant)[["a -- b"]]), -cov2cor(solve(cov(d[variables])))["a", "b"], tolerance = 1e-8)
})

test_that("Bayesian networks and archetypes agree with Python", {
  needs_python()
  d <- network_data(missing = FALSE)
  variables <- c("a", "b", "c", "d")
  fit <- context_network(~ a + b + c + d, ~ s(age) + site, d, type = "bayesian")
  code <- "dict(table=rows(res.heterogeneity()), order=res.order, directions=plain(res.directions()['evidence']),
    predicted=plain(res.predict()),
    population=[res.test_population().statistic, res.test_population().p_value], stability=rows(model.stability(3, seed=2)),
    bootstrap=rows(model.bootstrap(at, n=3, seed=2, level=0.9)), typical=rows(model.bootstrap(n=2, seed=4).drop(columns='row')))"
  python <- python_network(d, "BayesianNetwork", variables, c("age", "site"), ", encoder='s(age) + site'", code = code)
  network_agrees(fit, python, d)
  expect_identical(fit$order, python$extra$order)
  expect_true("a" %in% fit$parents$b)
  expect_close(fit$directions$evidence, python$extra$directions)
  expect_close(fitted(fit), python$extra$predicted)
  expect_close(as.matrix(heterogeneity(fit)[-(1:3)]), python$extra$table$numbers)
  expect_close(unlist(attr(heterogeneity(fit), "population_test")[c("statistic", "p.value")]), python$extra$population)
  expect_close(as.matrix(edge_stability(fit, 3, seed = 2)[3:4]), python$extra$stability$numbers)
  drawn <- edge_bootstrap(fit, NETWORK_CONTEXTS, n = 3, conf.level = 0.9, seed = 2)
  expect_named(drawn, c("row", "source", "target", "estimate", "std.error", "conf.low", "conf.high", "frequency"))
  expect_identical(drawn$target, python$extra$bootstrap$names$target)
  expect_close(as.matrix(drawn[4:8]), python$extra$bootstrap$numbers)
  expect_close(as.matrix(edge_bootstrap(fit, n = 2, seed = 4)[3:7]), python$extra$typical$numbers)
  expect_complaint(edge_bootstrap(context_network(~ a + b, ~age, d)), "the bootstrap is for Bayesian networks")
  known <- context_network(~ a + b + c + d, ~age, d, type = "bayesian", order = c("a", "b", "c", "d"), threshold = 0,
                           forbidden = data.frame(from = c("a", "b"), to = c("c", "c")), required = c("a", "b"))
  options <- ", encoder='age', order=['a', 'b', 'c', 'd'], forbidden=[('a', 'c'), ('b', 'c')], required=[('a', 'b')]"
  network_agrees(known, python_network(d, "BayesianNetwork", variables, "age", options, "threshold=0"), d)
  mixed <- context_network(~ a + b + d, archetypes(~age, k = 2, starts = 2), d, type = "bayesian")
  python <- python_network(d, "BayesianNetwork", c("a", "b", "d"), "age", ", encoder=cs.Archetypes(k=2, starts=2, encoder='age')")
  network_agrees(mixed, python, d)
  turning <- context_network(~ a + b, ~age, d, type = "bayesian", acyclicity = "per_sample")
  network_agrees(turning, python_network(d, "BayesianNetwork", c("a", "b"), "age", ", encoder='age', acyclicity='per_sample'"), d)
  expect_null(turning$order)
})

test_that("networks of factors agree with Python at both levels", {
  needs_python()
  d <- network_data()
  groups <- list(one = c("a", "c"), two = c("d", "b"))
  fit <- context_network(~ a + b + c + d, ~ s(age) + site, d, type = "bayesian", factors = groups, order = c("one", "two"))
  code <- "dict(loadings=rows(res.loadings), factors=rows(res.factor_network.edges(at, level=0.9)),
    between=plain(res.factor_network.adjacency(at)), scores=plain(res.scores()), parents={k: list(v) for k, v in res.parents.items()},
    stability=rows(model.stability(3, seed=2)))"
  python <- python_network(na.omit(d), "BayesianNetwork", c("a", "b", "c", "d"), c("age", "site"),
                           ", encoder='s(age) + site', factors={'one': ['a', 'c'], 'two': ['d', 'b']}, order=['one', 'two']",
                           code = code)
  network_agrees(fit, python, na.omit(d))
  between <- fit$factor_network
  expect_s3_class(between, "context_network")
  expect_close(aperm(predict(between, NETWORK_CONTEXTS), c(3, 1, 2)), python$extra$between)
  at <- tidy(between, NETWORK_CONTEXTS, conf.int = TRUE, conf.level = 0.9)
  columns <- c("estimate", "std.error", "statistic", "p.value", "q.value", "conf.low", "conf.high")
  expect_close(as.matrix(at[columns]), python$extra$factors$numbers)
  expect_close(as.matrix(fit$loadings[c("weight", "loading")]), python$extra$loadings$numbers)
  expect_identical(fit$loadings$variable, python$extra$loadings$names$variable)
  expect_close(as.matrix(model.frame(between)[c("one", "two")]), python$extra$scores)
  expect_identical(fit$parents$two, "one")
  expect_identical(fit$order, c("one", "two"))
  expect_close(as.matrix(edge_stability(fit, 3, seed = 2)[3:4]), python$extra$stability$numbers)
  expect_close(predict(between, model.frame(between)[1:3, ], type = "log_density"),
               predict(between, type = "log_density")[1:3])
  expect_setequal(edge_bootstrap(fit, n = 2)$source, "one")
  expect_identical(edge_stability(between, 2)$frequency, 1)
  expect_match(capture.output(summary(fit)), "Factors and their variables", all = FALSE)
  expect_match(capture.output(fit), "Effects of factors at the typical context", all = FALSE)
  found <- context_network(~ a + b + c + d, ~age, d, type = "bayesian", factors = 3)
  expect_identical(length(unique(found$loadings$factor)), 3L)
  expect_error(context_network(~ a + b, ~age, d, type = "bayesian", factors = c("a", "b")), "'factors' must be a number, or")
  expect_error(context_network(~ a + b, ~age, d, factors = 2), "'factors' is for type = \"bayesian\"")
  expect_error(context_network(~ a + b + d, ~age, d, type = "bayesian", factors = list(f = "a", g = c("a", "b"))),
               "A variable belongs to one factor, but a is in 'f' and 'g'")
})

test_that("large networks are tested on demand, and the tests are those of the fit", {
  needs_python()
  fit <- context_network(~ a + b + c + d, ~ s(age) + site, network_data())
  later <- fit
  later$heterogeneity <- later$population_test <- NULL
  expect_equal(heterogeneity(later), heterogeneity(fit), tolerance = 1e-12)
  directed <- context_network(~ a + b + c + d, ~ s(age) + site, network_data(), type = "bayesian")
  later <- directed
  later$population_test <- NULL
  expect_equal(heterogeneity(later), heterogeneity(directed), tolerance = 1e-12)
})

test_that("summaries say which edges vary, and whether any does", {
  needs_python()
  fit <- context_network(~ a + b + c + d, ~ s(age) + site, network_data())
  tests <- heterogeneity(fit)
  found <- summary(fit)$varying
  together <- tests[tests$context == "any", ]
  expect_identical(rownames(found)[1:2], c("a -- d", "a -- b"))
  expect_equal(unname(found[, "p-value"]), sort(together$p.value))
  expect_equal(found["a -- b", "sd"], together$sd[1])
  shown <- capture.output(print(summary(fit, most = 2)))
  expect_match(shown, "Variation with context, the clearest 2 of 6 edges:", fixed = TRUE, all = FALSE)
  expect_match(shown, "That no edge varies: p-value = 0.0007", fixed = TRUE, all = FALSE)
  expect_match(knitr::knit_print(fit), "Variation with context", fixed = TRUE)
  directed <- context_network(~ a + b + c + d, ~ s(age), network_data(), type = "bayesian")
  expect_match(capture.output(print(summary(directed))), "Variation with s(age):", fixed = TRUE, all = FALSE)
  expect_identical(colnames(summary(directed)$varying)[1], "edf")
  expect_null(summary(context_network(~ a + b, data = network_data()))$varying)
})

test_that("the methods of a network are those that R people expect", {
  needs_python()
  d <- network_data()
  fit <- context_network(~ a + b + log(c + 10), ~ s(age), subset(d, c > -9), na.action = na.exclude)
  expect_identical(variable.names(fit), c("a", "b", "log(c + 10)"))
  expect_identical(dim(residuals(fit)), c(sum(d$c > -9), 3L))
  expect_identical(rowSums(is.na(residuals(fit)))[c("5", "9")], c("5" = 3, "9" = 3))
  expect_equal(as.matrix(fit), t(as.matrix(fit)))
  expect_equal(as.matrix(fit)[1, 2], unname(coef(fit)[1]))
  expect_equal(unname(confint(fit)), unname(as.matrix(tidy(fit, conf.int = TRUE)[c("conf.low", "conf.high")])))
  expect_equal(rownames(confint(fit, "a -- b", level = 0.9)), "a -- b")
  both <- predict(fit, data.frame(age = 40), se.fit = TRUE)
  expect_equal(both$fit, predict(fit, data.frame(age = 40), type = "partial"), tolerance = 1e-12)
  expect_equal(both$se.fit["a", "b", 1], tidy(fit, data.frame(age = 40))$std.error[1])
  expect_equal(dim(predict(fit)), c(3, 3, nobs(fit)))
  drawn <- simulate(fit, 2, seed = 4)
  expect_identical(drawn, simulate(fit, 2, seed = 4))
  expect_named(drawn, c("sim_1", "sim_2"))
  expect_false(identical(drawn$sim_1, drawn$sim_2))
  expect_identical(names(drawn$sim_1), fit$variables)
  expect_identical(variable.names(update(fit, ~ . - b)), c("a", "log(c + 10)"))
  expect_equal(AIC(update(fit, context = NULL)), AIC(context_network(~ a + b + log(c + 10), data = subset(d, c > -9))))
  expect_equal(logLik(fit, head(d, 3))[1], sum(predict(fit, head(d, 3), type = "log_density")))
  expect_identical(glance(fit)$edges, 3L)
  expect_equal(coef(summary(fit))["a -- b", "Std. Error"], tidy(fit)$std.error[1])
})

test_that("a data frame holds variables and contexts, and a matrix finds contexts where the formula was written", {
  needs_python()
  d <- network_data(missing = FALSE)
  expect_equal(coef(context_network(d, ~ s(age) + site)), coef(context_network(~ a + b + c + d, ~ s(age) + site, d)))
  expect_equal(coef(context_network(~., ~ s(age) + site, d)), coef(context_network(~ a + b + c + d, ~ s(age) + site, d)))
  age <- d$age
  expect_equal(coef(context_network(as.matrix(d[3:6]), ~ s(age))), coef(context_network(~ a + b + c + d, ~ s(age), d)))
})

test_that("networks are compared in one table", {
  needs_python()
  d <- network_data(missing = FALSE)
  train <- d[1:200, ]
  fits <- list(population = context_network(~ a + b, data = train), groups = context_network(~ a + b, ~site, train),
               smooth = context_network(~ a + b, ~ s(age), train))
  table <- compare_networks(fits, newdata = subset(d[201:300, ], age > min(train$age) & age < max(train$age)))
  expect_identical(table$network, names(fits))
  expect_equal(table$AIC, unname(vapply(fits, AIC, 0)))
  expect_identical(which.max(table$held.out), 3L)
  expect_equal(compare_networks(a = fits[[1]], fits[[2]])$network, c("a", "network 2"))
  expect_complaint(compare_networks(fits[[1]], context_network(~ a + d, data = train)), "same variables")
  expect_complaint(compare_networks(1), "fits of context_network")
})

test_that("graphs, files and pictures hold the edges of the table", {
  needs_python()
  skip_if_not_installed("igraph")
  skip_if_not_installed("ggplot2")
  fit <- context_network(~ a + b + c + d, ~ s(age) + site, network_data())
  at <- NETWORK_CONTEXTS[1, ]
  table <- tidy(fit, at)
  graph <- igraph::as.igraph(fit, at, q.max = 0.05)
  expect_equal(igraph::E(graph)$weight, table$estimate[table$q.value <= 0.05])
  expect_identical(igraph::V(graph)$name, fit$variables)
  file <- write_graphml(fit, tempfile(fileext = ".graphml"), at)
  expect_equal(igraph::E(igraph::read_graph(file, "graphml"))$q_value, table$q.value, tolerance = 1e-12)
  directed <- context_network(~ a + b + d, ~age, network_data(), type = "bayesian")
  expect_true(igraph::is_directed(igraph::as.igraph(directed)))
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  drawn <- plot(fit, most = 2)
  expect_identical(unique(drawn$term)[1], "a -- b")
  expect_identical(nrow(plot(fit, "network", along = "site")), 12L)
  expect_identical(unique(plot(fit, edges = c("d", "c"), along = "site")$term), "c -- d")
  expect_silent(plot(directed, "network"))
  expect_silent(plot(fit, "heatmap", at))
  for (what in c("edges", "network", "heatmap")) {
    expect_silent(ggplot2::ggplot_build(ggplot2::autoplot(fit, what)))
    expect_silent(ggplot2::ggplot_build(ggplot2::autoplot(directed, what)))
  }
  expect_complaint(plot(fit, edges = c("a", "nobody")), "must name pairs")
  expect_complaint(igraph::as.igraph(fit, NETWORK_CONTEXTS), "one context")
})

test_that("what cannot be a network is refused in R's words", {
  d <- network_data(missing = FALSE)
  expect_complaint(context_network(y ~ a, data = d), "one-sided")
  expect_complaint(context_network("a"), "one-sided formula")
  expect_complaint(context_network(~ a + b, context = "age", data = d), "'context' must be")
  expect_complaint(context_network(~ a + b, ~ s(nobody), d), "variable 'nobody' was found neither")
  expect_complaint(context_network(~ a + site, ~ s(age), d), "numeric vectors, but site")
  expect_complaint(context_network(~ a + b, type = "neural", data = d), "'type' must be one of")
  expect_complaint(context_network(~ a + b, data = d, type = "markov", acyclicity = "union"), "for type = \"bayesian\"")
  expect_complaint(context_network(~ a + b, data = d, type = "bayesian", method = "joint"), "'method' is for type")
  expect_complaint(context_network(~ a + b, archetypes(~age), d), "archetypes\\(\\) are for")
  expect_complaint(context_network(~ a + b, data = d, smoothing = NA), "'smoothing' must be")
  expect_complaint(context_network(~ a + b, data = d, type = "bayesian", forbidden = 1:3), "two columns")
  expect_complaint(context_network(d[1:3, 3:4], data = d), "a row for each row")
  needs_python()
  expect_error(context_network(~ a + I(2 * a), data = d), "multiple of the other", class = "contextstats_DataError")
  expect_error(context_network(~ a + b, data = d, method = "magic"), "magic", class = "contextstats_OptionError")
  cycle <- rbind(c("a", "b"), c("b", "a"))
  expect_error(context_network(~ a + b, data = d, type = "bayesian", required = cycle), "cycle", class = "contextstats_OptionError")
  fit <- context_network(~ a + b, ~ s(age) + site, d)
  expect_complaint(predict(fit, data.frame(age = 3)), "variable 'site' was found neither in 'newdata'")
  expect_complaint(predict(fit, data.frame(age = 40, site = "z")), "new level")
  expect_complaint(predict(fit, data.frame(age = NA_real_, site = "x")), "missing values")
  expect_complaint(logLik(fit, transform(d[1:4, ], b = c(1, NA, 1, 1))), "1 of 4 rows .*row 2")
  expect_complaint(predict(fit, type = "response"), "'type' must be one of")
  expect_complaint(predict(fit, se.fit = TRUE, type = "covariance"), "se.fit = TRUE is for")
  expect_complaint(as.matrix(fit, NETWORK_CONTEXTS), "3 rows")
  expect_complaint(heterogeneity(context_network(~ a + b, data = d)), "no edge varies")
  expect_complaint(plot(context_network(~ a + b, data = d), "edges"), "no context to go along")
  expect_warning(predict(fit, data.frame(age = 300, site = "x")), class = "contextstats_ExtrapolationWarning")
})

#' Tidy tables of networks
#'
#' @param x A fit of [context_network()].
#' @param newdata A data frame of contexts; the typical one if it is missing.
#' @param conf.int,conf.level Add `conf.low` and `conf.high` with this coverage.
#' @param ... Not used.
#' @return A tibble. `tidy()` has a row for each edge at each context: `row` (of `newdata`), the two variables as `source`
#'   and `target` (from and to in a Bayesian network), the contexts, `estimate`, `std.error`, `statistic`, `p.value` (of no
#'   edge at this context) and `q.value` (false discovery rate over the edges of the context). Bayesian networks have
#'   rows for the edges of their graph alone.
#' @examplesIf contextstats::contextstats_available()
#' fit <- context_network(~ gdp + consumption + money, context = ~ s(year), data = us_macro)
#' tidy(fit, conf.int = TRUE)
#' tidy(fit, data.frame(year = c(1965, 2005)))
#' glance(fit)
#' @export
tidy.context_network <- function(x, newdata = NULL, conf.int = FALSE, conf.level = 0.95, ...) {
  table <- edge_table(x, edges_at(x, newdata, sys.call(-1)), conf.level)
  drop <- c("edge", if (is.null(newdata)) "row", if (!conf.int) c("conf.low", "conf.high"))
  tibble::as_tibble(table[setdiff(names(table), drop)])
}

#' @rdname tidy.context_network
#' @export
glance.context_network <- function(x, ...) {
  tibble::tibble(
    variables = length(x$variables), edges = length(edges_there(x, x$typical)), df = x$edf, logLik = x$loglik,
    AIC = stats::AIC(x), BIC = stats::BIC(x), nobs = x$nobs, converged = x$converged
  )
}

#' @rdname heterogeneity
#' @export
heterogeneity.context_network <- function(object, ...) {
  call <- sys.call(-1)
  if (!length(object$context_variables)) stop_user(call, "no edge varies in this network: give context_network() a context")
  if (is.null(object$heterogeneity) && object$type == "bayesian") {
    stop_user(call, "a test of each edge needs one graph for all contexts: use acyclicity = \"union\"")
  }
  if (is.null(object$population_test) && !identical(nrow(object$heterogeneity), 0L)) {
    found <- python_call("network_heterogeneity", new_network_rows(object, NULL, call), call)
    object$heterogeneity <- unpacked_table(found$heterogeneity)
    object$population_test <- found$population_test
  }
  structure(object$heterogeneity, population_test = object$population_test)
}

#' Compare networks
#'
#' Information criteria of several networks of the same variables, and how well they predict new data: a population
#' network (no context), one for each group (a factor as context) and a contextual one are fitted by the same function.
#'
#' @param ... Fits of [context_network()], named; or a named list of them.
#' @param newdata New data, with variables and contexts.
#' @return A data frame: `network`, `edf`, `logLik`, `AIC`, `BIC`, and with `newdata` `held.out`, the average
#'   log-likelihood of a row. The largest `held.out`, or the smallest `AIC`, is the best.
#' @examplesIf contextstats::contextstats_available()
#' train <- us_macro[seq_len(nrow(us_macro)) %% 5 != 3, ]
#' new <- us_macro[seq_len(nrow(us_macro)) %% 5 == 3, ]
#' compare_networks(
#'   population = context_network(~ gdp + money, data = train),
#'   contextual = context_network(~ gdp + money, context = ~ s(year), data = train),
#'   newdata = new
#' )
#' @export
compare_networks <- function(..., newdata = NULL) {
  call <- match.call(expand.dots = FALSE)
  call$... <- NULL
  fits <- list(...)
  if (length(fits) == 1 && !inherits(fits[[1]], "context_network") && is.list(fits[[1]])) fits <- fits[[1]]
  networks <- vapply(fits, inherits, TRUE, "context_network")
  if (!length(fits) || !all(networks)) stop_user(call, "compare_networks() takes fits of context_network()")
  labels <- names(fits) %||% rep("", length(fits))
  labels[labels == ""] <- paste("network", seq_along(fits))[labels == ""]
  same <- vapply(fits, function(fit) identical(c(fit$variables, fit$nobs), c(fits[[1]]$variables, fits[[1]]$nobs)), TRUE)
  if (!all(same)) {
    stop_user(call, "all networks must be fits of the same rows of the same variables, but ", labels[!same][1], " and ",
              labels[1], " are not")
  }
  table <- data.frame(
    network = labels, edf = vapply(fits, `[[`, 0, "edf"), logLik = vapply(fits, `[[`, 0, "loglik"),
    AIC = vapply(fits, stats::AIC, 0), BIC = vapply(fits, stats::BIC, 0), row.names = NULL
  )
  if (!is.null(newdata)) {
    table$held.out <- vapply(fits, function(fit) mean(predict_rows(fit, newdata, "log_density", call)), 0, USE.NAMES = FALSE)
  }
  table
}

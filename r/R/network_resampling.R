# Fits again to other draws of the rows of a network.

#' How firmly edges were chosen
#'
#' Fits a sparse Markov network (`method = "neighborhood"`) or a Bayesian network to random parts of the rows, and counts.
#'
#' @param object A fit of [context_network()].
#' @param n Number of subsamples.
#' @param fraction Share of the rows in each.
#' @param sparsity As in [context_network()]; by default that of the fit, or `"bic"`.
#' @param seed Seed of the subsamples.
#' @return A data frame: `source`, `target`, `frequency` of the edge, and `varying` (Markov: of one that varies with
#'   context) or `either` (Bayesian: of the edge in any direction).
#' @references Meinshausen and Buehlmann (2010), Stability selection. *JRSS B* 72, 417-473.
#' @examplesIf contextstats::contextstats_available()
#' fit <- context_network(~ gdp + consumption + money, ~year, us_macro, method = "neighborhood", sparsity = "bic")
#' edge_stability(fit, n = 5)
#' @export
edge_stability <- function(object, n = 50, fraction = 0.5, sparsity = NULL, seed = 0) {
  call <- match.call()
  request <- resampling_request(object, call)
  fitted <- object$problem$options
  own <- if (object$type == "bayesian") fitted[c("threshold", "threads")] else fitted[c("l1_ratio", "rule", "threads")]
  options <- c(own, list(n = n, fraction = fraction, sparsity = sparsity %||% fitted$sparsity, seed = seed))
  request$options <- whole(options[lengths(options) > 0], c("n", "seed", "threads"))
  unpacked_table(python_call("network_stability", request, call)$table)
}

#' Standard errors that know of the search for the graph
#'
#' Fits a Bayesian network again to rows drawn with replacement, the search for its graph included. For every kind of
#' Bayesian network, also with [archetypes()] and with a graph for each context.
#'
#' @param object A fit of [context_network()] with `type = "bayesian"`.
#' @param newdata A data frame of contexts; the typical one if it is missing.
#' @param n Number of fits.
#' @param conf.level Coverage of the intervals.
#' @param seed Seed of the draws.
#' @return A data frame: `row` (of `newdata`), `source` and `target` of each edge that any of the fits has, its `estimate`
#'   in the fit to the data, `std.error`, `conf.low` and `conf.high` (normal), and `frequency`, the share of the fits that
#'   have the edge at this context. An edge that a fit does not have counts as zero in it.
#' @examplesIf contextstats::contextstats_available()
#' fit <- context_network(~ gdp + consumption + money, ~year, us_macro, type = "bayesian")
#' edge_bootstrap(fit, data.frame(year = c(1965, 2005)), n = 10)
#' @export
edge_bootstrap <- function(object, newdata = NULL, n = 100, conf.level = 0.95, seed = 0) {
  call <- match.call()
  request <- resampling_request(object, call)
  if (object$type != "bayesian") stop_user(call, "the bootstrap is for Bayesian networks: the others search for no graph")
  if (!is.null(newdata)) request$at <- contexts_request(object, network_contexts(object, newdata, call), call)
  request$options <- whole(list(n = n, level = conf.level, seed = seed), c("n", "seed"))
  table <- unpacked_table(python_call("network_bootstrap", request, call)$table)
  if (is.null(newdata)) table$row <- NULL
  table
}

resampling_request <- function(object, call) {
  if (!inherits(object, "context_network")) stop_user(call, "'object' must be a fit of context_network()")
  frame <- object$all_rows %||% object$model
  built <- list(x = node_matrix(frame, object$terms, call), frame = frame)
  network_request(c(object$problem, list(built = built)), call)
}

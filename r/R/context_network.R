#' Gaussian networks whose edges are functions of context
#'
#' Fits a network of several variables in which correlations, partial correlations or directed effects are constants,
#' straight lines, factors or smooth functions of context. Without a context it is an ordinary Gaussian network.
#'
#' @section Kinds of networks:
#' `"markov"`: an edge is the partial correlation of two variables given all others, a function of the precision matrix
#' \eqn{\Omega(c)}. Methods: `"cholesky"` (the default: each variable given those before it, with log-variances that
#' depend on context; exact Gaussian likelihood, positive definite everywhere, depends a little on the order of the
#' variables), `"neighborhood"` (each variable given all others; many variables, and sparse networks), `"likelihood"`
#' (precisions linear in the context basis, by their exact likelihood; free of any order, up to about ten variables),
#' `"glasso"` (scikit-learn's graphical lasso for the whole sample or for each level of one factor, as a baseline).
#'
#' `"correlation"`: an edge is a correlation. Methods: `"pairwise"` (the default: each pair for itself, any number of
#' variables) and `"joint"` (a correlation matrix at every context).
#'
#' `"bayesian"`: an edge is an effect of one variable on another, \eqn{x = \mu(c) + W(c)'x + e}, in a graph without
#' cycles that the data choose. Standard errors are conditional on the graph.
#'
#' @section Factors:
#' With `factors`, groups of variables act on each other through one score each, a weighted sum of the variables of the
#' group, so that \eqn{W(c)} has a low rank. Edges, predictions and the likelihood are those of the variables. The
#' component `factor_network` of the fit is the network between the factors, a `context_network` with all its methods,
#' `loadings` a data frame of factor, variable, weight and loading. `order`, `forbidden` and `required` then name factors.
#'
#' @section Context:
#' As in [context_glm()]: `~ s(age) + center`. All functions of context in the network share this basis, and each has its
#' own smoothing parameter. [archetypes()] makes a Bayesian network a mixture of a few networks.
#'
#' @param formula The variables: a one-sided formula `~ gdp + money` (or `~ .`, all columns of `data` but the contexts),
#'   or a matrix or data frame of them. A data frame may hold the contexts too.
#' @param context A one-sided formula with the terms of [context_glm()], [archetypes()], or `NULL`.
#' @param data,subset,na.action As in [stats::lm()]; `data` may also be given beside a matrix, for the contexts.
#' @param type,method The kind of network, and how it is fitted; see below.
#' @param smoothing `"reml"`; `"reml_shared"` (Markov networks by `"neighborhood"`: one smoothing parameter for all edges
#'   of a variable); or the smoothing parameters of every function.
#' @param select Penalise also what smoothing leaves free, so that an edge can shrink to a constant.
#' @param order Names of the variables. Markov `"cholesky"` and correlation `"joint"`: the order in which they are
#'   explained, or `"best"` or `"average"` of several. Bayesian: from causes to effects, if that is known.
#' @param sparsity Markov `"neighborhood"`: `"bic"`, `"cv"` or a number, the penalty of a sparse-group lasso that selects
#'   edges. Bayesian: the weight of the lasso in the continuous search.
#' @param acyclicity Bayesian: `"union"` (one graph for all contexts) or `"per_sample"` (directions may change).
#' @param variances Bayesian: `"free"` (what tells directions are effects that vary while residual variances do not; the
#'   default where there is a context) or `"equal"` (all residual variances are equal; depends on units).
#' @param factors Bayesian: a named list of the variables of each factor, or how many factors clustering shall find.
#' @param forbidden,required Bayesian: edges that must not or must be there, as a matrix or data frame of two columns,
#'   from and to.
#' @param threshold Bayesian: edges whose root mean square over the contexts is not above it are left out; by default
#'   parents are chosen by BIC.
#' @param control A list made by [network_control()].
#' @param ... Arguments of [network_control()], in place of `control`.
#' @return An object of class `context_network`. It consists of plain R values; only networks at new contexts, likelihoods
#'   of new data and simulation need Python.
#' @references
#' Pourahmadi (1999), Joint mean-covariance models with applications to longitudinal data. *Biometrika* 86, 677-690.
#'
#' Zheng, Aragam, Ravikumar and Xing (2018), DAGs with NO TEARS. *NeurIPS* 31.
#' @seealso [predict.context_network()], [tidy.context_network()], [heterogeneity()], [plot.context_network()],
#'   [compare_networks()], [edge_stability()], [edge_bootstrap()].
#' @examplesIf contextstats::contextstats_available()
#' fit <- context_network(~ gdp + consumption + money, context = ~ s(year), data = us_macro)
#' summary(fit)
#' tidy(fit, data.frame(year = c(1965, 2005)), conf.int = TRUE)
#' predict(fit, data.frame(year = 1984), type = "correlation")
#' @export
context_network <- function(formula, context = NULL, data = NULL, type = c("markov", "correlation", "bayesian"),
                            method = NULL, subset, na.action, smoothing = "reml", select = FALSE, order = NULL,
                            sparsity = NULL, acyclicity = "union", variances = NULL, factors = NULL, forbidden = NULL,
                            required = NULL, threshold = NULL, control = network_control(...), ...) {
  call <- match.call()
  type <- choice(type, NETWORK_TYPES, "type", call)
  refuse_foreign_arguments(call, type)
  spec <- read_network_context(context, type, call)
  built <- network_frame(call, formula, spec, data, parent.frame())
  options <- list(
    method = method, smoothing = network_smoothing(smoothing, call), select = select, order = order_request(order),
    sparsity = sparsity, acyclicity = acyclicity, variances = variances, threshold = threshold, factors = factor_list(factors, call),
    forbidden = edge_list(forbidden, "forbidden", call), required = edge_list(required, "required", call)
  )
  problem <- list(built = built, spec = spec, type = type, options = c(options, read_control("network_control", control, call)))
  request <- c(network_request(problem, call), list(tests = tests_are_cheap(built)))
  found <- python_call("fit_network", request, call)
  if (isTRUE(problem$options$progress) && type == "bayesian") cat("\n", file = stderr())
  as_network(found, problem, context, call)
}

NETWORK_TYPES <- c("markov", "correlation", "bayesian")

# What a model, and its fit, take in Python.
NETWORK_ARGUMENTS <- list(
  markov = list(
    model = "method",
    fit = c("order", "n_orders", "seed", "smoothing", "select", "sparsity", "l1_ratio", "rule", "alpha", "maxiter", "tol",
            "threads")
  ),
  correlation = list(
    model = "method", fit = c("order", "n_orders", "seed", "smoothing", "select", "maxiter", "tol", "threads")
  ),
  bayesian = list(
    model = c("acyclicity", "variances", "factors", "order", "forbidden", "required"),
    fit = c("threshold", "sparsity", "strategy", "restarts", "seed", "smoothing", "maxiter", "tol", "threads", "progress")
  )
)

#' Options of network fits
#'
#' @param maxiter,tol Limit on iterations and when to stop; `NULL` for the defaults of the kind of network.
#' @param threads Number of threads; `NULL` for all. Results do not depend on it.
#' @param seed Seed of random orders and restarts.
#' @param n_orders For `order = "best"` and `"average"`: how many orders, that of the data and its reverse first.
#' @param l1_ratio,rule For sparse networks: the share of the lasso in the penalty of a varying part, and whether an edge
#'   must be in both of its regressions (`"and"`) or in one (`"or"`).
#' @param alpha For `method = "glasso"`: the penalty, or `"cv"`.
#' @param strategy,restarts For Bayesian networks: how the continuous search approaches graphs without cycles
#'   (`"central_path"` as DAGMA, `"augmented_lagrangian"` as NOTEARS), and restarts of the search over orders.
#' @param progress For Bayesian networks: show a line that counts stages when a fit takes longer than a second.
#' @return A list for the argument `control` of [context_network()].
#' @examples
#' str(network_control(n_orders = 10))
#' @export
network_control <- function(maxiter = NULL, tol = NULL, threads = NULL, seed = 0, n_orders = 5, l1_ratio = 0,
                            rule = "and", alpha = "cv", strategy = "central_path", restarts = 20,
                            progress = interactive() && !isTRUE(getOption("knitr.in.progress"))) {
  list(
    maxiter = maxiter, tol = tol, threads = threads, seed = seed, n_orders = n_orders, l1_ratio = l1_ratio, rule = rule,
    alpha = alpha, strategy = strategy, restarts = restarts, progress = progress
  )
}

#' Networks that mix a few archetypes
#'
#' The context of a Bayesian network that mixes `k` networks with weights that depend on context (NOTMAD).
#'
#' @param context A one-sided formula, what the weights depend on: names for straight lines, `s()` for smooths.
#' @param k Number of archetypes.
#' @param gates `"softmax"`: weights are positive and sum to one. `"linear"`: any weights.
#' @param starts Random starts of the search.
#' @param ridge Penalty on the coefficients of the weights, per row.
#' @param seed Seed of the starts.
#' @return A list for the argument `context` of [context_network()].
#' @references Lengerich, Ellington, Aragam, Xing and Kellis (2021), NOTMAD. arXiv 2111.01104.
#' @examples
#' str(archetypes(~ time, k = 3))
#' @export
archetypes <- function(context, k = 4, gates = "softmax", starts = 5, ridge = 1e-4, seed = 0) {
  structure(list(context = context, k = k, gates = gates, starts = starts, ridge = ridge, seed = seed),
            class = "archetypes")
}

choice <- function(value, choices, name, call) {
  if (identical(value, choices)) return(choices[1])
  if (!is.character(value) || length(value) != 1 || !value %in% choices) {
    stop_user(call, "'", name, "' must be one of ", paste0("\"", choices, "\"", collapse = ", "), ", but is ",
              deparse1(value))
  }
  value
}

refuse_foreign_arguments <- function(call, type) {
  known <- lapply(NETWORK_ARGUMENTS, unlist, use.names = FALSE)
  foreign <- setdiff(intersect(names(call), unlist(known)), c(known[[type]], names(formals(network_control))))
  if (!length(foreign)) return(invisible())
  owners <- names(known)[vapply(known, function(own) foreign[1] %in% own, TRUE)]
  stop_user(call, "'", foreign[1], "' is for type = ", paste0("\"", owners, "\"", collapse = " or "), ", but the type is \"",
            type, "\"")
}

read_network_context <- function(context, type, call) {
  mixed <- inherits(context, "archetypes")
  if (mixed && type != "bayesian") stop_user(call, "archetypes() are for type = \"bayesian\", but the type is \"", type, "\"")
  formula <- if (mixed) context$context else context
  if (!is.null(formula) && !inherits(formula, "formula")) {
    stop_user(call, "'context' must be a one-sided formula such as ~ s(age) + center", if (mixed) "" else ", or archetypes()",
              ", but is of class ", class(formula)[1])
  }
  spec <- read_context(formula, call)
  spec$environment <- if (!is.null(formula)) environment(formula)
  spec$archetypes <- if (mixed) whole(unclass(context)[c("k", "gates", "starts", "ridge", "seed")], c("k", "starts", "seed"))
  spec
}

network_smoothing <- function(smoothing, call) {
  if (is.character(smoothing) && length(smoothing) == 1) return(smoothing)
  if (!is.numeric(smoothing) || anyNA(smoothing)) {
    stop_user(call, "'smoothing' must be \"reml\", \"reml_shared\" or smoothing parameters, but is ", deparse1(smoothing))
  }
  if (length(smoothing) == 1 && is.null(names(smoothing))) smoothing else as.list(smoothing)
}

order_request <- function(order) {
  if (is.null(order) || identical(order, "best") || identical(order, "average")) order else as.list(as.character(order))
}

edge_list <- function(edges, name, call) {
  if (is.null(edges)) return(NULL)
  if (is.character(edges) && is.null(dim(edges)) && length(edges) == 2) edges <- t(edges)
  if (is.null(dim(edges)) || ncol(edges) != 2) {
    stop_user(call, "'", name, "' must have two columns, from and to, but is ", deparse1(edges))
  }
  edges <- as.matrix(edges)
  lapply(seq_len(nrow(edges)), function(i) as.list(as.character(unname(edges[i, ]))))
}

factor_list <- function(factors, call) {
  if (is.null(factors) || is.numeric(factors) && length(factors) == 1) return(factors)
  if (!is.list(factors) || is.null(names(factors)) || !all(vapply(factors, is.character, TRUE))) {
    stop_user(call, "'factors' must be a number, or a named list of names of variables such as list(size = c(\"a\", \"b\")), ",
              "but is ", deparse1(factors))
  }
  lapply(factors, as.list)
}

# Whole numbers as integers: Python tells them from other numbers.
whole <- function(options, names) {
  for (name in intersect(names, names(options))) {
    value <- options[[name]]
    if (is.numeric(value) && length(value) == 1 && is.finite(value) && value == round(value)) {
      options[[name]] <- as.integer(value)
    }
  }
  options
}

network_request <- function(problem, call) {
  options <- whole(problem$options, c("seed", "n_orders", "maxiter", "threads", "restarts", "factors"))
  options$progress <- if (isTRUE(options$progress)) progress_line(words = "stage %d, loss %.8g, acyclicity %.2g")
  names <- NETWORK_ARGUMENTS[[problem$type]]
  present <- function(part) options[intersect(part, names(options)[lengths(options) > 0])]
  c(
    rows_request(problem$built$x, problem$built$frame, names(problem$spec$variables), NULL, call),
    list(
      kind = problem$type, context = problem$spec$common, archetypes = problem$spec$archetypes,
      model = present(names$model), fit = present(names$fit)
    )
  )
}

# The tests of heterogeneity() read every row and every pair: with much data they are made when they are asked for.
tests_are_cheap <- function(built) length(built$x) * ncol(built$x) <= 2e6

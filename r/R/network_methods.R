#' Networks at given contexts
#'
#' @param object,x A fit of [context_network()].
#' @param newdata A data frame of contexts; those of the rows of the fit if it is missing. For `"response"` and
#'   `"log_density"` it must hold the variables too.
#' @param type `"partial"` (partial correlations), `"correlation"`, `"precision"`, `"covariance"`: matrices of Markov and
#'   correlation networks. `"weights"`: edges with a zero diagonal, in a Bayesian network the effect of row on column.
#'   `"mean"`: means of the variables in Markov and correlation networks. `"response"`: each variable of a Bayesian network from
#'   its parents. `"log_density"`: the log-likelihood of each row. The default is the kind of edge that the network has.
#' @param se.fit Return standard errors of edges too.
#' @param semidefinite For `type = "correlation"` of pairwise networks: return the nearest matrix that is a correlation
#'   matrix (Higham 2002).
#' @param ... Not used.
#' @return For matrices an array of dimension p x p x n, one matrix `[, , i]` for each context; with `se.fit` a list of
#'   `fit` and `se.fit`. For `"mean"` and `"response"` an n x p matrix, for `"log_density"` a vector. `as.matrix()` gives
#'   the edges at one context, the typical one by default, as a p x p matrix with a zero diagonal.
#' @examplesIf contextstats::contextstats_available()
#' fit <- context_network(~ gdp + consumption + money, context = ~ s(year), data = us_macro)
#' round(as.matrix(fit), 2)
#' predict(fit, data.frame(year = c(1965, 2005)), type = "correlation")
#' @export
predict.context_network <- function(object, newdata = NULL, type = NULL, se.fit = FALSE, semidefinite = FALSE, ...) {
  call <- sys.call(-1)
  own <- c(markov = "partial", correlation = "correlation", bayesian = "weights")[[object$type]]
  type <- choice(type %||% own, allowed_types(object), "type", call)
  if (type %in% c("response", "log_density")) return(predict_rows(object, newdata, type, call))
  if (se.fit && !type %in% c(own, "weights")) {
    stop_user(call, "se.fit = TRUE is for the edges of the network, type = \"", own, "\", but the type is \"", type, "\"")
  }
  frame <- network_contexts(object, newdata, call)
  labels <- row.names(frame)
  if (type == "mean") {
    values <- network_matrices(object, frame, "means", call)
    return(structure(values, dimnames = list(labels, object$variables)))
  }
  if (se.fit) {
    found <- edge_statistics(network_values(python_call("network_edges", contexts_request(object, frame, call), call)))
    return(list(fit = edge_array(object, found$estimate, if (type == "weights") 0 else 1, labels),
                se.fit = edge_array(object, found$std.error, NA_real_, labels)))
  }
  what <- c(partial = "partial_correlations", correlation = "correlations", precision = "precisions",
            covariance = "covariances", weights = "adjacency")[[type]]
  options <- if (semidefinite) list(semidefinite = TRUE) else list()
  values <- aperm(network_matrices(object, frame, what, call, options), c(2, 3, 1))
  structure(values, dimnames = list(object$variables, object$variables, labels))
}

allowed_types <- function(object) {
  if (object$type == "bayesian") return(c("weights", "response", "log_density"))
  c("partial", "correlation", "precision", "covariance", "weights", "mean", "log_density")
}

network_matrices <- function(object, frame, what, call, options = list()) {
  request <- c(contexts_request(object, frame, call), list(what = what, options = options))
  unpacked(python_call("network_matrices", request, call)$values)
}

predict_rows <- function(object, newdata, type, call) {
  request <- new_network_rows(object, newdata, call)
  labels <- row.names(if (is.null(newdata)) object$model else newdata)
  if (type == "log_density") {
    return(stats::setNames(unpacked(python_call("network_log_density", request, call)$values), labels))
  }
  values <- unpacked(python_call("network_predict", request, call)$values)
  structure(values, dimnames = list(labels, object$variables))
}

#' @rdname predict.context_network
#' @export
as.matrix.context_network <- function(x, newdata = NULL, ...) {
  found <- edges_at(x, newdata, sys.call(-1))
  if (nrow(found$value) != 1) {
    stop_user(sys.call(-1), "as.matrix() is for one context, but 'newdata' has ", nrow(found$value),
              " rows: predict() gives a matrix for each")
  }
  edge_array(x, edge_statistics(found)$estimate)[, , 1]
}

#' @export
coef.context_network <- function(object, ...) {
  shown <- edges_there(object, object$typical)
  stats::setNames(edge_statistics(object$typical)$estimate[1, shown], edge_names(object)[shown])
}

#' @export
confint.context_network <- function(object, parm, level = 0.95, ...) {
  shown <- edges_there(object, object$typical)
  found <- edge_statistics(object$typical, level)
  tail <- (1 - level) / 2
  limits <- matrix(
    c(found$conf.low[1, shown], found$conf.high[1, shown]), ncol = 2,
    dimnames = list(edge_names(object)[shown], paste(format(100 * c(tail, 1 - tail), trim = TRUE, digits = 3), "%"))
  )
  if (missing(parm)) limits else limits[parm, , drop = FALSE]
}

#' Likelihood of a network
#'
#' @param object A fit of [context_network()].
#' @param newdata New data, with variables and contexts; those of the fit if it is missing.
#' @param ... Not used.
#' @return An object of class `logLik`, with the effective degrees of freedom as `df`, so that `AIC()` and `BIC()` work.
#'   `predict(type = "log_density")` gives the parts of the rows.
#' @examplesIf contextstats::contextstats_available()
#' fit <- context_network(~ gdp + consumption + money, context = ~ s(year), data = us_macro)
#' AIC(fit)
#' logLik(fit, us_macro[1:20, ])
#' @export
logLik.context_network <- function(object, newdata = NULL, ...) {
  if (is.null(newdata)) {
    value <- object$loglik
    nobs <- object$nobs
  } else {
    rows <- predict_rows(object, newdata, "log_density", sys.call(-1))
    value <- sum(rows)
    nobs <- length(rows)
  }
  structure(value, df = object$edf, nobs = nobs, class = "logLik")
}

#' @export
nobs.context_network <- function(object, ...) object$nobs

#' @export
formula.context_network <- function(x, ...) x$formula

#' @export
model.frame.context_network <- function(formula, ...) formula$model

#' @export
variable.names.context_network <- function(object, ...) object$variables

#' @export
fitted.context_network <- function(object, ...) {
  values <- stats::predict(object, type = if (object$type == "bayesian") "response" else "mean")
  stats::napredict(object$na.action, values)
}

#' @export
residuals.context_network <- function(object, ...) {
  x <- node_matrix(object$model, object$terms, sys.call(-1))
  values <- stats::predict(object, type = if (object$type == "bayesian") "response" else "mean")
  stats::naresid(object$na.action, structure(x - values, dimnames = dimnames(values)))
}

#' @export
simulate.context_network <- function(object, nsim = 1, seed = NULL, newdata = NULL, ...) {
  call <- sys.call(-1)
  frame <- network_contexts(object, newdata, call)
  request <- contexts_request(object, frame, call)
  draws <- with_seed(seed, replicate(nsim, simplify = FALSE, {
    own <- c(request, list(seed = sample.int(.Machine$integer.max, 1)))
    values <- unpacked(python_call("network_simulate", own, call)$values)
    data.frame(structure(values, dimnames = list(row.names(frame), object$variables)), check.names = FALSE)
  }))
  structure(draws, names = paste0("sim_", seq_len(nsim)), seed = attr(draws, "seed"))
}

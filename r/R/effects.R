#' Which effects vary, with what, and how much
#'
#' @param object A fit of [context_glm()] or [context_network()].
#' @param ... Not used.
#' @return For [context_glm()] a data frame with a row for each predictor and context term, and one with context `"any"`
#'   for each predictor: `predictor`, `context`, `edf`, `ref.df`, `statistic` and `p.value` (Wald test that the effect does not vary, Wood
#'   2013), `share` (of the variance of the effect over the rows), `score.statistic` and `score.p.value` (variance-component
#'   score test). Its attribute `population_test` tests that no effect varies at all.
#'
#'   For [context_network()] a row for each edge and context term, and with several terms one with context `"any"`:
#'   `source`, `target`, `context`, `statistic`, `p.value` (score test that the edge is the same at every context, whatever
#'   means and variances do), `q.value` (false discovery rate over edges), `sd` (of the edge over the rows of the fit); in a
#'   Bayesian network the columns of [context_glm()], conditional on the graph. The attribute `population_test` is of all
#'   edges together. With many rows and variables the tests are made on demand, which needs Python.
#' @examplesIf contextstats::contextstats_available()
#' heterogeneity(context_glm(mpg ~ wt, context = ~ s(hp, k = 5), data = mtcars))
#' @export
heterogeneity <- function(object, ...) UseMethod("heterogeneity")

#' @export
heterogeneity.context_glm <- function(object, ...) {
  require_varying(object, sys.call(-1))
  structure(object$heterogeneity, population_test = object$population_test)
}

#' Coefficients at given contexts
#'
#' @param object A fit of [context_glm()].
#' @param newdata A data frame of contexts; those of the rows of the fit if it is missing.
#' @param terms Names of predictors; all by default.
#' @param level Coverage of the intervals.
#' @param simultaneous Make the band of all rows of `newdata` together cover with probability `level`.
#' @param ... Not used.
#' @return A data frame: the contexts, `term`, `estimate`, `std.error`, `conf.low`, `conf.high`.
#' @examplesIf contextstats::contextstats_available()
#' fit <- context_glm(mpg ~ wt, context = ~ s(hp, k = 5), data = mtcars)
#' coefficients_at(fit, data.frame(hp = c(80, 120, 200)), terms = "wt")
#' @export
coefficients_at <- function(object, newdata = NULL, terms = NULL, level = 0.95, simultaneous = FALSE, ...) {
  UseMethod("coefficients_at")
}

#' @export
coefficients_at.context_glm <- function(object, newdata = NULL, terms = NULL, level = 0.95, simultaneous = FALSE, ...) {
  call <- sys.call(-1)
  require_varying(object, call)
  names <- context_names(object)
  frame <- if (is.null(newdata)) object$model[names] else context_frame(object, newdata, names, call)
  known <- unique(object$blocks$predictor)
  if (length(unknown <- setdiff(terms, known))) {
    stop_user(call, "'terms' must name predictors (", paste(known, collapse = ", "), "), but '", unknown[1], "' is none")
  }
  table <- python_call("coefficients", list(
    state = object$state, contexts = context_columns(frame, names, object$xlevels, call), labels = packed_labels(frame),
    n = nrow(frame), level = level, simultaneous = simultaneous, terms = if (!is.null(terms)) as.list(terms)
  ), call)$table
  found <- unpacked_table(table)
  if (!simultaneous) {
    half <- stats::qt(0.5 + level / 2, inference_df(object)) * found$std.error
    found$conf.low <- found$estimate - half
    found$conf.high <- found$estimate + half
  }
  each <- nrow(found) / nrow(frame)
  result <- cbind(frame[rep(seq_len(nrow(frame)), each), , drop = FALSE], found)
  row.names(result) <- NULL
  result
}

# The contexts of new data, evaluated and checked as predict() does.
context_frame <- function(object, newdata, names, call) {
  require_data_frame(newdata, call)
  all <- stats::delete.response(object$joint_terms)
  variables <- as.list(attr(all, "variables"))[-1]
  chosen <- variables[vapply(variables, variable_name, "") %in% names]
  terms <- stats::terms(stats::as.formula(base::call("~", Reduce(function(a, b) base::call("+", a, b), chosen))))
  attr(terms, "dataClasses") <- attr(all, "dataClasses")[names]
  environment(terms) <- environment(all)
  frame <- blaming(
    call, stats::model.frame(terms, newdata, na.action = stats::na.fail, xlev = object$xlevels[names]), "newdata"
  )
  blaming(call, stats::.checkMFClasses(attr(terms, "dataClasses"), frame))
  frame
}

#' Average effects
#'
#' The average of each coefficient over the rows of the fit.
#'
#' @param object A fit of [context_glm()].
#' @param level Coverage of the intervals.
#' @param ... Not used.
#' @return A data frame: `term`, `estimate`, `std.error`, `statistic`, `p.value`, `conf.low`, `conf.high`.
#' @examplesIf contextstats::contextstats_available()
#' average_effects(context_glm(mpg ~ wt, context = ~ s(hp, k = 5), data = mtcars))
#' @export
average_effects <- function(object, level = 0.95, ...) UseMethod("average_effects")

#' @export
average_effects.context_glm <- function(object, level = 0.95, ...) {
  table <- object$average_effects
  df <- inference_df(object)
  statistic <- table$estimate / table$std.error
  half <- stats::qt(0.5 + level / 2, df) * table$std.error
  data.frame(
    term = table$term, estimate = table$estimate, std.error = table$std.error, statistic = statistic,
    p.value = 2 * stats::pt(abs(statistic), df, lower.tail = FALSE),
    conf.low = table$estimate - half, conf.high = table$estimate + half
  )
}

require_varying <- function(object, call) {
  if (!is_varying(object)) stop_user(call, "no coefficient varies in this fit: give context_glm() a context")
}

#' Predictions
#'
#' @param object A fit of [context_glm()].
#' @param newdata A data frame with the predictors and contexts; the rows of the fit if it is missing.
#' @param type `"link"` or `"response"`; `"terms"`, the contribution of each term of the formula; `"lpmatrix"`, the
#'   matrix whose product with the coefficients is the linear predictor without its offset.
#' @param se.fit Return standard errors too, from the covariance of the fit (see `cov_type` in [context_glm()]).
#' @param na.action What to do with missing values in `newdata`; by default their prediction is `NA`.
#' @param ... Not used.
#' @return A vector, or with `se.fit` a list of `fit`, `se.fit` and `residual.scale`. A matrix for `"terms"` and
#'   `"lpmatrix"`.
#'
#' Offsets in the formula, and in the arguments `offset` and `exposure` of the fit, are evaluated in `newdata`. Contexts
#' outside the range of the fit give a warning: effects are continued as straight lines there.
#' @examplesIf contextstats::contextstats_available()
#' fit <- context_glm(mpg ~ wt, context = ~ s(hp, k = 5), data = mtcars)
#' predict(fit, data.frame(wt = 3, hp = c(100, 200)), se.fit = TRUE)
#' @export
predict.context_glm <- function(object, newdata = NULL, type = c("link", "response", "terms", "lpmatrix"),
                                se.fit = FALSE, na.action = stats::na.pass, ...) {
  call <- sys.call(-1)
  type <- blaming(call, match.arg(type))
  if (type == "terms" && is_plain(object)) return(NextMethod())
  if (type == "terms") return(predict_terms(object, newdata, se.fit, na.action, call))
  rows <- prediction_rows(object, newdata, na.action, call)
  if (type == "lpmatrix") return(linear_predictor_matrix(object, rows, call))
  link <- predict_link(object, rows, se.fit, call)
  if (type == "response") {
    slope <- abs(object$family$mu.eta(link$fit))
    link <- list(fit = object$family$linkinv(link$fit), se.fit = if (se.fit) slope * link$se.fit)
  }
  pad <- function(values) restore_rows(values, rows, object)
  if (!se.fit) return(pad(link$fit))
  list(fit = pad(link$fit), se.fit = pad(link$se.fit), residual.scale = sqrt(object$dispersion))
}

# Model matrix, frame with contexts, and offset, of complete rows; which rows these are, and their names.
require_data_frame <- function(newdata, call) {
  if (!is.list(newdata)) stop_user(call, "'newdata' must be a data frame, but is of class ", class(newdata)[1])
}

prediction_rows <- function(object, newdata, na.action, call) {
  if (is.null(newdata)) {
    frame <- object$model
    x <- stats::model.matrix(object$terms, frame, object$contrasts)
    return(list(x = x, frame = frame, offset = object$offset, kept = NULL, names = row.names(frame), new = FALSE))
  }
  require_data_frame(newdata, call)
  terms <- stats::delete.response(object$joint_terms)
  frame <- blaming(call, stats::model.frame(terms, newdata, na.action = na.action, xlev = object$xlevels), "newdata")
  blaming(call, stats::.checkMFClasses(attr(terms, "dataClasses"), frame))
  offset <- new_offset(object, newdata, frame, call)
  complete <- stats::complete.cases(frame) & !is.na(offset %||% 0)
  names <- row.names(frame)
  kept <- frame[complete, , drop = FALSE]
  attr(kept, "terms") <- attr(frame, "terms")
  x <- blaming(call, stats::model.matrix(stats::delete.response(object$terms), kept, object$contrasts))
  list(x = x, frame = kept, offset = offset[complete], kept = if (!all(complete)) complete, names = names, new = TRUE,
       na.action = attr(frame, "na.action"))
}

new_offset <- function(object, newdata, frame, call) {
  total <- NULL
  add <- function(values) total <<- (total %||% 0) + values
  if (!is.null(values <- stats::model.offset(frame))) add(values)
  if (!is.null(expr <- object$call$offset)) {
    values <- blaming(call, eval(expr, newdata, environment(object$formula)), "newdata")
    dropped <- attr(frame, "na.action")
    add(if (is.null(dropped)) values else values[-dropped])
  }
  if (!is.null(total)) rep_len(as.double(total), nrow(frame))
}

predict_link <- function(object, rows, se, call) {
  if (!is_varying(object)) {
    known <- !is.na(object$coefficients)
    x <- rows$x[, known, drop = FALSE]
    fit <- if (rows$new) drop(x %*% object$coefficients[known]) + (rows$offset %||% 0) else object$linear.predictors
    spread <- if (se) sqrt(pmax(rowSums((x %*% object$vcov[known, known]) * x), 0))
    return(list(fit = unname(fit), se.fit = unname(spread)))
  }
  if (!rows$new && !se) return(list(fit = unname(object$linear.predictors)))
  request <- c(new_rows_request(object, rows, call), list(offset = if (!is.null(rows$offset)) packed(rows$offset), se = se))
  found <- lapply(python_call("predict", request, call), unpacked)
  list(fit = found$link, se.fit = found$se_link)
}

new_rows_request <- function(object, rows, call) {
  c(rows_request(rows$x, rows$frame, context_names(object), object$xlevels, call), list(state = object$state))
}

# The contexts that the fit has: one that is constant was left out.
context_names <- function(object) intersect(object$context_variables, unlist(object$blocks$variables))

restore_rows <- function(values, rows, object) {
  if (!is.null(rows$kept)) {
    all <- rep(NA_real_, length(rows$kept))
    all[rows$kept] <- values
    values <- all
  }
  names(values) <- rows$names
  if (rows$new) stats::napredict(rows$na.action, values) else stats::napredict(object$na.action, values)
}

linear_predictor_matrix <- function(object, rows, call) {
  if (!is_varying(object)) return(rows$x)
  matrix <- unpacked(python_call("design_matrix", new_rows_request(object, rows, call), call)$matrix)
  dimnames(matrix) <- list(row.names(rows$frame), names(object$coefficients))
  matrix
}

predict_terms <- function(object, newdata, se, na.action, call) {
  rows <- prediction_rows(object, newdata, na.action, call)
  matrix <- linear_predictor_matrix(object, rows, call)
  known <- !is.na(object$coefficients)
  term <- c("(Intercept)", attr(object$terms, "term.labels"))[attr(rows$x, "assign") + 1L]
  owner <- if (is_varying(object)) term[match(predictor_of(object), colnames(rows$x))] else term
  contribution <- function(name) {
    own <- known & owner == name
    z <- matrix[, own, drop = FALSE]
    list(fit = drop(z %*% object$coefficients[own]),
         se = sqrt(pmax(rowSums((z %*% object$vcov[own, own, drop = FALSE]) * z), 0)))
  }
  parts <- lapply(stats::setNames(nm = unique(term)), contribution)
  fit <- vapply(parts, `[[`, numeric(nrow(matrix)), "fit")
  if (!se) return(fit)
  list(fit = fit, se.fit = vapply(parts, `[[`, numeric(nrow(matrix)), "se"), residual.scale = sqrt(object$dispersion))
}

# The predictor that each coefficient belongs to.
predictor_of <- function(object) {
  rep(object$blocks$predictor, object$blocks$last - object$blocks$first + 1L)
}

#' @export
model.matrix.context_glm <- function(object, ...) {
  if (is_varying(object)) return(stats::predict(object, type = "lpmatrix"))
  stats::model.matrix(object$terms, object$model, object$contrasts)
}

#' @export
hatvalues.context_glm <- function(model, ...) {
  if (is_plain(model)) return(NextMethod())
  z <- stats::model.matrix(model)
  known <- !is.na(model$coefficients)
  z <- z[, known, drop = FALSE]
  inverse <- model$conditional_vcov[known, known] / model$dispersion
  stats::setNames(model$weights * rowSums((z %*% inverse) * z), names(model$fitted.values))
}

#' @export
rstandard.context_glm <- function(model, type = c("deviance", "pearson"), ...) {
  if (is_plain(model)) return(NextMethod())
  stats::residuals(model, match.arg(type)) / sqrt(model$dispersion * (1 - stats::hatvalues(model)))
}

#' @export
cooks.distance.context_glm <- function(model, ...) {
  if (is_plain(model)) return(NextMethod())
  hat <- stats::hatvalues(model)
  (stats::residuals(model, "pearson") / (1 - hat))^2 * hat / (model$dispersion * sum(model$edf))
}

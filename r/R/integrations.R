# Methods for sandwich, emmeans and marginaleffects, registered when those are loaded.

# sandwich: scores of the rows, and the inverse information times the number of rows. The sandwich of a fit with varying
# coefficients is (Z'WZ + S)^-1 Z' diag(u) Z (Z'WZ + S)^-1, that of cov_type = "HC0".
estfun.context_glm <- function(x, ...) {
  known <- !is.na(x$coefficients)
  z <- stats::model.matrix(x)[, known, drop = FALSE]
  scores <- x$residuals * x$weights / score_dispersion(x) * z
  attr(scores, "assign") <- attr(scores, "contrasts") <- NULL
  scores
}

bread.context_glm <- function(x, ...) {
  known <- !is.na(x$coefficients)
  unscaled <- x$conditional_vcov[known, known, drop = FALSE] / x$dispersion
  unscaled * stats::nobs(x) * score_dispersion(x)
}

# As sandwich has it for glm(); it cancels in the sandwich.
score_dispersion <- function(x) {
  if (dispersion_known(x$family)) return(1)
  sum((x$weights * x$residuals)^2, na.rm = TRUE) / sum(x$weights, na.rm = TRUE)
}

# lmtest: Student's t or the normal as in the summary.
coeftest.context_glm <- function(x, vcov. = NULL, df = NULL, ...) {
  if (is_plain(x) || !is.null(df)) NextMethod() else NextMethod(df = inference_df(x))
}

# emmeans: reference grids over predictors and contexts.
recover_data.context_glm <- function(object, ...) {
  call <- object$call
  if (is_varying(object)) call$formula <- stats::formula(object$joint_terms)
  terms <- stats::delete.response(object$joint_terms)
  emmeans::recover_data(call, terms, object$na.action, frame = object$model, ...)
}

emm_basis.context_glm <- function(object, trms, xlev, grid, ...) {
  rows <- prediction_rows(object, grid, stats::na.pass, quote(emm_basis()))
  x <- linear_predictor_matrix(object, rows, quote(emm_basis()))
  known <- !is.na(object$coefficients)
  df <- inference_df(object)
  list(
    X = x[, known, drop = FALSE], bhat = unname(object$coefficients[known]), nbasis = matrix(NA),
    V = object$vcov[known, known, drop = FALSE], dffun = function(k, dfargs) dfargs$df, dfargs = list(df = df),
    misc = emmeans::.std.link.labels(object$family, list())
  )
}

# marginaleffects.
get_coef.context_glm <- function(model, ...) stats::coef(model)[!is.na(stats::coef(model))]

get_vcov.context_glm <- function(model, vcov = NULL, ...) {
  if (is.matrix(vcov)) return(vcov)
  stats::vcov(model, complete = FALSE)
}

set_coef.context_glm <- function(model, coefs, ...) {
  model$coefficients[names(coefs)] <- coefs
  model$perturbed <- TRUE
  model
}

get_predict.context_glm <- function(model, newdata = NULL, type = "response", ...) {
  rows <- prediction_rows(model, newdata %||% model$model, stats::na.pass, quote(get_predict()))
  x <- linear_predictor_matrix(model, rows, quote(get_predict()))
  known <- !is.na(model$coefficients)
  link <- drop(x[, known, drop = FALSE] %*% model$coefficients[known]) + (rows$offset %||% 0)
  estimate <- if (identical(type, "link")) link else model$family$linkinv(link)
  data.frame(rowid = seq_along(estimate), estimate = unname(estimate))
}

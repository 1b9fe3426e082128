# A fit in which no coefficient varies is a GLM: give it the components of glm(), so that everything written for glm()
# works on it, with the same numbers.

as_glm <- function(object, found, problem) {
  inputs <- problem$inputs
  x <- inputs$x
  if (anyNA(object$coefficients)) {
    kept <- independent_columns(x * sqrt(replace(object$weights, is.na(object$weights), 0)))
    found <- fit_in_python(problem, colnames(x)[kept])
    parts <- common_parts(found, problem, object$context)
    object[names(parts)] <- parts
    object <- with_aliased(object, colnames(x))
  }
  object <- with_all_rows(object, x)
  good <- which(unname(object$weights) > 0)
  if (length(good) == nrow(x)) good <- TRUE else x <- x[good, , drop = FALSE]
  root <- sqrt(unname(object$weights)[good])
  working <- (object$linear.predictors - (object$offset %||% 0) + object$residuals)[good]
  solved <- stats::.lm.fit(x * root, root * working, tol = 1e-11)
  rank <- solved$rank
  object$effects <- solved$effects
  names(object$effects) <- c(colnames(x)[solved$pivot[seq_len(rank)]], rep("", length(root) - rank))
  object$qr <- structure(solved[c("qr", "rank", "qraux", "pivot", "tol")], class = "qr")
  dimnames(object$qr$qr) <- list(names(working), colnames(x)[solved$pivot])
  object$R <- qr.R(object$qr)[seq_len(min(dim(x))), , drop = FALSE]
  rownames(object$R) <- colnames(object$R)
  object$rank <- rank
  object$boundary <- FALSE
  object$method <- "glm.fit"
  object$control <- stats::glm.control(epsilon = 1e-12, maxit = 100)
  object$context_control <- problem$control
  object$aic <- family_aic(object) + 2 * rank
  object <- with_null_model(object, attr(object$terms, "intercept") > 0)
  structure(object, class = c("context_glm", "glm", "lm"))
}

# As glm(): of collinear columns the first are kept.
independent_columns <- function(x) {
  decomposition <- qr(x, tol = 1e-11)
  sort(decomposition$pivot[seq_len(decomposition$rank)])
}

with_aliased <- function(object, columns) {
  kept <- names(object$coefficients)
  pad <- function(values) stats::setNames(values[columns], columns)
  grow <- function(matrix) {
    full <- matrix(NA_real_, length(columns), length(columns), dimnames = list(columns, columns))
    full[kept, kept] <- matrix
    full
  }
  object$coefficients <- pad(object$coefficients)
  object$edf <- replace(pad(object$edf), !columns %in% kept, 0)
  object$vcov <- grow(object$vcov)
  object$conditional_vcov <- grow(object$conditional_vcov)
  object$smooth <- rep(FALSE, length(columns))
  object
}

# Fitted values for rows of weight zero.
with_all_rows <- function(object, x) {
  if (!anyNA(object$fitted.values)) return(object)
  unused <- which(is.na(object$fitted.values))
  rows <- list(
    x = x[unused, , drop = FALSE], frame = object$model[unused, , drop = FALSE], offset = object$offset[unused], new = TRUE
  )
  fill_rows(object, unused, predict_link(object, rows, se = FALSE, object$call)$fit)
}

fill_rows <- function(object, rows, eta) {
  mu <- object$family$linkinv(eta)
  object$linear.predictors[rows] <- eta
  object$fitted.values[rows] <- mu
  object$residuals[rows] <- (object$y[rows] - mu) / object$family$mu.eta(eta)
  object$weights[rows] <- 0
  object
}

# Minus twice the log-likelihood as the family has it; without names, which cost more than the numbers.
family_aic <- function(object) {
  y <- unname(object$y)
  trials <- object$trials %||% rep(1, length(y))
  object$family$aic(y, trials, unname(object$fitted.values), unname(object$prior.weights), object$deviance)
}

with_null_model <- function(object, intercept) {
  used <- object$prior.weights > 0
  object$df.null <- sum(used) - intercept
  if (!intercept) {
    mu <- object$family$linkinv(object$offset %||% rep(0, length(object$y)))
    object$null.deviance <- sum(object$family$dev.resids(object$y, mu, object$prior.weights))
  }
  object
}

is_plain <- function(object) inherits(object, "glm")

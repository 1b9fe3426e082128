#' Tidy tables
#'
#' Methods for the generics of broom, with its column names.
#'
#' @param x A fit of [context_glm()].
#' @param conf.int,conf.level Add `conf.low` and `conf.high` with this coverage.
#' @param exponentiate Take the exponential of estimates and limits.
#' @param parametric `TRUE` for coefficients that stand for themselves; `FALSE` for one row for each varying effect.
#' @param data,newdata The data to add columns to: that of the fit, or new data.
#' @param type.predict,type.residuals Scale of `.fitted` and kind of `.resid`.
#' @param se_fit Add `.se.fit`.
#' @param ... Not used.
#' @return A tibble.
#' @examplesIf contextstats::contextstats_available()
#' fit <- context_glm(mpg ~ wt, context = ~ s(hp, k = 5), data = mtcars)
#' tidy(fit, conf.int = TRUE)
#' tidy(fit, parametric = FALSE)
#' glance(fit)
#' @name tidy.context_glm
NULL

#' @rdname tidy.context_glm
#' @export
tidy.context_glm <- function(x, conf.int = FALSE, conf.level = 0.95, exponentiate = FALSE, parametric = TRUE, ...) {
  if (!parametric) return(tidy_varying(x))
  shown <- !x$smooth
  known <- shown & !is.na(x$coefficients)
  table <- matrix(NA_real_, sum(shown), 4)
  table[known[shown], ] <- coefficient_matrix(x, known)
  result <- tibble::tibble(
    term = names(x$coefficients)[shown], estimate = table[, 1], std.error = table[, 2], statistic = table[, 3],
    p.value = table[, 4]
  )
  if (conf.int) {
    limits <- stats::confint(x, level = conf.level)
    if (is.null(dim(limits))) limits <- matrix(limits, 1, dimnames = list(result$term, NULL))
    result$conf.low <- unname(limits[result$term, 1])
    result$conf.high <- unname(limits[result$term, 2])
  }
  if (exponentiate) {
    columns <- intersect(c("estimate", "conf.low", "conf.high"), names(result))
    result[columns] <- lapply(result[columns], exp)
  }
  result
}

tidy_varying <- function(x) {
  require_varying(x, sys.call(-1))
  table <- x$heterogeneity
  tibble::tibble(
    term = paste(table$predictor, table$context, sep = " by "), predictor = table$predictor, context = table$context,
    edf = table$edf, ref.df = table$ref.df, statistic = table$statistic, p.value = table$p.value, share = table$share,
    score.statistic = table$score.statistic, score.p.value = table$score.p.value
  )
}

#' @rdname tidy.context_glm
#' @export
glance.context_glm <- function(x, ...) {
  likelihood <- stats::logLik(x)
  result <- tibble::tibble(
    null.deviance = x$null.deviance, df.null = x$df.null, logLik = as.numeric(likelihood), AIC = stats::AIC(x),
    BIC = stats::BIC(x), deviance = x$deviance, df.residual = x$df.residual, nobs = stats::nobs(x)
  )
  if (!is_varying(x)) return(result)
  result$edf <- sum(x$edf)
  result$deviance.explained <- 1 - x$deviance / x$null.deviance
  result
}

#' @rdname tidy.context_glm
#' @export
augment.context_glm <- function(x, data = NULL, newdata = NULL, type.predict = c("link", "response"),
                                type.residuals = c("deviance", "pearson"), se_fit = FALSE, ...) {
  call <- sys.call(-1)
  type.predict <- match.arg(type.predict)
  data <- newdata %||% data %||% stats::model.frame(x)
  found <- calling(call, stats::predict(x, newdata, type = type.predict, se.fit = se_fit))
  result <- tibble::as_tibble(data, rownames = if (any(row.names(data) != seq_len(nrow(data)))) ".rownames")
  result$.fitted <- unname(if (se_fit) found$fit else found)
  if (se_fit) result$.se.fit <- unname(found$se.fit)
  if (!is.null(newdata)) return(result)
  type.residuals <- match.arg(type.residuals)
  result$.resid <- unname(stats::residuals(x, type.residuals))
  result$.std.resid <- unname(calling(call, stats::rstandard(x, type = type.residuals)))
  result$.hat <- unname(stats::hatvalues(x))
  if (is_plain(x)) result$.sigma <- unname(stats::influence(x, do.coef = FALSE)$sigma)
  result$.cooksd <- unname(stats::cooks.distance(x))
  result
}

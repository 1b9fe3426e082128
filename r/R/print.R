#' @export
print.context_glm <- function(x, digits = max(3L, getOption("digits") - 3L), ...) {
  cat("\nCall:  ", paste(deparse(x$call), collapse = "\n"), "\n\n", sep = "")
  shown <- x$coefficients[!x$smooth]
  cat(if (is_varying(x)) "Parametric coefficients:\n" else "Coefficients:\n")
  print.default(format(shown, digits = digits), print.gap = 2, quote = FALSE)
  if (is_varying(x)) print_varying_edf(x, digits)
  cat(sprintf("\nDegrees of Freedom: %s Total (i.e. Null);  %s Residual\n", format(x$df.null),
              format(x$df.residual, digits = 6)))
  if (nzchar(message <- naprint(x$na.action))) cat("  (", message, ")\n", sep = "")
  cat("Null Deviance:\t   ", format(signif(x$null.deviance, digits)), "\nResidual Deviance: ",
      format(signif(x$deviance, digits)), "\tAIC: ", format(signif(stats::AIC(x), digits)), "\n", sep = "")
  if (!x$converged) cat("\nThe fit did not converge.\n")
  invisible(x)
}

print_varying_edf <- function(x, digits) {
  table <- x$heterogeneity[x$heterogeneity$context != "any", ]
  cat("\nVarying effects, effective degrees of freedom:\n")
  edf <- stats::setNames(table$edf, paste(table$predictor, table$context, sep = " by "))
  print.default(format(edf, digits = digits), print.gap = 2, quote = FALSE)
}

naprint <- function(na.action) {
  if (is.null(na.action)) "" else stats::naprint(na.action)
}

is_varying <- function(object) !is.null(object$heterogeneity)

#' Summary of a fit
#'
#' The parametric coefficients with their tests; for each effect that may vary with a context its effective degrees of
#' freedom, a Wald test that it does not vary, and the share of its variance over the rows that the context accounts
#' for; then notes on the data and the fit.
#'
#' @param object A fit of [context_glm()].
#' @param ... Not used.
#' @return A list of class `summary.context_glm`. `coefficients` is the matrix of estimates, standard errors,
#'   statistics and p-values; `varying` the table of varying effects. For a model without varying coefficients it has
#'   the components of [stats::summary.glm()] too.
#' @examplesIf contextstats::contextstats_available()
#' fit <- context_glm(mpg ~ wt, context = ~ s(hp, k = 5), data = mtcars)
#' coef(summary(fit))
#' @export
summary.context_glm <- function(object, ...) {
  known <- !is.na(object$coefficients)
  shown <- known & !object$smooth
  covariance <- object$vcov[known, known, drop = FALSE]
  structure(c(
    object[intersect(c(
      "call", "terms", "formula", "context", "family", "deviance", "aic", "contrasts", "df.residual", "null.deviance",
      "df.null", "iter", "na.action", "heterogeneity", "notes", "smoothing", "nobs", "cov_type", "dispersion",
      "converged", "optimizer"
    ), names(object))],
    list(
      deviance.resid = stats::residuals(object, "deviance"),
      coefficients = coefficient_matrix(object, shown),
      varying = if (is_varying(object)) varying_matrix(object),
      aliased = !known,
      df = c(sum(known), object$df.residual, length(known)),
      cov.unscaled = object$conditional_vcov[known, known, drop = FALSE] / object$dispersion,
      cov.scaled = covariance,
      edf = sum(object$edf),
      logLik = stats::logLik(object), AIC = stats::AIC(object)
    )
  ), class = "summary.context_glm")
}

# Degrees of freedom of Student's t where the dispersion is estimated; infinity, the normal, where it is known.
inference_df <- function(object) if (dispersion_known(object$family)) Inf else object$df.residual

coefficient_matrix <- function(object, rows) {
  df <- inference_df(object)
  estimate <- object$coefficients[rows]
  error <- sqrt(diag(object$vcov)[rows])
  statistic <- estimate / error
  letter <- if (is.finite(df)) "t" else "z"
  matrix(
    c(estimate, error, statistic, 2 * stats::pt(abs(statistic), df, lower.tail = FALSE)), ncol = 4,
    dimnames = list(names(estimate), c("Estimate", "Std. Error", paste(letter, "value"), sprintf("Pr(>|%s|)", letter)))
  )
}

varying_matrix <- function(object) {
  table <- object$heterogeneity
  several <- table$predictor %in% names(which(table(table$predictor) > 2))
  table <- table[table$context != "any" | several, ]
  statistic <- if (dispersion_known(object$family)) "Chi.sq" else "F"
  matrix(
    c(table$edf, table$ref.df, table$statistic, table$p.value, table$share), ncol = 5,
    dimnames = list(paste(table$predictor, table$context, sep = " by "),
                    c("edf", "Ref.df", statistic, "p-value", "Share"))
  )
}

#' @export
print.summary.context_glm <- function(x, digits = max(3L, getOption("digits") - 3L),
                                      signif.stars = getOption("show.signif.stars"), ...) {
  if (is.null(x$varying)) {
    cat("\nCall:\n", paste(deparse(x$call), collapse = "\n"), "\n\n", sep = "")
  } else {
    cat("\nFamily: ", x$family$family, "\nLink function: ", x$family$link, "\n\nFormula:\n", deparse1(x$formula),
        "\n", sep = "")
    print_context(x$context)
    cat("\nParametric coefficients:\n")
  }
  if (is.null(x$varying)) cat("Coefficients:\n")
  print_coefficients(x, digits, signif.stars)
  if (!is.null(x$varying)) print_varying(x$varying, digits, signif.stars)
  print_goodness(x, digits)
  print_notes(c(x$notes, if (!is.null(x$varying)) SHARE_NOTE))
  invisible(x)
}

SHARE_NOTE <- paste(
  "p-value: Wald test that the effect does not vary with the context. Share: part of the variance of the effect over",
  "the rows that the context accounts for. heterogeneity() has score tests too."
)

print_context <- function(context) {
  cat("Context:\n")
  if (inherits(context, "formula")) cat(deparse1(context), "\n", sep = "")
  else for (name in names(context)) cat(name, " ", deparse1(context[[name]]), "\n", sep = "")
}

print_coefficients <- function(x, digits, signif.stars) {
  table <- x$coefficients
  if (is.null(x$varying) && any(x$aliased)) {
    cat("(", sum(x$aliased), " not defined because of singularities)\n", sep = "")
    full <- matrix(NA_real_, length(x$aliased), 4, dimnames = list(names(x$aliased), colnames(table)))
    full[!x$aliased, ] <- table
    table <- full
  }
  stats::printCoefmat(table, digits = digits, signif.stars = signif.stars, signif.legend = is.null(x$varying) &&
                        signif.stars, na.print = "NA")
}

print_varying <- function(table, digits, signif.stars) {
  cat("\nVarying effects (test: the effect does not vary):\n")
  shown <- cbind(
    edf = formatC(table[, 1], digits = 2, format = "f"), Ref.df = formatC(table[, 2], digits = 2, format = "f"),
    formatC(table[, 3], digits = 2, format = "f"), "p-value" = format.pval(table[, 4], digits = digits),
    Share = ifelse(is.na(table[, 5]), "", sprintf("%.1f%%", 100 * table[, 5]))
  )
  colnames(shown)[3] <- colnames(table)[3]
  rownames(shown) <- rownames(table)
  if (signif.stars) {
    stars <- stats::symnum(table[, 4], corr = FALSE, na = FALSE, cutpoints = c(0, .001, .01, .05, .1, 1),
                           symbols = c("***", "**", "*", ".", " "))
    shown <- cbind(shown, format(stars))
    colnames(shown)[6] <- ""
  }
  print.default(shown, quote = FALSE, right = TRUE)
  if (signif.stars) cat("---\nSignif. codes:  ", attr(stars, "legend"), "\n", sep = "")
}

print_goodness <- function(x, digits) {
  explained <- 100 * (1 - x$deviance / x$null.deviance)
  number <- function(value) format(signif(value, max(5L, digits + 1L)))
  if (is.null(x$varying)) {
    cat("\n(Dispersion parameter for ", x$family$family, " family taken to be ", format(x$dispersion), ")\n\n",
        "    Null deviance: ", number(x$null.deviance), "  on ", format(x$df.null), "  degrees of freedom\n",
        "Residual deviance: ", number(x$deviance), "  on ", format(x$df.residual), "  degrees of freedom\n",
        if (nzchar(message <- naprint(x$na.action))) paste0("  (", message, ")\n"),
        "AIC: ", format(x$AIC, digits = max(4L, digits + 1L)), "\n\n", sep = "")
    return(invisible())
  }
  cat("\nDeviance explained = ", format(explained, digits = 3), "%   AIC = ", number(x$AIC), "   edf = ",
      format(x$edf, digits = 4), "\n", sep = "")
  criterion <- x$smoothing$criterion
  if (!is.nan(x$smoothing$score)) cat(if (criterion %in% c("REML", "ML")) "-", criterion, " = ",
                                      number(x$smoothing$score), "   ", sep = "")
  cat("Scale est. = ", format(x$dispersion, digits = 5), "   n = ", format(x$nobs), "\n", sep = "")
  if (nzchar(message <- naprint(x$na.action))) cat("  (", message, ")\n", sep = "")
}

print_notes <- function(notes) {
  if (!length(notes)) return(invisible())
  cat("\nNotes:\n")
  for (i in seq_along(notes)) {
    mark <- sprintf("[%d] ", i)
    cat(strwrap(notes[i], width = 80, initial = mark, prefix = strrep(" ", nchar(mark))), sep = "\n")
  }
}

#' Compare fits, or test the parts of one
#'
#' Several fits are compared in order, by their deviances. A single fit with varying coefficients gives a table of Wald
#' tests: each term of the formula, then each varying effect. Without varying coefficients it is [stats::anova.glm()].
#'
#' @param object,... Fits of [context_glm()] or [stats::glm()].
#' @param test `"Chisq"`, `"F"`, or `"none"`; by default the F test where the dispersion is estimated.
#' @return A data frame of class `anova`.
#' @examplesIf contextstats::contextstats_available()
#' constant <- context_glm(mpg ~ wt, data = mtcars)
#' varying <- context_glm(mpg ~ wt, context = ~ s(hp, k = 5), data = mtcars)
#' anova(constant, varying)
#' @export
anova.context_glm <- function(object, ..., test = NULL) {
  fits <- Filter(function(one) inherits(one, c("context_glm", "glm")), list(object, ...))
  test <- test %||% if (dispersion_known(object$family)) "Chisq" else "F"
  if (length(fits) > 1 && different_families(fits)) return(compare_likelihoods(fits, sys.call(-1)))
  if (all(vapply(fits, is_plain, TRUE))) {
    return(if (identical(test, "none")) NextMethod(test = NULL) else NextMethod(test = test))
  }
  if (length(fits) == 1) term_tests(object) else compare_fits(fits, test, sys.call(-1))
}

compare_fits <- function(fits, test, call) {
  require_same_rows(fits, call)
  residual_df <- vapply(fits, stats::df.residual, 0)
  deviance <- vapply(fits, stats::deviance, 0)
  table <- data.frame(
    "Resid. Df" = residual_df, "Resid. Dev" = deviance, Df = c(NA, -diff(residual_df)),
    Deviance = c(NA, -diff(deviance)), check.names = FALSE
  )
  largest <- fits[[which.min(residual_df)]]
  if (!identical(test, "none")) {
    scale <- if (inherits(largest, "context_glm")) largest$dispersion else summary(largest)$dispersion
    table <- stats::stat.anova(table, test, scale, min(residual_df), largest$nobs %||% stats::nobs(largest))
  }
  described <- vapply(fits, described_model, "")
  title <- "Analysis of Deviance Table\n"
  models <- paste0("Model ", format(seq_along(fits)), ": ", described, collapse = "\n")
  structure(table, heading = c(title, models), class = c("anova", "data.frame"))
}

require_same_rows <- function(fits, call) {
  rows <- vapply(fits, stats::nobs, 0)
  if (any(rows != rows[1])) {
    stop_user(call, "models were not all fitted to the same size of dataset, but to ", paste(rows, collapse = ", "), " rows")
  }
}

# Deviances of families with different parameters, as thetas that were estimated, have different zeros.
different_families <- function(fits) {
  length(unique(vapply(fits, function(fit) family(fit)$family, ""))) > 1 || !is.null(fits[[1]]$parameter)
}

compare_likelihoods <- function(fits, call) {
  require_same_rows(fits, call)
  likelihoods <- lapply(fits, stats::logLik)
  df <- vapply(likelihoods, attr, 0, "df")
  twice <- 2 * vapply(likelihoods, as.numeric, 0)
  statistic <- c(NA, diff(twice))
  added <- c(NA, diff(df))
  table <- data.frame(
    "Resid. Df" = vapply(fits, stats::df.residual, 0), "2 x log-lik." = twice, Df = added, "LR stat." = statistic,
    "Pr(>Chi)" = stats::pchisq(abs(statistic), abs(added), lower.tail = FALSE), check.names = FALSE
  )
  families <- vapply(fits, function(fit) family(fit)$family, "")
  models <- paste0("Model ", format(seq_along(fits)), ": ", vapply(fits, described_model, ""), ", ", families,
                   collapse = "\n")
  structure(table, heading = c("Likelihood ratio tests\n", models), class = c("anova", "data.frame"))
}

described_model <- function(fit) paste(c(deparse1(stats::formula(fit)), described_context(fit)), collapse = ", ")

described_context <- function(fit) {
  context <- fit$context
  if (is.null(context)) return(NULL)
  if (inherits(context, "formula")) return(paste("context", deparse1(context)))
  paste("context", paste(names(context), vapply(context, deparse1, ""), collapse = "; "))
}

term_tests <- function(object) {
  df <- inference_df(object)
  x_columns <- unique(object$blocks$predictor)
  assign <- attr(stats::model.matrix(object$terms, object$model, object$contrasts), "assign")
  labels <- attr(object$terms, "term.labels")
  constant <- object$blocks$first[object$blocks$kind == "constant"]
  wald <- function(columns) {
    columns <- columns[!is.na(object$coefficients[columns])]
    estimate <- object$coefficients[columns]
    statistic <- drop(estimate %*% solve(object$vcov[columns, columns], estimate))
    tail <- if (is.finite(df)) stats::pf(statistic / length(columns), length(columns), df, lower.tail = FALSE)
    else stats::pchisq(statistic, length(columns), lower.tail = FALSE)
    c(length(columns), length(columns), if (is.finite(df)) statistic / length(columns) else statistic, tail)
  }
  parametric <- lapply(seq_along(labels), function(i) wald(constant[match(colnames_of(object), x_columns)][assign == i]))
  varying <- if (is_varying(object)) varying_matrix(object)
  table <- rbind(do.call(rbind, parametric), varying[, 1:4, drop = FALSE])
  dimnames(table) <- list(c(labels, rownames(varying)),
                          c("edf", "Ref.df", if (is.finite(df)) c("F", "Pr(>F)") else c("Chi.sq", "Pr(>Chi)")))
  context <- if (is_varying(object)) sub("^context ", "\nContext: ", described_context(object))
  heading <- paste0("Wald tests of a fit of context_glm\n\nFormula: ", deparse1(object$formula), context, "\n")
  structure(as.data.frame(table), heading = heading, class = c("anova", "data.frame"))
}

colnames_of <- function(object) colnames(stats::model.matrix(object$terms, object$model, object$contrasts))

#' @export
drop1.context_glm <- function(object, scope, scale = 0, test = c("none", "Chisq"), k = 2, ...) {
  if (is_plain(object)) return(NextMethod())
  test <- match.arg(test)
  scope <- dropped_terms(object, scope)
  smaller <- lapply(scope, function(term) {
    eval(stats::update(object, stats::as.formula(paste("~ . -", term)), evaluate = FALSE), environment(object$formula))
  })
  fits <- c(list(object), smaller)
  criteria <- vapply(fits, function(fit) stats::extractAIC(fit, k = k), numeric(2))
  table <- data.frame(
    Df = c(NA, criteria[1, 1] - criteria[1, -1]), Deviance = vapply(fits, stats::deviance, 0), AIC = criteria[2, ],
    row.names = c("<none>", scope), check.names = FALSE
  )
  if (test == "Chisq") {
    ratio <- (table$Deviance - table$Deviance[1]) / object$dispersion
    table[["Pr(>Chi)"]] <- c(NA, stats::pchisq(ratio[-1], table$Df[-1], lower.tail = FALSE))
  }
  structure(table, heading = c("Single term deletions", "\nModel:", described_model(object)),
            class = c("anova", "data.frame"))
}

dropped_terms <- function(object, scope) {
  if (missing(scope)) return(stats::drop.scope(object$terms))
  if (is.character(scope)) scope else attr(stats::terms(stats::update.formula(object$formula, scope)), "term.labels")
}

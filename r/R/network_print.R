#' @export
print.context_network <- function(x, digits = 2, ...) {
  cat("\nCall:  ", paste(deparse(x$call), collapse = "\n"), "\n\n", sep = "")
  cat(network_kind(x), " of ", length(x$variables), " variables, n = ", x$nobs, "\n", sep = "")
  if (nzchar(message <- naprint(x$na.action))) cat("  (", message, ")\n", sep = "")
  cat("\n", capital(x$edge), "s", where_typical(x), ":\n", sep = "")
  print_matrix(x, digits)
  cat("\nedf = ", format(x$edf, digits = 4), "   Log-likelihood = ", format(x$loglik, nsmall = 2, digits = 7), "   AIC = ",
      format(stats::AIC(x), nsmall = 2, digits = 7), "\n", sep = "")
  if (!x$converged) cat("\nThe fit did not converge.\n")
  invisible(x)
}

PRINTED <- 12 # variables of a matrix that is printed as a whole

print_matrix <- function(x, digits) {
  shown <- seq_len(min(length(x$variables), PRINTED))
  matrix <- as.matrix(x)[shown, shown, drop = FALSE]
  text <- formatC(matrix, digits = digits, format = "f")
  text[matrix == 0] <- "."
  text[row(text) == col(text)] <- ""
  if (!x$directed) {
    text[upper.tri(text)] <- ""
    text <- text[-1, -ncol(text), drop = FALSE]
  }
  if (x$directed) cat("(row acts on column)\n")
  print.default(text, quote = FALSE, right = TRUE)
  left <- length(x$variables) - length(shown)
  if (left) cat("... and", left, "more variables; as.matrix() has all\n")
}

capital <- function(text) paste0(toupper(substr(text, 1, 1)), substring(text, 2))

network_kind <- function(x) {
  kind <- c(markov = "Markov", correlation = "correlation", bayesian = "Bayesian")[[x$type]]
  capital(paste0(if (length(x$context_variables)) "contextual ", kind, " network (", x$method, ")"))
}

where_typical <- function(x) {
  if (!length(x$context_variables)) return("")
  values <- vapply(x$typical$contexts[x$context_variables], function(one) {
    if (is.numeric(one)) format(one, digits = 4) else as.character(one)
  }, "")
  paste0(" at the typical context (", paste(names(values), values, sep = " = ", collapse = ", "), ")")
}

#' Summary of a network
#'
#' The clearest edges at the typical context (the median of each context and the most frequent level), with their tests;
#' q-values are false discovery rates over all edges (Benjamini and Hochberg).
#'
#' @param object A fit of [context_network()].
#' @param level Coverage of the intervals.
#' @param most Number of edges.
#' @param ... Not used.
#' @return A list of class `summary.context_network`. `coefficients` is the matrix of estimates, standard errors,
#'   statistics, p-values, q-values and limits.
#' @examplesIf contextstats::contextstats_available()
#' summary(context_network(~ gdp + consumption + money, context = ~ s(year), data = us_macro))
#' @export
summary.context_network <- function(object, level = 0.95, most = 15, ...) {
  table <- edge_table(object, object$typical, level)
  shown <- table[order(table$p.value, table$source, table$target, method = "radix"), ]
  shown <- utils::head(shown, most)
  tail <- (1 - level) / 2
  limits <- paste(format(100 * c(tail, 1 - tail), trim = TRUE, digits = 3), "%")
  columns <- c("estimate", "std.error", "statistic", "p.value", "q.value", "conf.low", "conf.high")
  coefficients <- as.matrix(shown[columns])
  dimnames(coefficients) <- list(shown$term, c("Estimate", "Std. Error", "z value", "Pr(>|z|)", "q-value", limits))
  structure(c(
    object[c("call", "type", "method", "edge", "directed", "variables", "nobs", "edf", "loglik", "converged", "context",
             "context_variables", "na.action", "notes", "typical", "population_test")],
    list(coefficients = coefficients, edges = nrow(table), AIC = stats::AIC(object), BIC = stats::BIC(object))
  ), class = "summary.context_network")
}

#' @export
print.summary.context_network <- function(x, digits = max(3L, getOption("digits") - 3L), ...) {
  cat("\n", network_kind(x), "\n\nVariables:\n", sep = "")
  cat(strwrap(paste(x$variables, collapse = ", "), width = 80), sep = "\n")
  if (!is.null(x$context)) cat("\nContext:\n", deparse_context(x$context), "\n", sep = "")
  shown <- nrow(x$coefficients)
  cat("\n", capital(x$edge), "s", where_typical(x), if (shown < x$edges) sprintf(", the clearest %d of %d", shown, x$edges),
      ":\n", sep = "")
  if (shown) print_edges(x$coefficients) else cat("(none)\n")
  test <- x$population_test
  if (!is.null(test)) cat("\nNo edge varies: p-value = ", format.pval(test$p.value, digits = 3, eps = 1e-4), "\n", sep = "")
  cat("\nedf = ", format(x$edf, digits = 4), "   Log-likelihood = ", format(x$loglik, nsmall = 2, digits = 7),
      "\nAIC = ", format(x$AIC, nsmall = 2, digits = 7), "   BIC = ", format(x$BIC, nsmall = 2, digits = 7), "   n = ",
      format(x$nobs), "\n", sep = "")
  if (nzchar(message <- naprint(x$na.action))) cat("  (", message, ")\n", sep = "")
  if (!x$converged) cat("The fit did not converge.\n")
  print_notes(x$notes)
  invisible(x)
}

print_edges <- function(table) {
  p <- function(values) ifelse(is.na(values), "NA", format.pval(values, digits = 3, eps = 1e-3))
  text <- cbind(
    formatC(table[, 1:2, drop = FALSE], digits = 4, format = "f"), formatC(table[, 3, drop = FALSE], digits = 3, format = "f"),
    p(table[, 4]), p(table[, 5]), formatC(table[, 6:7, drop = FALSE], digits = 3, format = "f")
  )
  dimnames(text) <- dimnames(table)
  print.default(text, quote = FALSE, right = TRUE)
}

deparse_context <- function(context) {
  if (!inherits(context, "archetypes")) return(deparse1(context))
  sprintf("%s archetypes, their weights functions of %s", format(context$k), deparse1(context$context))
}

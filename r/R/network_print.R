#' @export
print.context_network <- function(x, digits = 2, ...) {
  cat("\nCall:  ", paste(deparse(x$call), collapse = "\n"), "\n\n", sep = "")
  cat(network_kind(x), " of ", length(x$variables), " variables, n = ", x$nobs, "\n", sep = "")
  if (nzchar(message <- naprint(x$na.action))) cat("  (", message, ")\n", sep = "")
  shown <- x$factor_network %||% x
  cat("\n", capital(x$edge), "s", if (!is.null(x$factor_network)) " of factors", where_typical(x), ":\n", sep = "")
  print_matrix(shown, digits)
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
#' q-values are false discovery rates over all edges (Benjamini and Hochberg). Then the edges that vary most clearly with
#' all contexts together, and the test that none does; with much data [heterogeneity()] makes these tests on demand. With
#' `factors` these are the edges between the factors, and a table has the weights and loadings of the variables.
#'
#' @param object A fit of [context_network()].
#' @param level Coverage of the intervals.
#' @param most Number of edges in each table.
#' @param ... Not used.
#' @return A list of class `summary.context_network`. `coefficients` is the matrix of estimates, standard errors,
#'   statistics, p-values, q-values and limits, `varying` that of the tests of variation.
#' @examplesIf contextstats::contextstats_available()
#' summary(context_network(~ gdp + consumption + money, context = ~ s(year), data = us_macro))
#' @export
summary.context_network <- function(object, level = 0.95, most = 15, ...) {
  between <- object$factor_network %||% object
  table <- edge_table(between, between$typical, level)
  shown <- table[order(table$p.value, table$source, table$target, method = "radix"), ]
  shown <- utils::head(shown, most)
  tail <- (1 - level) / 2
  limits <- paste(format(100 * c(tail, 1 - tail), trim = TRUE, digits = 3), "%")
  columns <- c("estimate", "std.error", "statistic", "p.value", "q.value", "conf.low", "conf.high")
  coefficients <- as.matrix(shown[columns])
  dimnames(coefficients) <- list(shown$term, c("Estimate", "Std. Error", "z value", "Pr(>|z|)", "q-value", limits))
  structure(c(
    object[c("call", "type", "method", "edge", "directed", "variables", "nobs", "edf", "loglik", "converged", "context",
             "context_variables", "na.action", "notes", "typical", "population_test", "loadings")],
    list(coefficients = coefficients, edges = nrow(table), varying = varying_edges(object, most), AIC = stats::AIC(object), BIC = stats::BIC(object))
  ), class = "summary.context_network")
}

# The edges whose variation with all contexts together is clearest.
varying_edges <- function(object, most) {
  table <- object$heterogeneity
  if (!NROW(table)) return(NULL)
  terms <- unique(table$context)
  table <- table[table$context == if ("any" %in% terms) "any" else terms[1], ]
  size <- if ("sd" %in% names(table)) "sd" else "edf"
  shown <- utils::head(table[order(table$p.value, table$source, table$target, method = "radix"), ], most)
  found <- as.matrix(shown[c(size, "statistic", "p.value", "q.value")])
  dimnames(found) <- list(paste(shown$source, if (object$directed) "->" else "--", shown$target),
                          c(size, "Statistic", "p-value", "q-value"))
  structure(found, edges = nrow(table), terms = setdiff(terms, "any"))
}

variation_title <- function(varying) {
  terms <- attr(varying, "terms")
  paste0("Variation with ", if (length(terms) == 1) terms else "context", clearest(nrow(varying), attr(varying, "edges")))
}

clearest <- function(shown, edges) if (shown < edges) sprintf(", the clearest %d of %d edges", shown, edges)

variation_note <- function(x) {
  size <- if (colnames(x$varying)[1] == "sd") "sd: standard deviation of the edge over the rows." else "edf: as in context_glm()."
  test <- x$population_test
  paste0(size, " p-value: test that the edge is the same at every context.",
         if (!is.null(test)) paste0("\nThat no edge varies: p-value ", p_phrase(test$p.value)))
}

p_phrase <- function(p) if (p < 1e-4) "< 1e-04" else paste("=", format(p, digits = 3))

#' @export
print.summary.context_network <- function(x, digits = max(3L, getOption("digits") - 3L), ...) {
  cat("\n", network_kind(x), "\n\nVariables:\n", sep = "")
  cat(strwrap(paste(x$variables, collapse = ", "), width = 80), sep = "\n")
  if (!is.null(x$context)) cat("\nContext:\n", deparse_context(x$context), "\n", sep = "")
  shown <- nrow(x$coefficients)
  cat("\n", capital(x$edge), "s", if (!is.null(x$loadings)) " of factors", where_typical(x), clearest(shown, x$edges), ":\n", sep = "")
  if (shown) print_edges(x$coefficients) else cat("(none)\n")
  if (!x$directed && !all(is.na(x$coefficients[, "z value"]))) {
    cat("z value, Pr(>|z|) and limits: of Fisher's z, atanh(estimate). Std. Error: of the estimate itself.\n")
  }
  if (!is.null(x$loadings)) {
    cat("\nFactors and their variables, in standard deviations:\n")
    print.data.frame(x$loadings, digits = 3, row.names = FALSE)
  }
  if (!is.null(x$varying)) {
    cat("\n", variation_title(x$varying), ":\n", sep = "")
    print_edges(x$varying)
    cat(variation_note(x), "\n", sep = "")
  }
  cat("\nedf = ", format(x$edf, digits = 4), "   Log-likelihood = ", format(x$loglik, nsmall = 2, digits = 7),
      "\nAIC = ", format(x$AIC, nsmall = 2, digits = 7), "   BIC = ", format(x$BIC, nsmall = 2, digits = 7), "   n = ",
      format(x$nobs), "\n", sep = "")
  if (nzchar(message <- naprint(x$na.action))) cat("  (", message, ")\n", sep = "")
  if (!x$converged) cat("The fit did not converge.\n")
  print_notes(x$notes)
  invisible(x)
}

# Estimates with four decimals, statistics and limits with three, p- and q-values as such.
print_edges <- function(table) {
  text <- vapply(colnames(table), function(name) {
    values <- table[, name]
    if (name %in% c("Pr(>|z|)", "p-value", "q-value")) return(sub(" ", "", format.pval(values, digits = 3, eps = 1e-3)))
    formatC(values, digits = if (name %in% c("Estimate", "Std. Error", "sd")) 4 else 3, format = "f")
  }, character(nrow(table)))
  print.default(array(text, dim(table), dimnames(table)), quote = FALSE, right = TRUE)
}

deparse_context <- function(context) {
  if (!inherits(context, "archetypes")) return(deparse1(context))
  sprintf("%s archetypes, their weights functions of %s", format(context$k), deparse1(context$context))
}

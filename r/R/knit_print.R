# Tables in documents made by knitr, registered when knitr is loaded.

knit_print.context_glm <- function(x, ...) knit_print.summary.context_glm(summary(x), ...)

knit_print.summary.context_glm <- function(x, digits = 4, ...) {
  parts <- c(
    kable_of(x$coefficients, 4, "Parametric coefficients", digits),
    if (!is.null(x$varying)) kable_of(x$varying, 4, "Varying effects (test: the effect does not vary)", digits),
    paste0("*", goodness_line(x), "*")
  )
  knitr::asis_output(paste0("\n\n", paste(parts, collapse = "\n\n"), "\n\n"))
}

kable_of <- function(table, p_column, caption, digits) {
  shown <- as.data.frame(apply(table, 2, function(column) formatC(column, digits = digits, format = "g"), simplify = FALSE),
                         check.names = FALSE)
  shown[[p_column]] <- gsub(" ", "", format.pval(table[, p_column], digits = 3, eps = 1e-4))
  if (ncol(shown) > p_column) shown$Share <- ifelse(is.na(table[, "Share"]), "", sprintf("%.1f%%", 100 * table[, "Share"]))
  rownames(shown) <- rownames(table)
  paste(knitr::kable(shown, caption = caption, align = rep("r", ncol(shown))), collapse = "\n")
}

goodness_line <- function(x) {
  sprintf("%s, %s link; n = %s; deviance explained %.1f%%; AIC %.2f", x$family$family, x$family$link, format(x$nobs),
          100 * (1 - x$deviance / x$null.deviance), x$AIC)
}

CALLS <- "^(anova|concurvity|residuals|context_glm|context_network|predict|coefficients_at|heterogeneity|compare_networks|edge_bootstrap|as.matrix|logLik|plot|igraph::as.igraph)"

# An error of ours, in one line and with the user's call.
expect_complaint <- function(expr, pattern) {
  cnd <- expect_error(expr, pattern, class = "contextstats_error")
  expect_match(deparse1(conditionCall(cnd)), CALLS)
  expect_false(grepl("\n", conditionMessage(cnd)))
}

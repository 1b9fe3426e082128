# Conditions: class contextstats_error (or _warning), and the Python class as contextstats_DataError,
# contextstats_ValueError, ...

stop_as <- function(types, message, call = NULL) {
  classes <- c(paste0("contextstats_", types, recycle0 = TRUE), "contextstats_error")
  stop(errorCondition(message, class = unique(classes), call = call))
}

warn_as <- function(type, message, call = NULL) {
  warning(warningCondition(message, class = c(paste0("contextstats_", type), "contextstats_warning"), call = call))
}

stop_user <- function(call, ...) stop_as(character(), paste0(...), call)

# Evaluate, and blame the user's call for what goes wrong inside R's own functions.
blaming <- function(call, expr, data = "data") {
  tryCatch(expr, error = function(cnd) {
    if (inherits(cnd, "contextstats_error")) stop(cnd)
    message <- conditionMessage(cnd)
    missing <- regmatches(message, regexec("^object '(.*)' not found$", message))[[1]]
    if (length(missing)) {
      message <- sprintf("variable '%s' was found neither in '%s' nor where the formula was written", missing[2], data)
    }
    stop_user(call, message)
  })
}

# Evaluate, and let errors of ours name the user's call where a method asks another one.
calling <- function(call, expr) {
  tryCatch(expr, contextstats_error = function(cnd) {
    cnd$call <- call
    stop(cnd)
  })
}

R_WORDS <- c(
  " The column 'outside' of the summary frame marks them." = "",
  "=True" = " = TRUE", "=False" = " = FALSE", "Reported as NaN" = "Reported as NA",
  "cov_type='" = "cov_type = '", "select=" = "select = ", "bs='" = "bs = '", "family='" = "family = '",
  "as var_weights" = "as weights", "var_weights" = "weights", "inverse_gaussian" = "inverse.gaussian",
  "family = 'gamma'" = "family = Gamma()", "BayesianNetwork.stability()" = "edge_stability()",
  "See directions()" = "See the component 'directions'", "CorrelationNetwork(method='pairwise')" = "type = \"correlation\"",
  "method='" = "method = '", "acyclicity='" = "acyclicity = '", "variances='" = "variances = '", "sparsity='" = "sparsity = '",
  "smoothing='" = "smoothing = '", "missing in X" = "missing", "columns of X" = "variables", "exog" = "the model matrix", "endog" = "the response"
)

# Messages of the Python side, as an R user would write what they advise.
in_r_words <- function(message) {
  message <- gsub("Q\\(\"([^\"]*)\"\\)", "\\1", message)
  message <- sub("^In the context formula '.*', character [0-9]+: '(.*)': ", "in the context, \\1: ", message)
  for (word in names(R_WORDS)) message <- gsub(word, R_WORDS[[word]], message, fixed = TRUE)
  message
}

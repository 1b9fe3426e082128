# Checks of smooth terms, under mgcv's names; fits of mgcv are passed on to it.

#' Concurvity, and whether bases are rich enough
#'
#' `concurvity()` says how far each varying term can be imitated by the rest of the model, from 0 (not at all) to 1.
#' `k.check()` says whether residuals that are neighbours in the context of a smooth resemble each other, as they do if `k`
#' is too small. Both need Python. For fits of mgcv they call mgcv's functions of these names.
#'
#' @param b A fit of [context_glm()], or of mgcv.
#' @param seed Seed of the permutations, and of the rows that are used where there are more than 5000.
#' @param ... Arguments of mgcv's functions.
#' @return `concurvity()`: a matrix with the rows `worst` (the function of the term that is imitated best), `observed` (the
#'   one that was fitted) and `estimate` (the average over the basis), a column for each term, and `para` for the constant
#'   parts of all coefficients. `k.check()`: a matrix with a row for each smooth: `k'` (number of its coefficients), `edf`,
#'   `k-index` (well below 1: a pattern is left) and `p-value`.
#' @seealso [mgcv::concurvity()], [mgcv::k.check()]
#' @examplesIf contextstats::contextstats_available()
#' fit <- context_glm(mpg ~ wt, context = ~ s(hp, k = 5), data = mtcars)
#' concurvity(fit)
#' k.check(fit)
#' @export
concurvity <- function(b, ...) UseMethod("concurvity")

#' @export
concurvity.default <- function(b, ...) mgcv::concurvity(b, ...)

#' @export
concurvity.context_glm <- function(b, ...) {
  call <- sys.call(-1)
  require_varying(b, call)
  table <- unpacked_table(python_call("concurvity", fitted_rows_request(b, call), call)$table)
  matrix <- t(as.matrix(table[c("worst", "observed", "estimate")]))
  colnames(matrix) <- c("para", varying_labels(b))
  matrix
}

#' @rdname concurvity
#' @export
k.check <- function(b, ...) UseMethod("k.check")

#' @export
k.check.default <- function(b, ...) mgcv::k.check(b, ...)

#' @rdname concurvity
#' @export
k.check.context_glm <- function(b, seed = 0, ...) {
  call <- sys.call(-1)
  require_varying(b, call)
  residuals <- unname(stats::residuals(structure(b, na.action = NULL), "deviance"))
  asked <- whole(list(seed = seed), "seed")
  request <- c(fitted_rows_request(b, call), list(residuals = packed(residuals), edf = packed(unname(b$edf))), asked)
  table <- unpacked_table(python_call("k_check", request, call)$table)
  matrix <- as.matrix(table[c("k.prime", "edf", "k.index", "p.value")])
  smooth <- b$blocks$kind[b$blocks$kind != "constant"] %in% c("smooth", "tensor")
  dimnames(matrix) <- list(varying_labels(b)[smooth], c("k'", "edf", "k-index", "p-value"))
  matrix
}

fitted_rows_request <- function(object, call) {
  new_rows_request(object, prediction_rows(object, NULL, stats::na.pass, call), call)
}

# The varying terms in the order of the coefficients, as summary() names them.
varying_labels <- function(object) {
  blocks <- object$blocks[object$blocks$kind != "constant", ]
  paste(blocks$predictor, blocks$label, sep = " by ")
}

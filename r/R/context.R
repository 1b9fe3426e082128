# What the coefficients depend on: R formulas in mgcv's notation, read into the text that the core parses, and the
# variables they need.

SMOOTH_OPTIONS <- c("k", "bs", "m", "bounds")
TERM_OPTIONS <- list(
  s = SMOOTH_OPTIONS, te = SMOOTH_OPTIONS, ti = SMOOTH_OPTIONS, mlp = c("width", "layers", "seed")
)

# list(common = text or NULL, by_predictor = named list of texts, variables = named list of expressions)
read_context <- function(context, call) {
  if (is.null(context)) return(list(common = "", by_predictor = NULL, variables = list()))
  if (inherits(context, "formula")) {
    one <- read_context_formula(context, call)
    return(list(common = one$text, by_predictor = NULL, variables = one$variables))
  }
  named <- is.list(context) && length(context) && !is.null(names(context)) && all(nzchar(names(context)))
  if (!named) {
    stop_user(call, "'context' must be a one-sided formula such as ~ s(age) + center, or a list of them named by ",
              "predictors, but is of class ", class(context)[1])
  }
  each <- lapply(context, read_context_formula, call = call)
  variables <- do.call(c, lapply(unname(each), `[[`, "variables"))
  list(common = NULL, by_predictor = lapply(each, `[[`, "text"), variables = variables[!duplicated(names(variables))])
}

read_context_formula <- function(formula, call) {
  if (!inherits(formula, "formula") || length(formula) != 2) {
    stop_user(call, "a context must be a one-sided formula such as ~ s(age), but is ", deparse1(formula))
  }
  pieces <- summands(formula[[2]])
  read <- lapply(pieces, read_context_term, env = environment(formula), call = call)
  read <- read[!vapply(read, is.null, TRUE)]
  variables <- do.call(c, lapply(read, `[[`, "variables"))
  text <- paste(vapply(read, `[[`, "", "text"), collapse = " + ")
  list(text = if (length(read)) text else "1", variables = variables[!duplicated(names(variables))])
}

summands <- function(expr) {
  if (is.call(expr) && identical(expr[[1]], as.name("+")) && length(expr) == 3) {
    return(c(summands(expr[[2]]), list(expr[[3]])))
  }
  if (is.call(expr) && identical(expr[[1]], as.name("("))) return(summands(expr[[2]]))
  list(expr)
}

read_context_term <- function(expr, env, call) {
  if (identical(expr, 1) || identical(expr, 1L)) return(NULL)
  if (is.call(expr)) {
    head <- sub("^mgcv::", "", deparse1(expr[[1]]))
    if (head %in% names(TERM_OPTIONS)) return(read_smooth(head, expr, env, call))
    if (head %in% c(":", "*", "^", "/", "%in%")) {
      stop_user(call, "in the context, ", deparse1(expr), " is not a term: write ti(a, b), or te(a, b) with the main ",
                "effects")
    }
    if (head %in% c("-", "|")) {
      stop_user(call, "in the context, ", deparse1(expr), " is not a term: a context is a sum of names, s(), te(), ti() ",
                "and mlp()")
    }
  } else if (!is.name(expr)) {
    stop_user(call, "in the context, ", deparse1(expr), " is not a term: the constant part of an effect is always there")
  }
  list(text = quoted_name(expr), variables = stats::setNames(list(expr), variable_name(expr)))
}

read_smooth <- function(head, expr, env, call) {
  arguments <- as.list(expr)[-1]
  named <- names(arguments) %||% rep("", length(arguments))
  unknown <- setdiff(named, c("", TERM_OPTIONS[[head]]))
  if (length(unknown)) {
    advice <- if ("by" %in% unknown) ": predictors stand in the formula, y ~ x with context = ~ s(age)" else {
      paste0("; it takes ", paste(TERM_OPTIONS[[head]], collapse = ", "))
    }
    stop_user(call, head, "() in the context has no option '", unknown[1], "'", advice)
  }
  variables <- lapply(unname(arguments[named == ""]), protected)
  options <- lapply(arguments[named != ""], function(value) blaming(call, eval(value, env)))
  options <- options[!vapply(options, is.null, TRUE)]
  written <- c(
    vapply(variables, quoted_name, ""),
    if (length(options)) paste0(names(options), "=", vapply(options, python_literal, "", call = call))
  )
  list(
    text = sprintf("%s(%s)", head, paste(written, collapse = ", ")),
    variables = stats::setNames(variables, vapply(variables, variable_name, ""))
  )
}

# Arithmetic stands in I(), which keeps a formula from reading it as its own.
protected <- function(expr) {
  arithmetic <- c("+", "-", "*", "/", "^", ":", "%%", "%/%", "%in%", "(")
  if (is.call(expr) && deparse1(expr[[1]]) %in% arithmetic) base::call("I", expr) else expr
}

# The name model.frame() gives to the column of an expression.
variable_name <- function(expr) {
  paste(deparse(expr, width.cutoff = 500L, backtick = !is.symbol(expr)), collapse = " ")
}

quoted_name <- function(expr) sprintf("Q(%s)", encodeString(variable_name(expr), quote = "\""))

python_literal <- function(value, call) {
  if (is.list(value)) return(tuple_of(vapply(value, python_literal, "", call = call)))
  if (is.character(value)) text <- encodeString(value, quote = "\"")
  else if (is.numeric(value) && !anyNA(value)) text <- format(value, digits = 17, trim = TRUE, scientific = FALSE)
  else if (length(value) == 1 && is.na(value)) return("None")
  else stop_user(call, "the option ", deparse1(value), " of a smooth must be a number or text, or a pair of them")
  if (length(text) == 1) text else tuple_of(vapply(seq_along(text), function(i) trimws(text[i]), ""))
}

tuple_of <- function(texts) paste0("(", paste(texts, collapse = ", "), if (length(texts) == 1) ",", ")")

# The context of each column of the model matrix: the list may name columns or terms.
context_by_column <- function(spec, x, term_labels, call) {
  if (is.null(spec$by_predictor)) return(spec$common)
  columns <- colnames(x)
  term_of_column <- c("(Intercept)", term_labels)[attr(x, "assign") + 1L]
  result <- list()
  for (key in names(spec$by_predictor)) {
    name <- if (key %in% c("1", "Intercept") && !key %in% columns) "(Intercept)" else key
    found <- if (name %in% columns) name else columns[term_of_column == name]
    if (!length(found)) {
      stop_user(call, "the names in 'context' must be predictors (",
                paste(unique(c(columns, term_labels)), collapse = ", "), "), but '", key, "' is none")
    }
    result[found] <- spec$by_predictor[[key]]
  }
  result
}

# From a call to data: the model frame R's way, then numbers for Python.

ROW_ARGUMENTS <- c("data", "subset", "weights", "na.action", "offset", "freq_weights", "cluster")

# A formula in which the other columns stand for the dot: neither contexts nor what is left of the tilde.
without_dot <- function(formula, contexts, data) {
  taken <- c(unlist(lapply(contexts, all.vars)), if (length(formula) == 3) all.vars(formula[[2]]))
  others <- lapply(setdiff(names(data), taken), as.name)
  all <- base::call("(", Reduce(function(a, b) base::call("+", a, b), others))
  last <- length(formula)
  formula[[last]] <- do.call(substitute, list(formula[[last]], list(. = all)))
  stats::formula(stats::terms(formula, simplify = TRUE))
}

# The frame of response, predictors and contexts together, so that a row is kept or dropped once for all.
model_frame <- function(call, formula, context, data, env) {
  if (!inherits(formula, "formula") || length(formula) != 3) {
    stop_user(call, "'formula' must have a response and predictors, as in y ~ dose + sex, but is ", deparse1(formula))
  }
  if ("." %in% all.vars(formula[[3]])) formula <- without_dot(formula, context$variables, data)
  joint <- formula
  for (expr in context$variables) joint[[3]] <- base::call("+", joint[[3]], expr)
  arguments <- as.list(call)[intersect(names(call), ROW_ARGUMENTS)]
  if (is.call(arguments$cluster) && identical(arguments$cluster[[1]], as.name("~"))) {
    arguments$cluster <- arguments$cluster[[2]]
  }
  frame_call <- as.call(c(list(quote(stats::model.frame), formula = joint, drop.unused.levels = TRUE), arguments))
  frame <- blaming(call, evaluated_frame(frame_call, env))
  if (nrow(frame) == 0) stop_user(call, "0 (non-NA) cases")
  joint_terms <- attr(frame, "terms")
  list(frame = frame, joint_terms = joint_terms, terms = main_terms(formula, joint_terms))
}

# na.omit() copies a frame even where nothing is missing: look first.
evaluated_frame <- function(frame_call, env) {
  usual <- is.null(frame_call$na.action) && identical(getOption("na.action"), "na.omit")
  if (usual) {
    quick <- frame_call
    quick$na.action <- quote(stats::na.pass)
    frame <- eval(quick, env)
    if (!anyNA(frame, recursive = TRUE)) return(frame)
  }
  eval(frame_call, env)
}

# The terms of the formula without the contexts, with what model.frame() learnt (predvars of poly() and ns(), classes).
main_terms <- function(formula, joint_terms) {
  main <- stats::terms(formula)
  variables <- function(terms) vapply(as.list(attr(terms, "variables"))[-1], variable_name, "")
  found <- match(variables(main), variables(joint_terms))
  attr(main, "predvars") <- as.call(c(quote(list), as.list(attr(joint_terms, "predvars"))[-1][found]))
  attr(main, "dataClasses") <- attr(joint_terms, "dataClasses")[variables(main)]
  main
}

# What the core reads: y, trials, x, offset, weights, cluster codes; each for every row of the frame.
row_inputs <- function(built, family, contrasts, call) {
  frame <- built$frame
  x <- blaming(call, stats::model.matrix(built$terms, frame, contrasts))
  if (ncol(x) == 0) stop_user(call, "the model must have a predictor: keep the intercept, or add one")
  response <- read_response(stats::model.response(frame, "any"), family, deparse1(built$terms[[2]]), call)
  weights <- row_numbers(stats::model.weights(frame), "weights", nrow(frame), call)
  freq_weights <- row_numbers(frame[["(freq_weights)"]], "freq_weights", nrow(frame), call)
  for (name in c("weights", "freq_weights")) {
    if (any(get(name) < 0)) stop_user(call, "negative ", name, " not allowed")
  }
  offset <- stats::model.offset(frame)
  if (!is.null(offset)) offset <- as.double(offset)
  list(
    x = x, y = response$y, trials = response$trials, weights = weights, freq_weights = freq_weights,
    offset = offset, cluster = frame[["(cluster)"]]
  )
}

row_numbers <- function(values, name, n, call) {
  if (is.null(values)) return(rep(1, n))
  if (!is.numeric(values)) stop_user(call, "'", name, "' must be a numeric vector")
  as.double(values)
}

# An exposure is the offset that is its logarithm: written so in the call, everything that knows offsets knows it.
exposure_as_offset <- function(call, family, data, env) {
  if (is.null(call$exposure)) return(call)
  if (family$link != "log") stop_user(call, "'exposure' needs the log link, but the link is ", family$link)
  values <- blaming(call, eval(call$exposure, data, env))
  subset <- blaming(call, eval(call$subset, data, env))
  if (!is.null(subset)) values <- values[subset]
  if (!is.numeric(values) || any(values <= 0, na.rm = TRUE)) {
    stop_user(call, "'exposure' must be positive in every row, but is not in ", sum(!(values > 0), na.rm = TRUE),
              " of ", length(values))
  }
  logarithm <- base::call("log", call$exposure)
  call$offset <- if (is.null(call$offset)) logarithm else base::call("+", call$offset, logarithm)
  call$exposure <- NULL
  call
}

# The response as glm() reads it; trials where it counts successes and failures.
read_response <- function(y, family, name, call) {
  if (family$family == "binomial") {
    if (is.matrix(y) && ncol(y) == 2) return(successes_and_failures(y, name, call))
    if (is.factor(y)) y <- y != levels(y)[1L]
  }
  if (is.matrix(y) && ncol(y) == 1) y <- drop(y)
  if (is.matrix(y)) {
    stop_user(call, "the response ", name, " must be one column when family = ", family$family, ", but has ", ncol(y))
  }
  if (!is.numeric(y) && !is.logical(y)) {
    stop_user(call, "non-numeric response: ", name, " must hold numbers",
              if (family$family == "binomial") ", logical values or a factor", ", but is of class ", class(y)[1])
  }
  list(y = as.double(y), trials = NULL)
}

successes_and_failures <- function(y, name, call) {
  if (any(y < 0)) stop_user(call, "negative counts in ", name)
  trials <- as.double(y[, 1] + y[, 2])
  list(y = ifelse(trials == 0, 0, y[, 1] / trials), trials = trials)
}

# The columns of the contexts: values, or codes and levels, named as in the frame.
context_columns <- function(frame, names, levels = NULL, call) {
  lapply(names, function(name) {
    column <- frame[[name]]
    if (is.logical(column)) column <- factor(column, c(FALSE, TRUE))
    if (is.character(column)) column <- factor(column, levels[[name]] %||% sort(unique(column)))
    if (!is.null(dim(column))) stop_user(call, "the context ", name, " must be a vector, but has several columns")
    if (is.factor(column)) {
      list(name = name, values = packed(as.integer(column) - 1L), levels = as.list(levels(column)))
    } else if (is.numeric(column) || inherits(column, c("Date", "POSIXct", "difftime"))) {
      list(name = name, values = packed(as.double(column)))
    } else {
      stop_user(call, "the context ", name, " must be numeric, logical, character or a factor, but is of class ",
                class(column)[1])
    }
  })
}

rows_request <- function(x, frame, context_names, levels, call) {
  list(
    x = packed(x), x_names = as.list(colnames(x)), labels = packed_labels(frame),
    contexts = context_columns(frame, context_names, levels, call)
  )
}

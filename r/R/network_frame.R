# The data of a network: variables and contexts in one frame, so that a row is kept or dropped once for all.

network_frame <- function(call, formula, spec, data, env) {
  given <- network_variables(call, formula, spec, data, env)
  joint <- given$formula
  for (expr in spec$variables) joint[[2]] <- base::call("+", joint[[2]], expr)
  arguments <- as.list(call)[intersect(names(call), c("subset", "na.action"))]
  frame_call <- as.call(c(
    list(quote(stats::model.frame), formula = joint, data = given$data, drop.unused.levels = TRUE), arguments
  ))
  frame <- blaming(call, evaluated_frame(frame_call, env))
  if (nrow(frame) == 0) stop_user(call, "0 (non-NA) cases")
  joint_terms <- attr(frame, "terms")
  terms <- main_terms(given$formula, joint_terms)
  list(frame = frame, joint_terms = joint_terms, terms = terms, x = node_matrix(frame, terms, call))
}

# A formula of the variables, and the data in which to look for them and for the contexts.
network_variables <- function(call, formula, spec, data, env) {
  contexts <- unlist(lapply(spec$variables, all.vars))
  if (!inherits(formula, "formula")) {
    data <- frame_of_variables(call, formula, data)
    variables <- setdiff(attr(data, "variables"), contexts)
    formula <- stats::reformulate(sprintf("`%s`", variables), env = spec$environment %||% env)
  } else if (length(formula) != 2) {
    stop_user(call, "'formula' must be one-sided, as in ~ gdp + money, but is ", deparse1(formula))
  } else if ("." %in% all.vars(formula)) {
    formula <- without_dot(formula, spec$variables, data)
  }
  list(formula = formula, data = data %||% environment(formula))
}

frame_of_variables <- function(call, x, data) {
  if (!is.data.frame(x) && !(is.matrix(x) && is.numeric(x))) {
    stop_user(call, "'formula' must be a one-sided formula such as ~ gdp + money, or a numeric matrix or data frame of the ",
              "variables, but is of class ", class(x)[1])
  }
  frame <- as.data.frame(x)
  variables <- names(frame)
  if (!is.null(data)) {
    if (nrow(data) != nrow(frame)) {
      stop_user(call, "'data' must have a row for each row of the variables, but has ", nrow(data), ", not ", nrow(frame))
    }
    frame <- cbind(frame, data[setdiff(names(data), variables)])
  }
  structure(frame, variables = variables)
}

node_matrix <- function(frame, terms, call) {
  names <- vapply(as.list(attr(terms, "variables"))[-1], variable_name, "")
  for (name in names) {
    column <- frame[[name]]
    if (!is.numeric(column) || !is.null(dim(column))) {
      stop_user(call, "the variables of a network must be numeric vectors, but ", name, " is of class ", class(column)[1],
                ": leave it out, or use it as context")
    }
  }
  x <- vapply(frame[names], as.double, numeric(nrow(frame)))
  if (is.null(dim(x))) x <- matrix(x, 1, dimnames = list(NULL, names))
  x
}

# Variables and contexts of new data; rows with missing values are refused by the core.
new_network_rows <- function(object, newdata, call) {
  if (is.null(newdata)) {
    frame <- object$model
  } else {
    frame <- blaming(call, stats::model.frame(object$joint_terms, newdata, na.action = stats::na.pass, xlev = object$xlevels),
                     "newdata")
    blaming(call, stats::.checkMFClasses(attr(object$joint_terms, "dataClasses"), frame))
  }
  x <- node_matrix(frame, object$terms, call)
  if (anyNA(frame, recursive = TRUE)) {
    incomplete <- !stats::complete.cases(frame)
    stop_user(call, "'newdata' must be complete, but ", sum(incomplete), " of ", length(incomplete),
              " rows have a missing value (first: row ", row.names(frame)[incomplete][1], "): drop these rows")
  }
  c(rows_request(x, frame, object$given_contexts, object$xlevels, call), list(state = object$state))
}

# Contexts alone, as a frame: of new data, of the fit, or the typical ones.
network_contexts <- function(object, newdata, call) {
  if (!length(object$given_contexts)) {
    n <- if (is.null(newdata)) object$nobs else nrow(as.data.frame(newdata))
    return(data.frame(row = seq_len(n))[character()])
  }
  if (is.null(newdata)) return(object$model[object$given_contexts])
  context_frame(object, as.data.frame(newdata, stringsAsFactors = FALSE), object$given_contexts, call)
}

contexts_request <- function(object, frame, call) {
  list(
    state = object$state, contexts = context_columns(frame, names(frame), object$xlevels, call),
    labels = packed_labels(frame), n = nrow(frame)
  )
}

# A fitted network as plain values.

as_network <- function(found, problem, context, call) {
  all_rows <- problem$built$frame
  problem$built <- built <- rows_of_fit(problem$built, found$estimation_rows)
  between <- if (!is.null(found$factor_network)) network_of_factors(found$factor_network, problem, context, call)
  structure(list(
    call = call, type = problem$type, method = found$method, title = found$title, edge = found$edge,
    directed = found$directed, variables = colnames(built$x), source = unpacked(found$source),
    target = unpacked(found$target), nobs = nrow(built$x), edf = found$edf, loglik = found$llf,
    converged = found$converged, notes = network_notes(found), formula = stats::formula(built$terms), terms = built$terms,
    joint_terms = built$joint_terms, model = built$frame, xlevels = stats::.getXlevels(built$joint_terms, built$frame),
    na.action = attr(built$frame, "na.action"), all_rows = if (nrow(all_rows) > nrow(built$x)) all_rows,
    context = context, given_contexts = names(problem$spec$variables),
    context_variables = as.character(unlist(found$context_names)), typical = network_values(found$typical),
    along = lapply(found$along, function(one) {
      list(context = one$context, curve = network_values(one$curve), panels = network_values(one$panels))
    }),
    heterogeneity = if (!is.null(found$heterogeneity)) unpacked_table(found$heterogeneity),
    population_test = found$population_test, order = if (!is.null(found$order)) as.character(unlist(found$order)),
    parents = lapply(found$parents, function(one) as.character(unlist(one))),
    directions = if (!is.null(found$directions)) unpacked_table(found$directions),
    acyclicity = found$acyclicity, variances = found$variances,
    loadings = if (!is.null(found$loadings)) unpacked_table(found$loadings), factor_network = between, problem = problem[c("type", "spec", "options")],
    state = found$state
  ), class = "context_network")
}

# The rows that estimates come from, where others learned the hidden layers of a neural network.
rows_of_fit <- function(built, sent) {
  if (is.null(sent)) return(built)
  rows <- unpacked(sent)
  kept <- attributes(built$frame)
  kept <- kept[intersect(names(kept), c("terms", "na.action"))]
  built$frame <- built$frame[rows, , drop = FALSE]
  for (name in names(kept)) attr(built$frame, name) <- kept[[name]]
  built$x <- built$x[rows, , drop = FALSE]
  built
}

# The network between the factors: that of their scores, in a frame with the contexts.
network_of_factors <- function(found, problem, context, call) {
  built <- problem$built
  scores <- unpacked(found$scores)
  colnames(scores) <- as.character(unlist(found$names))
  contexts <- built$frame[names(problem$spec$variables)]
  frame <- cbind(as.data.frame(scores, row.names = row.names(built$frame), optional = TRUE), contexts)
  joint <- formula <- stats::reformulate(sprintf("`%s`", colnames(scores)), env = environment(built$terms))
  for (expr in problem$spec$variables) joint[[2]] <- base::call("+", joint[[2]], expr)
  terms <- stats::terms(joint)
  attr(terms, "predvars") <- attr(terms, "variables")
  attr(terms, "dataClasses") <- vapply(frame, stats::.MFclass, "")
  problem$built <- list(
    frame = structure(frame, terms = terms, na.action = attr(built$frame, "na.action")), joint_terms = terms,
    terms = main_terms(formula, terms), x = scores
  )
  problem$options$factors <- NULL # edge_stability() of this network: of the scores as they are
  as_network(found, problem, context, call)
}

network_notes <- function(found) vapply(as.character(unlist(found$notes)), in_r_words, "", USE.NAMES = FALSE)

# Contexts, and edges on the scale on which they are normal: n x E values and standard errors.
network_values <- function(sent) {
  error <- unpacked(sent$error)
  error[is.nan(error)] <- NA
  contexts <- if (!is.null(sent$contexts)) unpacked_frame(sent$contexts)
  list(contexts = contexts, value = unpacked(sent$value), error = error, fisher = sent$fisher)
}

unpacked_frame <- function(columns) {
  as.data.frame(lapply(columns, function(one) if (is_packed(one)) unpacked(one) else as.character(unlist(one))),
                optional = TRUE, stringsAsFactors = FALSE)
}

# Edges at contexts: the typical one, which the fit holds, or others, for which the core is asked.
edges_at <- function(object, newdata, call) {
  if (is.null(newdata)) return(object$typical)
  frame <- network_contexts(object, newdata, call)
  found <- network_values(python_call("network_edges", contexts_request(object, frame, call), call))
  found$contexts <- frame
  found
}

edge_names <- function(object) {
  paste(object$variables[object$source], if (object$directed) "->" else "--", object$variables[object$target])
}

# Estimates, standard errors, tests and limits of edges, one column for each edge.
edge_statistics <- function(found, level = 0.95) {
  half <- stats::qnorm(0.5 + level / 2) * found$error
  statistic <- found$value / found$error
  p.value <- 2 * stats::pnorm(-abs(statistic))
  q.value <- t(apply(p.value, 1, stats::p.adjust, method = "BH"))
  back <- if (found$fisher) tanh else identity
  estimate <- back(found$value)
  list(
    estimate = estimate, std.error = if (found$fisher) found$error * (1 - estimate^2) else found$error,
    statistic = statistic, p.value = p.value, q.value = array(q.value, dim(p.value)),
    conf.low = back(found$value - half), conf.high = back(found$value + half)
  )
}

# Which edges a table shows: all pairs, or in a directed network those that are there at some context.
edges_there <- function(object, found) {
  if (!object$directed) return(seq_along(object$source))
  which(colSums(found$value != 0 | !is.na(found$error)) > 0)
}

# One row for each edge at each context.
edge_table <- function(object, found, level = 0.95) {
  shown <- edges_there(object, found)
  n <- nrow(found$value)
  numbers <- lapply(edge_statistics(found, level), function(values) as.vector(t(values[, shown, drop = FALSE])))
  contexts <- found$contexts[rep(seq_len(n), each = length(shown)), object$context_variables, drop = FALSE]
  table <- data.frame(
    row = rep(seq_len(n), each = length(shown)), edge = rep(shown, n), term = rep(edge_names(object)[shown], n),
    source = rep(object$variables[object$source[shown]], n), target = rep(object$variables[object$target[shown]], n)
  )
  cbind(table, contexts, as.data.frame(numbers), row.names = NULL)
}

# Values of edges as matrices with a given diagonal: p x p x n.
edge_array <- function(object, values, diagonal = 0, labels = NULL) {
  p <- length(object$variables)
  n <- nrow(values)
  out <- array(0, c(p, p, n), list(object$variables, object$variables, labels))
  cells <- function(from, to) cbind(rep(from, n), rep(to, n), rep(seq_len(n), each = length(from)))
  out[cells(object$source, object$target)] <- t(values)
  if (!object$directed) out[cells(object$target, object$source)] <- t(values)
  out[cells(seq_len(p), seq_len(p))] <- diagonal
  out
}

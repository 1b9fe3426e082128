#' Generalized linear models whose coefficients are functions of context
#'
#' Fits \eqn{g(E[y]) = offset + \sum_j x_j \beta_j(c)}, in which each coefficient is a constant, a straight line, a factor
#' or a smooth function of context variables \eqn{c}. Smoothing parameters are found by restricted maximum likelihood.
#' Without a context the fit is an ordinary GLM and inherits from `glm`.
#'
#' @section Context:
#' A one-sided formula is the context of every predictor, the intercept included. Its terms are names (a straight line
#' for a number, one coefficient for each level of a factor), smooths `s(age)`, and tensor products `te(a, b)` or, for
#' the interaction alone, `ti(a, b)`. They are written as in mgcv, with options `k`, `bs` (`"ps"`, the default, `"bs"`,
#' `"cr"`, `"cc"` or `"re"`), `m` and `bounds`, the ends of the knots. What mgcv writes as `s(age, by = dose)` is the
#' predictor `dose` with the context `~ s(age)`. `mlp(age, bmi)` is a neural network of any number of contexts, with
#' options `width`, `layers` and `seed`; a random half of the rows learns its hidden layers, and estimates,
#' standard errors and tests come from the other half. A list of formulas named by predictors (columns of the model matrix, or
#' terms of the formula) gives each its own; predictors that are not named are constant.
#'
#' @param formula Response and predictors, with everything `glm()` knows: factors and contrasts, `poly()`, `ns()`,
#'   `offset()`, two columns of successes and failures. A dot stands for the columns of `data` that are not contexts.
#' @param context A one-sided formula, a named list of them, or `NULL` for an ordinary GLM.
#' @param data,subset,na.action,offset,contrasts As in [stats::glm()]. Missing values in a context drop a row as missing
#'   predictors do.
#' @param family A family object (or function, or name): those of stats, `MASS::negative.binomial(theta)`, `mgcv::nb()`
#'   for a theta to be estimated, `mgcv::Tweedie(p)`.
#' @param weights Prior weights as in `glm()`: the variance of a row is the dispersion times the variance function over
#'   the weight; for proportions the numbers of trials.
#' @param exposure Its logarithm is added to the linear predictor; needs the log link. The `call` of the fit has it as an
#'   `offset`.
#' @param freq_weights How often each row was seen: a weight of two is the row twice. Such a fit does not inherit from
#'   `glm`, which knows no such weights.
#' @param cluster For `cov_type = "cluster"`: the cluster of each row, as a variable of `data` or `~ variable`.
#' @param smoothing `"reml"`, `"ml"` or `"gcv"`, or the smoothing parameters, on mgcv's scale.
#' @param select Penalise also what smoothing leaves free, so that an effect can shrink to a constant.
#' @param cov_type Standard errors: `"bayes"` (averaged over what the smoothing parameters may be), `"bayes_corrected"`
#'   (corrected for them to first order, as `vcov(gam, unconditional = TRUE)`), `"bayes_conditional"` (as `vcov(gam)`),
#'   `"nonrobust"`, `"HC0"` to `"HC3"` or `"cluster"`. Without smooths the first four are the same.
#' @param information `"expected"` (as `glm()` and mgcv) or `"observed"`.
#' @param control A list made by [context_control()].
#' @param ... Arguments of [context_control()], in place of `control`.
#' @return An object of class `context_glm`; where no coefficient varies, also of class `glm` and `lm`, with their
#'   components. It consists of plain R values: only predictions for new data need Python.
#' @references
#' Hastie and Tibshirani (1993), Varying-coefficient models. *JRSS B* 55, 757-796.
#'
#' Wood (2017), *Generalized Additive Models*, 2nd edition.
#' @seealso [heterogeneity()], [coefficients_at()], [average_effects()], [plot.context_glm()].
#' @examplesIf contextstats::contextstats_available()
#' n <- 400
#' set.seed(1)
#' d <- data.frame(dose = rnorm(n), age = runif(n, 20, 80))
#' d$y <- rbinom(n, 1, plogis(-0.3 + 0.02 * (d$age - 50) * d$dose))
#' fit <- context_glm(y ~ dose, context = ~ s(age), data = d, family = binomial())
#' summary(fit)
#' coefficients_at(fit, data.frame(age = c(30, 50, 70)), terms = "dose")
#' @export
context_glm <- function(formula, context = NULL, data, family = stats::gaussian(), weights, subset, na.action, offset,
                        exposure, freq_weights, contrasts = NULL, smoothing = "reml", select = FALSE,
                        cov_type = "bayes", cluster, information = "expected", control = context_control(...), ...) {
  call <- match.call()
  env <- parent.frame()
  family # an object that does not exist is an error of this call
  family <- as_family(family, call)
  core <- core_family(family, call)
  spec <- read_context(context, call)
  if (missing(data)) data <- environment(formula)
  call <- exposure_as_offset(call, family, data, env)
  built <- model_frame(call, formula, spec, data, env)
  inputs <- row_inputs(built, family, contrasts, call)
  problem <- list(
    built = built, inputs = inputs, spec = spec, family = family, core = core,
    context = context_by_column(spec, inputs$x, attr(built$terms, "term.labels"), call),
    options = list(
      smoothing = smoothing_request(smoothing, call), select = select, cov_type = cov_type, information = information
    ),
    control = read_control("context_control", control, call), call = call
  )
  found <- fit_in_python(problem)
  plain <- !any(vapply(found$blocks, function(block) block$kind != "constant", TRUE))
  object <- common_parts(found, problem, context)
  object$data <- data
  object$contrasts <- attr(inputs$x, "contrasts")
  if (plain && missing(freq_weights)) return(as_glm(object, found, problem))
  if (!plain) object <- c(object, varying_parts(found, problem))
  structure(with_all_rows(object, inputs$x), class = "context_glm")
}

#' Options of the optimizer
#'
#' @param method `"auto"`, `"newton"` or `"lbfgs"`; all reach the same optimum.
#' @param maxiter Limit on iterations.
#' @param tol Relative change of the objective at which to stop.
#' @param threads Number of threads; `NULL` for all. Results do not depend on it, to the last bit.
#' @param progress Show a line that counts iterations when a fit takes longer than a second. The default does so in an
#'   interactive session, but not while knitr runs.
#' @return A list for the argument `control` of [context_glm()].
#' @examples
#' str(context_control(maxiter = 200))
#' @export
context_control <- function(method = "auto", maxiter = 100, tol = 1e-9, threads = NULL,
                            progress = interactive() && !isTRUE(getOption("knitr.in.progress"))) {
  list(method = method, maxiter = maxiter, tol = tol, threads = threads, progress = progress)
}

# The control of a fit, from a list or from the dots of the call.
read_control <- function(name, control, call) blaming(call, do.call(name, as.list(control)))

smoothing_request <- function(smoothing, call) {
  if (is.character(smoothing) && length(smoothing) == 1) return(smoothing)
  if (!is.numeric(smoothing) || anyNA(smoothing)) {
    stop_user(call, "'smoothing' must be \"reml\", \"ml\", \"gcv\" or smoothing parameters, but is ", deparse1(smoothing))
  }
  if (is.null(names(smoothing))) packed(as.double(smoothing)) else as.list(smoothing)
}

# Fit the rows with a positive weight; those of weight zero are only predicted, as in glm().
fit_in_python <- function(problem, columns = colnames(problem$inputs$x)) {
  inputs <- problem$inputs
  prior <- inputs$weights * (inputs$trials %||% 1)
  used <- which(prior * inputs$freq_weights > 0)
  if (length(used) == length(prior)) used <- TRUE
  frame <- problem$built$frame[names(problem$spec$variables)]
  if (!isTRUE(used)) frame <- frame[used, , drop = FALSE]
  x <- if (isTRUE(used) && length(columns) == ncol(inputs$x)) inputs$x else inputs$x[used, columns, drop = FALSE]
  some <- function(values, default) if (all(values == default)) NULL else packed(values[used])
  request <- c(
    rows_request(x, frame, names(problem$spec$variables), NULL, problem$call),
    list(
      y = packed(inputs$y[used]), y_name = deparse1(problem$built$terms[[2]]), offset = some(inputs$offset %||% 0, 0),
      var_weights = some(prior, 1), freq_weights = some(inputs$freq_weights, 1),
      groups = cluster_codes(inputs$cluster[used], problem),
      context = if (is.list(problem$context)) problem$context[names(problem$context) %in% columns] else problem$context,
      family = problem$core, options = problem$control
    ),
    problem$options
  )
  request$options$progress <- if (isTRUE(problem$control$progress)) progress_line()
  # Of collinear columns glm() keeps the first, silently; as_glm() fits again without the others.
  muffle <- if (!length(problem$spec$variables)) "not identified by the data"
  found <- python_call("fit", request, problem$call, muffle)
  if (isTRUE(problem$control$progress)) cat("\r", file = stderr())
  arrays <- vapply(found, is_packed, TRUE)
  found[arrays] <- lapply(found[arrays], unpacked)
  all_used <- if (isTRUE(used)) seq_along(prior) else used
  found$used <- if (is.null(found$estimation_rows)) used else all_used[found$estimation_rows]
  found
}

cluster_codes <- function(cluster, problem) {
  if (is.null(cluster)) {
    if (identical(problem$options$cov_type, "cluster")) {
      stop_user(problem$call, "cov_type = \"cluster\" needs 'cluster', the cluster of each row")
    }
    return(NULL)
  }
  packed(as.integer(factor(cluster)))
}

# What fits with and without varying coefficients share.
common_parts <- function(found, problem, context) {
  names <- coefficient_names(found)
  square <- function(values) matrix(values, length(names), dimnames = list(names, names))
  family <- fitted_family(problem$family, problem$core, found$parameter)
  rows <- row_parts(found, problem, family)
  list(
    coefficients = stats::setNames(found$coefficients, names),
    residuals = rows$working_residuals, fitted.values = rows$fitted, linear.predictors = rows$linear_predictor,
    weights = rows$working_weights, prior.weights = rows$prior_weights, y = rows$y, family = family,
    deviance = found$deviance, null.deviance = found$null_deviance, df.residual = found$df_residual,
    df.null = found$nobs - 1, iter = found$iterations, converged = found$converged,
    call = problem$call, formula = stats::formula(problem$built$terms), terms = problem$built$terms,
    joint_terms = problem$built$joint_terms, model = problem$built$frame, offset = problem$inputs$offset,
    xlevels = stats::.getXlevels(problem$built$joint_terms, problem$built$frame),
    na.action = attr(problem$built$frame, "na.action"), control = problem$control,
    context = context, context_variables = names(problem$spec$variables),
    vcov = square(found$vcov), conditional_vcov = square(found$conditional),
    edf = stats::setNames(found$edf, names), edf_information = found$edf_information,
    smooth = as.logical(found$smooth), blocks = block_table(found$blocks),
    dispersion = found$scale, nobs = found$nobs,
    trials = problem$inputs$trials, freq.weights = problem$inputs$freq_weights,
    cov_type = found$cov_type, information = found$information,
    parameter = if (isTRUE(found$parameter_estimated)) found$parameter,
    optimizer = found[c("solver", "iterations", "termination", "gradient_norm", "converged")],
    average_effects = unpacked_table(found$average_effects),
    notes = all_notes(found)
  )
}

# As R names coefficients of factors: "centerb" where Python has "center[T.b]".
coefficient_names <- function(found) {
  names <- unlist(found$names)
  for (block in found$blocks) {
    own <- seq(block$first, block$last)
    if (block$kind == "factor") names[own] <- sub("\\[T[.](.*)\\]$", "\\1", names[own])
  }
  names
}

# One value for each row of the frame; NA in rows of weight zero, until with_all_rows() predicts them.
row_parts <- function(found, problem, family) {
  labels <- row.names(problem$built$frame)
  by_row <- function(values) {
    if (isTRUE(found$used)) return(stats::setNames(values, labels))
    all <- rep(NA_real_, length(labels))
    all[found$used] <- values
    stats::setNames(all, labels)
  }
  eta <- by_row(found$linear_predictor)
  mu <- by_row(found$fitted)
  y <- stats::setNames(problem$inputs$y, labels)
  prior <- problem$inputs$weights * problem$inputs$freq_weights * (problem$inputs$trials %||% 1)
  if (!isTRUE(found$used)) prior[-found$used] <- 0 # also rows that hidden layers were learned from
  list(
    linear_predictor = eta, fitted = mu, y = y, working_residuals = (y - mu) / family$mu.eta(eta),
    working_weights = by_row(found$working_weights),
    prior_weights = stats::setNames(prior, labels)
  )
}

# Notes on the data and the fit, and what standard errors are where they are not those of glm().
all_notes <- function(found) {
  usual <- found$cov_type == "nonrobust" && found$information == "expected"
  notes <- c(unlist(found$notes), if (!usual) found$covariance_note, found$reading_note)
  vapply(notes[nzchar(notes)], in_r_words, "", USE.NAMES = FALSE)
}

block_table <- function(blocks) {
  pick <- function(what, type) vapply(blocks, function(block) block[[what]], type)
  table <- data.frame(
    predictor = pick("predictor", ""), label = pick("label", ""), kind = pick("kind", ""),
    first = as.integer(pick("first", 0)), last = as.integer(pick("last", 0))
  )
  table$variables <- lapply(blocks, function(block) as.character(unlist(block$variables)))
  table
}

# What only fits with varying coefficients have.
varying_parts <- function(found, problem) {
  pictures <- function(each) lapply(each, function(one) {
    one[] <- lapply(one, function(part) if (is_packed(part)) unpacked(part) else unlist(part))
    one
  })
  list(
    method = "context_glm",
    smoothing = list(
      criterion = found$criterion_name, score = found$criterion,
      parameters = stats::setNames(found$smoothing_parameters, unlist(found$penalty_names))
    ),
    heterogeneity = unpacked_table(found$heterogeneity),
    population_test = found$population_test, curves = pictures(found$curves), surfaces = pictures(found$surfaces),
    state = found$state
  )
}

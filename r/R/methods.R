# The methods that need only what the fit holds.

#' @export
vcov.context_glm <- function(object, complete = TRUE, ...) {
  if (complete) return(object$vcov)
  known <- !is.na(object$coefficients)
  object$vcov[known, known, drop = FALSE]
}

#' @export
coef.context_glm <- function(object, complete = TRUE, ...) {
  if (complete) object$coefficients else object$coefficients[!is.na(object$coefficients)]
}

#' @export
confint.context_glm <- function(object, parm, level = 0.95, ...) {
  if (is_plain(object) && object$cov_type == "nonrobust") return(NextMethod())
  wald_interval(object, parm, level)
}

wald_interval <- function(object, parm, level) {
  parm <- if (missing(parm)) names(object$coefficients) else parm
  if (is.numeric(parm)) parm <- names(object$coefficients)[parm]
  tail <- (1 - level) / 2
  half <- stats::qt(c(tail, 1 - tail), inference_df(object))
  error <- sqrt(diag(object$vcov))[parm]
  limits <- object$coefficients[parm] + outer(error, half)
  dimnames(limits) <- list(parm, paste(format(100 * c(tail, 1 - tail), trim = TRUE, digits = 3), "%"))
  limits
}

#' @export
formula.context_glm <- function(x, ...) stats::formula(x$terms)

#' @export
nobs.context_glm <- function(object, ...) {
  if (is_plain(object)) sum(object$prior.weights != 0) else object$nobs
}

#' @export
family.context_glm <- function(object, ...) object$family

#' @export
deviance.context_glm <- function(object, ...) object$deviance

#' @export
df.residual.context_glm <- function(object, ...) object$df.residual

#' @export
model.frame.context_glm <- function(formula, ...) {
  if (...length()) NextMethod() else formula$model
}

#' @export
fitted.context_glm <- function(object, ...) stats::napredict(object$na.action, object$fitted.values)

#' @export
residuals.context_glm <- function(object, type = c("deviance", "pearson", "working", "response"), ...) {
  if (is_plain(object)) return(NextMethod())
  type <- blaming(sys.call(-1), match.arg(type))
  y <- object$y
  mu <- object$fitted.values
  prior <- object$prior.weights / object$freq.weights
  values <- switch(
    type,
    deviance = sign(y - mu) * sqrt(pmax(object$family$dev.resids(y, mu, prior), 0)),
    pearson = (y - mu) * sqrt(prior) / sqrt(object$family$variance(mu)),
    working = object$residuals,
    response = y - mu
  )
  stats::naresid(object$na.action, values)
}

#' @export
weights.context_glm <- function(object, type = c("prior", "working"), ...) {
  type <- blaming(sys.call(-1), match.arg(type))
  values <- if (type == "prior") object$prior.weights else object$weights
  if (is.null(object$na.action)) values else stats::naresid(object$na.action, values)
}

#' @export
sigma.context_glm <- function(object, ...) sqrt(object$dispersion)

#' @export
case.names.context_glm <- function(object, full = FALSE, ...) {
  names <- names(object$fitted.values)
  if (full) names else names[object$prior.weights != 0]
}

#' @export
variable.names.context_glm <- function(object, full = FALSE, ...) {
  names <- names(object$coefficients)
  if (full) names else names[!is.na(object$coefficients)]
}

# R's convention, for fits with and without varying coefficients: the dispersion is estimated by maximum likelihood, or
# as the family's aic() has it, and counted where it is not known.
#' @export
logLik.context_glm <- function(object, ...) {
  counted <- !dispersion_known(object$family)
  structure(
    counted - family_aic(object) / 2,
    df = object$edf_information + counted, nobs = stats::nobs(object), class = "logLik"
  )
}

#' @export
extractAIC.context_glm <- function(fit, scale = 0, k = 2, ...) {
  likelihood <- stats::logLik(fit)
  df <- attr(likelihood, "df")
  counted <- !dispersion_known(fit$family)
  c(df - counted, -2 * as.numeric(likelihood) + 2 * counted + k * (df - counted))
}

#' @export
simulate.context_glm <- function(object, nsim = 1, seed = NULL, ...) {
  if (is_plain(object) && !is.null(object$family$simulate)) return(NextMethod())
  simulate_family(object, nsim, seed)
}

# For families that stats' method does not know.
simulate_family <- function(object, nsim, seed) {
  draws <- with_seed(seed, replicate(nsim, draw_responses(object), simplify = FALSE))
  state <- attr(draws, "seed")
  names(draws) <- paste0("sim_", seq_len(nsim))
  structure(as.data.frame(draws, row.names = names(object$fitted.values)), seed = state)
}

# As stats' method for lm: a seed is used for these draws alone, and the result tells where the generator stood.
with_seed <- function(seed, draws) {
  if (!exists(".Random.seed", envir = globalenv(), inherits = FALSE)) stats::runif(1)
  if (is.null(seed)) {
    state <- get(".Random.seed", envir = globalenv())
  } else {
    before <- get(".Random.seed", envir = globalenv())
    on.exit(assign(".Random.seed", before, envir = globalenv()))
    set.seed(seed)
    state <- structure(seed, kind = as.list(RNGkind()))
  }
  structure(draws, seed = state)
}

draw_responses <- function(object) {
  mu <- object$fitted.values
  n <- length(mu)
  prior <- object$prior.weights / object$freq.weights
  scale <- object$dispersion / prior
  switch(
    sub("[(].*", "", object$family$family),
    gaussian = stats::rnorm(n, mu, sqrt(scale)),
    binomial = stats::rbinom(n, round(prior), mu) / prior,
    poisson = stats::rpois(n, mu),
    Gamma = stats::rgamma(n, shape = 1 / scale, scale = mu * scale),
    inverse.gaussian = draw_inverse_gaussian(n, mu, 1 / scale),
    "Negative Binomial" = stats::rnbinom(n, size = known_theta(object$family), mu = mu),
    Tweedie = mgcv::rTweedie(mu, get("p", envir = environment(object$family$variance)), object$dispersion)
  )
}

# Michael, Schucany and Haas (1976), The American Statistician 30, 88-90.
draw_inverse_gaussian <- function(n, mu, shape) {
  y <- stats::rnorm(n)^2
  x <- mu + mu^2 * y / (2 * shape) - mu / (2 * shape) * sqrt(4 * mu * shape * y + mu^2 * y^2)
  ifelse(stats::runif(n) <= mu / (mu + x), x, mu^2 / x)
}

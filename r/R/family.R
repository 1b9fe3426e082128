# R's families, as the core names them.

LINKS <- c(
  identity = "identity", log = "log", logit = "logit", probit = "probit", cloglog = "cloglog",
  inverse = "inverse", "1/mu^2" = "inverse_squared", sqrt = "sqrt"
)

# The same by their names in power() and statmod::tweedie().
POWER_LINKS <- c(
  "mu^0" = "log", "mu^1" = "identity", "mu^0.5" = "sqrt", "mu^-1" = "inverse", "mu^-2" = "inverse_squared"
)

as_family <- function(family, call) {
  if (is.character(family) && length(family) == 1) return(named_family(family, call))
  if (is.function(family)) family <- family()
  if (!inherits(family, "family")) {
    stop_user(call, "'family' must be a family object such as binomial(), or its name, but is of class ",
              class(family)[1])
  }
  family
}

named_family <- function(name, call) {
  switch(
    gsub("_", ".", tolower(name), fixed = TRUE),
    gaussian = stats::gaussian(), binomial = stats::binomial(), poisson = stats::poisson(), gamma = stats::Gamma(),
    inverse.gaussian = stats::inverse.gaussian(), negative.binomial = mgcv::nb(),
    tweedie = mgcv::Tweedie(p = 1.5, link = "log"),
    stop_user(call, "family '", name, "' is not supported. ", SUPPORTED)
  )
}

SUPPORTED <- paste0(
  "Use gaussian(), binomial(), poisson(), Gamma(), inverse.gaussian(), MASS::negative.binomial(theta), ",
  "mgcv::nb() (theta estimated) or mgcv::Tweedie(p)."
)

# The family and link for Python: list(name, link, alpha or power); no alpha where it is to be estimated.
core_family <- function(family, call) {
  link <- c(LINKS, POWER_LINKS)[family$link]
  if (is.na(link)) {
    stop_user(call, "link '", family$link, "' is not supported. Use one of ", paste(names(LINKS), collapse = ", "), ".")
  }
  name <- sub("[(].*", "", family$family)
  from_variance <- function(what) get0(what, envir = environment(family$variance), inherits = FALSE)
  core <- switch(
    tolower(name),
    gaussian = list(name = "gaussian"), binomial = list(name = "binomial"), poisson = list(name = "poisson"),
    gamma = list(name = "gamma"), inverse.gaussian = list(name = "inverse_gaussian"),
    "negative binomial" = list(name = "negative_binomial", alpha = 1 / known_theta(family)),
    tweedie = list(name = "tweedie", power = from_variance("p") %||% from_variance("var.power"))
  )
  if (is.null(core)) {
    robust <- if (name %in% c("quasipoisson", "quasibinomial")) {
      sprintf(" For %s() use %s() with cov_type = \"HC1\".", name, sub("^quasi", "", name))
    }
    stop_user(call, "family '", name, "' is not supported. ", SUPPORTED, robust)
  }
  c(core[lengths(core) > 0], link = unname(link))
}

# theta of a negative binomial family: of MASS (in the environment of its functions) or of mgcv; numeric() where it
# is to be estimated.
known_theta <- function(family) {
  if (!is.null(family$n.theta)) {
    return(if (family$n.theta > 0) numeric() else exp(family$getTheta()))
  }
  if (is.function(family$getTheta)) return(family$getTheta())
  get(".Theta", envir = environment(family$variance))
}

# The family of the fit, with the parameter that was estimated and the functions that glm's methods call.
fitted_family <- function(family, core, parameter) {
  if (core$name != "negative_binomial") return(family)
  do.call(MASS::negative.binomial, list(theta = 1 / parameter, link = family$link))
}

dispersion_known <- function(family) {
  grepl("^(poisson|binomial|Negative Binomial)", family$family)
}

`%||%` <- function(x, y) if (is.null(x)) y else x

"""Log-likelihoods of the families, with the conventions of statsmodels."""

from __future__ import annotations

import numpy as np
from scipy import special

from contextstats.errors import OptionError
from contextstats.inference._linalg import Floats

_ROWS_AT_ONCE = 8192  # temporary arrays stay in cache, dot products on one thread
_LOG_2PI = float(np.log(2 * np.pi))


def log_likelihood(
    family: str,
    y: Floats,
    mu: Floats,
    *,
    scale: float = 1.0,
    freq_weights: Floats | None = None,
    var_weights: Floats | None = None,
    trials: Floats | None = None,
    parameter: float | None = None,
) -> float:
    """Sum of the rows' log-likelihoods, constants included.

    Which scale to plug in is a convention. statsmodels takes the maximum likelihood estimate for Gaussian
    responses with the identity link and the Pearson estimate for the other families that have a scale; R's
    ``logLik`` takes deviance / n for those.

    Parameters
    ----------
    family : str
        gaussian, binomial, poisson, gamma, inverse_gaussian, negative_binomial or tweedie.
    y : (n,) array
        Responses; proportions of `trials` for the binomial family.
    mu : (n,) array
        Means, in the same units as `y`.
    scale : float
        The scale phi.
    freq_weights : (n,) array, optional
        How many times each row was observed.
    var_weights : (n,) array, optional
        The scale of a row is phi / var_weight. For families without a scale they multiply the log-likelihood.
    trials : (n,) array, optional
        Number of binomial trials, 1 by default. The binomial coefficient is part of the likelihood.
    parameter : float, optional
        alpha of the negative binomial family, V = mu + alpha mu^2, or the power of the Tweedie family,
        between 1 and 2.

    Returns
    -------
    float
        Rows with a weight of zero contribute nothing.

    Raises
    ------
    OptionError
        If the family is unknown or its parameter is missing or out of range.

    References
    ----------
    McCullagh and Nelder (1989), *Generalized Linear Models*, chapter 2. Dunn and Smyth
    (2005), Series evaluation of Tweedie exponential dispersion model densities. Statistics and Computing 15,
    267-280.
    """
    copies = np.ones_like(y) if freq_weights is None else freq_weights
    precision = np.ones_like(y) if var_weights is None else var_weights
    total = 0.0
    for start in range(0, max(len(y), 1), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        used = (copies[rows] > 0) & (precision[rows] > 0)
        number = None if trials is None else trials[rows][used]
        each = _rows(family, y[rows][used], mu[rows][used], scale, precision[rows][used], number, parameter)
        total += float(copies[rows][used] @ each)
    return total


def check_parameter(family: str, parameter: float | None) -> float:
    """The parameter of the negative binomial or Tweedie family, if it is valid."""
    if family == "negative_binomial" and not (parameter is not None and parameter > 0):
        raise OptionError(f"The negative binomial alpha must be positive, but is {parameter}.")
    if family == "tweedie" and not (parameter is not None and 1 < parameter < 2):
        raise OptionError(
            f"The Tweedie power must be between 1 and 2, but is {parameter}. Use the poisson family for 1, "
            f"gamma for 2 and inverse_gaussian for 3."
        )
    return float("nan") if parameter is None else parameter


def _rows(
    family: str,
    y: Floats,
    mu: Floats,
    scale: float,
    v: Floats,
    trials: Floats | None,
    parameter: float | None,
) -> Floats:
    """Log-likelihood of each row; v are the variance weights."""
    value = check_parameter(family, parameter)
    dispersion = scale / v
    if family == "gaussian":
        return np.asarray(-((y - mu) ** 2 / dispersion + np.log(dispersion) + _LOG_2PI) / 2)
    if family == "gamma":
        shape = 1 / dispersion
        return np.asarray(shape * np.log(shape * y / mu) - shape * y / mu - special.gammaln(shape) - np.log(y))
    if family == "inverse_gaussian":
        squared = ((y - mu) / mu) ** 2 / (y * dispersion)
        return np.asarray(-(squared + np.log(dispersion * y**3) + _LOG_2PI) / 2)
    if family == "tweedie":
        return _tweedie(y, mu, dispersion, value)
    if family == "poisson":
        return np.asarray((special.xlogy(y, mu) - mu - special.gammaln(y + 1)) / dispersion)
    if family == "binomial":
        return v * _binomial(y, mu, np.ones_like(y) if trials is None else trials)
    if family == "negative_binomial":
        size = 1 / value
        constant = special.gammaln(y + size) - special.gammaln(size) - special.gammaln(y + 1)
        means = special.xlogy(y, value * mu) - (y + size) * np.log1p(value * mu)
        return np.asarray((means + constant) / dispersion)
    raise OptionError(
        f"family must be gaussian, binomial, poisson, gamma, inverse_gaussian, negative_binomial or tweedie, "
        f"but is {family!r}."
    )


def _binomial(y: Floats, mu: Floats, trials: Floats) -> Floats:
    successes = y * trials
    failures = trials - successes
    means = special.xlogy(successes, mu) + special.xlog1py(failures, -mu)
    if ((trials == 1) & ((y == 0) | (y == 1))).all():
        return np.asarray(means)
    coefficient = special.gammaln(trials + 1) - special.gammaln(successes + 1) - special.gammaln(failures + 1)
    return np.asarray(coefficient + means)


def _tweedie(y: Floats, mu: Floats, dispersion: Floats, power: float) -> Floats:
    """Exact density of the compound Poisson-gamma distribution, with a point mass at zero."""
    rows = (y * mu ** (1 - power) / (1 - power) - mu ** (2 - power) / (2 - power)) / dispersion
    positive = y > 0
    y, dispersion = y[positive], dispersion[positive]
    a = (2 - power) / (power - 1)
    log_x = a * np.log(y / ((power - 1) * dispersion)) - np.log((2 - power) * dispersion)
    rows[positive] += _log_series(log_x, a) - np.log(y)
    return np.asarray(rows)


def _log_series(log_x: Floats, a: float) -> Floats:
    """Log of sum_j x^j / (j! Gamma(a j)) over j = 1, 2, ..., by the terms near the largest."""
    largest = np.exp((log_x - a * np.log(a)) / (1 + a))
    reach = 9 * np.sqrt(largest) + 30
    first = np.maximum(1.0, np.floor(largest - reach))
    total = np.full_like(log_x, -np.inf)
    for offset in range(int((2 * reach).max(initial=0.0)) + 1):
        j = first + offset
        total = np.logaddexp(total, j * log_x - special.gammaln(j + 1) - special.gammaln(a * j))
    return total

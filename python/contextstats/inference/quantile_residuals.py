"""Randomized quantile residuals: standard normal if the model is right, for any family."""

from __future__ import annotations

import numpy as np
from scipy import special, stats

from contextstats.errors import OptionError
from contextstats.inference._linalg import Floats
from contextstats.inference.likelihood import check_parameter

_Tails = tuple[Floats, Floats]
_STREAM = 20_617
"""Apart from the stream of `default_rng(seed)`, which may have made the responses."""


def quantile_residuals(
    family: str,
    y: Floats,
    mu: Floats,
    *,
    scale: float = 1.0,
    var_weights: Floats | None = None,
    trials: Floats | None = None,
    parameter: float | None = None,
    seed: int = 0,
) -> Floats:
    r"""Residuals :math:`\Phi^{-1}(u)` with u drawn uniformly between P(Y < y) and P(Y <= y).

    Without randomness for continuous responses, where the two coincide.

    Parameters
    ----------
    family, y, mu, scale, trials, parameter
        As in :func:`~contextstats.inference.likelihood.log_likelihood`.
    var_weights : (n,) array, optional
        The scale of a row is phi / var_weight. Ignored for families without a scale.
    seed : int
        Seed of the generator; the same seed gives the same residuals.

    Returns
    -------
    (n,) array
        NaN for rows with a variance weight of zero where the family has a scale.

    Raises
    ------
    OptionError
        If the family is unknown or its parameter is missing or out of range.

    References
    ----------
    Dunn and Smyth (1996), Randomized quantile residuals. Journal of Computational and Graphical Statistics 5,
    236-244.
    """
    precision = np.ones_like(y) if var_weights is None else var_weights
    dispersion = np.where(precision > 0, scale / np.where(precision > 0, precision, 1.0), np.nan)
    below, above = _tails(family, y, mu, dispersion, trials, check_parameter(family, parameter))
    uniform = np.random.default_rng((seed, _STREAM)).uniform(size=y.shape)
    # Each side is interpolated in the tail it is small in, so that far residuals keep their digits.
    lower = below[0] + uniform * (below[1] - below[0])
    upper = above[0] + uniform * (above[1] - above[0])
    return np.asarray(np.where(lower < 0.5, special.ndtri(lower), -special.ndtri(upper)))


def _tails(
    family: str, y: Floats, mu: Floats, dispersion: Floats, trials: Floats | None, parameter: float
) -> tuple[_Tails, _Tails]:
    """(P(Y < y), P(Y <= y)) and their complements (P(Y >= y), P(Y > y))."""
    if family == "gaussian":
        return _continuous(stats.norm(mu, np.sqrt(dispersion)), y)
    if family == "gamma":
        return _continuous(stats.gamma(1 / dispersion, scale=mu * dispersion), y)
    if family == "inverse_gaussian":
        return _continuous(stats.invgauss(mu * dispersion, scale=1 / dispersion), y)
    if family == "poisson":
        return _discrete(stats.poisson(mu), y)
    if family == "negative_binomial":
        return _discrete(stats.nbinom(1 / parameter, 1 / (1 + parameter * mu)), y)
    if family == "binomial":
        number = np.ones_like(y) if trials is None else trials
        return _discrete(stats.binom(number, mu), np.rint(y * number))
    if family == "tweedie":
        return _tweedie(y, mu, dispersion, parameter)
    raise OptionError(
        f"family must be gaussian, binomial, poisson, gamma, inverse_gaussian, negative_binomial or tweedie, "
        f"but is {family!r}."
    )


def _continuous(distribution: stats.rv_continuous, y: Floats) -> tuple[_Tails, _Tails]:
    below, above = np.asarray(distribution.cdf(y)), np.asarray(distribution.sf(y))
    return (below, below), (above, above)


def _discrete(distribution: stats.rv_discrete, y: Floats) -> tuple[_Tails, _Tails]:
    below = np.asarray(distribution.cdf(y - 1)), np.asarray(distribution.cdf(y))
    above = np.asarray(distribution.sf(y - 1)), np.asarray(distribution.sf(y))
    return below, above


def _tweedie(y: Floats, mu: Floats, dispersion: Floats, power: float) -> tuple[_Tails, _Tails]:
    """Tails of a Poisson number of gamma variables: a sum over that number."""
    rate = mu ** (2 - power) / (dispersion * (2 - power))
    shape = (2 - power) / (power - 1)
    argument = y / (dispersion * (power - 1) * mu ** (power - 1))
    none = np.exp(-rate)
    below, above = none.copy(), np.zeros_like(none)
    reach = 12 * np.sqrt(rate) + 30
    first = np.maximum(1.0, np.floor(rate - reach))
    for offset in range(int(np.nanmax(2 * reach, initial=0.0)) + 1):
        number = first + offset
        probability = np.asarray(stats.poisson.pmf(number, rate))
        below += probability * special.gammainc(number * shape, argument)
        above += probability * special.gammaincc(number * shape, argument)
    zero = y == 0
    return (np.where(zero, 0.0, below), below), (np.where(zero, 1.0, above), above)

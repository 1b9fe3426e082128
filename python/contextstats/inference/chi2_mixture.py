"""Tail probabilities of weighted sums of chi-square variables, and of ratios of quadratic forms."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contextstats import _core
from contextstats.inference._linalg import Booleans, Floats

_AGREEMENT = 1e-10  # two successive rules must agree to this relative error; the finer one is far better
Mixtures = tuple[Floats, Floats, Floats]  # weights (m, r) and degrees of freedom, thresholds (m,)


@dataclass(frozen=True)
class Exceedance:
    r"""The event Q > q for :math:`Q = \sum_l \lambda_l \chi^2_{d_l}` with independent terms.

    Attributes
    ----------
    q : float
        Threshold.
    weights : (r,) array
        The weights lambda, of any sign; zeros are ignored.
    df : (r,) array or None
        Degrees of freedom, positive and not necessarily whole; 1 for None.
    """

    q: float
    weights: Floats
    df: Floats | None = None


def probabilities(events: Sequence[Exceedance]) -> Floats:
    r"""Probabilities of events, all at once, which is faster than one by one.

    The inversion integral of the moment generating function M,

    .. math:: P(Q > q) = \frac{1}{2\pi i} \int_{c - i\infty}^{c + i\infty} M(s) e^{-sq} \frac{ds}{s},

    is taken along a hyperbola through the saddlepoint of its integrand, where the trapezoidal rule converges
    geometrically. Unlike the integral along the imaginary axis that Davies used, its error is relative to the
    probability itself, however small.

    Returns
    -------
    (m,) array
        With a relative error of about 1e-12, or an absolute one where the probability exceeds one half.

    Raises
    ------
    ValueError
        If a `q` is NaN, a weight is not finite, a `df` is not positive, or all weights of an event are zero.

    Warns
    -----
    RuntimeWarning
        If an integral did not settle; the result is then the saddlepoint approximation.

    References
    ----------
    Davies (1980), The distribution of a linear combination of chi-squared random
    variables. Applied Statistics 29, 323-333. Rice (1980), Distribution of quadratic forms in normal random
    variables: evaluation by numerical integration. SIAM Journal on Scientific and Statistical Computing 1,
    438-448. Trefethen and Weideman (2014), The exponentially convergent trapezoidal rule. SIAM Review 56,
    385-458.
    """
    mixtures, flipped, result, open_rows = _standardise(events)
    if open_rows.any():
        weights, df, q = mixtures
        tail, upper, settled = _core.mixture_tails(weights[open_rows], df[open_rows], q[open_rows], _AGREEMENT)
        if not settled.all():
            warnings.warn(
                "The tail of a chi-square mixture is a saddlepoint approximation: its integral did not settle.",
                RuntimeWarning,
                stacklevel=2,
            )
        result[open_rows] = np.where(upper != flipped[open_rows], tail, 1 - tail)
    return np.clip(result, 0.0, 1.0)


def mean_probabilities(groups: Sequence[Sequence[Exceedance]]) -> Floats:
    """Mean probability of the events of each group; one for a group without events."""
    events = [event for group in groups for event in group]
    found = iter(probabilities(events).tolist() if events else ())
    return np.array([sum(next(found) for _ in group) / len(group) if group else 1.0 for group in groups])


def survival(q: float, weights: Floats, df: Floats | None = None) -> float:
    """P(Q > q) for one event; see :func:`probabilities`."""
    return float(probabilities([Exceedance(q, weights, df)])[0])


def saddlepoint_survival(q: float, weights: Floats, df: Floats | None = None) -> float:
    """Approximate P(Q > q) as in :func:`survival`, by the formula of Lugannani and Rice.

    The relative error is below two per cent for most purposes, and below ten far out in the tails.

    References
    ----------
    Kuonen (1999), Saddlepoint approximations for distributions of quadratic forms in normal variables.
    Biometrika 86, 929-935.
    """
    mixtures, flipped, result, open_rows = _standardise([Exceedance(q, weights, df)])
    if open_rows[0]:
        result = _core.saddlepoint_tails(*mixtures)
        result = 1 - result if flipped[0] else result
    return float(np.clip(result[0], 0.0, 1.0))


def ratio_exceedance(
    q: float, weights: Floats, residual_df: float, *, df: Floats | None = None, shared: bool = False
) -> Exceedance:
    r"""The event Q / V > q, where Q is a mixture of chi-squares and V the mean square it is divided by.

    Parameters
    ----------
    q : float
        Observed ratio.
    weights : (r,) array
        Weights of the mixture Q in the numerator.
    residual_df : float
        Degrees of freedom k of V.
    df : (r,) array, optional
        Degrees of freedom of the terms of Q; 1 by default.
    shared : bool
        False: :math:`V = \chi^2_k / k` is independent of Q, as in an F statistic. True: V is the residual
        mean square of the same residuals e whose quadratic form Q is, :math:`Q = e^T B e,\; V = e^T e / k`,
        and the weights are the eigenvalues of B in their k-dimensional space, which needs
        :math:`\sum_l d_l \le k`.

    Raises
    ------
    ValueError
        If `residual_df` is not positive, or `shared` and smaller than the sum of `df`.
    """
    if not residual_df > 0:
        raise ValueError(f"residual_df must be positive, but is {residual_df:g}.")
    degrees = np.ones(len(weights)) if df is None else np.asarray(df, dtype=np.float64)
    if not shared:
        return Exceedance(0.0, np.concatenate([weights, [-q / residual_df]]), np.concatenate([degrees, [residual_df]]))
    left = residual_df - degrees.sum()
    if left < -1e-8 * residual_df:
        raise ValueError(
            f"The residuals have {residual_df:g} degrees of freedom, fewer than the form ({degrees.sum():g})."
        )
    form = np.asarray(weights) - q / residual_df
    if left < 1e-8 * residual_df:
        return Exceedance(0.0, form, degrees)
    return Exceedance(0.0, np.concatenate([form, [-q / residual_df]]), np.concatenate([degrees, [left]]))


def ratio_survival(
    q: float, weights: Floats, residual_df: float, *, df: Floats | None = None, shared: bool = False
) -> float:
    """P(Q / V > q) for one ratio; see :func:`ratio_exceedance`."""
    return float(probabilities([ratio_exceedance(q, weights, residual_df, df=df, shared=shared)])[0])


def _standardise(events: Sequence[Exceedance]) -> tuple[Mixtures, Booleans, Floats, Booleans]:
    """Mixtures with weights of modulus one and q >= 0, and whether the sign of Q was flipped for that.

    Then the probabilities that are zero or one, and which are neither.
    """
    weights, df = _filled(events)
    q = np.array([event.q for event in events], dtype=np.float64)
    largest = np.abs(weights).max(axis=1, initial=0.0)
    if not largest.all():
        raise ValueError("A chi-square mixture needs at least one weight that is not zero.")
    flipped = q < 0
    scale = np.where(flipped, -1.0, 1.0) / largest
    weights, q = weights * scale[:, None], q * scale
    impossible = np.isposinf(q) | (weights.max(axis=1) <= 0)
    certain = ~impossible & (q == 0) & (weights.min(axis=1) >= 0)
    known = np.where(impossible == flipped, 1.0, 0.0)
    return (weights, df, q), flipped, known, ~(impossible | certain)


def _filled(events: Sequence[Exceedance]) -> tuple[Floats, Floats]:
    """Weights and degrees of freedom, one row for each event, short rows filled up with zeros."""
    size = max(len(event.weights) for event in events)
    weights, df = np.zeros((len(events), size)), np.zeros((len(events), size))
    for i, event in enumerate(events):
        if event.df is not None and len(event.df) != len(event.weights):
            raise ValueError(
                f"There must be one df per weight, but there are {len(event.df)} for {len(event.weights)}."
            )
        weights[i, : len(event.weights)] = event.weights
        df[i, : len(event.weights)] = 1.0 if event.df is None else event.df
    given = np.arange(size) < np.array([len(event.weights) for event in events])[:, None]
    if not np.isfinite(weights).all() or any(event.q != event.q for event in events):
        raise ValueError("q and the weights must be numbers, and the weights finite.")
    if not (df[given] > 0).all():
        raise ValueError(f"Degrees of freedom must be positive, but the smallest is {df[given].min():g}.")
    unused = np.abs(weights) <= 1e-300
    weights[unused] = df[unused] = 0.0
    return weights, df

"""Confidence bands for a curve, pointwise and for all points at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contextstats.errors import DataError, OptionError
from contextstats.inference._linalg import Floats
from contextstats.inference.distributions import squares_point, squares_tail, upper_point

_CHUNK = 2_000_000  # numbers held at a time while drawing


@dataclass(frozen=True)
class Band:
    """Estimates with lower and upper limits.

    Attributes
    ----------
    estimate, standard_error, lower, upper : (g,) array
        One entry per point, on the scale of the linear predictor.
    critical_value : float
        The number of standard errors on either side.
    """

    estimate: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats
    critical_value: float


def band(
    rows: Floats,
    coefficients: Floats,
    covariance: Floats,
    *,
    alpha: float = 0.05,
    residual_df: float | None = None,
    simultaneous: bool = False,
    draws: int = 10_000,
    seed: int = 0,
) -> Band:
    """Confidence band for `rows @ coefficients`.

    Parameters
    ----------
    rows : (g, P) array
        One row of the design per point.
    coefficients : (P,) array
        Estimates.
    covariance : (P, P) array
        Their covariance.
    alpha : float
        One minus the confidence: for each point on its own, or for all points at once.
    residual_df : float, optional
        Degrees of freedom of the scale where it is estimated: Student's t in place of the normal.
    simultaneous : bool
        Cover all points at once.
    draws, seed : int
        See :func:`simultaneous_critical_value`.
    """
    _check_alpha(alpha)
    estimate = rows @ coefficients
    error = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", rows, covariance, rows, optimize=True), 0.0))
    if simultaneous:
        critical = simultaneous_critical_value(
            rows, covariance, alpha=alpha, residual_df=residual_df, draws=draws, seed=seed
        )
    else:
        critical = pointwise_critical_value(alpha, residual_df)
    return Band(estimate, error, estimate - critical * error, estimate + critical * error, critical)


def pointwise_critical_value(alpha: float, residual_df: float | None = None) -> float:
    """Upper alpha/2 point of the normal distribution, or of Student's t with `residual_df`."""
    _check_alpha(alpha)
    return upper_point(alpha / 2, residual_df)


def simultaneous_critical_value(
    rows: Floats,
    covariance: Floats,
    *,
    alpha: float = 0.05,
    residual_df: float | None = None,
    draws: int = 10_000,
    seed: int = 0,
) -> float:
    r"""Critical value c with :math:`P(\max_g |t_g| > c) = \alpha` over the points of a band.

    Writing the normal vector behind the curve as a direction times a radius, the probability given the
    direction is a tail of the radius, a chi-square (an F where the scale is estimated). Only directions are
    drawn, so the result varies far less than a quantile of simulated maxima, and is the same for the same
    seed.

    Parameters
    ----------
    rows : (g, P) array
        One row of the design per point. Points with a variance of zero are ignored.
    covariance : (P, P) array
        Covariance of the coefficients.
    alpha : float
        Probability that the band misses somewhere.
    residual_df : float, optional
        Degrees of freedom of the scale where it is estimated.
    draws : int
        Number of directions.
    seed : int
        Seed of the generator.

    Raises
    ------
    DataError
        If all points have a variance of zero.

    References
    ----------
    Ruppert, Wand and Carroll (2003), *Semiparametric Regression*, section 6.5. Genz and Bretz (2009),
    *Computation of Multivariate Normal and t Probabilities*, for the separation of the radius.
    """
    from scipy.optimize import brentq

    _check_alpha(alpha)
    factor = _correlation_factor(rows, covariance)
    rank = factor.shape[1]
    pointwise = pointwise_critical_value(alpha, residual_df)
    if rank == 1:
        return pointwise
    largest = _largest_projections(factor, draws, seed)

    def excess(critical: float) -> float:
        return float(squares_tail((critical / largest) ** 2, rank, residual_df).mean()) - alpha

    scheffe = np.sqrt(squares_point(alpha, rank, residual_df))
    return float(brentq(excess, 0.5 * pointwise, 1.01 * scheffe, rtol=1e-10))


def _correlation_factor(rows: Floats, covariance: Floats) -> Floats:
    """H (g, r) with unit rows and H H' the correlation matrix of the points."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    root = rows @ (vectors * np.sqrt(np.maximum(values, 0.0)))
    norms = np.linalg.norm(root, axis=1)
    used = norms > 1e-10 * norms.max(initial=0.0)
    if not used.any():
        raise DataError("A simultaneous band needs a point with a positive variance, but all variances are zero.")
    left, singular, _ = np.linalg.svd(root[used] / norms[used, None], full_matrices=False)
    keep = singular > 1e-8 * singular[0]
    factor = left[:, keep] * singular[keep]
    return np.asarray(factor / np.linalg.norm(factor, axis=1, keepdims=True))


def _largest_projections(factor: Floats, draws: int, seed: int) -> Floats:
    """max_g |h_g'd| for uniform directions d."""
    generator = np.random.default_rng(seed)
    directions = generator.standard_normal((draws, factor.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    step = max(1, _CHUNK // len(factor))
    largest = [np.abs(directions[i : i + step] @ factor.T).max(axis=1) for i in range(0, draws, step)]
    return np.concatenate(largest)


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise OptionError(f"alpha must be between 0 and 1, but is {alpha:g}.")

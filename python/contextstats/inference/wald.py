"""Linear hypotheses about coefficients, and intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from contextstats.errors import DataError
from contextstats.inference._linalg import Floats, symmetric
from contextstats.inference.bands import pointwise_critical_value
from contextstats.inference.distributions import squares_tail, two_sided_tail


@dataclass(frozen=True)
class Contrasts:
    """Linear combinations of coefficients, each tested on its own.

    Attributes
    ----------
    effect, standard_error, statistic, pvalue, lower, upper : (r,) array
        One entry per combination. `statistic` is (effect - value) / standard_error, z or t.
    residual_df : float or None
        Degrees of freedom of t; None for z.
    """

    effect: Floats
    standard_error: Floats
    statistic: Floats
    pvalue: Floats
    lower: Floats
    upper: Floats
    residual_df: float | None


@dataclass(frozen=True)
class WaldTest:
    """A joint test of linear restrictions.

    Attributes
    ----------
    statistic : float
        Chi-square, or F where `df_denominator` is not None.
    pvalue : float
        Upper tail.
    df : int
        Number of independent restrictions.
    df_denominator : float or None
        Residual degrees of freedom of F.
    """

    statistic: float
    pvalue: float
    df: int
    df_denominator: float | None


def t_test(
    matrix: Floats,
    coefficients: Floats,
    covariance: Floats,
    *,
    value: Floats | None = None,
    residual_df: float | None = None,
    alpha: float = 0.05,
) -> Contrasts:
    """Test each row of R theta = q, with an interval for R theta.

    Parameters
    ----------
    matrix : (r, P) array
        R, one linear combination a row.
    coefficients : (P,) array
        Estimates.
    covariance : (P, P) array
        Their covariance.
    value : (r,) array, optional
        q, zero by default.
    residual_df : float, optional
        Student's t with so many degrees of freedom; None for the normal distribution.
    alpha : float
        One minus the confidence of the intervals.
    """
    effect = matrix @ coefficients
    error = np.sqrt(np.maximum(np.diag(matrix @ covariance @ matrix.T), 0.0))
    difference = effect if value is None else effect - value
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = difference / error
    pvalue = two_sided_tail(statistic, residual_df)
    lower, upper = conf_int(effect, error, alpha=alpha, residual_df=residual_df).T
    return Contrasts(effect, error, statistic, pvalue, lower, upper, residual_df)


def wald_test(
    matrix: Floats,
    coefficients: Floats,
    covariance: Floats,
    *,
    value: Floats | None = None,
    residual_df: float | None = None,
) -> WaldTest:
    """Test R theta = q jointly.

    Redundant restrictions are counted once: the covariance of R theta is inverted on its range.

    Parameters
    ----------
    matrix, coefficients, covariance, value
        As in :func:`t_test`.
    residual_df : float, optional
        F with so many denominator degrees of freedom; None for the chi-square.

    Raises
    ------
    DataError
        If no combination has a positive variance, or redundant restrictions contradict each other.
    """
    difference = matrix @ coefficients
    if value is not None:
        difference = difference - value
    middle = symmetric(matrix @ covariance @ matrix.T)
    scaling = 1 / np.sqrt(np.where(np.diag(middle) > 0, np.diag(middle), 1.0))
    values, vectors = linalg.eigh(scaling[:, None] * middle * scaling)
    keep = values > 1e-10 * max(float(values[-1]), 0.0)
    rank = int(keep.sum())
    if rank == 0:
        raise DataError(
            "The hypothesis must involve coefficients with a positive variance, but all variances are zero."
        )
    rotated = vectors.T @ (scaling * difference)
    if np.any(np.abs(rotated[~keep]) > 1e-6 * max(1.0, float(np.abs(rotated).max()))):
        raise DataError(
            f"The {len(difference)} restrictions must be compatible, but only {rank} are independent and "
            f"others contradict them. Remove the redundant ones."
        )
    statistic = float(np.sum(rotated[keep] ** 2 / values[keep]))
    pvalue = float(squares_tail(statistic, rank, residual_df))
    return WaldTest(statistic if residual_df is None else statistic / rank, pvalue, rank, residual_df)


def conf_int(
    coefficients: Floats, standard_error: Floats, *, alpha: float = 0.05, residual_df: float | None = None
) -> Floats:
    """Wald intervals with coverage 1 - alpha, shape (P, 2).

    Student's t with `residual_df` degrees of freedom, or the normal distribution for None.
    """
    half = pointwise_critical_value(alpha, residual_df) * standard_error
    return np.column_stack([coefficients - half, coefficients + half])

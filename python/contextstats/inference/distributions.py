"""Tails and upper points of the normal, t, chi-square and F distributions.

They are those of scipy.stats, taken from scipy.special: importing the former costs a quarter of a second, and each of
its frozen distributions half a millisecond.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from contextstats.inference._linalg import Floats


def two_sided_tail(statistic: Floats, residual_df: float | None) -> Floats:
    """P(|T| > |statistic|) for Student's t with `residual_df` degrees of freedom, or the normal for None."""
    size = -np.abs(statistic)
    return np.asarray(2 * (special.ndtr(size) if residual_df is None else special.stdtr(residual_df, size)))


def upper_point(tail: float, residual_df: float | None) -> float:
    """The number that Student's t (the normal for None) exceeds with probability `tail`."""
    return -float(special.ndtri(tail) if residual_df is None else special.stdtrit(residual_df, tail))


def squares_tail(total: Floats | float, df: float, residual_df: float | None) -> Floats:
    """P(sum of squares > total): chi-square with `df` degrees of freedom, or `df` times F where the scale is estimated.

    Parameters
    ----------
    total : float or array
        Observed sum, over the scale.
    df : float
        Its degrees of freedom.
    residual_df : float or None
        Those of the scale; None where it is known.
    """
    if residual_df is None:
        return np.asarray(special.chdtrc(df, total))
    return np.asarray(special.fdtrc(df, residual_df, np.asarray(total) / df))


def squares_point(tail: float, df: float, residual_df: float | None) -> float:
    """The number that the sum of squares of :func:`squares_tail` exceeds with probability `tail`."""
    if residual_df is None:
        return float(special.chdtri(df, tail))
    return float(df * special.fdtri(df, residual_df, 1 - tail))

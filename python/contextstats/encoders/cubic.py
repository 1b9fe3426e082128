"""Cubic splines given by their values at knots, natural ("cr") or periodic ("cc"), written in B-splines.

The penalty is the integrated squared second derivative. With v the values at the knots and g the second
derivatives there, continuity of the first derivative is B g = D v, and the integral of f'' squared is g'B g =
v'D'B^-1 D v. Source: Wood (2017), *Generalized Additive Models*, 2nd edition, section 5.3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from contextstats.encoders.basis import BasisSpec
from contextstats.encoders.bspline import design
from contextstats.encoders.column import ContextColumn
from contextstats.encoders.construction import Construction
from contextstats.encoders.knots import at_quantiles
from contextstats.encoders.terms import Smooth

FloatArray = NDArray[np.float64]
_DEGREE = 3


def natural(smooth: Smooth, column: ContextColumn, label: str) -> Construction:
    """Build a "cr" smooth: straight lines from the outer knots on, and no curvature there."""
    knots = at_quantiles(smooth, column, label)
    full = np.concatenate([np.repeat(knots[0], _DEGREE), knots, np.repeat(knots[-1], _DEGREE)])
    curvature = design(knots[[0, -1]], full, _DEGREE, derivative=2)
    curvature /= np.abs(curvature).max(axis=1, keepdims=True)
    conditions = np.vstack([design(knots, full, _DEGREE), curvature])
    mapping = np.asarray(np.linalg.solve(conditions, np.eye(knots.size + 2, knots.size)), dtype=float)
    gaps = np.diff(knots)
    bands, differences = _continuity(gaps, np.arange(1, gaps.size), knots.size)
    basis = BasisSpec(kind="bspline", columns=(column.index,), knots=tuple(full.tolist()), degree=_DEGREE)
    root = _penalty_root(bands[:, 1:-1], differences)
    return Construction(basis, mapping, root, null_dim=2, by_values=True)


def periodic(smooth: Smooth, column: ContextColumn, label: str) -> Construction:
    """Build a "cc" smooth: value, slope and curvature agree at the first and the last knot."""
    knots = at_quantiles(smooth, column, label)
    gaps = np.diff(knots)
    n = gaps.size
    before = knots[0] - np.cumsum(gaps[::-1])[_DEGREE - 1 :: -1]
    after = knots[-1] + np.cumsum(gaps)[:_DEGREE]
    full = np.concatenate([before, knots, after])
    wrap = np.eye(n)[np.arange(n + _DEGREE) % n]
    mapping = wrap @ np.linalg.inv(design(knots[:-1], full, _DEGREE) @ wrap)
    bands, differences = _continuity(gaps, np.arange(n), n)
    basis = BasisSpec(
        kind="bspline", columns=(column.index,), knots=tuple(full.tolist()), degree=_DEGREE, periodic=True
    )
    return Construction(basis, mapping, _penalty_root(bands, differences), null_dim=1, by_values=True)


def _continuity(gaps: FloatArray, at: NDArray[np.intp], n_values: int) -> tuple[FloatArray, FloatArray]:
    """Return B and D of B g = D v, one row for each knot in `at`; columns are knots, modulo `n_values`."""
    rows = np.arange(at.size)
    left, right = gaps[at - 1], gaps[at]
    second, differences = np.zeros((at.size, n_values)), np.zeros((at.size, n_values))
    for matrix, lower, upper in ((second, left / 6, right / 6), (differences, 1 / left, 1 / right)):
        matrix[rows, (at - 1) % n_values] = lower
        matrix[rows, (at + 1) % n_values] = upper
    second[rows, at] = (left + right) / 3
    differences[rows, at] = -1 / left - 1 / right
    return second, differences


def _penalty_root(second: FloatArray, differences: FloatArray) -> FloatArray:
    """Return R with R'R = D'B^-1 D."""
    return np.asarray(solve_triangular(np.linalg.cholesky(second), differences, lower=True))

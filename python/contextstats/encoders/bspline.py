"""B-splines in numpy: values and derivatives of the functions that differ from zero at each point.

Source: de Boor (1978), *A Practical Guide to Splines*, chapters IX and X.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def local_values(
    x: FloatArray, knots: FloatArray, degree: int, derivative: int = 0
) -> tuple[NDArray[np.intp], FloatArray]:
    """Evaluate the degree + 1 B-splines that live at each point.

    Parameters
    ----------
    x : (n,) array
        Points inside [knots[degree], knots[-degree - 1]].
    knots : (n_raw + degree + 1,) array
        Full knot vector, not decreasing.
    degree : int
        Degree of the polynomial pieces.
    derivative : int
        Order of the derivative, at most `degree`.

    Returns
    -------
    first : (n,) array of int
        Index of the first B-spline that lives at each point.
    values : (degree + 1, n) array
        Its value, then those of its right neighbours.
    """
    n_raw = knots.size - degree - 1
    cell = np.clip(np.searchsorted(knots, x, side="right") - 1, degree, n_raw - 1)
    values = np.zeros((degree + 1, x.size))
    values[0] = 1.0
    for order in range(1, degree + 1):
        differentiate = order > degree - derivative
        carried = np.zeros(x.size)
        for r in range(order):
            right, left = knots[cell + r + 1], knots[cell + r + 1 - order]
            share = values[r] / (right - left)
            rising, falling = (order, -order) if differentiate else (x - left, right - x)
            values[r] = carried + falling * share
            carried = rising * share
        values[order] = carried
    return cell - degree, values


def local_values_continued(x: FloatArray, knots: FloatArray, degree: int) -> tuple[NDArray[np.intp], FloatArray]:
    """As `local_values`, for any x: outside the boundary knots the functions go on as straight lines."""
    inside = np.clip(x, knots[degree], knots[-degree - 1])
    first, values = local_values(inside, knots, degree)
    outside = np.flatnonzero(x != inside)
    if outside.size:
        _, slopes = local_values(inside[outside], knots, degree, derivative=1)
        values[:, outside] += slopes * (x[outside] - inside[outside])
    return first, values


def scatter(first: NDArray[np.intp], values: FloatArray, n_raw: int) -> FloatArray:
    """Place local values in a dense (n, n_raw) matrix."""
    dense = np.zeros((first.size, n_raw))
    rows = np.arange(first.size)
    for offset, column in enumerate(values):
        dense[rows, first + offset] = column
    return dense


def design(x: FloatArray, knots: FloatArray, degree: int, derivative: int = 0) -> FloatArray:
    """Return the (n, n_raw) matrix of B-splines, or of a derivative of theirs, inside the boundary knots."""
    first, values = local_values(x, knots, degree, derivative)
    return scatter(first, values, knots.size - degree - 1)


def derivative_root(knots: FloatArray, degree: int, derivative: int) -> FloatArray:
    r"""Return R with :math:`(R^\top R)_{ij} = \int B_i^{(r)} B_j^{(r)}`, integrated between the boundary
    knots.

    The products are piecewise polynomials of degree 2 (degree - derivative), so a Gauss-Legendre rule of
    degree - derivative + 1 points for each piece is exact; R holds the derivatives at its points, times root
    weights.

    Returns
    -------
    (n_pieces * n_points, n_raw) array
    """
    breaks = knots[degree : knots.size - degree]
    half = np.diff(breaks) / 2
    nodes, weights = np.polynomial.legendre.leggauss(degree - derivative + 1)
    points = (breaks[:-1] + half)[:, None] + half[:, None] * nodes
    root_weights = np.sqrt(half[:, None] * weights).reshape(-1, 1)
    return np.asarray(root_weights * design(points.ravel(), knots, degree, derivative))

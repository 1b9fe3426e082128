"""Gaussian densities with a mean and a precision of their own for every row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def log_density(z: Floats, mean: Floats, precision: Floats) -> Floats:
    """Logarithm of the Gaussian density of every row, shape (n,).

    Parameters
    ----------
    z, mean : (n, p) array
    precision : (n, p, p) array
        Positive definite.
    """
    deviation = z - mean
    sign, log_determinant = np.linalg.slogdet(precision)
    quadratic = np.einsum("ij,ijk,ik->i", deviation, precision, deviation)
    density = 0.5 * (log_determinant - quadratic - z.shape[1] * np.log(2 * np.pi))
    return np.asarray(np.where(sign > 0, density, -np.inf), dtype=np.float64)


def scaled_to_unit_diagonal(matrices: Floats) -> Floats:
    """D^-1/2 A D^-1/2 with D the diagonal of A; the diagonal is exactly one."""
    root = np.sqrt(np.einsum("ijj->ij", matrices))
    out: Floats = matrices / (root[:, :, None] * root[:, None, :])
    np.einsum("ijj->ij", out)[...] = 1.0
    return out


def partial_correlations(precision: Floats) -> Floats:
    """Minus the off-diagonal of a precision scaled to unit diagonal; ones on the diagonal."""
    out = -scaled_to_unit_diagonal(precision)
    np.einsum("ijj->ij", out)[...] = 1.0
    return out


def pulled_to_diagonal(unit: Floats, smallest: float = 1e-6) -> tuple[Floats, Floats]:
    """Shrink the off-diagonal of matrices with unit diagonal until they are positive definite.

    Parameters
    ----------
    unit : (n, p, p) array
        Symmetric, with ones on the diagonal.
    smallest : float
        The least eigenvalue that is allowed.

    Returns
    -------
    matrices : (n, p, p) array
        I + s (A - I) with the largest s <= 1 that does it.
    factors : (n,) array
        s; one where nothing was done.
    """
    least = np.linalg.eigvalsh(unit)[:, 0]
    factors = np.ones(len(unit))
    short = least < smallest
    factors[short] = (1 - smallest) / (1 - least[short])
    eye = np.eye(unit.shape[1])
    return eye + factors[:, None, None] * (unit - eye), factors


def nearest_correlation(matrix: Floats, *, tolerance: float = 1e-10, maxiter: int = 500) -> Floats:
    """The correlation matrix nearest to a symmetric matrix, by alternating projections.

    References
    ----------
    Higham (2002), Computing the nearest correlation matrix - a problem from finance. IMA Journal of Numerical
    Analysis 22, 329-343.
    """
    y, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(maxiter):
        before = y
        r = y - correction
        values, vectors = np.linalg.eigh(r)
        x = (vectors * np.maximum(values, 0.0)) @ vectors.T
        correction = x - r
        y = x.copy()
        np.fill_diagonal(y, 1.0)
        if np.linalg.norm(y - before) <= tolerance * np.linalg.norm(y):
            break
    values, vectors = np.linalg.eigh(y)
    x = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return np.asarray(scaled_to_unit_diagonal(x[None])[0])

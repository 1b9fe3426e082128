"""Centring and diagonalisation: from the coordinates of a construction to natural ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def orthogonal_complement(row: FloatArray) -> FloatArray:
    """Return an orthonormal basis Z of the coefficients v with row'v = 0.

    Z is what a Householder reflection of `row` leaves after its first column. Any other choice gives the same
    smooth; this one also gives the same scale to the penalty of an interaction of "cr" margins as mgcv's.

    Returns
    -------
    (k, k - 1) array
    """
    normal = row / np.linalg.norm(row)
    normal[0] += 1.0 if normal[0] >= 0 else -1.0
    return np.asarray(np.eye(row.size)[:, 1:] - np.outer(normal, normal[1:]) / abs(normal[0]))


def diagonalise(root: FloatArray, null_dim: int) -> tuple[FloatArray, FloatArray]:
    """Rotate coordinates so that the penalty R'R is diagonal.

    The singular values of R are found rather than the eigenvalues of R'R: small ones keep twice the digits.

    Parameters
    ----------
    root : (r, k) array
        R.
    null_dim : int
        Dimension of the null space of R, known from theory.

    Returns
    -------
    diagonal : (k,) array
        Increasing; the first `null_dim` entries are exactly zero.
    rotation : (k, k) array
        Orthogonal; its first columns span the null space. The largest entry of each column is positive.
    """
    k = root.shape[1]
    _, singular, rows = np.linalg.svd(root)
    diagonal = np.zeros(k)
    diagonal[: singular.size] = singular**2
    diagonal[k - null_dim :] = 0.0
    rotation = rows.T[:, ::-1]
    signs = np.sign(rotation[np.abs(rotation).argmax(axis=0), np.arange(k)])
    return diagonal[::-1].copy(), rotation * signs

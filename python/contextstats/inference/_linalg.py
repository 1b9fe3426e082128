"""Linear algebra shared by the inference functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class ScaledCholesky:
    r"""Factor of a positive definite matrix whose diagonal spans many orders of magnitude.

    .. math:: A = D^{-1} C C^T D^{-1}, \qquad D = \operatorname{diag}(A)^{-1/2}

    The scaled matrix has a unit diagonal, so a smoothing parameter of 1e10 costs no accuracy.

    Attributes
    ----------
    scaling : (P,) array
        Diagonal of D.
    lower : (P, P) array
        The lower triangular C.

    References
    ----------
    van der Sluis (1969), Condition numbers and equilibration of matrices. Numerische Mathematik 14, 14-23.
    """

    scaling: Floats
    lower: Floats

    def solve(self, right: Floats) -> Floats:
        """Solve A x = right for a (P,) or (P, q) array."""
        scaling = self.scaling if right.ndim == 1 else self.scaling[:, None]
        return np.asarray(scaling * lapack.dpotrs(self.lower, scaling * right, lower=1)[0])

    def inverse(self) -> Floats:
        """The inverse of A, exactly symmetric."""
        root = self.inverse_root()
        return root @ root.T

    def inverse_root(self) -> Floats:
        """The upper triangular U = D C^{-T}, with U U' the inverse of A."""
        return np.asarray(self.scaling[:, None] * lapack.dtrtri(self.lower, lower=1)[0].T)


def scaled_cholesky(matrix: Floats, *, name: str) -> ScaledCholesky:
    """Factorise a symmetric positive definite matrix.

    Parameters
    ----------
    matrix : (P, P) array
        Symmetric.
    name : str
        What the matrix is, for the message.

    Raises
    ------
    numpy.linalg.LinAlgError
        If `matrix` is not positive definite to working precision.
    """
    diagonal = matrix.diagonal()
    if not (np.isfinite(matrix).all() and (diagonal > 0).all()):
        bad = int(np.argmax(~(np.isfinite(matrix).all(axis=1) & (diagonal > 0))))
        raise np.linalg.LinAlgError(
            f"{name} must be finite with a positive diagonal, but element {bad} is {diagonal[bad]:g}. "
            f"Leave coefficients that the data do not determine out of the active set."
        )
    scaling = 1 / np.sqrt(diagonal)
    lower, failed_at = lapack.dpotrf(scaling[:, None] * matrix * scaling, lower=1)
    if failed_at:
        raise np.linalg.LinAlgError(
            f"{name} must be positive definite, but its leading minor of order {failed_at} is not. "
            f"Leave coefficients that the data do not determine out of the active set."
        )
    return ScaledCholesky(scaling, lower)


def active_indices(active: Booleans | None, size: int) -> Integers:
    """Positions of the active coefficients; all of them for None."""
    if active is None:
        return np.arange(size)
    if active.shape != (size,):
        raise ValueError(f"active must have one entry per coefficient ({size}), but has shape {active.shape}.")
    return np.flatnonzero(active)


def embed(block: Floats, positions: Integers, size: int) -> Floats:
    """Put a (m, m) matrix or (m,) vector at increasing `positions` of an otherwise zero array of side `size`."""
    if len(positions) == size:
        return block
    out = np.zeros((size,) * block.ndim)
    out[np.ix_(*(positions,) * block.ndim)] = block
    return out


def symmetric(matrix: Floats) -> Floats:
    """The symmetric part of a square matrix."""
    return (matrix + matrix.T) / 2

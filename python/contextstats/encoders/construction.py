"""A smooth of one context before it is centred: what each kind of basis hands to the common steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from contextstats import _core
from contextstats.encoders.basis import BasisSpec
from contextstats.options import resolve_threads

FloatArray = NDArray[np.float64]
Rows = tuple[FloatArray, Callable[[FloatArray], FloatArray]]
_CHUNK = 1 << 14


@dataclass(frozen=True, eq=False)
class Construction:
    """Functions phi(c) = M'b(c) with a penalty, in the coordinates in which smoothing parameters are defined.

    The functions phi sum to one everywhere, so the constant has coefficients 1, 1, ..., 1.

    Attributes
    ----------
    basis : BasisSpec
        The raw basis b(c).
    mapping : (n_raw, k) array
        M: coefficients of phi to raw coefficients.
    root : (r, k) array
        R, a root of the penalty S = R'R before it is scaled.
    null_dim : int
        Dimension of the null space of S.
    by_values : bool
        Whether the coefficients already are values of the function (at its knots).
    are_bsplines : bool
        Whether phi are the B-splines themselves, none of them negative, so that no row has a larger sum than one.
    notes : tuple of str
        What the user should know.
    """

    basis: BasisSpec
    mapping: FloatArray
    root: FloatArray
    null_dim: int
    by_values: bool = False
    are_bsplines: bool = False
    notes: tuple[str, ...] = ()

    def at(self, points: FloatArray) -> FloatArray:
        """Return phi at values of the context, shape (n, k)."""
        contexts = np.zeros((points.size, self.basis.columns[0] + 1), order="F")
        contexts[:, self.basis.columns[0]] = points
        return self.basis.evaluate(contexts) @ self.mapping


def mean_bsplines(basis: BasisSpec, values: FloatArray, weights: FloatArray | None) -> FloatArray:
    """Average B-splines over the (n,) values of a context, with frequency weights if there are any."""
    contexts = np.ascontiguousarray(values)[:, None]
    sums = _core.basis_sums(replace(basis, columns=(0,)).to_dict(), contexts, weights, resolve_threads(None))
    return np.asarray(sums / (values.size if weights is None else weights.sum()))


def summarise_rows(parts: Sequence[Rows], weights: FloatArray | None) -> tuple[FloatArray, float]:
    """Average a row of functions, or the product of two such rows, over the data, and find the largest row.

    Parameters
    ----------
    parts : one or two (values, functions)
        The (n,) values of a context, and what maps some of them to the (m, k) matrix of functions there.
    weights : (n,) array, optional
        Frequency weights of the average.

    Returns
    -------
    means : (k,) or (k_a, k_b) array
        The average of phi, or of phi_a phi_b'.
    row_norm : float
        The largest sum of absolute values over a row of phi, or over the products of two such rows.
    """
    n = parts[0][0].size
    share = np.full(n, 1.0 / n) if weights is None else weights / weights.sum()
    means: FloatArray = np.zeros(())
    row_norm = 0.0
    for start in range(0, n, _CHUNK):
        rows = slice(start, start + _CHUNK)
        blocks = [functions(values[rows]) for values, functions in parts]
        means = means + (share[rows] @ blocks[0] if len(blocks) == 1 else (blocks[0].T * share[rows]) @ blocks[1])
        sums = [np.abs(block).sum(axis=1) for block in blocks]
        row_norm = max(row_norm, float(np.prod(sums, axis=0).max()))
    return means, row_norm

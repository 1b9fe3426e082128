"""Structural equations as the search reads them: cross products in a context basis that is orthonormal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from contextstats import _core
from contextstats.design.networks import NetworkData
from contextstats.errors import DataError

Floats = NDArray[np.float64]
_SMOOTHING_GRID = 10.0 ** np.arange(-4, 7)


@dataclass(frozen=True, eq=False)
class StructuralProblem:
    """x ~ mu(c) + W(c)'x in standard units, with mu projected out.

    Attributes
    ----------
    data : NetworkData
    n : float
        Rows, or their total weight.
    gram : (p m, p m) array
        Cross products of x_i b_k(c), divided by n, b orthonormal over the rows with b_1 = 1.
    to_natural : (m, m) array
        T: coefficients a in the orthonormal basis are T a in the basis of `data`.
    roughness : (m, m) array
        Penalty of one function of context in the orthonormal basis, divided by n.
    """

    data: NetworkData
    n: float
    gram: Floats
    to_natural: Floats
    roughness: Floats

    @classmethod
    def of(cls, data: NetworkData, threads: int, row_weights: Floats | None = None) -> StructuralProblem:
        """Sum up the data.

        Parameters
        ----------
        data : NetworkData
        threads : int
        row_weights : (n,) array, optional
            How often each row counts.

        Raises
        ------
        DataError
            If the basis functions are linearly dependent over the rows.
        """
        p, m = data.n_variables, data.n_basis
        weights = np.ones(data.n_rows) if row_weights is None else np.ascontiguousarray(row_weights, dtype=np.float64)
        design = _core.Design(*data.repeated_layout(p + 1), p + 1)
        x = np.asfortranarray(np.column_stack([np.ones(data.n_rows), data.z]))
        raw = np.asarray(_core.gram(design, x, data.contexts, weights, threads)) / weights.sum()
        to_natural = _orthonormal(raw[:m, :m])
        blocks = np.einsum("ka,ikjl,lb->iajb", to_natural, raw.reshape(p + 1, m, p + 1, m), to_natural, optimize=True)
        full = blocks.reshape((p + 1) * m, (p + 1) * m)
        gram = full[m:, m:] - full[m:, :m] @ full[:m, m:]
        problem = cls(data, float(weights.sum()), (gram + gram.T) / 2, to_natural, np.zeros((m, m)))
        return problem._smoothed() if len(data.penalties) else problem

    @property
    def p(self) -> int:
        """Number of variables."""
        return self.data.n_variables

    @property
    def m(self) -> int:
        """Number of basis functions."""
        return self.data.n_basis

    def rows_of(self, parents: list[int] | NDArray[np.intp]) -> NDArray[np.intp]:
        """Rows of `gram` that belong to some variables."""
        return (np.asarray(parents, dtype=np.intp)[:, None] * self.m + np.arange(self.m)).ravel()

    def regress(self, j: int, parents: list[int]) -> tuple[Floats, float, float]:
        """Coefficients (q m), mean squared residual and effective degrees of freedom of a node on its parents."""
        rows = self.rows_of(parents)
        own = self.gram[j * self.m, j * self.m]
        if not len(rows):
            return np.empty(0), float(own), 0.0
        gram, cross = self.gram[np.ix_(rows, rows)], self.gram[rows, j * self.m]
        factor = linalg.cho_factor(gram + np.kron(np.eye(len(parents)), self.roughness))
        a = linalg.cho_solve(factor, cross)
        edf = float(np.trace(linalg.cho_solve(factor, gram)))
        return a, float(own - 2 * a @ cross + a @ gram @ a), edf

    @cached_property
    def moments(self) -> Floats:
        """Second moments of the variables over the rows of the data, (p, p)."""
        return np.asarray(self.data.z.T @ self.data.z) / self.data.n_rows

    @cached_property
    def residual_variances(self) -> Floats:
        """Of each variable given all others."""
        return self._given_all_others()[0]

    def node_weight(self, equal_variances: bool) -> Floats:
        """Weights of squared errors that make them equal in the units of the data; none for free variances.

        Residual variances given all other variables set the unit, so that the search does not depend on units.
        """
        if not equal_variances:
            return np.empty(0)
        squared = self.data.scale**2
        return np.asarray(squared / np.mean(squared * self.residual_variances))

    def edge_scale(self) -> Floats:
        """[i, j]: an edge i -> j in standard units times this is the edge in the units of the data."""
        return np.asarray(self.data.scale[None, :] / self.data.scale[:, None])

    def _smoothed(self) -> StructuralProblem:
        """With the common smoothing parameter that minimises the sum of log GCV scores of all nodes."""
        shape = self.to_natural.T @ np.diag(self.data.penalties.sum(axis=0)) @ self.to_natural / self.n
        tried = [
            StructuralProblem(self.data, self.n, self.gram, self.to_natural, level * (shape + shape.T) / 2)
            for level in _SMOOTHING_GRID
        ]
        return min(tried, key=lambda one: one._gcv())

    def _gcv(self) -> float:
        try:
            residual, edf = self._given_all_others()
        except linalg.LinAlgError:
            return np.inf
        left = 1 - (edf + self.m) / self.n
        if left.min() <= 0 or residual.min() <= 0:
            return np.inf
        return float(np.sum(np.log(residual) - 2 * np.log(left)))

    def _given_all_others(self) -> tuple[Floats, Floats]:
        """Mean squared residual and effective degrees of freedom of each variable on all others, from one inverse."""
        p, m, at = self.p, self.m, np.arange(self.p)
        factor = linalg.cho_factor(self.gram + np.kron(np.eye(p), self.roughness))
        inverse = linalg.cho_solve(factor, np.eye(p * m)).reshape(p, m, p, m)
        blocks = inverse[at, :, at, :]
        own = np.linalg.inv(blocks)
        a = -np.einsum("jb,jblc->jlc", own[:, 0], inverse, optimize=True)
        a[at, at] = 0.0
        rough = np.einsum("jlb,bc,jlc->j", a, self.roughness, a, optimize=True)
        each = np.einsum("lbc,cb->l", blocks, self.roughness)
        turned = np.einsum("jalb,bc,lcjd->jad", inverse, self.roughness, inverse, optimize=True)
        turned -= blocks @ self.roughness @ blocks
        taken = np.einsum("jab,jba->j", own, turned)
        return own[:, 0, 0] - self.roughness[0, 0] - rough, (p - 1) * m - (each.sum() - each - taken)


def _orthonormal(moments: Floats) -> Floats:
    """Upper triangular T with T'MT = I; the first column keeps the constant.

    Raises
    ------
    DataError
        If M is singular.
    """
    size = np.sqrt(np.diag(moments))
    try:
        lower = linalg.cholesky(moments / np.outer(size, size), lower=True)
    except linalg.LinAlgError:
        lower = np.zeros((1, 1))
    if np.diag(lower).min() < 1e-6:
        raise DataError(
            "The functions of context must be linearly independent over the rows, but they are not. Use a smaller k, "
            "or fewer contexts."
        )
    return np.asarray(linalg.solve_triangular(lower, np.diag(1 / size), lower=True).T)

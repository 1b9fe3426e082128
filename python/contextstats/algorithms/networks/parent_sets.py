"""Regressions of a node on its parents when one of them is left out, without solving again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from contextstats.algorithms.networks.dag_problem import StructuralProblem

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ParentSet:
    r"""The penalised regression of a node on q parents.

    With :math:`M = (G + I \otimes R)^{-1}` and coefficients :math:`a = M g`, leaving out parent k takes
    :math:`M_{\cdot k} M_{kk}^{-1} M_{k \cdot}` from M and :math:`M_{\cdot k} M_{kk}^{-1} a_k` from a: the inverse of a
    partitioned matrix.

    Attributes
    ----------
    parents : tuple of int
    total : float
        Mean square of the node.
    roughness : (m, m) array
        R.
    cross : (q, m) array
        g, by parent.
    coefficients : (q, m) array
        a.
    inverse : (q, m, q, m) array
        M.
    """

    parents: tuple[int, ...]
    total: float
    roughness: Floats
    cross: Floats
    coefficients: Floats
    inverse: Floats

    @classmethod
    def of(cls, problem: StructuralProblem, j: int, parents: list[int]) -> ParentSet:
        """The regression of node j."""
        q, m = len(parents), problem.m
        rows = problem.rows_of(parents)
        gram = problem.gram[np.ix_(rows, rows)].reshape(q, m, q, m)
        gram[np.arange(q), :, np.arange(q), :] += problem.roughness
        factor = linalg.cho_factor(gram.reshape(q * m, q * m), lower=True)
        inverse = linalg.cho_solve(factor, np.eye(q * m))
        cross = problem.gram[rows, j * m]
        return cls(
            parents=tuple(parents),
            total=float(problem.gram[j * m, j * m]),
            roughness=problem.roughness,
            cross=cross.reshape(q, m),
            coefficients=(inverse @ cross).reshape(q, m),
            inverse=inverse.reshape(q, m, q, m),
        )

    def without(self, k: int) -> ParentSet:
        """The regression without parent k."""
        rest = np.delete(np.arange(len(self.parents)), k)
        column = self.inverse[rest, :, k, :].reshape(-1, len(self.roughness))
        moved = np.linalg.solve(self.inverse[k, :, k, :], column.T).T
        inverse = self.inverse[rest][:, :, rest]
        shape = inverse.shape
        return ParentSet(
            parents=tuple(self.parents[i] for i in rest),
            total=self.total,
            roughness=self.roughness,
            cross=self.cross[rest],
            coefficients=self.coefficients[rest]
            - (moved @ self.coefficients[k]).reshape(len(rest), len(self.roughness)),
            inverse=inverse - (moved @ column.T).reshape(shape),
        )

    def residual_and_edf(self) -> tuple[float, float]:
        """Mean squared residual and effective degrees of freedom."""
        blocks = self.inverse[np.arange(len(self.parents)), :, np.arange(len(self.parents)), :]
        edf = self.coefficients.size - float(np.einsum("kab,ba->", blocks, self.roughness))
        rough = np.einsum("ka,ab,kb->", self.coefficients, self.roughness, self.coefficients)
        return self.total - float((self.coefficients * self.cross).sum() + rough), edf

    def residuals_and_edfs_without(self) -> tuple[Floats, Floats]:
        """The same for each parent left out, (q,) each."""
        q, m = self.cross.shape
        at = np.arange(q)
        own = self.inverse[at, :, at, :]
        solved = np.linalg.solve(own, self.coefficients[:, :, None])[:, :, 0]
        moved = np.einsum("iakb,kb->kia", self.inverse, solved)  # what leaving out k takes from the coefficients
        left = self.coefficients[None] - moved
        left[at, at] = 0.0
        fit = np.einsum("kia,ia->k", left, self.cross)
        rough = ((left @ self.roughness) * left).sum(axis=(1, 2))
        each = np.einsum("kab,ba->k", own, self.roughness)
        right = (self.inverse @ self.roughness).reshape(q, m, q * m)
        turned = right @ np.swapaxes(self.inverse.reshape(q, m, q * m), 1, 2) - own @ self.roughness @ own
        taken = np.trace(np.linalg.solve(own, turned), axis1=1, axis2=2)
        return self.total - fit - rough, (q - 1) * m - (each.sum() - each - taken)

"""Structural equations x = mu(c) + W(c)'x + e: one graph for all contexts, or a graph for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from contextstats import _core
from contextstats.algorithms.networks.dag_archetypes import Gating
from contextstats.design.columns import Floats
from contextstats.design.networks import NetworkData


class StructuralEquations(Protocol):
    """Equations of all variables, in standard units."""

    @property
    def gating(self) -> Gating | None:
        """What makes weights of archetypes from contexts."""

    @property
    def variances(self) -> Floats:
        """Variances of the variables given their parents, (p,)."""

    @property
    def edf(self) -> float:
        """Effective degrees of freedom."""

    @property
    def converged(self) -> bool:
        """Whether every part of the fit converged."""

    def weights(self, contexts: Floats) -> Floats:
        """W(c), (n, p, p)."""

    def errors(self, contexts: Floats) -> Floats:
        """Standard errors of W(c), (n, p, p); NaN where there is no edge or none is known."""

    def intercepts(self, contexts: Floats) -> Floats:
        """mu(c), (n, p)."""


@dataclass(frozen=True, eq=False)
class NodeEquation:
    """A variable given its parents, in standard units.

    Attributes
    ----------
    parents : tuple of int
    theta : (q, m) array
        Intercept and effects of the parents in the context basis.
    covariance : (q m, q m) array
        Of `theta`, row by row.
    variance : float
        Mean squared residual.
    edf : float
        Effective degrees of freedom of the regression.
    heterogeneity : DataFrame
        Tests that an effect does not vary, as in a contextual GLM.
    converged : bool
    """

    parents: tuple[int, ...]
    theta: Floats
    covariance: Floats
    variance: float
    edf: float
    heterogeneity: pd.DataFrame
    converged: bool


@dataclass(frozen=True, eq=False)
class OneGraph:
    """Equations whose graph is the same at every context, each fitted as a regression.

    Attributes
    ----------
    nodes : tuple of NodeEquation
    order : tuple of int
        From causes to effects.
    evidence : (p, p) array
        By how much the log-likelihood falls if an edge is turned around; infinite where the direction was given, NaN
        where it is not known.
    data : NetworkData
        The context basis of the equations: that of the network, or of the weights of archetypes.
    gating : Gating or None
        Makes the contexts of `data` from those of the network.
    gates : tuple of int
        The weights that are used.
    """

    nodes: tuple[NodeEquation, ...]
    order: tuple[int, ...]
    evidence: Floats
    data: NetworkData
    gating: Gating | None = None
    gates: tuple[int, ...] = ()

    @property
    def edf(self) -> float:
        """Regressions and residual variances."""
        weights = 0 if self.gating is None else self.gating.weights.size
        return float(sum(node.edf for node in self.nodes) + len(self.nodes) + weights)

    @property
    def converged(self) -> bool:
        """Whether all regressions converged."""
        return all(node.converged for node in self.nodes)

    @property
    def variances(self) -> Floats:
        """Residual variances, (p,)."""
        return np.array([node.variance for node in self.nodes])

    @property
    def graph(self) -> Floats:
        """[i, j] is one where i is a parent of j."""
        out = np.zeros((len(self.nodes), len(self.nodes)))
        for j, node in enumerate(self.nodes):
            out[list(node.parents), j] = 1.0
        return out

    def _basis(self, contexts: Floats) -> Floats:
        if self.gating is None:
            return self.data.basis(contexts)
        return self.data.basis(np.asfortranarray(self.gating(contexts)[:, list(self.gates)]))

    def weights(self, contexts: Floats) -> Floats:
        """W(c), (n, p, p)."""
        basis = self._basis(contexts)
        out = np.zeros((len(basis), len(self.nodes), len(self.nodes)))
        for j, node in enumerate(self.nodes):
            out[:, list(node.parents), j] = basis @ node.theta[1:].T
        return out

    def errors(self, contexts: Floats) -> Floats:
        """Standard errors of W(c), (n, p, p); NaN where there is no edge."""
        basis = self._basis(contexts)
        m = basis.shape[1]
        out = np.full((len(basis), len(self.nodes), len(self.nodes)), np.nan)
        for j, node in enumerate(self.nodes):
            for place, i in enumerate(node.parents, start=1):
                own = slice(place * m, (place + 1) * m)
                out[:, i, j] = np.sqrt(np.einsum("na,ab,nb->n", basis, node.covariance[own, own], basis, optimize=True))
        return out

    def intercepts(self, contexts: Floats) -> Floats:
        """mu(c), (n, p)."""
        basis = self._basis(contexts)
        return np.column_stack([basis @ node.theta[0] for node in self.nodes])


@dataclass(frozen=True, eq=False)
class GraphPerContext:
    """Equations whose graph may change with context: W(c), projected to a graph without cycles at each context.

    Attributes
    ----------
    coefficients : (k, p, p) array
        Of the context basis, or the archetypes, in standard units.
    intercept : (m, p) array
        In the context basis.
    variances : (p,) array
    scale : (p,) array
        Standard deviations of the variables: edges compete in the units of the data.
    threshold : float
        Edges that are not stronger are left out, in the units of the data.
    data : NetworkData
    gating : Gating or None
    edf : float
        Number of coefficients.
    converged : bool
    """

    coefficients: Floats
    intercept: Floats
    variances: Floats
    scale: Floats
    threshold: float
    data: NetworkData
    gating: Gating | None
    edf: float
    converged: bool

    def weights(self, contexts: Floats) -> Floats:
        """W(c), (n, p, p), each without a cycle."""
        features = self.data.basis(contexts) if self.gating is None else self.gating(contexts)
        ratio = self.scale[None, :] / self.scale[:, None]
        raw = np.einsum("nk,kij->nij", features, self.coefficients) * ratio
        return np.asarray(_core.project_to_dag(np.ascontiguousarray(raw), self.threshold)) / ratio

    def errors(self, contexts: Floats) -> Floats:
        """Not known: NaN."""
        p = self.variances.size
        return np.full((len(contexts), p, p), np.nan)

    def intercepts(self, contexts: Floats) -> Floats:
        """mu(c), (n, p)."""
        return self.data.basis(contexts) @ self.intercept

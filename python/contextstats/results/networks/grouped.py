"""Networks of groups, each with its own precision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contextstats.algorithms.networks.glasso import GlassoFit
from contextstats.design.columns import Floats
from contextstats.inference.networks.gaussian import partial_correlations
from contextstats.inference.networks.pairs import node_pairs
from contextstats.results.networks.edges import EdgeValues


@dataclass(frozen=True, eq=False)
class GroupedEstimate:
    """A sparse precision for each group; standard errors do not exist."""

    fit: GlassoFit

    @property
    def edf(self) -> float:
        """Means, variances and the edges that are not zero."""
        g, p = self.fit.means.shape
        edges = np.count_nonzero(np.triu(self.fit.precisions, 1))
        return float(2 * g * p + edges)

    @property
    def converged(self) -> bool:
        """Always: scikit-learn warns otherwise."""
        return True

    def _group(self, basis: Floats) -> NDArray[np.intp]:
        return np.asarray((basis[:, 1:] @ np.arange(1, basis.shape[1])).astype(np.intp))

    def mean(self, basis: Floats) -> Floats:
        """Means, (n, p)."""
        return self.fit.means[self._group(basis)]

    def precision(self, basis: Floats) -> Floats:
        """Precisions, (n, p, p)."""
        return self.fit.precisions[self._group(basis)]

    def covariance(self, basis: Floats) -> Floats:
        """Covariances, (n, p, p)."""
        return np.asarray(np.linalg.inv(self.fit.precisions)[self._group(basis)])

    def edges(self, basis: Floats, *, partial: bool) -> EdgeValues:
        """Partial correlations as Fisher's z; their errors are missing."""
        assert partial
        first, second = node_pairs(self.fit.means.shape[1])
        value = np.arctanh(partial_correlations(self.precision(basis))[:, first, second])
        return EdgeValues(value, np.full_like(value, np.nan))

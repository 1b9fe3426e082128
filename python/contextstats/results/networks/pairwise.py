"""Correlation networks put together from all pairs of variables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contextstats.algorithms.networks.pairs import PairsFit
from contextstats.algorithms.networks.problem import NodeFit
from contextstats.design.columns import Floats
from contextstats.inference.networks.gaussian import pulled_to_diagonal
from contextstats.inference.networks.pairs import matrix_of_edges
from contextstats.results.networks.edges import EdgeValues


@dataclass(frozen=True, eq=False)
class PairwiseEstimate:
    """Means, variances and correlations, each a function of context.

    Attributes
    ----------
    margins : tuple of NodeFit
    pairs : PairsFit
    """

    margins: tuple[NodeFit, ...]
    pairs: PairsFit

    @property
    def edf(self) -> float:
        """Effective degrees of freedom."""
        return float(sum(node.mean_edf + node.log_variance_edf for node in self.margins) + self.pairs.edf.sum())

    @property
    def converged(self) -> bool:
        """Whether every part converged."""
        return self.pairs.converged and all(node.converged for node in self.margins)

    def mean(self, basis: Floats) -> Floats:
        """Means, (n, p)."""
        return np.column_stack([basis @ node.mean[0] for node in self.margins])

    def sd(self, basis: Floats) -> Floats:
        """Standard deviations, (n, p)."""
        return np.column_stack([np.exp(0.5 * (basis @ node.log_variance)) for node in self.margins])

    def correlation(self, basis: Floats) -> Floats:
        """Correlations pair by pair, (n, p, p): each is between -1 and 1, the matrix need not be semidefinite."""
        p = len(self.margins)
        return matrix_of_edges(np.tanh(basis @ self.pairs.theta.T), p) + np.eye(p)

    def covariance(self, basis: Floats) -> Floats:
        """Covariances, (n, p, p), with correlations shrunk where that is needed for a positive definite matrix."""
        unit, _ = pulled_to_diagonal(self.correlation(basis))
        sd = self.sd(basis)
        return np.asarray(unit * sd[:, :, None] * sd[:, None, :])

    def precision(self, basis: Floats) -> Floats:
        """Precisions, (n, p, p)."""
        return np.asarray(np.linalg.inv(self.covariance(basis)))

    def edges(self, basis: Floats, *, partial: bool) -> EdgeValues:
        """Correlations as Fisher's z, with standard errors."""
        assert not partial
        variance = np.einsum("na,eab,nb->ne", basis, self.pairs.covariance, basis, optimize=True)
        return EdgeValues(basis @ self.pairs.theta.T, np.sqrt(variance))

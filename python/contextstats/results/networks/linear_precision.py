"""Networks whose precision is linear in the context basis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contextstats.algorithms.networks.likelihood import PrecisionFit
from contextstats.algorithms.networks.problem import NodeFit
from contextstats.design.columns import Floats
from contextstats.inference.networks.gaussian import partial_correlations
from contextstats.inference.networks.linear_precision import partial_correlation_z_errors, pulled_to_average
from contextstats.inference.networks.pairs import node_pairs
from contextstats.results.networks.edges import EdgeValues


@dataclass(frozen=True, eq=False)
class LinearPrecisionEstimate:
    """A precision for every context.

    Attributes
    ----------
    fit : PrecisionFit
    margins : tuple of NodeFit
        The mean of each variable as a function of context.
    """

    fit: PrecisionFit
    margins: tuple[NodeFit, ...]

    @property
    def edf(self) -> float:
        """Effective degrees of freedom."""
        return self.fit.edf + float(sum(node.mean_edf for node in self.margins))

    @property
    def converged(self) -> bool:
        """Whether every part converged."""
        return self.fit.converged and all(node.converged for node in self.margins)

    def mean(self, basis: Floats) -> Floats:
        """Means, (n, p)."""
        return np.column_stack([basis @ node.mean[0] for node in self.margins])

    def _entries(self, basis: Floats) -> Floats:
        p = len(self.margins)
        first, second = np.triu_indices(p)
        out = np.empty((len(basis), p, p))
        out[:, first, second] = out[:, second, first] = basis @ self.fit.theta.T
        return out

    def shrinkage(self, basis: Floats) -> Floats:
        """How much of its distance to the average precision was kept at each context, (n,): 1 at those of the fit."""
        return pulled_to_average(self._entries(basis), self.fit.average)[1]

    def precision(self, basis: Floats) -> Floats:
        """Precisions, (n, p, p): linear in the basis, pulled to the average where that is not positive definite."""
        return pulled_to_average(self._entries(basis), self.fit.average)[0]

    def covariance(self, basis: Floats) -> Floats:
        """Covariances, (n, p, p)."""
        return np.asarray(np.linalg.inv(self.precision(basis)))

    def edges(self, basis: Floats, *, partial: bool) -> EdgeValues:
        """Partial correlations as Fisher's z, with standard errors."""
        assert partial
        precision = self.precision(basis)
        first, second = node_pairs(len(self.margins))
        rho = partial_correlations(precision)[:, first, second]
        return EdgeValues(np.arctanh(rho), partial_correlation_z_errors(precision, basis, self.fit.covariance))

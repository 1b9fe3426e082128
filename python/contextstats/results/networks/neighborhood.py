"""Networks from the regressions of every variable on the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contextstats.algorithms.networks.neighborhoods import NeighborhoodFit
from contextstats.algorithms.networks.problem import NodeFit
from contextstats.design.columns import Floats
from contextstats.inference.networks import neighborhoods
from contextstats.inference.networks.gaussian import pulled_to_diagonal
from contextstats.inference.networks.pairs import node_pairs
from contextstats.results.networks.edges import EdgeValues


@dataclass(frozen=True, eq=False)
class NeighborhoodEstimate:
    """A precision for every context, put together from all neighbourhoods.

    Attributes
    ----------
    fit : NeighborhoodFit
    margins : tuple of NodeFit
        The mean of each variable as a function of context.
    """

    fit: NeighborhoodFit
    margins: tuple[NodeFit, ...]

    @property
    def edf(self) -> float:
        """Effective degrees of freedom: each edge is in two regressions and counts once."""
        variances = sum(node.log_variance_edf for node in self.fit.log_variances)
        return float(variances + self.margin_edf + (self.fit.edf.sum() - self.margin_edf) / 2)

    @property
    def margin_edf(self) -> float:
        """Those of the means alone."""
        return float(sum(node.mean_edf for node in self.margins))

    @property
    def converged(self) -> bool:
        """Whether every part converged."""
        return self.fit.converged and all(node.converged for node in self.margins)

    def mean(self, basis: Floats) -> Floats:
        """Means, (n, p)."""
        return np.column_stack([basis @ node.mean[0] for node in self.margins])

    def residual_sd(self, basis: Floats) -> Floats:
        """Residual standard deviations, (n, p)."""
        return np.column_stack([np.exp(0.5 * (basis @ node.log_variance)) for node in self.fit.log_variances])

    def coefficients(self, basis: Floats) -> Floats:
        """beta_jk(c), (n, p, p), with zeros on the diagonal."""
        return np.asarray(np.einsum("na,jka->njk", basis, self.fit.coefficients[:, 1:], optimize=True))

    def partial(self, basis: Floats) -> tuple[Floats, Floats]:
        """Partial correlations (n, p, p) of a positive definite precision, and how far they were shrunk for that."""
        rho = neighborhoods.partial_correlations(self.coefficients(basis), self.residual_sd(basis))
        unit = -rho
        np.einsum("ijj->ij", unit)[...] = 1.0
        return pulled_to_diagonal(unit)

    def shrinkage(self, basis: Floats) -> Floats:
        """Factor by which the partial correlations of each context were multiplied, (n,)."""
        return self.partial(basis)[1]

    def precision(self, basis: Floats) -> Floats:
        """Precisions, (n, p, p)."""
        unit, _ = self.partial(basis)
        sd = self.residual_sd(basis)
        return np.asarray(unit / (sd[:, :, None] * sd[:, None, :]))

    def covariance(self, basis: Floats) -> Floats:
        """Covariances, (n, p, p)."""
        return np.asarray(np.linalg.inv(self.precision(basis)))

    def edges(self, basis: Floats, *, partial: bool) -> EdgeValues:
        """Partial correlations as Fisher's z, with standard errors."""
        assert partial
        sd = self.residual_sd(basis)
        unit, _ = self.partial(basis)
        rho = -unit
        spread = np.einsum("na,jkab,nb->njk", basis, self.fit.spread[:, 1:], basis, optimize=True)
        error = neighborhoods.z_errors(np.sqrt(np.maximum(spread, 0.0)) * sd[:, :, None], sd, rho)
        first, second = node_pairs(sd.shape[1])
        return EdgeValues(np.arctanh(rho[:, first, second]), error[:, first, second])

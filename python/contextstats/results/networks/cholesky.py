"""Networks from nodes given those before them, for one order of the variables or averaged over several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contextstats.algorithms.networks.problem import NodeFit
from contextstats.design.columns import Floats
from contextstats.inference.networks import modified_cholesky as cholesky
from contextstats.inference.networks.gaussian import partial_correlations, scaled_to_unit_diagonal
from contextstats.inference.networks.pairs import node_pairs
from contextstats.results.networks.edges import EdgeValues


@dataclass(frozen=True, eq=False)
class OrderedNodes:
    """The conditionals of all variables in one order.

    Attributes
    ----------
    order : tuple of int
        Position in the data of the first variable, the second, ...
    nodes : tuple of NodeFit
        In that order.
    """

    order: tuple[int, ...]
    nodes: tuple[NodeFit, ...]

    @property
    def aic(self) -> float:
        """-2 log-likelihood + 2 edf, in units of the standardised variables."""
        edf = sum(node.mean_edf + node.log_variance_edf for node in self.nodes)
        return float(2 * edf - 2 * sum(node.log_likelihood for node in self.nodes))

    @property
    def back(self) -> NDArray[np.intp]:
        """Where each variable of the data stands in the order."""
        return np.argsort(self.order)

    def factor(self, basis: Floats) -> tuple[Floats, Floats, Floats]:
        """T (n, p, p), h (n, p) and intercepts (n, p), in this order."""
        n, p = len(basis), len(self.order)
        factor = np.broadcast_to(np.eye(p), (n, p, p)).copy()
        log_variance, intercept = np.empty((n, p)), np.empty((n, p))
        for j, node in enumerate(self.nodes):
            functions = basis @ node.mean.T
            intercept[:, j] = functions[:, 0]
            factor[:, j, :j] = -functions[:, 1:]
            log_variance[:, j] = basis @ node.log_variance
        return factor, log_variance, intercept

    def spread(self, basis: Floats) -> tuple[Floats, Floats]:
        """Covariances of the rows of -T (n, p, p, p) and variances of h (n, p)."""
        n, p, m = len(basis), len(self.order), basis.shape[1]
        covariance, variance = np.zeros((n, p, p, p)), np.empty((n, p))
        for j, node in enumerate(self.nodes):
            blocks = node.mean_covariance.reshape(j + 1, m, j + 1, m)[1:, :, 1:, :]
            right = np.einsum("kaib,nb->nkai", blocks, basis, optimize=True)
            covariance[:, j, :j, :j] = np.einsum("nkai,na->nki", right, basis, optimize=True)
            variance[:, j] = np.einsum("na,ab,nb->n", basis, node.log_variance_covariance, basis, optimize=True)
        return covariance, variance

    def mean(self, basis: Floats) -> Floats:
        """Means of the variables, (n, p), in the order of the data."""
        factor, _, intercept = self.factor(basis)
        return np.asarray(np.linalg.solve(factor, intercept[:, :, None])[:, self.back, 0])

    def precision(self, basis: Floats) -> Floats:
        """Precisions (n, p, p), in the order of the data."""
        factor, log_variance, _ = self.factor(basis)
        return cholesky.precision(factor, log_variance)[:, self.back][:, :, self.back]

    def covariance(self, basis: Floats) -> Floats:
        """Covariances (n, p, p), in the order of the data."""
        factor, log_variance, _ = self.factor(basis)
        return cholesky.covariance(factor, log_variance)[:, self.back][:, :, self.back]

    def edge_variance(self, basis: Floats, *, partial: bool) -> Floats:
        """Variances of (partial) correlations, (n, p, p), in the order of the data."""
        factor, log_variance, _ = self.factor(basis)
        of = cholesky.partial_correlation_variance if partial else cholesky.correlation_variance
        return of(factor, log_variance, *self.spread(basis))[:, self.back][:, :, self.back]


@dataclass(frozen=True, eq=False)
class CholeskyEstimate:
    """A precision for every context: that of one order, or the average over several."""

    orders: tuple[OrderedNodes, ...]

    @property
    def edf(self) -> float:
        """Effective degrees of freedom, averaged over orders."""
        return float(np.mean([sum(node.mean_edf + node.log_variance_edf for node in one.nodes) for one in self.orders]))

    @property
    def converged(self) -> bool:
        """Whether all nodes converged."""
        return all(node.converged for one in self.orders for node in one.nodes)

    def mean(self, basis: Floats) -> Floats:
        """Means, (n, p)."""
        return np.asarray(np.mean([one.mean(basis) for one in self.orders], axis=0))

    def precision(self, basis: Floats) -> Floats:
        """Precisions, (n, p, p)."""
        return np.asarray(np.mean([one.precision(basis) for one in self.orders], axis=0))

    def covariance(self, basis: Floats) -> Floats:
        """Covariances, (n, p, p): those of the one order, or the inverse of the average precision."""
        if len(self.orders) == 1:
            return self.orders[0].covariance(basis)
        return np.asarray(np.linalg.inv(self.precision(basis)))

    def edges(self, basis: Floats, *, partial: bool) -> EdgeValues:
        """(Partial) correlations as Fisher's z; an average over orders has the average standard error."""
        first, second = node_pairs(len(self.orders[0].order))
        matrix = (
            partial_correlations(self.precision(basis)) if partial else scaled_to_unit_diagonal(self.covariance(basis))
        )
        estimate = matrix[:, first, second]
        errors = [np.sqrt(one.edge_variance(basis, partial=partial)[:, first, second]) for one in self.orders]
        return EdgeValues(np.arctanh(estimate), np.mean(errors, axis=0) / (1 - estimate**2))

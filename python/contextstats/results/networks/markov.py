"""Results of Markov networks: precisions and partial correlations as functions of context."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np
import pandas as pd

from contextstats.algorithms.blas import single_threaded_blas
from contextstats.design.columns import Floats
from contextstats.inference.networks.gaussian import log_density, partial_correlations, scaled_to_unit_diagonal
from contextstats.inference.networks.heterogeneity import EdgeSums
from contextstats.inference.networks.pairs import node_pairs
from contextstats.results.heterogeneity import PopulationTest
from contextstats.results.networks.base import NetworkResults, slices
from contextstats.results.networks.edges import EdgeValues
from contextstats.results.networks.heterogeneity import heterogeneity_table, sums_for_tests
from contextstats.results.networks.population import test_population


class GaussianEstimate(Protocol):
    """Means and covariances of standardised variables, at rows of the context basis."""

    @property
    def edf(self) -> float:
        """Effective degrees of freedom."""

    @property
    def converged(self) -> bool:
        """Whether every part converged."""

    def mean(self, basis: Floats) -> Floats:
        """Means, (n, p)."""

    def precision(self, basis: Floats) -> Floats:
        """Positive definite precisions, (n, p, p)."""

    def covariance(self, basis: Floats) -> Floats:
        """Covariances, (n, p, p)."""

    def edges(self, basis: Floats, *, partial: bool) -> EdgeValues:
        """Correlations, or partial ones, with standard errors."""


@dataclass(frozen=True, eq=False)
class GaussianResults(NetworkResults):
    """A Gaussian network: a mean and a covariance for every context.

    Attributes
    ----------
    estimate : GaussianEstimate
        What was fitted, in units of the standardised variables.
    method_name : str
        How.
    """

    estimate: GaussianEstimate
    method_name: str

    partial: ClassVar[bool]

    @property
    def edf(self) -> float:
        """Effective degrees of freedom: means, variances and edges."""
        return float(self.estimate.edf)

    @property
    def converged(self) -> bool:
        """Whether every part of the fit converged."""
        return bool(self.estimate.converged)

    @property
    def method(self) -> str:
        """How the network was fitted."""
        return self.method_name

    def heterogeneity(self) -> pd.DataFrame:
        """Test for each edge whether it varies with context.

        Returns
        -------
        DataFrame
            Columns source, target, context (a term, or "any" of several), statistic, p_value (score test that the edge
            is the same at every context, whatever means and variances do), q_value (Benjamini and Hochberg, over
            edges), sd (standard deviation of the fitted edge over the rows of the fit).
        """
        return heterogeneity_table(self)

    @cached_property
    def sums_for_tests(self) -> tuple[EdgeSums, Floats]:
        """What the tests of edges add up over the rows, and the standard deviation of each edge over them."""
        return sums_for_tests(self)

    def edge_tests(self) -> pd.DataFrame | None:
        """Table of :meth:`heterogeneity`; None without context."""
        return self.heterogeneity() if self.data.context_names else None

    def test_population(self) -> PopulationTest:
        """Omnibus test of the population network, in which no edge varies with context; means and variances may.

        A score test of the model with one correlation matrix for all contexts, which is fitted for it by REML: the
        answer depends on the data and the context terms, not on how this network was fitted.

        Raises
        ------
        DataError
            If the network has no context.
        """
        return test_population(self)

    @single_threaded_blas
    def means(self, context: Any = None) -> Floats:
        """Means of the variables, (n, p), at each context (default: each row of the fit)."""
        return self.data.center + self.data.scale * self._at(context, self.estimate.mean)

    @single_threaded_blas
    def covariances(self, context: Any = None) -> Floats:
        """Covariance matrices, (n, p, p)."""
        return self._at(context, self.estimate.covariance) * np.outer(self.data.scale, self.data.scale)

    @single_threaded_blas
    def correlations(self, context: Any = None) -> Floats:
        """Correlation matrices, (n, p, p)."""
        return self._at(context, lambda basis: scaled_to_unit_diagonal(self.estimate.covariance(basis)))

    @single_threaded_blas
    def precisions(self, context: Any = None) -> Floats:
        """Precision matrices, (n, p, p): inverse covariances, positive definite at every context."""
        return self._at(context, self.estimate.precision) / np.outer(self.data.scale, self.data.scale)

    @single_threaded_blas
    def partial_correlations(self, context: Any = None) -> Floats:
        """Partial correlations of two variables given all others, (n, p, p), with ones on the diagonal."""
        return self._at(context, lambda basis: partial_correlations(self.estimate.precision(basis)))

    def _at(self, context: Any, of: Any) -> Floats:
        contexts, _, _ = self.data.contexts_of(context)
        return np.concatenate([of(self.data.basis(contexts[part])) for part in slices(len(contexts))])

    def log_density(self, z: Floats, contexts: Floats) -> Floats:
        """Log-likelihood of each row of standardised variables, (n,)."""
        basis = self.data.basis(contexts)
        return log_density(z, self.estimate.mean(basis), self.estimate.precision(basis))

    @single_threaded_blas
    def simulate(self, context: Any = None, *, seed: int | None = None) -> pd.DataFrame:
        """Draw variables from the fitted network, one row for each context (default: each row of the fit)."""
        contexts, labels, _ = self.data.contexts_of(context)
        rng = np.random.default_rng(seed)
        rows = []
        for part in slices(len(contexts)):
            basis = self.data.basis(contexts[part])
            root = np.linalg.cholesky(self.estimate.covariance(basis))
            noise = rng.standard_normal((len(basis), self.data.n_variables))
            rows.append(self.estimate.mean(basis) + np.einsum("ijk,ik->ij", root, noise))
        values = self.data.center + self.data.scale * np.concatenate(rows)
        return pd.DataFrame(values, columns=list(self.names), index=labels)


@dataclass(frozen=True, eq=False)
class MarkovResults(GaussianResults):
    """A fitted Markov network: an edge is a partial correlation."""

    title: ClassVar[str] = "Contextual Markov Network Results"
    edge_name: ClassVar[str] = "partial correlation"
    partial: ClassVar[bool] = True

    def edge_values(self, contexts: Floats) -> EdgeValues:
        """Partial correlations with standard errors, as Fisher's z."""
        return self.estimate.edges(self.data.basis(contexts), partial=True)

    def edge_estimates(self, contexts: Floats) -> Floats:
        """Partial correlations alone, (n, E)."""
        first, second = node_pairs(self.data.n_variables)
        return partial_correlations(self.estimate.precision(self.data.basis(contexts)))[:, first, second]

"""Results of correlation networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from contextstats.algorithms.blas import single_threaded_blas
from contextstats.design.columns import Floats
from contextstats.inference.networks.gaussian import nearest_correlation
from contextstats.results.networks.edges import EdgeValues
from contextstats.results.networks.markov import GaussianResults
from contextstats.results.networks.pairwise import PairwiseEstimate


@dataclass(frozen=True, eq=False)
class CorrelationResults(GaussianResults):
    """A fitted correlation network: an edge is a correlation."""

    title: ClassVar[str] = "Contextual Correlation Network Results"
    edge_name: ClassVar[str] = "correlation"
    partial: ClassVar[bool] = False

    def edge_values(self, contexts: Floats) -> EdgeValues:
        """Correlations with standard errors, as Fisher's z."""
        return self.estimate.edges(self.data.basis(contexts), partial=False)

    @single_threaded_blas
    def correlations(self, context: Any = None, *, semidefinite: bool = False) -> Floats:
        """Correlation matrices, (n, p, p), at each context (default: each row of the fit).

        Correlations fitted pair by pair lie between -1 and 1, but need not be those of any one distribution; with
        `semidefinite` the nearest matrix that is a correlation matrix is returned (Higham 2002). Those of
        ``method="joint"`` are correlation matrices at every context.
        """
        if not isinstance(self.estimate, PairwiseEstimate):
            return super().correlations(context)
        matrices = self._at(context, self.estimate.correlation)
        if semidefinite:
            for i in np.flatnonzero(np.linalg.eigvalsh(matrices)[:, 0] < 0):
                matrices[i] = nearest_correlation(matrices[i])
        return matrices

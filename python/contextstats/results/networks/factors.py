"""Results of Bayesian networks between factors, at the level of the factors and of their variables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from contextstats.design.columns import Floats
from contextstats.results.heterogeneity import PopulationTest
from contextstats.results.networks import factor_summary
from contextstats.results.networks.bayesian import BayesianNetworkResults
from contextstats.results.networks.factor_equations import FactorEquations, score_data

GIVEN_GROUPS = (
    "A factor acts on others through its score, a weighted sum of its variables. Standard errors allow for weights and "
    "loadings being estimates, and take as given which variable belongs to which factor; the tests of variation take "
    "the weights as given."
)


@dataclass(frozen=True, eq=False)
class FactorNetworkResults(BayesianNetworkResults):
    r"""A fitted Bayesian network between factors: groups of variables that act on each other through one score each.

    Edges, predictions and the likelihood are those of the variables, :math:`x = \mu(c) + W(c)^\top x + e` with W(c) of
    low rank; the graph, its directions and the tests are those of the factors. `factor_network` is the network
    between the scores, with all that a Bayesian network has.
    """

    equations: FactorEquations

    title: ClassVar[str] = "Contextual Bayesian Network of Factors: Results"

    # ---- the level of factors --------------------------------------------------------------------------------

    @cached_property
    def factor_network(self) -> BayesianNetworkResults:
        """The network between the scores: its adjacency(), edges(), plot(), to_graphml() and so on.

        A score has variance one over the rows of the fit; a factor of one variable is that variable, in its units.
        """
        return BayesianNetworkResults(
            data=score_data(self.data, self.equations.groups, self.equations.score_weights),
            notes=self.notes,
            version=self.version,
            equations=self.equations.network,
            acyclicity=self.acyclicity,
            equal_variances=self.equal_variances,
            known_graph=self.known_graph,
        )

    @property
    def factors(self) -> dict[str, tuple[str, ...]]:
        """The variables of each factor; the first one loads positively."""
        groups = self.equations.groups
        return {name: tuple(self.names[j] for j in own) for name, own in zip(groups.names, groups.members, strict=True)}

    @property
    def loadings(self) -> pd.DataFrame:
        """Weights and loadings, in standard deviations of the variables.

        Columns factor, variable, weight (of the variable in the score), loading (by how much the variable moves with
        the score).
        """
        groups = self.equations.groups
        rows = [(f, j) for f, own in enumerate(groups.members) for j in own]
        return pd.DataFrame(
            {
                "factor": [groups.names[f] for f, _ in rows],
                "variable": [self.names[j] for _, j in rows],
                "weight": [self.equations.score_weights[j, f] for f, j in rows],
                "loading": [self.equations.loadings[j, f] for f, j in rows],
            }
        )

    def scores(self, X: Any = None, context: Any = None) -> pd.DataFrame:
        """Scores of the factors, one row each; default: the rows of the fit.

        Raises
        ------
        DataError
            If a value is missing.
        """
        z, _, labels = self._rows(X, context)
        own = self.factor_network.data
        values = own.center + own.scale * (z @ self.equations.score_weights)
        return pd.DataFrame(values, columns=list(own.names), index=labels)

    @property
    def order(self) -> tuple[str, ...]:
        """The factors from causes to effects."""
        return self.factor_network.order

    @property
    def parents(self) -> dict[str, tuple[str, ...]]:
        """The parents of each factor."""
        return self.factor_network.parents

    def directions(self) -> pd.DataFrame:
        """How firmly the data tell the direction of each edge between factors, as in a network of variables."""
        return self.factor_network.directions()

    def heterogeneity(self) -> pd.DataFrame:
        """Does an edge between factors vary with context: columns as in a network of variables."""
        return self.factor_network.heterogeneity()

    def edge_tests(self) -> pd.DataFrame | None:
        """Table of :meth:`heterogeneity`; None without context or edges."""
        return self.factor_network.edge_tests()

    def test_population(self) -> PopulationTest:
        """Omnibus test that no effect of a factor varies with context, as in a network of variables."""
        return self.factor_network.test_population()

    # ---- the level of variables ------------------------------------------------------------------------------

    def log_density(self, z: Floats, contexts: Floats) -> Floats:
        """Log-likelihood of each row of standardised variables, (n,)."""
        return self.equations.log_density(z, contexts)

    def _noise(self, rng: np.random.Generator, n: int) -> Floats:
        return self.equations.noise(rng, n)

    # ---- what the summary prints -----------------------------------------------------------------------------

    def summary(self, *, level: float = 0.95, most: int = 15) -> Any:
        """Fit statistics, the clearest edges between factors, weights and loadings: a statsmodels Summary."""
        return factor_summary.summary(self, level=level, most=most)

    @property
    def method(self) -> str:
        """How the graph was found, in words."""
        return self.factor_network.method

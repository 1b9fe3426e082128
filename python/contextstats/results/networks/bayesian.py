"""Results of Bayesian networks: directed edges as functions of context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from contextstats._core import network_gram
from contextstats.algorithms.blas import single_threaded_blas
from contextstats.algorithms.networks.problem import NetworkProblem
from contextstats.design.columns import Floats
from contextstats.design.networks import warn_outside
from contextstats.errors import DataError, OptionError
from contextstats.inference.networks.effects import test_constant_effects
from contextstats.inference.networks.pairs import node_pairs, q_values
from contextstats.results.heterogeneity import PopulationTest
from contextstats.results.networks.base import NetworkResults, slices
from contextstats.results.networks.edges import EdgeValues
from contextstats.results.networks.equations import OneGraph, StructuralEquations
from contextstats.results.networks.heterogeneity import context_tests, require_context, wiggliness

CONDITIONAL = (
    "Standard errors, tests and intervals are conditional on the graph: they do not know that it was chosen with the "
    "same data. BayesianNetwork.stability() shows how firmly each edge was chosen."
)


@dataclass(frozen=True, eq=False)
class BayesianNetworkResults(NetworkResults):
    r"""A fitted Bayesian network, :math:`x = \mu(c) + W(c)^\top x + e`: an edge is an effect W_ij(c) of i on j.

    Attributes
    ----------
    equations : OneGraph, GraphPerContext or FactorEquations
        What was fitted, in standard units.
    acyclicity : {"union", "per_sample"}
        Whether all contexts share one order of the variables.
    equal_variances : bool
        What the search took the residual variances for.
    known_graph : bool
        True where the graph was given rather than chosen.
    """

    equations: StructuralEquations
    acyclicity: str
    equal_variances: bool
    known_graph: bool

    title: ClassVar[str] = "Contextual Bayesian Network Results"
    edge_name: ClassVar[str] = "effect"
    directed: ClassVar[bool] = True

    # ---- edges -----------------------------------------------------------------------------------------------

    def edge_values(self, contexts: Floats) -> EdgeValues:
        """Effects and standard errors in the units of the variables."""
        first, second = node_pairs(self.data.n_variables, directed=True)
        ratio = self.data.scale[second] / self.data.scale[first]
        weights = self.equations.weights(contexts)[:, first, second]
        return EdgeValues(weights * ratio, self.equations.errors(contexts)[:, first, second] * ratio, fisher=False)

    def edges(self, context: Any = None, *, level: float = 0.95) -> pd.DataFrame:
        """Edges of the graph with standard errors, tests and intervals.

        Pairs without an edge at any of the contexts are left out. The columns are those of every network; all but the
        estimate are missing where `acyclicity` is "per_sample".
        """
        table = super().edges(context, level=level)
        there = (table["estimate"] != 0) | table["std_error"].notna()
        kept = there.groupby([table["source"], table["target"]], sort=False).transform("any")
        return table[kept].reset_index(drop=True)

    @property
    def order(self) -> tuple[str, ...]:
        """The variables from causes to effects.

        Raises
        ------
        OptionError
            If every context has an order of its own.
        """
        return tuple(self.names[j] for j in self._one_graph("An order").order)

    @property
    def parents(self) -> dict[str, tuple[str, ...]]:
        """The parents of each variable."""
        nodes = self._one_graph("A list of parents").nodes
        return {name: tuple(self.names[i] for i in node.parents) for name, node in zip(self.names, nodes, strict=True)}

    def directions(self) -> pd.DataFrame:
        """How firmly the data tell the direction of each edge.

        Returns
        -------
        DataFrame
            Columns source, target, evidence: by how much the log-likelihood falls if the edge must be turned around and
            all else may be rearranged. Near zero, data cannot tell the direction; infinite, it was given; missing for
            graphs cut at a threshold.
        """
        graph = self._one_graph("A direction")
        i, j = np.nonzero(graph.graph)
        names = np.asarray(self.names, dtype=object)
        return pd.DataFrame({"source": names[i], "target": names[j], "evidence": graph.evidence[i, j]})

    def heterogeneity(self) -> pd.DataFrame:
        """Does an edge vary with context: one row for each edge and context term, and one with context "any".

        Returns
        -------
        DataFrame
            Columns source, target, context, edf, ref_df, statistic, p_value, q_value (Benjamini and Hochberg over the
            edges, for each context), share, score_statistic, score_p_value; as in a contextual GLM, and conditional on
            the graph.
        """
        nodes = self._one_graph("A test of each edge").nodes
        tables = []
        for name, node in zip(self.names, nodes, strict=True):
            table = node.heterogeneity
            table = table[table["predictor"].isin([self.names[i] for i in node.parents])]
            tables.append(table.rename(columns={"predictor": "source"}).assign(target=name))
        joined = pd.concat(tables, ignore_index=True)
        q = pd.Series(np.nan, index=joined.index)
        for rows in joined.groupby("context", sort=False).groups.values():
            q[rows] = q_values(joined.loc[rows, "p_value"].to_numpy(dtype=np.float64))
        joined.insert(list(joined.columns).index("p_value") + 1, "q_value", q)
        first = ["source", "target", "context"]
        return joined[[*first, *(name for name in joined.columns if name not in first)]]

    def edge_tests(self) -> pd.DataFrame | None:
        """Table of :meth:`heterogeneity`; None without context, and for graphs of their own at every context."""
        there = bool(self.data.context_names) and isinstance(self.equations, OneGraph) and bool(self.edges().size)
        return self.heterogeneity() if there else None

    @single_threaded_blas
    def test_population(self) -> PopulationTest:
        """Omnibus test that no effect varies with context; the means of the variables may.

        Where the graph was given, its effects are tested. Where it was chosen, a test of its effects would not know
        that: then each variable is regressed on all before it in the order of the data. A network that does not vary
        has constant coefficients there too, whatever its graph, so that the test holds its level.

        Raises
        ------
        DataError
            If the network has no context, or the graph that was given no edge.
        OptionError
            If every context has a graph of its own.
        """
        require_context(self.data)
        graph = self._one_graph("An omnibus test")
        known = self.known_graph and graph.gating is None
        parents = [node.parents if known else tuple(range(j)) for j, node in enumerate(graph.nodes)]
        problem = NetworkProblem.of(self.data, threads=1)
        gram = network_gram(problem.design, problem.penalties, self.data.z, self.data.contexts, problem.threads)
        last = context_tests(self.data)[-1]
        found = test_constant_effects(np.asarray(gram), self.nobs, parents, wiggliness(self.data), last.groups)
        if found is None:
            raise DataError("An omnibus test needs an edge, but the graph that was given has none.")
        method = "of the given graph" if known else "of each variable given all before it"
        return PopulationTest(found.statistic, found.df, found.p_value, f"Score test against constant effects {method}")

    def _one_graph(self, what: str) -> OneGraph:
        if isinstance(self.equations, OneGraph):
            return self.equations
        raise OptionError(
            f"{what} needs one graph for all contexts, but acyclicity is 'per_sample'. Use acyclicity='union'."
        )

    # ---- likelihood and prediction ---------------------------------------------------------------------------

    def log_density(self, z: Floats, contexts: Floats) -> Floats:
        """Log-likelihood of each row of standardised variables, (n,)."""
        variances = self.equations.variances
        squared = self._residuals(z, contexts) ** 2
        return np.asarray(-0.5 * (squared / variances + np.log(2 * np.pi * variances)).sum(axis=1))

    def _residuals(self, z: Floats, contexts: Floats) -> Floats:
        weights = self.equations.weights(contexts)
        return np.asarray(z - self.equations.intercepts(contexts) - np.einsum("nij,ni->nj", weights, z))

    @single_threaded_blas
    def predict(self, X: Any = None, context: Any = None) -> pd.DataFrame:
        """Each variable from its parents in the same row: mu(c) + W(c)'x; default: the rows of the fit.

        Raises
        ------
        DataError
            If a value is missing.
        """
        z, contexts, labels = self._rows(X, context)
        residual = np.concatenate([self._residuals(z[part], contexts[part]) for part in slices(len(z))])
        values = self.data.center + self.data.scale * (z - residual)
        return pd.DataFrame(values, columns=list(self.names), index=labels)

    @single_threaded_blas
    def squared_errors(self, X: Any = None, context: Any = None) -> Floats:
        """Mean over the variables of the squared error of `predict`, for each row, (n,)."""
        z, contexts, _ = self._rows(X, context)
        residual = np.concatenate([self._residuals(z[part], contexts[part]) for part in slices(len(z))])
        return np.asarray(((self.data.scale * residual) ** 2).mean(axis=1))

    def _rows(self, X: Any, context: Any) -> tuple[Floats, Floats, pd.Index]:
        if X is None:
            return self.data.z, self.data.contexts, self.data.row_labels
        rows = self.data.recipe.apply(X, context)
        if not rows.complete.all():
            first = rows.row_labels[int(np.argmin(rows.complete))]
            raise DataError(
                f"A prediction needs all values of a row, but {int((~rows.complete).sum())} of {rows.complete.size} "
                f"rows have a missing one (first: row {first}). Drop these rows."
            )
        warn_outside(rows.outside, rows.outside_names)
        return self.data.standardise(rows.x), rows.contexts, rows.row_labels

    @single_threaded_blas
    def simulate(self, context: Any = None, *, seed: int | None = None) -> pd.DataFrame:
        """Draw variables from the fitted network, one row for each context (default: each row of the fit)."""
        contexts, labels, _ = self.data.contexts_of(context)
        rng = np.random.default_rng(seed)
        rows = []
        for part in slices(len(contexts)):
            weights = self.equations.weights(contexts[part])
            source = self.equations.intercepts(contexts[part]) + self._noise(rng, len(weights))
            system = np.eye(self.data.n_variables) - np.swapaxes(weights, 1, 2)
            rows.append(np.linalg.solve(system, source[:, :, None])[:, :, 0])
        values = self.data.center + self.data.scale * np.concatenate(rows)
        return pd.DataFrame(values, columns=list(self.names), index=labels)

    def _noise(self, rng: np.random.Generator, n: int) -> Floats:
        return rng.standard_normal((n, self.data.n_variables)) * np.sqrt(self.equations.variances)

    # ---- what the summary prints -----------------------------------------------------------------------------

    @property
    def edf(self) -> float:
        """Effective degrees of freedom: regressions and residual variances, weights of archetypes if there are any."""
        return self.equations.edf

    @property
    def converged(self) -> bool:
        """Whether every part of the fit converged."""
        return self.equations.converged

    @property
    def method(self) -> str:
        """How the graph was found, in words."""
        if self.known_graph:
            return "given graph"
        kind = "one graph" if self.acyclicity == "union" else "graph per context"
        if self.equations.gating is not None:
            kind = f"{self.equations.gating.weights.shape[1]} archetypes"
        return f"{kind}, {'equal' if self.equal_variances else 'free'} variances"

"""What the results of every network have: edges, tables, drawings, files."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from contextstats.algorithms.blas import single_threaded_blas
from contextstats.design.columns import Floats
from contextstats.design.networks import NetworkData, warn_outside
from contextstats.errors import DataError
from contextstats.inference.networks.pairs import matrix_of_edges
from contextstats.results import serialize
from contextstats.results.heterogeneity import PopulationTest
from contextstats.results.networks import export, summary
from contextstats.results.networks.edges import EdgeValues, edge_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS_AT_ONCE = 2000
TYPICAL = "typical"


@dataclass(frozen=True, eq=False)
class NetworkResults:
    """A fitted network whose edges are functions of context.

    Attributes
    ----------
    data : NetworkData
        Variables, contexts and context basis of the fit.
    notes : tuple of str
        What the user should know; printed under the summary.
    version : str
        Version of contextstats that made the fit.
    """

    data: NetworkData
    notes: tuple[str, ...]
    version: str

    title: ClassVar[str] = "Network Results"
    edge_name: ClassVar[str] = "edge"
    directed: ClassVar[bool] = False

    # ---- what each kind of network says ----------------------------------------------------------------------

    @abstractmethod
    def edge_values(self, contexts: Floats) -> EdgeValues:
        """Edges and their standard errors at rows of the context matrix."""

    @abstractmethod
    def log_density(self, z: Floats, contexts: Floats) -> Floats:
        """Log-likelihood of each row of standardised variables, (n,)."""

    @property
    @abstractmethod
    def edf(self) -> float:
        """Effective degrees of freedom of everything that was fitted."""

    @property
    @abstractmethod
    def converged(self) -> bool:
        """Whether every part of the fit converged."""

    @property
    @abstractmethod
    def method(self) -> str:
        """How the network was fitted."""

    @abstractmethod
    def edge_tests(self) -> pd.DataFrame | None:
        """Tests for each edge whether it varies; None where no edge can vary or none has such a test."""

    @abstractmethod
    def test_population(self) -> PopulationTest:
        """Omnibus test of the population network, in which no edge varies with context."""

    @abstractmethod
    def simulate(self, context: Any = None, *, seed: int | None = None) -> pd.DataFrame:
        """One row of new variables for each context (default: those of the fit)."""

    # ---- common ground ---------------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the nodes."""
        return self.data.names

    @property
    def nobs(self) -> int:
        """Rows used."""
        return self.data.n_rows

    @cached_property
    def llf(self) -> float:
        """Log-likelihood of the data of the fit, in the units of the variables."""
        return self._log_likelihood()

    @single_threaded_blas
    def _log_likelihood(self) -> float:
        return float(self._log_densities(self.data.z, self.data.contexts).sum())

    @property
    def aic(self) -> float:
        """-2 llf + 2 edf."""
        return -2 * self.llf + 2 * self.edf

    @property
    def bic(self) -> float:
        """-2 llf + log(nobs) edf."""
        return float(-2 * self.llf + np.log(self.nobs) * self.edf)

    @single_threaded_blas
    def loglike(self, X: Any, context: Any = None) -> Floats:
        """Log-likelihood of each row of new data, in the units of the variables.

        Parameters
        ----------
        X : (n, p) array or data frame
            The variables of the network.
        context : (n, d) array or data frame, optional
            Their contexts; not needed if they are columns of `X`, or the network is constant.

        Raises
        ------
        DataError
            If a value is missing or infinite, or a level was not seen in the fit.
        """
        rows = self.data.recipe.apply(X, context)
        if not rows.complete.all():
            first = rows.row_labels[int(np.argmin(rows.complete))]
            raise DataError(
                f"The likelihood of a row needs all its values, but {int((~rows.complete).sum())} of "
                f"{rows.complete.size} rows have a missing one (first: row {first}). Drop these rows."
            )
        warn_outside(rows.outside, rows.outside_names)
        return self._log_densities(self.data.standardise(rows.x), rows.contexts)

    def _log_densities(self, z: Floats, contexts: Floats) -> Floats:
        parts = [self.log_density(z[part], contexts[part]) for part in slices(len(z))]
        return np.concatenate(parts) - float(np.log(self.data.scale).sum())

    @single_threaded_blas
    def adjacency(self, context: Any = None) -> Floats:
        """Edges as (n, p, p) matrices with a zero diagonal, one for each context (default: each row of the fit).

        [i, j, k] is the edge from j to k; the matrices are symmetric unless the network is directed.
        """
        contexts, _, _ = self.data.contexts_of(context)
        values = [self.edge_estimates(contexts[part]) for part in slices(len(contexts))]
        return matrix_of_edges(np.concatenate(values), self.data.n_variables, directed=self.directed)

    def edge_estimates(self, contexts: Floats) -> Floats:
        """Edges alone, (n, E), at rows of the context matrix."""
        edges = self.edge_values(contexts)
        return np.tanh(edges.value) if edges.fisher else edges.value

    @single_threaded_blas
    def edges(self, context: Any = None, *, level: float = 0.95) -> pd.DataFrame:
        """Every edge with its standard error, test and interval.

        Parameters
        ----------
        context : data frame, mapping or array, optional
            Contexts, one row each. Default: the typical one, the median of each context and the most frequent level.
        level : float
            Coverage of the intervals.

        Returns
        -------
        DataFrame
            Columns row, source, target, estimate, std_error, statistic, p_value (of no edge at this context), q_value
            (Benjamini and Hochberg, over the edges of the context), conf_low, conf_high.
        """
        if context is None:
            contexts: Floats = self.data.typical_context()
            labels: Any = [TYPICAL]
        else:
            contexts, labels, _ = self.data.contexts_of(context)
        tables = [
            edge_table(self.edge_values(contexts[part]), self.names, labels[part], level=level, directed=self.directed)
            for part in slices(len(contexts))
        ]
        return pd.concat(tables, ignore_index=True)

    # ---- tables, graphs, files -----------------------------------------------------------------------------

    def summary(self, *, level: float = 0.95, most: int = 15) -> Any:
        """Fit statistics and the clearest edges at the typical context: a statsmodels Summary."""
        return summary.summary(self, level=level, most=most)

    def to_networkx(self, context: Any = None, *, q_max: float | None = None) -> Any:
        """The network at one context as a networkx Graph (DiGraph if directed), with the columns of `edges`."""
        return export.to_networkx(self, context, q_max)

    def to_igraph(self, context: Any = None, *, q_max: float | None = None) -> Any:
        """The network at one context as an igraph Graph, with the columns of `edges`."""
        return export.to_igraph(self, context, q_max)

    def to_graphml(self, path: Any, context: Any = None, *, q_max: float | None = None) -> None:
        """Write the network at one context as GraphML."""
        export.to_graphml(self, path, context, q_max)

    def plot(self, context: Any = None, **options: Any) -> Figure:
        """Draw the network at some contexts."""
        from contextstats import plotting

        figure: Figure = plotting.plot_network(self, context, **options)
        return figure

    def plot_heatmap(self, context: Any = None, **options: Any) -> Figure:
        """Draw the matrix of edges at some contexts."""
        from contextstats import plotting

        figure: Figure = plotting.plot_network_heatmap(self, context, **options)
        return figure

    def plot_edges(self, edges: Any = None, **options: Any) -> Figure:
        """Draw edges along a context, with confidence bands."""
        from contextstats import plotting

        figure: Figure = plotting.plot_network_edges(self, edges, **options)
        return figure

    def save(self, path: Any) -> None:
        """Write the results as JSON: data only."""
        serialize.save(self, path)


def slices(n: int) -> list[slice]:
    """Slices that cover n rows, each small enough for one matrix a row."""
    return [slice(start, min(start + ROWS_AT_ONCE, n)) for start in range(0, n, ROWS_AT_ONCE)]

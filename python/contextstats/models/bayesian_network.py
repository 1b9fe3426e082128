"""Bayesian networks whose edges are functions of context."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from contextstats._version import __version__
from contextstats.algorithms.blas import single_threaded_blas
from contextstats.algorithms.joint import resolve_threads
from contextstats.algorithms.networks.dag_archetypes import ArchetypeSolution, search_archetypes
from contextstats.algorithms.networks.dag_problem import StructuralProblem
from contextstats.algorithms.networks.dag_rules import EdgeRules
from contextstats.algorithms.networks.dag_search import (
    SearchOptions,
    Structure,
    search_continuous,
    search_structure,
)
from contextstats.design.networks import build_network_data, require_rank
from contextstats.encoders.archetypes import Archetypes
from contextstats.errors import ConvergenceWarning, OptionError
from contextstats.models.network_resampling import bootstrap_edges, stable_edges
from contextstats.models.node_equations import gated_data, graph_notes, node_equations, with_margins
from contextstats.models.progress import Progress, listener
from contextstats.options import check_choice
from contextstats.results.networks.bayesian import CONDITIONAL, BayesianNetworkResults
from contextstats.results.networks.equations import GraphPerContext, OneGraph

STAGE = "stage {:3d}  loss {:.8g}  acyclicity {:.2e}"
STRATEGIES = ("central_path", "augmented_lagrangian")
PER_CONTEXT = (
    "Every context has its own graph: edf counts all coefficients, and standard errors come from "
    "BayesianNetwork.bootstrap()."
)


class BayesianNetwork:
    r"""Linear structural equations without cycles whose coefficients are functions of context.

    .. math:: x = \mu(c) + W(c)^\top x + e, \qquad e_j \sim N(0, \sigma_j^2)

    :math:`W_{ij}(c)` is the effect of variable i on variable j at context c. Without context this is an ordinary linear
    Bayesian network.

    Parameters
    ----------
    X : (n, p) array, data frame or dict of arrays
        The variables, the nodes of the network.
    context : (n, d) array or data frame, optional
        What the network depends on; categorical columns become factors.
    encoder : Encoder or str, optional
        How: ``Constant()``, ``Linear()``, ``Additive(k=10)`` (default), ``Archetypes(k=4)``, or a context formula as
        "s(age) + sex".
    acyclicity : {"union", "per_sample"}
        "union": the edges of all contexts together form no cycle, so that one order of the variables serves every
        context. "per_sample": every context has a graph without cycles, and directions may change between contexts.
    variances : {"equal", "free"}, optional
        What tells the direction of an edge. "equal": all :math:`\sigma_j^2` are equal in the units of the data (as in
        NOTEARS and DAGMA): the answer changes with the units. "free": :math:`\sigma_j^2` are any constants, and
        directions come from effects that vary while residual variances do not; needs a context, does not depend on
        units. Default: "free" where there is a context and one graph, else "equal".
    order : sequence of str, optional
        All variables from causes to effects, if that is known.
    forbidden, required : iterable of (str, str)
        Edges (from, to) that must not or must be there.
    missing : {"drop", "raise"}
        What to do with rows that have missing values.

    Raises
    ------
    DataError, FormulaError, OptionError
        Saying what must hold, what was found, where, and what to do; required edges that form a cycle are named.

    References
    ----------
    Zheng, Aragam, Ravikumar and Xing (2018), DAGs with NO TEARS. NeurIPS 31.
    Bello, Aragam and Ravikumar (2022), DAGMA. NeurIPS 35.
    Lengerich, Ellington, Aragam, Xing and Kellis (2021), NOTMAD. arXiv 2111.01104.

    Examples
    --------
    >>> import numpy as np, contextstats as cs
    >>> rng = np.random.default_rng(1)
    >>> age = rng.uniform(20, 80, 500)
    >>> a = rng.normal(size=500)
    >>> b = np.sin(age / 20) * a + rng.normal(size=500)
    >>> res = cs.BayesianNetwork({"a": a, "b": b}, {"age": age}).fit()
    >>> res.parents
    {'a': (), 'b': ('a',)}
    """

    def __init__(
        self,
        X: Any,
        context: Any = None,
        *,
        encoder: Any = None,
        acyclicity: Literal["union", "per_sample"] = "union",
        variances: Literal["equal", "free"] | None = None,
        order: Sequence[str] | None = None,
        forbidden: Iterable[tuple[str, str]] = (),
        required: Iterable[tuple[str, str]] = (),
        missing: Literal["drop", "raise"] = "drop",
    ) -> None:
        self.acyclicity = check_choice("acyclicity", acyclicity, ("union", "per_sample"))
        self.encoder = encoder
        of_context = encoder.encoder if isinstance(encoder, Archetypes) else encoder
        self.data = build_network_data(X, context, of_context, missing=missing)
        require_rank(self.data, "A Bayesian network")
        self.rules = EdgeRules.of(self.data.names, order, forbidden, required)
        if variances is None:
            varies = self.data.n_basis > 1 and self.acyclicity == "union"
            variances = "free" if varies else "equal"
        self.equal_variances = check_choice("variances", variances, ("equal", "free")) == "equal"
        if variances == "free" and self.data.n_basis == 1 and self.rules.known_order() is None:
            raise OptionError(
                "variances='free' needs a context: without one, the likelihood is the same for many directions. Use "
                "variances='equal', or give the order."
            )
        if self.acyclicity == "per_sample" and self.rules.required.any():
            raise OptionError("Required edges need one graph for all contexts. Use acyclicity='union'.")

    @single_threaded_blas
    def fit(
        self,
        *,
        threshold: float | None = None,
        sparsity: float = 0.0,
        strategy: Literal["central_path", "augmented_lagrangian"] = "central_path",
        restarts: int = 20,
        seed: int = 0,
        smoothing: Any = "reml",
        maxiter: int = 1000,
        tol: float = 1e-5,
        threads: int | None = None,
        progress: bool | Progress = False,
    ) -> BayesianNetworkResults:
        """Find the graph and fit its equations.

        Parameters
        ----------
        threshold : float, optional
            Edges whose root mean square over the contexts is not above it, in the units of the data, are left out; 0
            keeps all. With equal variances the graph is then that of the continuous search (NOTEARS, DAGMA). Default:
            the continuous search only starts a search over orders by exact scores, and parents are chosen by BIC.
        sparsity : float
            Weight of the lasso on edges (on their root mean square) in the continuous search, where errors count in
            units of the mean residual variance given all other variables.
        strategy : {"central_path", "augmented_lagrangian"}
            How the continuous search approaches graphs without cycles: along the path of a log-determinant barrier
            (DAGMA), or by growing penalties on the trace of the exponential (NOTEARS).
        restarts, seed : int
            Restarts of the search over orders from the best so far, some variables moved at random.
        smoothing : "reml", float or dict
            How smooth the equations' coefficients are: each by REML, or given. (The search uses one smoothing parameter
            for all, by GCV.)
        maxiter, tol : int, float
            Limit on iterations of each stage of the continuous search; size of the gradient at which it stops.
        threads : int, optional
            Default all; the results do not depend on it.
        progress : bool or callable
            True prints a line for each stage; a callable receives (stage, loss, acyclicity).

        Returns
        -------
        BayesianNetworkResults

        Warns
        -----
        ConvergenceWarning
            If a part of the fit stopped early.
        """
        options = self._options(threshold, sparsity, strategy, restarts, seed, maxiter, tol, threads, progress)
        problem = StructuralProblem.of(self.data, options.threads)
        per_context = self.acyclicity == "per_sample"
        archetypes = None
        if isinstance(self.encoder, Archetypes):
            equal = replace(options, equal_variances=True)
            archetypes = search_archetypes(problem, self.rules, equal, self.encoder, per_context=per_context)
        if per_context:
            return self._fit_per_context(problem, options, archetypes, smoothing)
        return self._fit_one_graph(problem, options, archetypes, smoothing)

    def stability(
        self,
        n: int = 100,
        *,
        fraction: float = 0.5,
        seed: int = 0,
        threshold: float | None = None,
        sparsity: float = 0.0,
        threads: int | None = None,
    ) -> pd.DataFrame:
        """How often each edge is found in random halves of the rows.

        Parameters
        ----------
        n : int
            Number of subsamples.
        fraction : float
            Share of the rows in each.
        seed : int
        threshold, sparsity, threads
            As in `fit`.

        Returns
        -------
        DataFrame
            Columns source, target, frequency (of the edge) and either (of the edge in any direction), the most frequent
            first. Where every context has its own graph these are shares of samples and contexts.

        References
        ----------
        Meinshausen and Buehlmann (2010), Stability selection. JRSS B 72, 417-473.
        """
        options = self._options(threshold, sparsity, "central_path", 20, seed, 1000, 1e-5, threads, False)
        return stable_edges(self, options, n, fraction=fraction)

    def bootstrap(
        self,
        context: Any = None,
        *,
        n: int = 100,
        level: float = 0.95,
        seed: int | None = None,
        **options: Any,
    ) -> pd.DataFrame:
        """Edges with standard errors from fits to rows drawn with replacement, the search for the graph included.

        For every kind of network: also where each context has its own graph, and with archetypes, whose weights are
        found again each time. Unlike those of the results these standard errors know that the graph was chosen. An
        edge that a fit does not have counts as zero in it.

        Parameters
        ----------
        context : data frame, mapping or array, optional
            Contexts, one row each. Default: the typical one.
        n : int
            Number of fits.
        level : float
            Coverage of the intervals.
        seed : int, optional
        **options
            Of :meth:`fit`.

        Returns
        -------
        DataFrame
            Columns row, source, target, estimate (of the fit to the data), std_error, conf_low, conf_high (normal),
            frequency (share of the fits that have the edge at this context).

        Raises
        ------
        OptionError
            If `n` is below 2 or `level` is no share.

        Warns
        -----
        ConvergenceWarning
            If some of the drawn rows allow no fit; they are left out.
        """
        return bootstrap_edges(self, context, n=n, level=level, seed=seed, **options)

    def _options(
        self,
        threshold: float | None,
        sparsity: float,
        strategy: str,
        restarts: int,
        seed: int,
        maxiter: int,
        tol: float,
        threads: int | None,
        progress: bool | Progress,
    ) -> SearchOptions:
        check_choice("strategy", strategy, STRATEGIES)
        for name, value in (("sparsity", sparsity), ("threshold", threshold), ("restarts", restarts)):
            if value is not None and not (value >= 0 and math.isfinite(value)):
                raise OptionError(f"{name} must not be negative, but is {value!r}.")
        for name, value in (("maxiter", maxiter), ("tol", tol)):
            if not value > 0:
                raise OptionError(f"{name} must be positive, but is {value!r}.")
        return SearchOptions(
            equal_variances=self.equal_variances,
            strategy=strategy,
            sparsity=sparsity,
            threshold=threshold,
            restarts=restarts,
            seed=seed,
            maxiter=maxiter,
            tol=tol,
            threads=resolve_threads(threads),
            progress=listener(progress, STAGE),
        )

    # ---- one graph -------------------------------------------------------------------------------------------

    def _fit_one_graph(
        self, problem: StructuralProblem, options: SearchOptions, archetypes: ArchetypeSolution | None, smoothing: Any
    ) -> BayesianNetworkResults:
        data, gating = self.data, None
        gates: tuple[int, ...] = ()
        if archetypes is not None:
            gating, gates = archetypes.gating, tuple(archetypes.independent_gates())
            data = gated_data(self.data, archetypes, gates)
            problem = StructuralProblem.of(data, options.threads)
        structure = search_structure(problem, self.rules, options)
        parents = [np.flatnonzero(of_node).tolist() for of_node in structure.graph.T]
        nodes = node_equations(data, parents, smoothing, options.threads)
        if not structure.converged:
            _warn(f"The search for the graph did not converge (acyclicity {structure.h:.2g}). Raise maxiter.")
        known = self._graph_is_given(structure)
        return BayesianNetworkResults(
            data=self.data,
            notes=() if known else (*graph_notes(self.data.names, structure), CONDITIONAL),
            version=__version__,
            equations=OneGraph(nodes, structure.order, structure.evidence, data, gating, gates),
            acyclicity=self.acyclicity,
            equal_variances=self.equal_variances,
            known_graph=known,
        )

    def _graph_is_given(self, structure: Structure) -> bool:
        return bool((structure.graph == self.rules.required).all() or (structure.graph == self.rules.allowed).all())

    # ---- a graph for each context ----------------------------------------------------------------------------

    def _fit_per_context(
        self, problem: StructuralProblem, options: SearchOptions, archetypes: ArchetypeSolution | None, smoothing: Any
    ) -> BayesianNetworkResults:
        data = self.data
        if archetypes is None:
            found = search_continuous(problem, self.rules, options, per_context=True)
            coefficients, gating, converged, h = found.coefficients, None, found.converged, found.h
            size = 0
        else:
            coefficients, gating = archetypes.archetypes, archetypes.gating
            converged, h, size = archetypes.converged, archetypes.h, archetypes.gating.weights.size
        if not converged:
            _warn(f"The search for the graphs did not converge (acyclicity {h:.2g}). Raise maxiter.")
        count = len(coefficients) * int(self.rules.allowed.sum()) + size
        equations = GraphPerContext(
            coefficients=coefficients,
            intercept=np.zeros((data.n_basis, data.n_variables)),
            variances=np.ones(data.n_variables),
            scale=data.scale,
            threshold=options.threshold or 0.0,
            data=data,
            gating=gating,
            edf=float(count),
            converged=converged,
        )
        return BayesianNetworkResults(
            data=data,
            notes=(PER_CONTEXT,),
            version=__version__,
            equations=with_margins(equations, data, smoothing, options.threads),
            acyclicity=self.acyclicity,
            equal_variances=self.equal_variances,
            known_graph=False,
        )


def _warn(message: str) -> None:
    warnings.warn(message, ConvergenceWarning, stacklevel=5)

"""Bayesian networks whose edges are functions of context."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import pandas as pd

from contextstats.algorithms.blas import single_threaded_blas
from contextstats.algorithms.networks.dag_rules import EdgeRules
from contextstats.algorithms.networks.dag_search import SearchOptions
from contextstats.algorithms.networks.factor_groups import (
    FactorGroups,
    cluster_groups,
    correlations_given_context,
    read_groups,
)
from contextstats.algorithms.networks.learned_data import learned_network
from contextstats.design.networks import build_network_data, require_rank
from contextstats.encoders.archetypes import Archetypes
from contextstats.errors import OptionError
from contextstats.models.factor_fit import fit_factors
from contextstats.models.network_resampling import bootstrap_edges, stable_edges
from contextstats.models.progress import LEARNING, Progress, listener
from contextstats.models.structural_fit import fit_structure
from contextstats.options import check_choice, resolve_threads
from contextstats.results.networks.bayesian import BayesianNetworkResults

STAGE = "stage {:3d}  loss {:.8g}  acyclicity {:.2e}"
STRATEGIES = ("central_path", "augmented_lagrangian")


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
        How: ``Constant()``, ``Linear()``, ``Additive(k=10)`` (default), ``MLP()``, ``NeuralAdditive()``,
        ``Archetypes(k=4)``, or a context formula as "s(age) + sex".
    acyclicity : {"union", "per_sample"}
        "union": the edges of all contexts together form no cycle, so that one order of the variables serves every
        context. "per_sample": every context has a graph without cycles, and directions may change between contexts.
    variances : {"equal", "free"}, optional
        What tells the direction of an edge. "equal": all :math:`\sigma_j^2` are equal in the units of the data (as in
        NOTEARS and DAGMA): the answer changes with the units. "free": :math:`\sigma_j^2` are any constants, and
        directions come from effects that vary while residual variances do not; needs a context, does not depend on
        units. Default: "free" where there is a context and one graph, else "equal".
    factors : int or dict, optional
        A network of low rank: the variables of each factor, by name, or how many factors clustering shall find. Every
        variable belongs to one factor, and factors act on each other through scores, weighted sums of their
        variables. Variances are then free, and all contexts share one graph.
    order : sequence of str, optional
        All variables, or factors, from causes to effects, if that is known.
    forbidden, required : iterable of (str, str)
        Edges (from, to) between variables, or factors, that must not or must be there.
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
        factors: int | Mapping[str, Sequence[str]] | None = None,
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
        self.groups = None if factors is None else self._groups(factors)
        self.rules = EdgeRules.of(self.nodes, order, forbidden, required)
        self.equal_variances = self._are_equal(variances)
        if self.acyclicity == "per_sample" and self.rules.required.any():
            raise OptionError("Required edges need one graph for all contexts. Use acyclicity='union'.")

    @property
    def nodes(self) -> tuple[str, ...]:
        """What edges join: the variables, or the factors."""
        return self.data.names if self.groups is None else self.groups.names

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
        BayesianNetworkResults, or FactorNetworkResults with `factors`

        Warns
        -----
        ConvergenceWarning
            If a part of the fit stopped early.
        """
        options = self._options(threshold, sparsity, strategy, restarts, seed, maxiter, tol, threads, progress)
        if self.groups is not None:
            return fit_factors(self._learned(threads, progress), self.groups, options, smoothing)
        return fit_structure(self._learned(threads, progress), options, smoothing)

    def _learned(self, threads: int | None = None, progress: bool | Progress = False) -> BayesianNetwork:
        """The same model on the rows that are left once the hidden layers of neural terms are learned."""
        data = learned_network(self.data, select=False, threads=threads, progress=listener(progress, LEARNING))
        if data is self.data:
            return self
        model = copy.copy(self)
        model.data = data
        return model

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
        return stable_edges(self._learned(threads), options, n, fraction=fraction)

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
        return bootstrap_edges(self._learned(), context, n=n, level=level, seed=seed, **options)

    def _groups(self, factors: Any) -> FactorGroups:
        found = read_groups(factors, self.data.names)
        if self.acyclicity == "per_sample":
            raise OptionError("Factors need one graph for all contexts. Use acyclicity='union'.")
        if isinstance(self.encoder, Archetypes):
            raise OptionError(
                "Factors and Archetypes do not go together. Use Linear(), Additive() or a context formula."
            )
        if isinstance(found, int):
            found = cluster_groups(correlations_given_context(self.data), found, self.data.names)
        both = set(found.names).intersection(self.data.context_names)
        if both:
            raise OptionError(f"A factor must not have the name of a context, but {sorted(both)[0]!r} is both.")
        return found

    def _are_equal(self, variances: str | None) -> bool:
        if variances is None:
            varies = self.data.n_basis > 1 and self.acyclicity == "union"
            variances = "free" if varies or self.groups is not None else "equal"
        equal = check_choice("variances", variances, ("equal", "free")) == "equal"
        if equal and self.groups is not None:
            raise OptionError(
                "Scores of factors have no units in which their variances could be equal. Use variances='free'."
            )
        if not equal and self.data.n_basis == 1 and self.rules.known_order() is None:
            other = "Use variances='equal', or give" if self.groups is None else "With factors, give a context or"
            raise OptionError(
                "variances='free' needs a context: without one, the likelihood is the same for many directions. "
                f"{other} the order."
            )
        return equal

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

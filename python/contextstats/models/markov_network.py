"""Gaussian Markov networks whose edges are functions of context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from contextstats._version import __version__
from contextstats.algorithms.blas import single_threaded_blas
from contextstats.algorithms.networks.glasso import fit_glasso
from contextstats.algorithms.networks.likelihood import fit_precision
from contextstats.algorithms.networks.neighborhoods import fit_neighborhoods
from contextstats.algorithms.networks.nodes import fit_margins
from contextstats.algorithms.networks.sparse import (
    Sparsity,
    fit_sparse_neighborhoods,
    read_sparsity,
    select_neighborhoods,
)
from contextstats.design.networks import build_network_data, require_rank
from contextstats.errors import OptionError
from contextstats.inference.networks.pairs import node_pairs
from contextstats.models.network import NetworkModel, fit_orders
from contextstats.options import check_choice
from contextstats.results.networks.grouped import GroupedEstimate
from contextstats.results.networks.linear_precision import LinearPrecisionEstimate
from contextstats.results.networks.markov import MarkovResults
from contextstats.results.networks.neighborhood import NeighborhoodEstimate

SPARSE_NOTE = "Edges were selected by a lasso: standard errors, intervals and tests of no edge do not exist for them."
METHODS = ("cholesky", "neighborhood", "likelihood", "glasso")


class MarkovNetwork(NetworkModel):
    r"""A Gaussian network whose precision matrix is a function of context.

    .. math:: x \mid c \sim N(\mu(c), \Omega(c)^{-1})

    An edge is a partial correlation :math:`-\omega_{jk}(c)/\sqrt{\omega_{jj}(c)\omega_{kk}(c)}`; without context this
    is an ordinary Gaussian graphical model.

    Parameters
    ----------
    X : (n, p) array, data frame or dict of arrays
        The variables, the nodes of the network.
    context : (n, d) array or data frame, optional
        What the network depends on; categorical columns become factors.
    encoder : Encoder or str, optional
        How: ``Constant()``, ``Linear()``, ``Additive(k=10)`` (default), ``MLP()``, ``NeuralAdditive()``, or a context
        formula as "s(age) + sex".
    method : {"cholesky", "neighborhood", "likelihood", "glasso"}
        "cholesky": each variable given those before it, with its own log-variance; exact Gaussian likelihood, positive
        definite for any coefficients, depends a little on the order of the variables. "neighborhood": every variable
        on all others; the fastest. "likelihood": every entry of the precision linear in the context basis, by its exact
        likelihood, a convex problem; free of any order, for up to about ten variables. "glasso": scikit-learn's
        graphical lasso for the whole sample, or for each level of one categorical context, as a baseline.
    missing : {"drop", "raise"}
        What to do with rows that have missing values.

    Raises
    ------
    DataError, FormulaError, OptionError
        Saying what must hold, what was found, where, and what to do.

    References
    ----------
    Pourahmadi (1999), Joint mean-covariance models with applications to longitudinal data. Biometrika 86, 677-690.
    Meinshausen and Buehlmann (2006), High-dimensional graphs and variable selection with the lasso. Annals of
    Statistics 34, 1436-1462.

    Examples
    --------
    >>> import numpy as np, contextstats as cs
    >>> rng = np.random.default_rng(1)
    >>> age = rng.uniform(20, 80, 500)
    >>> a = rng.normal(size=500)
    >>> b = np.sin(age / 20) * a + rng.normal(size=500)
    >>> res = cs.MarkovNetwork({"a": a, "b": b}, {"age": age}).fit()
    >>> res.partial_correlations({"age": [30.0, 70.0]}).shape
    (2, 2, 2)
    """

    def __init__(
        self,
        X: Any,
        context: Any = None,
        *,
        encoder: Any = None,
        method: Literal["cholesky", "neighborhood", "likelihood", "glasso"] = "cholesky",
        missing: Literal["drop", "raise"] = "drop",
    ) -> None:
        super().__init__(
            lambda select: build_network_data(X, context, encoder, missing=missing, select=select),
            check_choice("method", method, METHODS),
        )
        require_rank(self.data, "A Markov network")

    @single_threaded_blas
    def fit(
        self,
        *,
        order: Sequence[str] | Literal["best", "average"] | None = None,
        n_orders: int = 5,
        seed: int = 0,
        smoothing: Any = "reml",
        select: bool = False,
        sparsity: Literal["bic", "cv"] | float | None = None,
        l1_ratio: float = 0.0,
        rule: Literal["and", "or"] = "and",
        alpha: Literal["cv"] | float = "cv",
        maxiter: int = 100,
        tol: float = 1e-8,
        threads: int | None = None,
    ) -> MarkovResults:
        """Fit the network.

        Parameters
        ----------
        order : sequence of str, "best" or "average", optional
            "cholesky": the variables in the order in which they are explained, that with the smallest AIC among
            `n_orders`, or the average precision of `n_orders`. Default: the order of the data.
        n_orders, seed : int
            Orders to try: that of the data, its reverse, then random ones.
        smoothing : "reml", "reml_shared", float or dict
            How smooth functions of context are: by REML, each for itself; by REML with one smoothing parameter for all
            effects of a variable ("neighborhood" only: faster with many variables, but an edge that varies beside many
            that do not is smoothed too much); or smoothing parameters shared by all functions.
        select : bool
            Penalise also what smoothing leaves free, so that an edge can shrink to a constant.
        sparsity : {"bic", "cv"} or float, optional
            "neighborhood" only: a sparse-group lasso, in which an edge can be absent, constant, or vary with a context
            term, with the penalty of each node by BIC, by cross-validation, or given. Selected edges have no standard
            errors; see `stability_selection`.
        l1_ratio : float
            Share of the lasso in the penalty of a varying part, from 0 (in or out as a whole) to 1.
        rule : {"and", "or"}
            A sparse edge is kept if both of its regressions have it, or one.
        alpha : "cv" or float
            "glasso": the penalty on the entries of the precision of standardised variables, or cross-validation.
        maxiter, tol : int, float
            Limit on iterations; relative change of the log-likelihood at which a node stops.
        threads : int, optional
            Default all; the results do not depend on it.

        Warns
        -----
        ConvergenceWarning
            If a node stopped early.
        """
        problem = self.problem(smoothing=smoothing, select=select, maxiter=maxiter, tol=tol, threads=threads)
        estimate: Any
        notes: tuple[str, ...] = ()
        if sparsity is not None:
            chosen = self._sparsity(sparsity, l1_ratio, rule)
            estimate = NeighborhoodEstimate(fit_sparse_neighborhoods(problem, chosen), fit_margins(problem))
            notes = (SPARSE_NOTE,)
        elif self.method == "glasso":
            estimate, notes = GroupedEstimate(fit_glasso(problem.data, alpha)), (SPARSE_NOTE,)
        elif self.method == "cholesky":
            estimate = fit_orders(problem, order, n_orders, seed)
        elif self.method == "neighborhood":
            estimate = NeighborhoodEstimate(fit_neighborhoods(problem), fit_margins(problem))
        else:
            margins = fit_margins(problem)
            estimate = LinearPrecisionEstimate(fit_precision(problem, margins), margins)
        self.warn_unless(estimate.converged, maxiter)
        return MarkovResults(problem.data, notes, __version__, estimate, self.method)

    def _sparsity(self, criterion: Any, l1_ratio: float, rule: Any) -> Sparsity:
        if self.method != "neighborhood":
            raise OptionError(f"sparsity is for method='neighborhood', but the method is {self.method!r}.")
        return read_sparsity(criterion, l1_ratio, rule)

    @single_threaded_blas
    def stability_selection(
        self,
        *,
        n: int = 50,
        fraction: float = 0.5,
        sparsity: Literal["bic", "cv"] | float = "bic",
        l1_ratio: float = 0.0,
        rule: Literal["and", "or"] = "and",
        seed: int | None = None,
        threads: int | None = None,
    ) -> pd.DataFrame:
        """How often a sparse fit to some of the rows selects each edge.

        Parameters
        ----------
        n : int
            Number of subsamples.
        fraction : float
            Share of the rows in each, drawn without replacement.
        sparsity, l1_ratio, rule, threads
            As in :meth:`fit`.
        seed : int, optional

        Returns
        -------
        DataFrame
            Columns source, target, frequency (of an edge), varying (of one that varies with context).

        References
        ----------
        Meinshausen and Buehlmann (2010), Stability selection. JRSS B 72, 417-473.
        """
        chosen = self._sparsity(sparsity, l1_ratio, rule)
        if not 0 < fraction < 1 or n < 1:
            raise OptionError(f"n must be positive and fraction between 0 and 1, but are {n} and {fraction}.")
        rng = np.random.default_rng(seed)
        problem = self.problem(smoothing="reml", select=False, maxiter=100, tol=1e-8, threads=threads)
        p, size = self.data.n_variables, problem.data.n_rows
        edge, varying = np.zeros((p, p)), np.zeros((p, p))
        for _ in range(n):
            rows = np.sort(rng.choice(size, int(fraction * size), replace=False))
            coefficients = select_neighborhoods(problem, chosen, rows).coefficients[:, 1:]
            present, moves = (coefficients != 0).any(axis=2), (coefficients[:, :, 1:] != 0).any(axis=2)
            edge += (present | present.T) / n
            varying += (moves | moves.T) / n
        first, second = node_pairs(p)
        names = np.asarray(self.data.names, dtype=object)
        columns = (names[first], names[second], edge[first, second], varying[first, second])
        return pd.DataFrame(dict(zip(["source", "target", "frequency", "varying"], columns, strict=True)))

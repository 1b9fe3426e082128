"""Correlation networks: means, variances and correlations as functions of context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from contextstats._version import __version__
from contextstats.algorithms.blas import single_threaded_blas
from contextstats.algorithms.networks.nodes import fit_margins
from contextstats.algorithms.networks.pairs import fit_pairs
from contextstats.design.networks import build_network_data, require_rank
from contextstats.models.network import NetworkModel, fit_orders
from contextstats.options import check_choice
from contextstats.results.networks.correlation import CorrelationResults
from contextstats.results.networks.pairwise import PairwiseEstimate

METHODS = ("pairwise", "joint")


class CorrelationNetwork(NetworkModel):
    r"""A network whose edges are correlations that depend on context.

    .. math:: E[x_j \mid c] = \mu_j(c), \quad \log \mathrm{var}(x_j \mid c) = h_j(c), \quad
              \mathrm{cor}(x_j, x_k \mid c) = \rho_{jk}(c)

    Parameters
    ----------
    X : (n, p) array, data frame or dict of arrays
        The variables, the nodes of the network.
    context : (n, d) array or data frame, optional
        What the network depends on; categorical columns become factors.
    encoder : Encoder or str, optional
        How: ``Constant()``, ``Linear()``, ``Additive(k=10)`` (default), ``MLP()``, ``NeuralAdditive()``, or a context
        formula as "s(age) + sex".
    method : {"pairwise", "joint"}
        "pairwise": each correlation for itself, on the scale of Fisher's z; any number of variables.
        "joint": a modified Cholesky factor, so that the matrix is a correlation matrix at every context.
    missing : {"drop", "raise"}
        What to do with rows that have missing values.

    Raises
    ------
    DataError, FormulaError, OptionError
        Saying what must hold, what was found, where, and what to do.

    Examples
    --------
    >>> import numpy as np, contextstats as cs
    >>> rng = np.random.default_rng(1)
    >>> age = rng.uniform(20, 80, 500)
    >>> a = rng.normal(size=500)
    >>> b = np.sin(age / 20) * a + rng.normal(size=500)
    >>> res = cs.CorrelationNetwork({"a": a, "b": b}, {"age": age}).fit()
    >>> bool(res.heterogeneity()["p_value"][0] < 0.001)
    True
    """

    def __init__(
        self,
        X: Any,
        context: Any = None,
        *,
        encoder: Any = None,
        method: Literal["pairwise", "joint"] = "pairwise",
        missing: Literal["drop", "raise"] = "drop",
    ) -> None:
        super().__init__(
            lambda select: build_network_data(X, context, encoder, missing=missing, select=select),
            check_choice("method", method, METHODS),
        )
        if method == "joint":
            require_rank(self.data, "A joint correlation network")

    @single_threaded_blas
    def fit(
        self,
        *,
        order: Sequence[str] | Literal["best", "average"] | None = None,
        n_orders: int = 5,
        seed: int = 0,
        smoothing: Any = "reml",
        select: bool = False,
        maxiter: int = 100,
        tol: float = 1e-8,
        threads: int | None = None,
    ) -> CorrelationResults:
        """Fit the network.

        Parameters
        ----------
        order : sequence of str, "best" or "average", optional
            "joint": the variables in the order in which they are explained, that with the smallest AIC among
            `n_orders`, or the average precision of `n_orders`. Default: the order of the data.
        n_orders, seed : int
            Orders to try: that of the data, its reverse, then random ones.
        smoothing : "reml", float or dict
            How smooth functions of context are: by REML, each for itself, or smoothing parameters shared by all.
        select : bool
            Penalise also what smoothing leaves free, so that an edge can shrink to a constant.
        maxiter, tol : int, float
            Limit on iterations; relative change of the log-likelihood at which a node stops.
        threads : int, optional
            Default all; the results do not depend on it.

        Warns
        -----
        ConvergenceWarning
            If a part stopped early.
        """
        problem = self.problem(smoothing=smoothing, select=select, maxiter=maxiter, tol=tol, threads=threads)
        estimate: Any
        if self.method == "joint":
            estimate = fit_orders(problem, order, n_orders, seed)
        else:
            margins = fit_margins(problem)
            estimate = PairwiseEstimate(margins, fit_pairs(problem, margins))
        self.warn_unless(estimate.converged, maxiter)
        return CorrelationResults(problem.data, (), __version__, estimate, self.method)

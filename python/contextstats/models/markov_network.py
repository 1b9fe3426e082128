"""Gaussian Markov networks whose edges are functions of context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from contextstats._version import __version__
from contextstats.algorithms.blas import single_threaded_blas
from contextstats.algorithms.networks.likelihood import fit_precision
from contextstats.algorithms.networks.neighborhoods import fit_neighborhoods
from contextstats.algorithms.networks.nodes import fit_margins
from contextstats.design.networks import build_network_data, require_rank
from contextstats.models.network import NetworkModel, fit_orders
from contextstats.options import check_choice
from contextstats.results.networks.linear_precision import LinearPrecisionEstimate
from contextstats.results.networks.markov import MarkovResults
from contextstats.results.networks.neighborhood import NeighborhoodEstimate

METHODS = ("cholesky", "neighborhood", "likelihood")


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
        How: ``Constant()``, ``Linear()``, ``Additive(k=10)`` (default), or a context formula as "s(age) + sex".
    method : {"cholesky", "neighborhood", "likelihood"}
        "cholesky": each variable given those before it, with its own log-variance; exact Gaussian likelihood, positive
        definite for any coefficients, depends a little on the order of the variables. "neighborhood": every variable
        on all others; the fastest. "likelihood": every entry of the precision linear in the context basis, by its exact
        likelihood, a convex problem; free of any order, for up to about ten variables.
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
        method: Literal["cholesky", "neighborhood", "likelihood"] = "cholesky",
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
        order: Sequence[str] | None = None,
        smoothing: Any = "reml",
        select: bool = False,
        maxiter: int = 100,
        tol: float = 1e-8,
        threads: int | None = None,
    ) -> MarkovResults:
        """Fit the network.

        Parameters
        ----------
        order : sequence of str, optional
            "cholesky": the variables in the order in which they are explained; default that of the data.
        smoothing : "reml", "reml_shared", float or dict
            How smooth functions of context are: by REML, each for itself; by REML with one smoothing parameter for all
            effects of a variable ("neighborhood" only: faster with many variables, but an edge that varies beside many
            that do not is smoothed too much); or smoothing parameters shared by all functions.
        select : bool
            Penalise also what smoothing leaves free, so that an edge can shrink to a constant.
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
        if self.method == "cholesky":
            estimate = fit_orders(problem, order)
        elif self.method == "neighborhood":
            estimate = NeighborhoodEstimate(fit_neighborhoods(problem), fit_margins(problem))
        else:
            margins = fit_margins(problem)
            estimate = LinearPrecisionEstimate(fit_precision(problem, margins), margins)
        self.warn_unless(estimate.converged, maxiter)
        return MarkovResults(problem.data, (), __version__, estimate, self.method)

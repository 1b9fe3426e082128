"""What the models of Gaussian networks share."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from contextstats.algorithms.networks.learned_data import learned_network
from contextstats.algorithms.networks.nodes import fit_ordered_nodes
from contextstats.algorithms.networks.problem import NetworkProblem
from contextstats.design.networks import NetworkData
from contextstats.errors import ConvergenceWarning, OptionError
from contextstats.results.networks.cholesky import CholeskyEstimate, OrderedNodes


class NetworkModel:
    """Variables, contexts and a context basis, read and checked once.

    Parameters
    ----------
    build : callable
        Makes the data with and without a penalty on what smoothing leaves free.
    method : str
        How the network is fitted.
    """

    def __init__(self, build: Callable[[bool], NetworkData], method: str) -> None:
        self.method = method
        self._build = build
        self.data = build(False)

    def problem(self, *, smoothing: Any, select: bool, maxiter: int, tol: float, threads: int | None) -> NetworkProblem:
        """The arrays of a fit.

        Raises
        ------
        OptionError
            If `smoothing` has no meaning for the method.
        """
        if smoothing == "reml_shared" and self.method != "neighborhood":
            raise OptionError(
                f"smoothing='reml_shared' is for method='neighborhood', but the method is {self.method!r}."
            )
        if select:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the same data gave the same warnings when the model was made
                data = self._build(True)
        else:
            data = self.data
        data = learned_network(data, select=select, threads=threads)
        return NetworkProblem.of(data, smoothing, maxiter, tol, threads)

    def warn_unless(self, converged: bool, maxiter: int) -> None:
        """Warn about a fit that stopped early."""
        if not converged:
            warnings.warn(
                f"The network did not converge in {maxiter} iterations. Raise maxiter, or use a smaller k.",
                ConvergenceWarning,
                stacklevel=4,
            )


ORDERS = ("best", "average")


def fit_orders(
    problem: NetworkProblem, order: Sequence[str] | str | None, n_orders: int, seed: int
) -> CholeskyEstimate:
    """Modified Cholesky factors for the order asked for, for the best of several, or for all of them.

    Raises
    ------
    OptionError
        If `order` is neither an order of all variables nor "best" or "average".
    """
    positions = _orders(order, problem.data.names, n_orders, seed)
    fits = [OrderedNodes(one, fit_ordered_nodes(problem, one)) for one in positions]
    if order == "best":
        return CholeskyEstimate((min(fits, key=lambda fit: fit.aic),))
    return CholeskyEstimate(tuple(fits))


def _orders(
    order: Sequence[str] | str | None, names: tuple[str, ...], n_orders: int, seed: int
) -> list[tuple[int, ...]]:
    given = tuple(range(len(names)))
    if order is None:
        return [given]
    if isinstance(order, str) and order in ORDERS:
        if n_orders < 1:
            raise OptionError(f"n_orders must be at least 1, but is {n_orders}.")
        rng = np.random.default_rng(seed)
        others = [tuple(int(j) for j in rng.permutation(len(names))) for _ in range(n_orders - 1)]
        return list(dict.fromkeys([given, given[::-1], *others]))[:n_orders]
    if isinstance(order, str) or sorted(map(str, order)) != sorted(names):
        raise OptionError(
            f"order must name each variable once ({', '.join(names)}), or be 'best' or 'average', but is {order!r}."
        )
    return [tuple(names.index(str(name)) for name in order)]

"""What the models of Gaussian networks share."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

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
        return NetworkProblem.of(data, smoothing, maxiter, tol, threads)

    def warn_unless(self, converged: bool, maxiter: int) -> None:
        """Warn about a fit that stopped early."""
        if not converged:
            warnings.warn(
                f"The network did not converge in {maxiter} iterations. Raise maxiter, or use a smaller k.",
                ConvergenceWarning,
                stacklevel=4,
            )


def fit_orders(problem: NetworkProblem, order: Sequence[str] | None) -> CholeskyEstimate:
    """Modified Cholesky factors for the order asked for.

    Raises
    ------
    OptionError
        If it is not an order of all variables.
    """
    names = problem.data.names
    if order is None:
        positions = tuple(range(len(names)))
    elif isinstance(order, str) or sorted(map(str, order)) != sorted(names):
        raise OptionError(f"order must name each variable once ({', '.join(names)}), but is {order!r}.")
    else:
        positions = tuple(names.index(str(name)) for name in order)
    return CholeskyEstimate((OrderedNodes(positions, fit_ordered_nodes(problem, positions)),))

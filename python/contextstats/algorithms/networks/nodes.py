"""Nodes given those before them: the modified Cholesky factor of a network, and its margins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from contextstats import _core
from contextstats.algorithms.networks.problem import NetworkProblem, NodeFit, node_fit
from contextstats.errors import DataError


def fit_ordered_nodes(problem: NetworkProblem, order: Sequence[int]) -> tuple[NodeFit, ...]:
    """Each variable given those before it in `order`, with a log-variance of its own.

    Raises
    ------
    DataError
        If the regressions of a node have no unique solution.
    """
    return _fit(problem, order, predecessors=True)


def fit_margins(problem: NetworkProblem) -> tuple[NodeFit, ...]:
    """Mean and log-variance of each variable alone."""
    return _fit(problem, range(problem.data.n_variables), predecessors=False)


def _fit(problem: NetworkProblem, order: Sequence[int], *, predecessors: bool) -> tuple[NodeFit, ...]:
    data = problem.data
    raw = _core.network_nodes(
        problem.design,
        problem.penalties,
        np.asfortranarray(data.z[:, list(order)]),
        data.contexts,
        predecessors,
        problem.smoothing,
        problem.maxiter,
        problem.tol,
        problem.threads,
    )
    for j, found in zip(order, raw, strict=True):
        if not found["identified"]:
            raise DataError(
                f"The regression of {data.names[j]} on the variables before it must have a unique solution, but its "
                f"{len(found['mean_lambda'])} functions of context are linearly dependent on {data.n_rows} rows. Use "
                "a smaller k, fewer contexts, or select=True."
            )
    return tuple(node_fit(one, data.n_basis) for one in raw)

"""Every variable regressed on all others, from one Gram matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contextstats import _core
from contextstats.algorithms.networks.problem import Floats, NetworkProblem, NodeFit, node_fit
from contextstats.errors import DataError


@dataclass(frozen=True)
class NeighborhoodFit:
    """Regressions of all nodes.

    Attributes
    ----------
    coefficients : (p, p + 1, m) array
        [j, 0] is the intercept of node j, [j, k + 1] the coefficient function of variable k, zero for k = j.
    spread : (p, p + 1, m, m) array
        Covariance of `coefficients[j, k]` over the residual variance of node j.
    smoothing_parameters : (p, (p + 1) K) array
        Of node j for the K penalties of each predictor, the intercept first; those of j itself have no meaning.
    edf : (p,) array
        Effective degrees of freedom of each regression.
    log_variances : tuple of NodeFit
        The residual variance of each node as a function of context.
    converged : bool
    """

    coefficients: Floats
    spread: Floats
    smoothing_parameters: Floats
    edf: Floats
    log_variances: tuple[NodeFit, ...]
    converged: bool


def fit_neighborhoods(problem: NetworkProblem) -> NeighborhoodFit:
    """All p regressions with their covariances, and the log-variances of their residuals.

    Raises
    ------
    DataError
        If a regression has no unique solution.
    """
    data = problem.data
    p, m = data.n_variables, data.n_basis
    gram = _core.network_gram(problem.design, problem.penalties, data.z, data.contexts, problem.threads)
    raw = _core.network_neighborhoods(
        problem.design,
        problem.penalties,
        gram,
        float(data.n_rows),
        problem.smoothing,
        problem.shared,
        problem.threads,
    )
    if not raw["identified"]:
        raise DataError(
            f"The neighbourhood regressions must have unique solutions, but {(p + 1) * m} coefficients on "
            f"{data.n_rows} rows are linearly dependent. Use a smaller k, fewer contexts, or select=True."
        )
    return with_log_variances(
        problem,
        coefficients=np.reshape(raw["coefficients"], (p, p + 1, m)),
        spread=np.reshape(np.array(raw["spread"]), (p, p + 1, m, m)),
        smoothing_parameters=raw["lambda"],
        edf=raw["edf"],
        converged=raw["converged"],
    )


def with_log_variances(
    problem: NetworkProblem,
    *,
    coefficients: Floats,
    spread: Floats,
    smoothing_parameters: Floats,
    edf: Floats,
    converged: bool,
) -> NeighborhoodFit:
    """Regressions together with the residual variance of each as a function of context."""
    data = problem.data
    p, m = data.n_variables, data.n_basis
    residuals = _core.network_residuals(
        problem.design, problem.penalties, data.z, data.contexts, coefficients.reshape(p, -1), problem.threads
    )
    raw = _core.network_log_variances(
        problem.design,
        problem.penalties,
        data.contexts,
        residuals,
        1.0 - edf / data.n_rows if m > 1 else np.ones(p),
        problem.smoothing,
        problem.maxiter,
        problem.tol,
        problem.threads,
    )
    return NeighborhoodFit(
        coefficients=coefficients,
        spread=spread,
        smoothing_parameters=smoothing_parameters,
        edf=edf,
        log_variances=tuple(node_fit(one, m) for one in raw),
        converged=converged and all(one["converged"] for one in raw),
    )

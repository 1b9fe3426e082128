"""A precision linear in the context basis, by its exact likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from contextstats import _core
from contextstats.algorithms.networks.problem import Floats, NetworkProblem, NodeFit
from contextstats.errors import DataError


@dataclass(frozen=True)
class PrecisionFit:
    """Entries (a, b), a <= b, of the precision of the standardised variables as functions of context.

    Attributes
    ----------
    theta : (q, m) array
        Coefficients of entries (0, 0), (0, 1), ..., in the context basis.
    covariance : (q m, q m) array
    smoothing_parameters : (q, K) array
    edf : float
    average : (p, p) array
        Precision averaged over the rows of the fit.
    iterations : int
    converged : bool
    """

    theta: Floats
    covariance: Floats
    smoothing_parameters: Floats
    edf: float
    average: Floats
    iterations: int
    converged: bool


def fit_precision(
    problem: NetworkProblem, margins: Sequence[NodeFit], optimizer: Literal["newton", "lbfgs"] = "newton"
) -> PrecisionFit:
    """Maximise the likelihood of the deviations from the means of `margins`.

    L-BFGS needs given smoothing parameters and returns no covariance; it is there to check Newton's method.

    Raises
    ------
    DataError
        If the information about the precision is singular.
    """
    data = problem.data
    p, m = data.n_variables, data.n_basis
    basis = np.asfortranarray(data.basis(data.contexts))
    deviation = np.asfortranarray(data.z - np.column_stack([basis @ node.mean[0] for node in margins]))
    first, second = np.triu_indices(p)
    start = np.zeros((len(first), m))
    start[:, 0] = np.linalg.inv(deviation.T @ deviation / len(deviation))[first, second]
    raw = _core.network_precision(
        problem.penalties,
        deviation,
        basis,
        start.ravel(),
        problem.smoothing,
        optimizer,
        problem.maxiter,
        problem.tol,
        problem.threads,
    )
    if not raw["positive"]:
        raise DataError(
            f"The likelihood of the precision must have a single maximum, but its {start.size} coefficients are not "
            f"determined by {data.n_rows} rows. Use a smaller k, fewer contexts or variables, or select=True."
        )
    theta = raw["theta"].reshape(start.shape)
    average = np.empty((p, p))
    average[first, second] = average[second, first] = theta @ basis.mean(axis=0)
    return PrecisionFit(
        theta=theta,
        covariance=raw["covariance"],
        smoothing_parameters=np.reshape(raw["lambda"], (len(first), -1)),
        edf=float(raw["edf"]),
        average=average,
        iterations=int(raw["iterations"]),
        converged=bool(raw["converged"]),
    )

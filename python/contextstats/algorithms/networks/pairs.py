"""Correlations of all pairs of variables as functions of context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contextstats import _core
from contextstats.algorithms.networks.problem import Floats, NetworkProblem, NodeFit


@dataclass(frozen=True)
class PairsFit:
    """atanh of the correlation of each pair.

    Attributes
    ----------
    theta : (E, m) array
        Coefficients in the context basis, pairs (0, 1), (0, 2), ...
    covariance : (E, m, m) array
    smoothing_parameters : (E, K) array
    edf, scale : (E,) array
        Effective degrees of freedom; variance of the scores, one for Gaussian variables.
    converged : bool
    """

    theta: Floats
    covariance: Floats
    smoothing_parameters: Floats
    edf: Floats
    scale: Floats
    converged: bool


def fit_pairs(problem: NetworkProblem, margins: Sequence[NodeFit]) -> PairsFit:
    """Correlations of the variables that means and variances of `margins` standardise."""
    data = problem.data
    basis = data.basis(data.contexts)
    u = np.empty_like(data.z, order="F")
    for j, node in enumerate(margins):
        u[:, j] = (data.z[:, j] - basis @ node.mean[0]) * np.exp(-0.5 * (basis @ node.log_variance))
    raw = _core.network_pairs(
        problem.design,
        problem.penalties,
        data.contexts,
        u,
        problem.smoothing,
        problem.maxiter,
        problem.tol,
        problem.threads,
    )
    return PairsFit(
        theta=np.array([one["theta"] for one in raw]),
        covariance=np.array([one["covariance"] for one in raw]),
        smoothing_parameters=np.array([one["lambda"] for one in raw]),
        edf=np.array([one["edf"] for one in raw]),
        scale=np.array([one["scale"] for one in raw]),
        converged=all(one["converged"] for one in raw),
    )

"""The arrays of a network fit as the core reads them, and what the core found for one node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contextstats import _core
from contextstats.design.networks import NetworkData
from contextstats.errors import OptionError
from contextstats.options import resolve_threads

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NodeFit:
    """A variable given predictors: mean and log-variance as functions of context.

    Attributes
    ----------
    mean : (q, m) array
        Coefficients of each predictor in the context basis, the intercept first.
    log_variance : (m,) array
    mean_covariance, log_variance_covariance : (q m, q m) and (m, m) array
    mean_lambda, log_variance_lambda : array
        Smoothing parameters.
    mean_edf, log_variance_edf : float
        Effective degrees of freedom.
    log_likelihood : float
        In units of the standardised variables.
    iterations : int
    converged : bool
    """

    mean: Floats
    log_variance: Floats
    mean_covariance: Floats
    log_variance_covariance: Floats
    mean_lambda: Floats
    log_variance_lambda: Floats
    mean_edf: float
    log_variance_edf: float
    log_likelihood: float
    iterations: int
    converged: bool


@dataclass(frozen=True)
class NetworkProblem:
    """The data of a network with the core's description of its context basis."""

    data: NetworkData
    design: Any
    penalties: Floats
    smoothing: Floats
    shared: bool
    maxiter: int
    tol: float
    threads: int

    @classmethod
    def of(
        cls,
        data: NetworkData,
        smoothing: Any = "reml",
        maxiter: int = 100,
        tol: float = 1e-8,
        threads: int | None = None,
    ) -> NetworkProblem:
        """Lay out the data; `smoothing` is "reml", "reml_shared" or the smoothing parameters of one function."""
        bases, blocks = data.core_layout()
        design = _core.Design(bases, blocks, 1)
        penalties = np.asfortranarray(data.penalties.reshape(-1, data.n_basis))
        given = _given_smoothing(smoothing, data)
        shared = isinstance(smoothing, str) and smoothing.lower() == "reml_shared"
        return cls(data, design, penalties, given, shared, maxiter, tol, resolve_threads(threads))


def _given_smoothing(smoothing: Any, data: NetworkData) -> Floats:
    """The smoothing parameters of one function of context; none for REML.

    Raises
    ------
    OptionError
        If they are not positive numbers, one for each penalty.
    """
    names = list(data.penalty_names)
    if isinstance(smoothing, str):
        if smoothing.lower() not in ("reml", "reml_shared"):
            raise OptionError(
                f"smoothing must be 'reml', 'reml_shared', a number or a dict of numbers, but is {smoothing!r}."
            )
        return np.empty(0)
    if isinstance(smoothing, Mapping):
        if set(smoothing) != set(names):
            raise OptionError(f"smoothing must give a value for each of {names}, but gives {list(smoothing)}.")
        smoothing = [smoothing[name] for name in names]
    values = np.asarray(smoothing, dtype=np.float64)
    values = np.full(len(names), float(values)) if values.ndim == 0 else values
    if values.shape != (len(names),) or not (np.isfinite(values).all() and (values > 0).all()):
        raise OptionError(
            f"smoothing must hold {len(names)} positive numbers, one for each of {names}, but is {smoothing!r}."
        )
    return values


def node_fit(raw: Mapping[str, Any], n_basis: int) -> NodeFit:
    """What the core says about one node, with its coefficients by predictor."""
    return NodeFit(
        mean=np.reshape(raw["mean"], (-1, n_basis)),
        log_variance=raw["log_variance"],
        mean_covariance=raw["mean_covariance"],
        log_variance_covariance=raw["log_variance_covariance"],
        mean_lambda=raw["mean_lambda"],
        log_variance_lambda=raw["log_variance_lambda"],
        mean_edf=float(raw["mean_edf"]),
        log_variance_edf=float(raw["log_variance_edf"]),
        log_likelihood=float(raw["log_likelihood"]),
        iterations=int(raw["iterations"]),
        converged=bool(raw["converged"]),
    )

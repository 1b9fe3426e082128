"""Separated data: rows whose fitted mean runs to the edge of the support, and the coefficients that take it there."""

from __future__ import annotations

from typing import Any

import numpy as np

from contextstats.algorithms.joint import CoreProblem, Floats
from contextstats.families import Family
from contextstats.results.estimates import Estimates
from contextstats.results.row_values import RowValues, row_derivatives

_UNKNOWN_ON_LINK_SCALE = 8.0
_RUNAWAY_ON_LINK_SCALE = 15.0
_LARGEST_VARIANCE = 1e16
"""Beyond it, rounding of the directions would reach the coefficients that are well known."""


def separated_rows(problem: CoreProblem, family: Family, rows: RowValues, estimates: Estimates) -> Any:
    """Rows whose fitted mean is at the edge of the support because some combination of coefficients runs away.

    A mean can be there for two reasons that do not matter, a large offset and a strong effect that is well known. What
    tells separation apart is that the information about the linear predictor has collapsed: its standard error is large
    by itself and beside the way that the coefficients have gone from where the information is.
    """
    edge = at_the_edge(family, rows.mu)
    if not edge.any():
        return edge
    error = np.sqrt(np.maximum(problem.quadratic_form(estimates.conditional), 0.0))
    reach = rows.eta - problem.design.offset
    weight = row_derivatives(problem.design, family, rows.eta).weight
    informed = float(weight.sum())
    centre = float(weight @ reach) / informed if informed > 0 else 0.0
    return edge & (error > np.maximum(_UNKNOWN_ON_LINK_SCALE, np.abs(reach - centre) / 2))


def at_the_edge(family: Family, mu: Floats) -> Any:
    """Rows whose fitted mean has reached the edge of the support."""
    if family.core_name == "binomial":
        return np.asarray((mu < 1e-7) | (mu > 1 - 1e-7))
    if family.core_name in ("poisson", "negative_binomial", "tweedie"):
        return np.asarray(mu < 1e-7)
    return np.zeros(len(mu), dtype=bool)


def runaway_coefficients(problem: CoreProblem, estimates: Estimates, separated: Any) -> list[int]:
    """Coefficients whose error at the separated rows is out of all proportion, worst first."""
    error = np.sqrt(np.maximum(np.diag(estimates.conditional), 0.0))
    contribution = _typical_size(problem, separated) * error
    large = np.flatnonzero(contribution > _RUNAWAY_ON_LINK_SCALE)
    if large.size == 0:
        large = np.array([int(np.argmax(contribution))])
    return [int(i) for i in large[np.argsort(-contribution[large])]]


def with_runaway_error(problem: CoreProblem, estimates: Estimates, separated: Any, covariance: Floats) -> Floats:
    """Add to a covariance the model's own error in the directions that have no finite estimate.

    There the scores vanish as the information does, so that a sandwich would give small standard errors.
    """
    if not separated.any():
        return covariance
    size = _typical_size(problem, separated)
    seen = np.flatnonzero(size > 0)
    scaled = size[seen, None] * estimates.conditional[np.ix_(seen, seen)] * size[seen]
    values, vectors = np.linalg.eigh(scaled)
    large = values > min(_RUNAWAY_ON_LINK_SCALE**2, 0.999 * values[-1])
    directions = vectors[:, large] * np.sqrt(np.minimum(values[large], _LARGEST_VARIANCE)) / size[seen, None]
    result = covariance.copy()
    result[np.ix_(seen, seen)] += directions @ directions.T
    return result


def _typical_size(problem: CoreProblem, chosen: Any) -> Floats:
    """Root mean square of each column over some rows."""
    weights = problem.design.freq_weights * chosen
    return np.asarray(np.sqrt(np.maximum(np.diag(problem.gram(weights)), 0.0) / weights.sum()))

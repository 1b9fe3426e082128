"""Residuals of the rows and deviances of other means."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from contextstats import _core
from contextstats.algorithms.joint import Floats
from contextstats.results.chunks import chunks
from contextstats.results.estimates import variance_function
from contextstats.results.row_values import unit_deviance

if TYPE_CHECKING:
    from contextstats.results.statistics import FitStatistics


def prior_weight(res: FitStatistics) -> Floats:
    """Variance weight times number of trials."""
    design = res.design
    return design.var_weights if design.trials is None else design.var_weights * design.trials


def binomial_trials(res: FitStatistics) -> Floats | None:
    """Trials behind each response: those counted, or given as variance weights where these are whole numbers."""
    weight = prior_weight(res)
    return weight if np.array_equal(weight, np.rint(weight)) else res.design.trials


def pearson_residuals(res: FitStatistics, rows: slice = slice(None)) -> Floats:
    """(y - mu) sqrt(v / V(mu)) of some rows; zero where both numerator and variance vanish."""
    mu = res.rows.mu[rows]
    residual = (res.design.y[rows] - mu) * np.sqrt(prior_weight(res)[rows])
    spread = np.sqrt(np.maximum(variance_function(res.family, mu), 0.0))
    return np.divide(residual, spread, out=np.zeros_like(residual), where=spread > 0)


def pearson_statistic(res: FitStatistics) -> float:
    """Sum of squared Pearson residuals, frequencies counted."""
    total = 0.0
    for part in chunks(len(res.design.y)):
        total += float(res.design.freq_weights[part] @ pearson_residuals(res, part) ** 2)
    return total


def deviance_residuals(res: FitStatistics) -> Floats:
    """sign(y - mu) sqrt(v D)."""
    deviance = unit_deviance(res.design, res.family, res.rows.eta)
    size = np.sqrt(np.maximum(prior_weight(res) * deviance, 0.0))
    return np.asarray(np.sign(res.design.y - res.rows.mu) * size)


def quantile_residuals_of(res: FitStatistics, seed: int) -> Floats:
    """Randomized quantile residuals of the rows."""
    from contextstats.inference.quantile_residuals import quantile_residuals  # needs scipy.stats, slow to import

    return quantile_residuals(
        res.family.core_name,
        res.design.y,
        res.rows.mu,
        scale=res.scale,
        var_weights=res.design.var_weights,
        trials=binomial_trials(res),
        parameter=res.family.parameter,
        seed=seed,
    )


def deviance_at(res: FitStatistics, mu: Floats) -> float:
    """Deviance of other fitted means under the same family."""
    links = {"binomial": "logit", "gaussian": "identity"}
    link = links.get(res.family.core_name, "log")
    to_eta: dict[str, Callable[[Floats], Floats]] = {
        "logit": lambda m: np.log(m) - np.log1p(-m),
        "identity": lambda m: m,
        "log": np.log,
    }
    loss = _core.Loss(res.family.core_name, link, res.family.parameter)
    freq_weights, prior = res.design.freq_weights, prior_weight(res)
    total = 0.0
    for part in chunks(len(mu)):
        with np.errstate(divide="ignore"):
            eta = np.ascontiguousarray(to_eta[link](mu[part]))
        eta = np.clip(eta, -700.0, 700.0) if link != "identity" else eta
        total += float((freq_weights[part] * prior[part]) @ loss.evaluate(res.design.y[part], eta)[:, 0])
    return total

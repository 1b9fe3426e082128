"""Residuals of the rows and deviances of other means."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from contextstats import _core
from contextstats.algorithms.joint import Floats, core_loss, prior_weights
from contextstats.inference.likelihood import log_likelihood
from contextstats.options import resolve_threads
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


def pearson_residuals(res: FitStatistics) -> Floats:
    """(y - mu) sqrt(v / V(mu)) of the rows; zero where both numerator and variance vanish."""
    residual = (res.design.y - res.rows.mu) * np.sqrt(prior_weight(res))
    spread = np.sqrt(np.maximum(variance_function(res.family, res.rows.mu), 0.0))
    return np.divide(residual, spread, out=np.zeros_like(residual), where=spread > 0)


def pearson_statistic(res: FitStatistics) -> float:
    """Sum of squared Pearson residuals, frequencies counted."""
    design, loss, threads = res.design, core_loss(res.family), resolve_threads(None)
    return float(loss.pearson(design.y, res.rows.mu, design.freq_weights, prior_weight(res), threads)[0])


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
    """Deviance of other fitted means, one for each row or one number seen by all of them, under the same family."""
    links = {"binomial": "logit", "gaussian": "identity"}
    link = links.get(res.family.core_name, "log")
    to_eta: dict[str, Callable[[Floats], Floats]] = {
        "logit": lambda m: np.clip(np.log(m) - np.log1p(-m), -700.0, 700.0),
        "identity": lambda m: m,
        "log": lambda m: np.clip(np.log(m), -700.0, 700.0),
    }
    each = mu[:1] if mu.strides == (0,) else mu
    with np.errstate(divide="ignore"):
        eta = np.ascontiguousarray(to_eta[link](each))
    loss = _core.Loss(res.family.core_name, link, res.family.parameter)
    return loss.deviance(res.design.y, eta, prior_weights(res.design)[0], resolve_threads(None))


def saturated_log_likelihood(res: FitStatistics, scale: float) -> float:
    """Log-likelihood of a model that reproduces every response."""
    design = res.design
    if res.family.core_name != "binomial":
        loss, threads = core_loss(res.family), resolve_threads(None)
        return float(loss.saturated(design.y, design.var_weights, design.freq_weights, scale, threads))
    if design.trials is None and bool(((design.y == 0) | (design.y == 1)).all()):
        return 0.0
    return log_likelihood(
        "binomial",
        design.y,
        design.y,
        freq_weights=design.freq_weights,
        var_weights=design.var_weights,
        trials=design.trials,
    )

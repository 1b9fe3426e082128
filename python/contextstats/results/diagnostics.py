"""Residuals and checks of a fitted model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from contextstats.algorithms.joint import Floats, core_loss
from contextstats.inference.diagnostics import basis_check, concurvity
from contextstats.inference.quantile_residuals import quantile_residuals
from contextstats.results.estimates import variance_function

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults


def prior_weight(res: GLMResults) -> Floats:
    """Variance weight times number of trials."""
    design = res.design
    return design.var_weights if design.trials is None else design.var_weights * design.trials


def pearson_residuals(res: GLMResults) -> Floats:
    """(y - mu) sqrt(v / V(mu)); zero where both numerator and variance vanish."""
    residual = (res.design.y - res.rows.mu) * np.sqrt(prior_weight(res))
    spread = np.sqrt(np.maximum(variance_function(res.family, res.rows.mu), 0.0))
    return np.divide(residual, spread, out=np.zeros_like(residual), where=spread > 0)


def deviance_residuals(res: GLMResults) -> Floats:
    """sign(y - mu) sqrt(v D)."""
    size = np.sqrt(np.maximum(prior_weight(res) * res.rows.unit_deviance, 0.0))
    return np.asarray(np.sign(res.design.y - res.rows.mu) * size)


def quantile_residuals_of(res: GLMResults, seed: int) -> Floats:
    """Randomized quantile residuals of the rows."""
    return quantile_residuals(
        res.family.core_name,
        res.design.y,
        res.rows.mu,
        scale=res.scale,
        var_weights=res.design.var_weights,
        trials=res.design.trials,
        parameter=res.family.parameter,
        seed=seed,
    )


def deviance_at(res: GLMResults, mu: Floats) -> float:
    """Deviance of other fitted means under the same family."""
    links = {"binomial": "logit", "gaussian": "identity"}
    link = links.get(res.family.core_name, "log")
    to_eta = {"logit": lambda m: np.log(m) - np.log1p(-m), "identity": lambda m: m, "log": np.log}
    with np.errstate(divide="ignore"):
        eta = np.ascontiguousarray(to_eta[link](mu))
    eta = np.clip(eta, -700.0, 700.0) if link != "identity" else eta
    from contextstats import _core

    loss = _core.Loss(res.family.core_name, link, core_loss_parameter(res))
    unit = loss.evaluate(res.design.y, eta)[:, 0]
    return float(np.sum(res.design.freq_weights * prior_weight(res) * unit))


def core_loss_parameter(res: GLMResults) -> float:
    """The parameter of the family as the core takes it."""
    return float(res.family.parameter)


def varying_pairs(res: GLMResults) -> list[tuple[str, str]]:
    """(predictor, context variable) pairs of the blocks that vary, without repetition."""
    pairs: dict[tuple[str, str], None] = {}
    for block in res.design.blocks:
        if block.term is not None:
            for variable in block.term.variables:
                pairs[res.design.x_names[block.predictor], variable] = None
    return list(pairs)


def concurvity_table(res: GLMResults) -> pd.DataFrame:
    """Concurvity of each varying block, and of the parametric part, with everything else."""
    groups = {"parametric": np.array([b.start for b in res.design.blocks if b.term is None], dtype=np.intp)}
    for block in res.design.blocks:
        if block.term is not None:
            name = f"{block.term.label}:{res.design.x_names[block.predictor]}"
            groups[name] = np.arange(block.start, block.stop)
    from contextstats.algorithms.joint import CoreProblem

    problem = CoreProblem.of(res.design, None)
    gram = problem.gram(np.ones(len(res.design.y)))
    found = concurvity(gram, res.fit.theta, groups)
    rows = [[name, c.worst, c.observed, c.estimate] for name, c in found.items()]
    return pd.DataFrame(rows, columns=["term", "worst", "observed", "estimate"])


def k_check_table(res: GLMResults, seed: int) -> pd.DataFrame:
    """One row for each smooth block."""
    residuals = res.resid_deviance.to_numpy()
    rows = []
    for block in res.design.blocks:
        if block.term is None or block.term.kind not in ("smooth", "tensor"):
            continue
        columns = [list(res.design.context_names).index(variable) for variable in block.term.variables]
        check = basis_check(residuals, res.design.contexts[:, columns], seed=seed)
        name = f"{block.term.label}:{res.design.x_names[block.predictor]}"
        edf = float(res.estimates.edf[block.start : block.stop].sum())
        rows.append([name, block.stop - block.start, edf, check.k_index, check.pvalue])
    return pd.DataFrame(rows, columns=["term", "k_prime", "edf", "k_index", "p_value"])

"""What one fit says, and whether it is true."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import design
import numpy as np

import contextstats as cs
from contextstats.families import Gamma

FAMILY: dict[str, Any] = {"gaussian": "gaussian", "logit": "binomial", "poisson": "poisson", "gamma": Gamma(link="log")}


def fit(family: str, scenario: str, k: int, seed: int) -> cs.GLMResults:
    """Fit the model in which every coefficient varies with both contexts."""
    context = f"s(c1, k={k}) + s(c2, k={k})"
    model = cs.glm("y ~ x2 + x3 + x4 + x5", context, design.draw(family, scenario, seed), family=FAMILY[family])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.ConvergenceWarning)  # counted
        return model.fit(threads=1)


def record(family: str, scenario: str, k: int, seed: int) -> dict[str, float]:
    """Coverage of bands, errors of estimates and p-values in one data set."""
    res = fit(family, scenario, k, seed)
    out: dict[str, float] = {"seed": seed, "converged": float(res.converged), "edf": res.edf}
    if scenario == "mixed":
        out |= _bands(res, family, scenario)
    return out | _tests(res)


def tests_only(family: str, scenario: str, k: int, seed: int) -> dict[str, float]:
    """p-values in one data set, which are cheap beside the bands."""
    return {"seed": seed} | _tests(fit(family, scenario, k, seed))


def _bands(res: cs.GLMResults, family: str, scenario: str) -> dict[str, float]:
    grid = design.grid()
    truth = design.truth(family, scenario, grid)
    conditional = replace(res, natural_covariance=res.estimates.conditional, cov_type="bayes_conditional")
    out = {}
    for j, term in enumerate(design.TERMS):

        def covered(fitted: cs.GLMResults, *, joint: bool, term: str = term, column: int = j) -> Any:
            band = fitted.coefficients(grid, terms=[term], simultaneous=joint)
            return (band["conf_low"] <= truth[:, column]) & (truth[:, column] <= band["conf_high"])

        out[f"default pointwise {term}"] = float(covered(res, joint=False).mean())
        out[f"default simultaneous {term}"] = float(covered(res, joint=True).all())
        out[f"bayes_conditional pointwise {term}"] = float(covered(conditional, joint=False).mean())
    estimates = res.coefficient_array(grid)
    for j, term in enumerate(design.TERMS):
        out[f"mse {term}"] = float(np.mean((estimates[:, j] - truth[:, j]) ** 2))
    return out


def _tests(res: cs.GLMResults) -> dict[str, float]:
    out = {"population": res.test_population().p_value}
    for row in res.heterogeneity().itertuples():
        label = f"{row.predictor} {row.context}"
        out[f"wald {label}"] = row.p_value
        out[f"score {label}"] = row.score_p_value
    return out | {f"parametric {term}": float(res.pvalues[term]) for term in design.TERMS}

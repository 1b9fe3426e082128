"""Experiments: one model fitted to many data sets, what each fit said, and whether it was true."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest

import contextstats as cs

FULL = os.environ.get("CONTEXTSTATS_FULL") == "1"
ROWS = 400
FAMILIES = {"gaussian": "gaussian", "logit": "binomial", "poisson": "poisson"}
STRENGTH = {"gaussian": 1.0, "logit": 2.0, "poisson": 1.0}
"""A binary response says so little that curves must be twice as large to be told from straight lines."""


def replicates(few: int, many: int) -> int:
    """How often an experiment is repeated: `many` times if CONTEXTSTATS_FULL=1."""
    return many if FULL else few


def true_coefficients(a: np.ndarray, b: np.ndarray, strength: float) -> dict[str, np.ndarray]:
    """The coefficients as functions of two contexts."""
    return {
        "Intercept": 0.3 + strength * 0.5 * np.sin(2 * np.pi * a),
        "x": 0.5 + strength * (0.6 * np.cos(2 * np.pi * b) + 0.4 * (a - 0.5)),
    }


def draw(family: str, strength: float, seed: int, rows: int = ROWS) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """One data set and the coefficients behind its rows; strength 0 is the population model."""
    rng = np.random.default_rng((seed, list(FAMILIES).index(family), 7))
    x, a, b = rng.uniform(-1.7, 1.7, rows), rng.uniform(size=rows), rng.uniform(size=rows)
    truth = true_coefficients(a, b, strength)
    eta = truth["Intercept"] + x * truth["x"]
    if family == "gaussian":
        y = rng.normal(eta)
    elif family == "logit":
        y = (rng.uniform(size=rows) < 1 / (1 + np.exp(-eta))).astype(float)
    else:
        y = rng.poisson(np.exp(eta)).astype(float)
    return pd.DataFrame({"y": y, "x": x, "a": a, "b": b}), truth


def fit(frame: pd.DataFrame, family: str, context: str | None = "s(a) + s(b)", **options) -> cs.GLMResults:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.ConvergenceWarning)  # counted by the experiments
        return cs.glm("y ~ x", context=context, data=frame, family=FAMILIES[family]).fit(threads=1, **options)


def covered(table: pd.DataFrame, truth: np.ndarray) -> np.ndarray:
    return ((table["conf_low"] <= truth) & (truth <= table["conf_high"])).to_numpy()


def p_values(res: cs.GLMResults) -> dict[str, float]:
    """Wald and score p-values of every row of the heterogeneity table, and of the omnibus test."""
    table = res.heterogeneity()
    found = {"population": res.test_population().p_value}
    for row in table.itertuples():
        found[f"wald {row.predictor} {row.context}"] = row.p_value
        found[f"score {row.predictor} {row.context}"] = row.score_p_value
    return found


@cache
def coverage_study(family: str, strength: float, count: int) -> pd.DataFrame:
    """For every replicate the share of 80 points a pointwise band covers, and whether wider statements hold."""
    found = []
    for seed in range(count):
        frame, truth = draw(family, strength, seed)
        res = fit(frame, family)
        grid = slice(0, ROWS, 5)
        row = {"converged": float(res.converged)}
        for term in truth:
            values = truth[term][grid]
            band = res.coefficients(frame.iloc[grid], terms=[term])
            joint = res.coefficients(frame.iloc[grid], terms=[term], simultaneous=True)
            row |= {
                f"pointwise {term}": covered(band, values).mean(),
                f"simultaneous {term}": float(covered(joint, values).all()),
            }
        averages = np.array([truth[term].mean() for term in truth])
        for term, inside in zip(truth, covered(res.average_effects(), averages), strict=True):
            row[f"average {term}"] = float(inside)
        found.append(row)
    return pd.DataFrame(found)


@cache
def testing_study(family: str, strength: float, count: int) -> pd.DataFrame:
    """p-values of all tests of heterogeneity in every replicate."""
    found = []
    for seed in range(count):
        frame, _ = draw(family, strength, 500_000 + seed)
        found.append(p_values(fit(frame, family)))
    return pd.DataFrame(found)


@pytest.fixture(scope="session")
def run_coverage_study() -> Callable[..., pd.DataFrame]:
    return coverage_study


@pytest.fixture(scope="session")
def run_testing_study() -> Callable[..., pd.DataFrame]:
    return testing_study


@pytest.fixture(scope="session")
def repeat() -> Callable[[int, int], int]:
    return replicates


@pytest.fixture(scope="session")
def draw_data() -> Callable[..., tuple[pd.DataFrame, dict[str, np.ndarray]]]:
    return draw


@pytest.fixture(scope="session")
def fit_data() -> Callable[..., cs.GLMResults]:
    return fit


@pytest.fixture(scope="session")
def strengths() -> dict[str, float]:
    return STRENGTH


@pytest.fixture(scope="session")
def assert_mean() -> Callable[..., None]:
    """The mean of replicates lies between two values, give or take four Monte-Carlo standard errors."""

    def check(values: pd.Series | np.ndarray, low: float, high: float | None = None, *, name: str = "") -> None:
        values = np.asarray(values, dtype=float)
        high = low if high is None else high
        spread = values.std(ddof=1)
        if set(np.unique(values)) <= {0.0, 1.0}:  # the error at the limits: an estimate of none says nothing
            spread = max(spread, *(np.sqrt(p * (1 - p)) for p in (low, high)))
        error = 4 * spread / np.sqrt(len(values))
        mean = values.mean()
        print(f"{name}: {mean:.4f} +- {error / 4:.4f} in {len(values)} replicates, expected {low} to {high}")
        assert low - error <= mean <= high + error, f"{name}: {mean:.4f}, limits {low - error:.4f}, {high + error:.4f}"

    return check

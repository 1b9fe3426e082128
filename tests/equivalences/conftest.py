"""Data with effects that vary, a response for every family, and what it means for two fits to be the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import contextstats as cs

PHI = 0.2


def make_frame(n: int, seed: int = 0) -> pd.DataFrame:
    """Predictors x, z; contexts a, b (numbers), g (levels); weights; responses with effects smooth in a and b."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "x": rng.uniform(-1, 1, n),
            "z": rng.normal(size=n),
            "a": rng.uniform(size=n),
            "b": rng.uniform(20, 80, n),
            "g": pd.Categorical(rng.choice(["low", "mid", "high"], n), ["low", "mid", "high"]),
            "copies": rng.integers(1, 4, n),
            "precision": rng.uniform(0.5, 2, n),
            "offset": rng.uniform(-0.3, 0.3, n),
            "trials": rng.integers(1, 12, n),
            "center": rng.integers(0, 25, n),
        }
    )
    eta = 0.6 + 0.3 * np.sin(5 * frame.a) + frame.x * (0.4 + 0.3 * np.cos(frame.b / 15)) + 0.1 * frame.z
    mean = np.exp(eta)
    frame["gaussian"] = mean + rng.normal(size=n)
    frame["successes"] = rng.binomial(frame.trials, 1 / (1 + np.exp(-eta)))
    frame["failures"] = frame.trials - frame.successes
    frame["binary"] = (rng.uniform(size=n) < 1 / (1 + np.exp(-eta))).astype(float)
    frame["poisson"] = rng.poisson(mean)
    frame["gamma"] = rng.gamma(1 / PHI, mean * PHI)
    frame["inverse_gaussian"] = rng.wald(mean, 1 / PHI)
    frame["negative_binomial"] = rng.poisson(rng.gamma(2.0, mean / 2))
    frame["tweedie"] = np.where(rng.uniform(size=n) < 0.15, 0.0, frame.gamma)
    return frame


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    return make_frame(300)


@pytest.fixture(scope="session")
def frame_of() -> Callable[..., pd.DataFrame]:
    return make_frame


def rows_of(table: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    return table[list(columns)].to_numpy(dtype=float)


@pytest.fixture(scope="session")
def assert_same_fit() -> Callable[..., None]:
    """Compare what a user reads off two fits: numbers to `rtol`, standard errors and tests included."""

    def compare(one: cs.GLMResults, other: cs.GLMResults, *, rtol: float, tests: bool = True) -> None:
        def same(first: Any, second: Any, name: str, tolerance: float = rtol) -> None:
            first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
            size = float(np.abs(second).max(initial=0.0))
            assert_allclose(first, second, rtol=tolerance, atol=tolerance * size, err_msg=name)

        assert list(one.params.index) == list(other.params.index)
        same(one.params, other.params, "params")
        same(one.bse, other.bse, "bse")
        same(one.cov_params(), other.cov_params(), "cov_params")
        for name in ("nobs", "edf", "df_resid", "scale", "deviance", "null_deviance", "pearson_chi2"):
            same(getattr(one, name), getattr(other, name), name)
        for name in ("llf", "llnull", "aic", "bic"):
            same(getattr(one, name), getattr(other, name), name)
        if len(one.smoothing_parameters):
            alive = other.smoothing_parameters < 1e5
            same(np.log(one.smoothing_parameters[alive]), np.log(other.smoothing_parameters[alive]), "sp", 10 * rtol)
        effects = ("estimate", "std_error", "conf_low")
        same(rows_of(one.average_effects(), effects), rows_of(other.average_effects(), effects), "average effects")
        if tests and one.varying:
            table = ("edf", "ref_df", "statistic", "share", "score_statistic", "score_p_value")
            same(rows_of(one.heterogeneity(), table), rows_of(other.heterogeneity(), table), "heterogeneity", 10 * rtol)

    return compare

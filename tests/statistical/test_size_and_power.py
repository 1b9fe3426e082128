"""Tests of heterogeneity: rejected in 5% of the data sets where there is none, and often where there is some."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.statistical
FAMILY = pytest.mark.parametrize("family", ["gaussian", "logit", "poisson"])
TERMS = ["Intercept s(a)", "Intercept s(b)", "x s(a)", "x s(b)"]


@pytest.fixture
def null(family, run_testing_study, repeat):
    return run_testing_study(family, 0.0, repeat(200, 3000))


@pytest.fixture
def alternative(family, run_testing_study, repeat, strengths):
    return run_testing_study(family, strengths[family], repeat(60, 500))


def rejected(study: pd.DataFrame, columns: list[str], level: float = 0.05) -> pd.Series:
    """Share of the tests in each replicate that reject: its error is that of independent replicates."""
    return (study[columns] < level).mean(axis=1)


@FAMILY
def test_size_of_the_score_test_of_each_term(family, null, assert_mean):
    assert_mean(rejected(null, [f"score {term}" for term in TERMS]), 0.045, 0.06, name=f"{family} score terms")


@FAMILY
def test_size_of_the_score_test_of_each_predictor(family, null, assert_mean):
    assert_mean(rejected(null, ["score Intercept any", "score x any"]), 0.04, 0.055, name=f"{family} score any")


@FAMILY
def test_size_of_the_omnibus_test(family, null, assert_mean):
    """From the fit without context; one step from the full fit towards it rejects 0.028 for binary responses."""
    assert_mean(rejected(null, ["population"]), 0.045, 0.055, name=f"{family} population")


@FAMILY
def test_size_of_the_wald_test_of_each_term(family, null, assert_mean):
    """As in mgcv: the smoothing parameters count as known, which makes it a little liberal."""
    assert_mean(rejected(null, [f"wald {term}" for term in TERMS]), 0.05, 0.06, name=f"{family} wald terms")


@FAMILY
def test_size_of_the_wald_test_of_each_predictor(family, null, assert_mean):
    assert_mean(rejected(null, ["wald Intercept any", "wald x any"]), 0.05, 0.07, name=f"{family} wald any")


@FAMILY
def test_p_values_are_uniform(family, null, assert_mean):
    """Score tests at other levels."""
    columns = [f"score {term}" for term in TERMS]
    for level in (0.01, 0.1, 0.5):
        assert_mean(rejected(null, columns, level), 0.9 * level, 1.15 * level, name=f"{family} score at {level}")


@FAMILY
def test_power_where_effects_vary(family, alternative):
    """The effect of x varies with both contexts, the intercept with a alone."""
    for test in ("population", "score x any", "wald x any", "score x s(b)", "wald x s(b)", "score Intercept s(a)"):
        power = (alternative[test] < 0.05).mean()
        print(f"{family} {test}: power {power:.3f}")
        assert power > 0.9, test


WEAK = {
    "gaussian": (0.4, {"population": 0.82, "score x s(b)": 0.80, "wald x s(b)": 0.69}),
    "logit": (0.8, {"population": 0.69, "score x s(b)": 0.71, "wald x s(b)": 0.59}),
    "poisson": (0.35, {"population": 0.86, "score x s(b)": 0.87, "wald x s(b)": 0.77}),
}
"""Strength of the effects, and the power found in 600 replicates (+- 0.02)."""


@FAMILY
def test_power_where_effects_vary_little(family, run_testing_study, repeat, assert_mean):
    """The score test finds smooth variation more often than the Wald test, which is why both are reported."""
    strength, expected = WEAK[family]
    study = run_testing_study(family, strength, repeat(100, 600))
    for test, power in expected.items():
        assert_mean(rejected(study, [test]), power - 0.02, power + 0.02, name=f"{family} {test}, weak")
    assert rejected(study, ["score x s(b)"]).mean() > rejected(study, ["wald x s(b)"]).mean()


@FAMILY
def test_a_term_without_effect_beside_terms_with_one(family, alternative, assert_mean):
    assert_mean(rejected(alternative, ["score Intercept s(b)"]), 0.03, 0.05, name=f"{family} score, others vary")
    assert_mean(rejected(alternative, ["wald Intercept s(b)"]), 0.04, 0.07, name=f"{family} wald, others vary")


@FAMILY
def test_no_p_value_is_missing(family, null, alternative):
    for study in (null, alternative):
        assert np.isfinite(study.to_numpy()).all()

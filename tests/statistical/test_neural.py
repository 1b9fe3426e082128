"""Neural encoders: tests keep their size and bands cover, as hidden layers are learned from other rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import contextstats as cs

pytestmark = pytest.mark.statistical
ROWS = 400
FAMILY = pytest.mark.parametrize("family", ["gaussian", "binomial"])


def effect(contexts):
    """A function that a few hidden units can follow."""
    return np.tanh(2 * (contexts[:, 0] - contexts[:, 1]))


def one(family, seed):
    """A constant intercept, an effect that varies with two contexts, and one that does not."""
    rng = np.random.default_rng([seed, 11])
    contexts, x = rng.uniform(-1, 1, (ROWS, 2)), rng.normal(size=(ROWS, 2))
    eta = 0.2 + effect(contexts) * x[:, 0] + 0.5 * x[:, 1]
    y = eta + rng.normal(size=ROWS) if family == "gaussian" else 1.0 * (rng.uniform(size=ROWS) < 1 / (1 + np.exp(-eta)))
    exog = np.column_stack([np.ones(ROWS), x])
    res = cs.ContextualGLM(y, exog, contexts, encoder=cs.MLP(width=6, seed=seed), family=family).fit(threads=1)
    tests = res.heterogeneity().set_index(["predictor", "context"])
    new = rng.uniform(-1, 1, (200, 2))
    table = res.coefficients(new)

    def covered(name, truth):
        own = table[table["term"] == name]
        return np.mean((own["conf_low"] <= truth) & (truth <= own["conf_high"]))

    return {
        "constant": covered("x2", 0.5),
        "varying": covered("x1", effect(new)),
        "score": tests.loc[("x2", "any"), "score_p_value"] < 0.05,
        "intercept": tests.loc[("const", "any"), "score_p_value"] < 0.05,
        "wald": tests.loc[("x2", "any"), "p_value"] < 0.05,
    }


@pytest.fixture(scope="module")
def studies(repeat):
    return {
        family: pd.DataFrame([one(family, seed) for seed in range(repeat(60, 1000))]).astype(float)
        for family in ("gaussian", "binomial")
    }


@FAMILY
def test_size_of_the_tests_of_constant_effects(family, studies, assert_mean):
    study = studies[family]
    assert_mean(study[["score", "intercept"]].mean(axis=1), 0.035, 0.065, name=f"{family} score")
    assert_mean(study["wald"], 0.035, 0.065, name=f"{family} wald")


@FAMILY
def test_coverage(family, studies, assert_mean):
    """Bands of an effect that varies lack what the hidden layers did not find."""
    study = studies[family]
    assert_mean(study["constant"], 0.95, 1.0, name=f"{family} constant")
    assert_mean(study["varying"], 0.84, 0.96, name=f"{family} varying")

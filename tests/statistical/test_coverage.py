"""Do 95% intervals hold the truth in 95% of the data sets?

Bayesian bands are about right on average over a curve, not at each of its points: they make up for smoothing bias where
curvature is large by being too wide elsewhere (Nychka 1988; Marra and Wood 2012).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import contextstats as cs

pytestmark = pytest.mark.statistical
FAMILY = pytest.mark.parametrize("family", ["gaussian", "logit", "poisson"])
TERM = pytest.mark.parametrize("term", ["Intercept", "x"])


@pytest.fixture
def study(family, run_coverage_study, repeat, strengths):
    return run_coverage_study(family, strengths[family], repeat(100, 1500))


@FAMILY
@TERM
def test_pointwise_bands_average_over_the_curve(family, term, study, assert_mean):
    assert_mean(study[f"pointwise {term}"], 0.94, 0.975, name=f"{family} pointwise {term}")


@FAMILY
@TERM
def test_simultaneous_bands(family, term, study, assert_mean):
    assert_mean(study[f"simultaneous {term}"], 0.95, 0.995, name=f"{family} simultaneous {term}")


@FAMILY
@TERM
def test_average_effects(family, term, study, assert_mean):
    assert_mean(study[f"average {term}"], 0.95, name=f"{family} average effect {term}")


@FAMILY
def test_fits_converge(family, study, assert_mean):
    assert_mean(study["converged"], 0.997, 1.0, name=f"{family} converged")


def test_bands_of_a_curve_that_can_hardly_be_seen(run_coverage_study, repeat, assert_mean):
    """REML takes half of these sine curves for straight lines; the band allows for it.

    The first-order correction does not (cov_type="bayes_corrected", mgcv's unconditional=TRUE): 0.91 in the same data.
    """
    study = run_coverage_study("logit", 1.0, repeat(100, 1000))
    assert_mean(study["pointwise Intercept"], 0.93, 0.96, name="weak logit, pointwise Intercept")
    assert_mean(study["simultaneous Intercept"], 0.94, 0.995, name="weak logit, simultaneous Intercept")


def clustered_data(seed: int, clusters: int) -> tuple[pd.DataFrame, dict[str, float]]:
    """Ten rows a cluster that share a random intercept and the value of z; x varies within clusters."""
    rng = np.random.default_rng((seed, 99))
    group = np.repeat(np.arange(clusters), 10)
    truth = {"Intercept": 1.0, "x": 0.5, "z": -0.3}
    z, x = rng.normal(size=clusters)[group], rng.normal(size=len(group))
    shared = 0.8 * rng.normal(size=clusters)[group]
    y = truth["Intercept"] + truth["x"] * x + truth["z"] * z + shared + rng.normal(size=len(group))
    return pd.DataFrame({"y": y, "x": x, "z": z, "group": group}), truth


def test_cluster_covariance(repeat, assert_mean):
    """60 clusters. Normal quantiles for what is nearer to t with 58 df: 0.943 where z varies between clusters."""
    found = []
    for seed in range(repeat(500, 4000)):
        frame, truth = clustered_data(seed, 60)
        model = cs.glm("y ~ x + z", data=frame)
        row = {}
        for kind, keywords in {"cluster": {"groups": frame["group"]}, "nonrobust": None}.items():
            interval = model.fit(cov_type=kind, cov_kwds=keywords, threads=1).conf_int()
            for name, value in truth.items():
                row[f"{kind} {name}"] = float(interval.loc[name, "lower"] <= value <= interval.loc[name, "upper"])
        found.append(row)
    study = pd.DataFrame(found)
    for name in ("Intercept", "x", "z"):
        assert_mean(study[f"cluster {name}"], 0.93, 0.95, name=f"cluster {name}")
    assert study["nonrobust z"].mean() < 0.75, "the data must be such that the covariance matters"


def test_robust_covariance_under_heteroskedasticity(repeat, assert_mean):
    """Variance proportional to exp(2x), n = 100: HC3 holds its level where the model's covariance does not."""
    found = []
    for seed in range(repeat(500, 4000)):
        rng = np.random.default_rng((seed, 98))
        x = rng.normal(size=100)
        frame = pd.DataFrame({"x": x, "y": 1 + 0.5 * x + np.exp(x) * rng.normal(size=100)})
        model = cs.glm("y ~ x", data=frame)
        row = {}
        for kind in ("HC3", "HC0", "nonrobust"):
            interval = model.fit(cov_type=kind, threads=1).conf_int().loc["x"]
            row[kind] = float(interval["lower"] <= 0.5 <= interval["upper"])
        found.append(row)
    study = pd.DataFrame(found)
    assert_mean(study["HC3"], 0.91, 0.95, name="HC3")
    assert study["HC3"].mean() > study["HC0"].mean() > study["nonrobust"].mean()

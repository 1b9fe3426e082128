"""Simulated responses have the mean and the variance of the model; the bootstrap repeats itself."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import contextstats as cs
from contextstats.results.estimates import variance_function

ALL = ["gaussian", "logit", "probit", "counted", "poisson", "gamma", "inverse_gaussian", "negative_binomial", "tweedie"]
DRAWS = 3000


@pytest.mark.parametrize("family", ALL)
def test_simulated_responses_have_the_mean_and_variance_of_the_model(family, random_model):
    """5 sigma for each row's mean; 5 sigma for the mean of all squared Pearson residuals, its error estimated."""
    random = random_model(family, "linear", 1, n=60)
    res = random.fit()
    draws = res.simulate(DRAWS, seed=1).to_numpy()
    mu = res.fittedvalues.to_numpy()
    trials = random.frame["trials"].to_numpy() if family == "counted" else 1.0
    variance = res.scale * variance_function(res.family, mu) / trials
    assert np.abs((draws.mean(axis=1) - mu) / np.sqrt(variance / DRAWS)).max() < 5
    squared = (draws - mu[:, None]) ** 2 / variance[:, None]
    assert abs(squared.mean() - 1) < 5 * squared.std() / np.sqrt(squared.size)


@pytest.mark.parametrize("family", ["gaussian", "gamma", "inverse_gaussian", "tweedie"])
def test_variance_weights_divide_the_variance(family, random_model):
    frame = random_model(family, "linear", 1, n=60).frame
    weights = np.linspace(0.5, 4, 60)
    kind = {"gaussian": "gaussian", "tweedie": "tweedie"}.get(family) or getattr(
        cs.families, family.title().replace("_", "")
    )("log")
    res = cs.glm("y ~ x", data=frame, family=kind, var_weights=weights).fit()
    draws = res.simulate(DRAWS, seed=2).to_numpy()
    variance = res.scale * variance_function(res.family, res.rows.mu) / weights
    squared = (draws - res.rows.mu[:, None]) ** 2 / variance[:, None]
    for half in (squared[:30], squared[30:]):
        assert abs(half.mean() - 1) < 5 * half.std() / np.sqrt(half.size)


def test_variance_weights_are_numbers_of_trials_for_proportions(random_model):
    frame = random_model("counted", "none", 4, n=60).frame
    share = cs.glm(
        "share ~ x", data=frame.assign(share=frame.y / frame.trials), family="binomial", var_weights="trials"
    ).fit()
    draws = share.simulate(DRAWS, seed=3).to_numpy() * frame["trials"].to_numpy()[:, None]
    assert_allclose(draws, np.rint(draws), atol=1e-9)
    mu, trials = share.rows.mu, frame["trials"].to_numpy()
    squared = (draws - (trials * mu)[:, None]) ** 2 / (trials * mu * (1 - mu))[:, None]
    assert abs(squared.mean() - 1) < 5 * squared.std() / np.sqrt(squared.size)


@pytest.mark.parametrize("family", ["poisson", "logit"])
def test_weights_without_a_distribution_are_refused(family, random_model):
    """No Poisson or Bernoulli variable has half the variance: resampling cases is left."""
    frame = random_model(family, "none", 4, n=60).frame
    kind = {"poisson": "poisson", "logit": "binomial"}[family]
    res = cs.glm("y ~ x", data=frame, family=kind, var_weights=np.linspace(0.5, 1.7, 60)).fit()
    with pytest.raises(cs.OptionError, match="kind='cases'"):
        res.simulate(1)
    with pytest.raises(cs.OptionError, match="kind='cases'"):
        res.bootstrap(2)
    assert res.bootstrap(3, kind="cases", seed=1).n_failed == 0


def test_simulation_is_determined_by_its_seed(random_model):
    res = random_model("negative_binomial", "smooth", 1).fit()
    assert_array_equal(res.simulate(3, seed=5), res.simulate(3, seed=5))
    assert not np.array_equal(res.simulate(3, seed=5), res.simulate(3, seed=6))
    assert_array_equal(res.simulate(2, seed=5), res.simulate(3, seed=5).iloc[:, :2])
    assert list(res.simulate(2, seed=5).columns) == ["sim_1", "sim_2"]


@pytest.mark.parametrize("kind", ["parametric", "cases"])
@pytest.mark.parametrize("family", ["gaussian", "poisson", "tweedie"])
def test_the_bootstrap_is_determined_by_its_seed_whatever_the_threads(family, kind, random_model):
    res = random_model(family, "smooth", 2).fit()
    one = res.bootstrap(8, kind=kind, seed=3, n_jobs=1)
    for jobs in (2, 5):
        assert_array_equal(res.bootstrap(8, kind=kind, seed=3, n_jobs=jobs).theta, one.theta)
    assert not np.array_equal(res.bootstrap(8, kind=kind, seed=4, n_jobs=2).theta, one.theta)
    longer = res.bootstrap(11, kind=kind, seed=3, n_jobs=2)
    assert_array_equal(longer.theta[:8], one.theta)


def test_the_bootstrap_leaves_the_results_as_they_were(random_model):
    random = random_model("poisson", "smooth", 2)
    res = random.fit()
    before = res.params.copy(), res.design.y.copy(), res.llf
    res.bootstrap(4, seed=1)
    res.bootstrap(4, seed=1, kind="cases")
    assert_array_equal(res.params, before[0])
    assert_array_equal(res.design.y, before[1])
    assert res.llf == before[2]


@pytest.mark.parametrize("kind", ["parametric", "cases"])
def test_bootstrap_standard_errors_are_near_those_of_the_model(kind, random_model):
    """4 sigma of a standard deviation from 150 replicates; 10% more for what asymptotics leave out at n = 400."""
    res = random_model("poisson", "linear", 6, n=400).fit()
    ratio = res.bootstrap(150, kind=kind, seed=1).bse / res.bse
    assert_allclose(ratio, 1.0, atol=4 / np.sqrt(2 * 150) + 0.1)


def test_progress_of_the_bootstrap_counts_to_the_end(random_model):
    seen = []
    random_model("gaussian", "none", 1).fit().bootstrap(5, seed=1, progress=lambda done, n: seen.append((done, n)))
    assert seen == [(i, 5) for i in range(1, 6)]

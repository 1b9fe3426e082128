from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from contextstats.errors import OptionError
from contextstats.inference.quantile_residuals import quantile_residuals

N = 4000


def sample(family: str, mu: np.ndarray, trials: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Responses with scale 0.4, alpha 0.7 or power 1.4."""
    if family == "gaussian":
        return mu + np.sqrt(0.4) * generator.standard_normal(mu.size)
    if family == "gamma":
        return generator.gamma(1 / 0.4, 0.4 * mu)
    if family == "inverse_gaussian":
        return generator.wald(mu, 1 / 0.4)
    if family == "poisson":
        return generator.poisson(mu).astype(float)
    if family == "negative_binomial":
        return generator.poisson(generator.gamma(1 / 0.7, 0.7 * mu)).astype(float)
    if family == "binomial":
        return generator.binomial(trials.astype(int), mu) / trials
    counts = generator.poisson(mu**0.6 / (0.4 * 0.6))
    return np.where(counts > 0, generator.gamma(np.maximum(counts, 1) * 1.5, 0.4 * 0.4 * mu**0.4), 0.0)


@pytest.mark.parametrize(
    ("family", "parameter"),
    [
        ("gaussian", None),
        ("gamma", None),
        ("inverse_gaussian", None),
        ("poisson", None),
        ("negative_binomial", 0.7),
        ("binomial", None),
        ("tweedie", 1.4),
    ],
)
def test_standard_normal_under_the_model_and_not_otherwise(family: str, parameter: float | None) -> None:
    generator = np.random.default_rng(5)
    mu = generator.uniform(0.1, 0.9, N) * (1 if family == "binomial" else 2)
    trials = generator.integers(1, 8, N).astype(float)
    y = sample(family, mu, trials, generator)
    options = {"scale": 0.4, "trials": trials, "parameter": parameter}
    residuals = quantile_residuals(family, y, mu, **options)
    assert stats.kstest(residuals, "norm").pvalue > 0.01
    assert_allclose(residuals, quantile_residuals(family, y, mu, **options))
    assert stats.kstest(quantile_residuals(family, y, 0.8 * mu, **options), "norm").pvalue < 1e-3


def test_gaussian_residuals_are_standardised_residuals_in_both_tails() -> None:
    y, mu = np.array([-30.0, 0.5, 40.0]), np.array([0.0, 0.0, 2.0])
    ours = quantile_residuals("gaussian", y, mu, scale=4.0, var_weights=np.array([1.0, 4.0, 1.0]))
    assert_allclose(ours, [-15, 0.5, 19])


@pytest.mark.reference
def test_continuous_residuals_against_r() -> None:
    # In R the values are those of qnorm(pgamma(c(.1, 2, 9), shape = 4, scale = c(1, 1.5, 2) / 4))
    ours = quantile_residuals("gamma", np.array([0.1, 2, 9]), np.array([1, 1.5, 2]), scale=0.25)
    assert_allclose(ours, [-3.16468622697411, 0.767773624087832, 4.1374392889363], rtol=1e-12)
    # and those of qnorm(statmod::pinvgauss(c(.1, 2, 9), mean = c(1, 1.5, 2), dispersion = .5))
    ours = quantile_residuals("inverse_gaussian", np.array([0.1, 2, 9]), np.array([1, 1.5, 2]), scale=0.5)
    assert_allclose(ours, [-3.88012467527559, 0.744854128766079, 2.18892397897027], rtol=1e-10)


def test_discrete_residuals_lie_between_the_probabilities() -> None:
    y, mu = np.array([0.0, 3.0, 60.0]), np.array([2.0, 2.0, 2.0])
    for seed in range(20):
        ours = quantile_residuals("poisson", y, mu, seed=seed)
        assert ours[0] <= stats.norm.ppf(np.exp(-2.0))
        assert stats.norm.ppf(stats.poisson.cdf(2, 2)) <= ours[1] <= stats.norm.ppf(stats.poisson.cdf(3, 2))
        assert stats.norm.isf(stats.poisson.sf(59, 2)) <= ours[2] < np.inf


def test_zeros_of_the_tweedie_family_are_spread_over_their_probability() -> None:
    zeros, mu = np.zeros(2000), np.full(2000, 0.5)
    probability = np.exp(-(0.5**0.6) / (0.4 * 0.6))
    ours = stats.norm.cdf(quantile_residuals("tweedie", zeros, mu, scale=0.4, parameter=1.4))
    assert stats.kstest(ours / probability, "uniform").pvalue > 0.01


def test_what_is_refused_or_not_a_number() -> None:
    one = np.ones(1)
    with pytest.raises(OptionError, match="family must be gaussian"):
        quantile_residuals("cauchy", one, one)
    with pytest.raises(OptionError, match="between 1 and 2"):
        quantile_residuals("tweedie", one, one)
    assert np.isnan(quantile_residuals("gamma", one, one, var_weights=np.zeros(1)))

"""Log-likelihoods against statsmodels."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from scipy import integrate

from contextstats.errors import OptionError
from contextstats.inference.likelihood import log_likelihood

FAMILIES = {
    "gaussian": (sm.families.Gaussian(), None),
    "gaussian, log link": (sm.families.Gaussian(sm.families.links.Log()), None),
    "binomial": (sm.families.Binomial(), None),
    "poisson": (sm.families.Poisson(), None),
    "gamma": (sm.families.Gamma(sm.families.links.Log()), None),
    "inverse_gaussian": (sm.families.InverseGaussian(sm.families.links.Log()), None),
    "negative_binomial": (sm.families.NegativeBinomial(alpha=0.7), 0.7),
    "tweedie": (sm.families.Tweedie(sm.families.links.Log(), var_power=1.4), 1.4),
}


def responses(name: str, mu: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    if name.startswith("gaussian"):
        return mu + 0.3 * generator.standard_normal(mu.size) ** 2
    if name == "binomial":
        return generator.binomial(1, mu / (1 + mu)).astype(float)
    if name in ("gamma", "inverse_gaussian"):
        return mu * generator.gamma(3, 1 / 3, mu.size)
    if name == "tweedie":
        return np.array([generator.gamma(2 * count, 0.5) if count else 0.0 for count in generator.poisson(mu)])
    return generator.poisson(mu * generator.gamma(2, 0.5, mu.size)).astype(float)


@pytest.mark.reference
@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_statsmodels(name: str, weighted: bool) -> None:
    generator = np.random.default_rng(0)
    x = sm.add_constant(generator.standard_normal((80, 2)))
    mu = np.exp(x @ [0.4, 0.3, -0.2])
    y = responses(name, mu, generator)
    freq = generator.integers(1, 4, 80).astype(float) if weighted else np.ones(80)
    var = generator.uniform(0.5, 2, 80) if weighted else np.ones(80)
    family, parameter = FAMILIES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = sm.GLM(y, x, family=family, freq_weights=freq, var_weights=var).fit()
    scale = fit.scale
    if name == "gaussian":
        scale = (freq * var) @ (y - fit.mu) ** 2 / freq.sum()
    ours = log_likelihood(
        name.split(",")[0],
        y,
        fit.mu,
        scale=scale,
        freq_weights=freq,
        var_weights=var,
        parameter=parameter,
    )
    assert_allclose(ours, fit.llf, rtol=1e-12)


@pytest.mark.reference
def test_binomial_trials_agree_with_statsmodels() -> None:
    generator = np.random.default_rng(1)
    x = sm.add_constant(generator.standard_normal(50))
    trials = generator.integers(1, 20, 50).astype(float)
    successes = generator.binomial(trials.astype(int), 0.3)
    freq = generator.integers(1, 3, 50).astype(float)
    fit = sm.GLM(
        np.column_stack([successes, trials - successes]), x, family=sm.families.Binomial(), freq_weights=freq
    ).fit()
    ours = log_likelihood("binomial", successes / trials, fit.mu, freq_weights=freq, trials=trials)
    assert_allclose(ours, fit.llf, rtol=1e-12)


def test_weights_of_zero_drop_rows_and_boundaries_are_finite() -> None:
    y, mu = np.array([0.0, 1.0, np.nan]), np.array([0.0, 1.0, np.nan])
    assert log_likelihood("binomial", y, mu, freq_weights=np.array([1.0, 1, 0])) == 0
    assert log_likelihood("poisson", y, mu, var_weights=np.array([1.0, 0, 0])) == 0
    assert log_likelihood("poisson", np.array([1.0]), np.array([0.0])) == -np.inf


def test_tweedie_is_a_density() -> None:
    for power, phi, mean in [(1.2, 0.5, 1.0), (1.6, 2.0, 0.7)]:

        def density(y: float) -> float:
            one = {"scale": phi, "parameter": power}  # noqa: B023
            return np.exp(log_likelihood("tweedie", np.array([y]), np.array([mean]), **one))  # noqa: B023

        positive = integrate.quad(density, 0, 60, points=[0.01, 0.1, 1, 5], limit=400)[0]
        assert_allclose(density(0.0) + positive, 1, rtol=1e-6)


def test_what_is_refused() -> None:
    one = np.ones(1)
    with pytest.raises(OptionError, match="family must be gaussian"):
        log_likelihood("cauchy", one, one)
    with pytest.raises(OptionError, match="alpha must be positive, but is None"):
        log_likelihood("negative_binomial", one, one)
    with pytest.raises(OptionError, match="between 1 and 2, but is 2"):
        log_likelihood("tweedie", one, one, parameter=2.0)

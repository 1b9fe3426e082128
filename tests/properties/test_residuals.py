"""Residuals add up to the statistics they are named after; quantile residuals are standard normal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from contextstats.inference.likelihood import log_likelihood

ALL = ["gaussian", "logit", "probit", "counted", "poisson", "gamma", "inverse_gaussian", "negative_binomial", "tweedie"]
FAMILY = st.sampled_from(ALL)
CONTEXT = st.sampled_from(["none", "linear", "smooth", "mixed"])
SEED = st.integers(0, 10_000)


@given(family=FAMILY, context=CONTEXT, seed=SEED, weighted=st.booleans())
def test_squared_residuals_add_up(random_model, family, context, seed, weighted):
    random = random_model(family, context, seed, weighted=weighted)
    res = random.fit()
    copies = random.frame["copies"].to_numpy()
    assert_allclose(copies @ res.resid_deviance**2, res.deviance, rtol=1e-9)
    assert_allclose(copies @ res.resid_pearson**2, res.pearson_chi2, rtol=1e-9)
    assert_allclose(res.resid_response, res.design.y - res.fittedvalues, rtol=1e-12, atol=1e-14)
    assert_array_equal(np.sign(res.resid_deviance), np.sign(res.resid_response))
    assert_array_equal(np.sign(res.resid_pearson), np.sign(res.resid_response))


@given(family=st.sampled_from(["gaussian", "logit", "counted", "poisson"]), context=CONTEXT, seed=SEED)
def test_with_a_canonical_link_residuals_are_orthogonal_to_what_is_not_penalised(random_model, family, context, seed):
    random = random_model(family, context, seed)
    res = random.fit()
    trials = random.frame["trials"] if family == "counted" else 1.0
    residual = (trials * res.resid_response).to_numpy()
    size = np.abs(residual).sum()
    assert abs(residual.sum()) < 1e-6 * size
    assert abs(residual @ random.frame["x"]) < 1e-6 * size


def log_likelihood_of_rows(res, mu, scale):
    """The sum of the densities of the rows, where the results take the deviance from the saturated model."""
    design = res.design
    weights = {"freq_weights": design.freq_weights, "var_weights": design.var_weights, "trials": design.trials}
    family = {"scale": scale, "parameter": res.family.parameter}
    return log_likelihood(res.family.core_name, design.y, mu, **family, **weights)


@given(family=FAMILY, context=CONTEXT, seed=SEED, weighted=st.booleans())
def test_criteria_follow_from_the_log_likelihood(random_model, family, context, seed, weighted):
    res = random_model(family, context, seed, weighted=weighted).fit()
    scale = res.deviance / res.nobs if family == "gaussian" else res.scale
    for llf, mu, phi in ((res.llf, res.rows.mu, scale), (res.llnull, res.null_mu, res.scale)):
        assert_allclose(llf, log_likelihood_of_rows(res, np.array(mu), phi), rtol=1e-9)
    assert_allclose(res.aic, -2 * res.llf + 2 * res.df_information, rtol=1e-12)
    assert_allclose(res.bic, -2 * res.llf + np.log(res.nobs) * res.df_information, rtol=1e-12)
    assert_allclose(res.df_resid, res.nobs - res.edf, rtol=1e-12)


def simulated_fit(random_model, family, seed, *, of_draws):
    """A fit to responses drawn from a fitted model."""
    random = random_model(family, "linear", seed, n=1200)
    responses = random.fit().simulate(1, seed=of_draws)["sim_1"].to_numpy()
    if family == "counted":
        responses = np.rint(responses * random.frame["trials"])
    return random_model(family, "linear", seed, n=1200, responses=responses).fit()


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("family", ALL)
def test_quantile_residuals_of_simulated_data_are_standard_normal(family, seed, random_model):
    """Kolmogorov's distance of 1200 residuals, at a level of 1e-3; a fit with 7 coefficients takes little off it."""
    residuals = simulated_fit(random_model, family, seed, of_draws=seed + 1000).resid_quantile(seed=seed)
    assert np.isfinite(residuals).all()
    assert stats.kstest(residuals, "norm").pvalue > 1e-3
    assert abs(residuals.std() - 1) < 4 / np.sqrt(2 * 1200) + 0.01


@pytest.mark.parametrize("family", ["logit", "poisson", "negative_binomial"])
def test_quantile_residuals_do_not_share_their_randomness_with_data_of_the_same_seed(family, random_model):
    """Uniform numbers that made the responses would, used again, give residuals far from normal."""
    residuals = simulated_fit(random_model, family, 1, of_draws=7).resid_quantile(seed=7)
    assert stats.kstest(residuals, "norm").pvalue > 1e-3


@pytest.mark.parametrize("family", ALL)
def test_quantile_residuals_depend_on_the_seed_where_the_response_is_discrete(family, random_model):
    res = random_model(family, "linear", 2).fit()
    same = np.array_equal(res.resid_quantile(seed=1), res.resid_quantile(seed=2))
    assert_array_equal(res.resid_quantile(seed=1), res.resid_quantile(seed=1))
    assert same == (family in ("gaussian", "gamma", "inverse_gaussian"))

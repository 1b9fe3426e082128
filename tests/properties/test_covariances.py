"""Covariances are covariances, and everything derived from them agrees with them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

FAMILY = st.sampled_from(["gaussian", "logit", "counted", "poisson", "gamma", "tweedie"])
CONTEXT = st.sampled_from(["none", "linear", "smooth", "mixed", "tensor"])
SEED = st.integers(0, 10_000)
KINDS = ("bayes", "bayes_conditional", "nonrobust", "HC0", "HC1", "HC2", "HC3", "cluster")


def fit(random, kind, **options):
    groups = {"groups": np.arange(len(random.frame)) // 4} if kind == "cluster" else None
    return random.fit(cov_type=kind, cov_kwds=groups, **options)


@given(family=FAMILY, context=CONTEXT, seed=SEED, kind=st.sampled_from(KINDS), weighted=st.booleans())
def test_covariances_are_symmetric_and_positive_semidefinite(random_model, family, context, seed, kind, weighted):
    res = fit(random_model(family, context, seed, weighted=weighted), kind)
    covariance = res.cov_params().to_numpy()
    error = np.sqrt(np.diag(covariance))
    assert (error > 0).all()
    correlation = covariance / np.outer(error, error)
    assert_allclose(correlation, correlation.T, atol=1e-10)
    assert np.linalg.eigvalsh(res.natural_covariance)[0] >= -1e-10 * np.abs(res.natural_covariance).max()
    assert_allclose(res.bse, error, rtol=1e-9)


@given(family=FAMILY, context=CONTEXT, seed=SEED)
def test_bayesian_covariances_are_ordered(random_model, family, context, seed):
    """Ve <= Vp <= Vc: smoothing bias and the uncertainty of the smoothing parameters add to the variance."""
    random = random_model(family, context, seed)
    frequentist, conditional, corrected = (
        fit(random, kind).natural_covariance for kind in ("nonrobust", "bayes_conditional", "bayes")
    )
    size = np.sqrt(np.diag(corrected))
    for small, large in ((frequentist, conditional), (conditional, corrected)):
        difference = (large - small) / np.outer(size, size)
        assert np.linalg.eigvalsh(difference)[0] >= -1e-6  # rounding under smoothing parameters of 1e11


@given(family=FAMILY, context=CONTEXT, seed=SEED, kind=st.sampled_from(KINDS))
def test_wald_and_t_tests_read_params_and_their_covariance(random_model, family, context, seed, kind):
    res = fit(random_model(family, context, seed), kind)
    size = len(res.params)
    each = res.t_test(np.eye(size))
    interval = res.conf_int()
    assert_allclose(each.effect, res.params, rtol=1e-10, atol=1e-14)
    assert_allclose(each.standard_error, res.bse, rtol=1e-9)
    assert_allclose(each.pvalue, res.pvalues, rtol=1e-8, atol=1e-12)
    assert ((interval["lower"] < res.params) & (res.params < interval["upper"])).all()
    assert ((res.pvalues < 0.05) == ((interval["lower"] > 0) | (interval["upper"] < 0))).all()
    one = res.wald_test("x = 0")
    assert_allclose(one.statistic, res.tvalues["x"] ** 2, rtol=1e-8)
    assert_allclose(one.pvalue, res.pvalues["x"], rtol=1e-7, atol=1e-12)


@given(family=FAMILY, context=st.sampled_from(["none", "linear"]), seed=SEED)
def test_without_smooths_the_bayesian_names_mean_the_same(random_model, family, context, seed):
    random = random_model(family, context, seed)
    plain = fit(random, "nonrobust")
    for kind in ("bayes", "bayes_conditional"):
        other = fit(random, kind)
        assert other.cov_type == "nonrobust"
        assert_array_equal(other.cov_params(), plain.cov_params())


@given(family=FAMILY, context=CONTEXT, seed=SEED)
def test_the_covariance_does_not_touch_the_estimates(random_model, family, context, seed):
    random = random_model(family, context, seed)
    fits = [fit(random, kind) for kind in KINDS]
    for res in fits[1:]:
        assert_array_equal(res.params, fits[0].params)
        assert (res.llf, res.aic, res.edf) == (fits[0].llf, fits[0].aic, fits[0].edf)


@given(family=FAMILY, context=CONTEXT, seed=SEED)
def test_clusters_of_one_row_are_hc1_up_to_a_factor(random_model, family, context, seed):
    random = random_model(family, context, seed)
    n = len(random.frame)
    single = {"groups": np.arange(n)}
    plain = random.fit(cov_type="cluster", cov_kwds=single | {"use_correction": False})
    assert_allclose(plain.cov_params(), random.fit(cov_type="HC0").cov_params(), rtol=1e-7, atol=1e-12)
    corrected = random.fit(cov_type="cluster", cov_kwds=single)
    assert_allclose(corrected.bse, random.fit(cov_type="HC1").bse, rtol=1e-8)


@pytest.mark.parametrize("context", ["none", "linear", "smooth", "mixed"])
@pytest.mark.parametrize("family", ["gaussian", "logit", "poisson"])
def test_observed_and_expected_information_agree_for_canonical_links(family, context, random_model):
    random = random_model(family, context, 3)
    observed, expected = (random.fit(information=kind) for kind in ("observed", "expected"))
    assert_allclose(observed.bse, expected.bse, rtol=1e-8)
    assert_allclose(observed.edf, expected.edf, rtol=1e-8)


@pytest.mark.parametrize("family", ["probit", "gamma", "inverse_gaussian", "tweedie"])
def test_they_differ_for_other_links_and_both_are_covariances(family, random_model):
    random = random_model(family, "linear", 3)
    observed, expected = (random.fit(information=kind) for kind in ("observed", "expected"))
    assert observed.estimates.information == "observed"
    assert expected.estimates.information == "expected"
    assert_array_equal(observed.params, expected.params)
    assert np.abs(observed.bse / expected.bse - 1).max() > 1e-6
    assert_allclose(observed.bse, expected.bse, rtol=0.5)

"""Without context a network is the one of the sample covariance."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import contextstats as cs

METHODS = ["cholesky", "neighborhood", "likelihood"]


@pytest.fixture(scope="module")
def variables():
    rng = np.random.default_rng(3)
    return rng.normal(size=(300, 6)) @ rng.normal(size=(6, 6)) * np.logspace(-1, 1, 6) + np.arange(6)


@pytest.mark.parametrize("method", METHODS)
def test_a_constant_markov_network_is_the_inverse_covariance(variables, method):
    res = cs.MarkovNetwork(variables, method=method).fit()
    expected = np.linalg.inv(np.cov(variables.T, bias=True))
    unit = np.sqrt(np.diag(expected))
    assert_allclose(res.precisions()[0] / np.outer(unit, unit), expected / np.outer(unit, unit), atol=1e-10)
    assert_allclose(res.correlations()[0], np.corrcoef(variables.T), atol=1e-10)
    law = stats.multivariate_normal(variables.mean(axis=0), np.cov(variables.T, bias=True))
    assert_allclose(res.llf, law.logpdf(variables).sum(), rtol=1e-12)
    assert_allclose(res.edf, 6 + 6 * 7 / 2)


@pytest.mark.parametrize("method", METHODS)
def test_errors_of_a_constant_network_are_those_of_partial_correlations(variables, method):
    table = cs.MarkovNetwork(variables, method=method).fit().edges()
    expected = (1 - table["estimate"] ** 2) / np.sqrt(len(variables))
    assert_allclose(table["std_error"], expected, rtol=0.02 if method == "neighborhood" else 1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_a_context_with_constant_encoder_changes_nothing(variables, method):
    context = np.random.default_rng(1).normal(size=300)
    alone = cs.MarkovNetwork(variables, method=method).fit()
    beside = cs.MarkovNetwork(variables, context, encoder=cs.Constant(), method=method).fit()
    assert_allclose(beside.partial_correlations()[0], alone.partial_correlations()[0], atol=1e-12)


def test_a_factor_as_context_is_one_network_for_each_group(variables):
    groups = np.repeat(["a", "b", "c"], 100)
    res = cs.MarkovNetwork(variables, groups, method="cholesky").fit()
    for group in "abc":
        own = np.corrcoef(variables[groups == group].T)
        assert_allclose(res.correlations([group])[0], own, atol=0.02)

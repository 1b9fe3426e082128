"""Score tests with several kernels: what the kernels are, and one p-value from all of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize

from contextstats.errors import DataError
from contextstats.inference.adaptive_score_test import adaptive_score_test, combined_pvalue
from contextstats.inference.score_test import kernel_weights, score_test


@pytest.fixture
def one_term():
    """Score, information, penalty and groups of a term with 24 coordinates, the first of them not penalised."""
    rng = np.random.default_rng(1)
    root = rng.normal(size=(60, 24))
    penalty = np.arange(24) ** 4.0
    return rng.normal(size=24) * 5, root.T @ root, penalty, np.zeros(24, dtype=np.int64)


def test_first_test_is_the_one_with_the_kernel_of_the_penalty(one_term):
    score, information, penalty, groups = one_term
    kernel = kernel_weights(penalty, information, groups)
    found = adaptive_score_test(score, information, kernel, groups, scale=2.0)
    plain = score_test(score, information, kernel, scale=2.0)
    assert_allclose(found.statistic, plain.statistic)
    assert_allclose(found.effective_df, plain.effective_df)
    assert_allclose(found.tests[0].pvalue, plain.pvalue)


def test_the_others_are_those_of_ever_larger_variances(one_term):
    score, information, penalty, groups = one_term
    kernel = kernel_weights(penalty, information, groups)
    found = adaptive_score_test(score, information, kernel, groups, scale=2.0)
    assert_allclose([test.effective_df for test in found.tests[1:]], [4, 8, 16], rtol=0.01)
    for test in found.tests[1:]:

        def form(log_tau):
            return np.linalg.inv(np.diag(1 / kernel) + np.exp(log_tau) * information)

        def excess(log_tau, df=test.effective_df):
            product = form(log_tau) @ information
            return np.trace(product) ** 2 / np.trace(product @ product) - df

        k = form(optimize.brentq(excess, -20, 20, xtol=1e-12))
        assert_allclose(test.statistic, score @ k @ score / np.trace(k @ information) / 2.0, rtol=1e-6)


def test_terms_count_alike_in_a_test_of_several(one_term):
    _, information, penalty, _ = one_term
    both = np.kron(np.diag([1.0, 1e6]), information)
    groups = np.repeat([0, 1], 24)
    kernel = kernel_weights(np.tile(penalty, 2), both, groups)
    found = adaptive_score_test(np.zeros(48), both, kernel, groups, scale=1.0)
    for test in found.tests:
        assert_allclose(test.weights.sum(), 2.0)
        assert_allclose(test.weights[::2], test.weights[1::2], rtol=1e-6)


def test_a_factor_has_one_kernel():
    information = np.diag([3.0, 3.0, 3.0, 3.0, 3.0])
    found = adaptive_score_test(np.ones(5), information, np.ones(5), np.zeros(5, dtype=np.int64), scale=1.0)
    assert len(found.tests) == 1
    assert found.pvalue == found.tests[0].pvalue


def test_what_the_null_model_explains_is_refused():
    with pytest.raises(DataError, match="explains all"):
        adaptive_score_test(np.ones(3), np.zeros((3, 3)), np.ones(3), np.zeros(3, dtype=np.int64), scale=1.0)


@pytest.mark.parametrize("residual_df", [None, 40.0])
def test_null_distribution(one_term, residual_df):
    """Scores of normal residuals, 1000 times: the limits are four Monte-Carlo standard errors from 5 and 20%."""
    _, _, penalty, groups = one_term
    rng = np.random.default_rng(2)
    z = rng.normal(size=(40, 24))
    information = z.T @ z
    kernel = kernel_weights(penalty, information, groups)
    pvalues = []
    for _ in range(1000):
        y = rng.normal(size=40)
        scale = 1.0 if residual_df is None else float(y @ y) / residual_df
        pvalues.append(
            adaptive_score_test(z.T @ y, information, kernel, groups, scale=scale, residual_df=residual_df).pvalue
        )
    for level in (0.05, 0.2):
        assert abs(np.mean(np.array(pvalues) < level) - level) < 4 * np.sqrt(level * (1 - level) / 1000)


def test_combination_of_independent_and_of_equal_pvalues_is_exact():
    rng = np.random.default_rng(3)
    p = np.array([combined_pvalue(row) for row in rng.uniform(size=(20_000, 3))])
    for level in (0.01, 0.05, 0.5):
        assert abs(np.mean(p < level) - level) < 4 * np.sqrt(level * (1 - level) / 20_000)
    for value in (1e-300, 1e-9, 0.03, 0.7, 1.0):
        assert_allclose(combined_pvalue([value] * 3), value, rtol=1e-9)


def test_combination_of_small_pvalues():
    assert_allclose(combined_pvalue([1e-200, 0.5, 0.5]), 3e-200, rtol=1e-9)
    assert combined_pvalue([0.0, 0.9]) == 0.0
    for tiny in (1e-199, 1e-201, 1e-308, 1e-310):  # 1 / 1e-310 is no double
        assert_allclose(combined_pvalue(np.array([tiny, 0.5, 0.5])), 3 * tiny, rtol=1e-9)
        assert_allclose(combined_pvalue(np.array([tiny, 2 * tiny])), 4 / 3 * tiny, rtol=1e-9)
    assert combined_pvalue([0.2]) == 0.2

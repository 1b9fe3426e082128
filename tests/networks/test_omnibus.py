"""The test that no edge varies: against the tests of single edges, against permutations, and free of the fit."""

from __future__ import annotations

import numpy as np
import pytest
from gaussian_networks import NothingVaries, Truth
from numpy.testing import assert_allclose

import contextstats as cs
from contextstats.inference.networks.heterogeneity import pair_scores
from contextstats.inference.score_test import kernel_weights
from contextstats.results.networks.heterogeneity import wiggliness
from contextstats.results.networks.population import given_all_others, standardised_by_context


def test_without_partial_correlations_the_statistic_is_the_sum_over_edges():
    """The tests of pairs know of no edge either; here the scale counts the degrees of freedom of means."""
    x, t = Truth(4).draw(500, 1)
    res = cs.CorrelationNetwork(x, {"t": t}).fit()
    _, mean_df = standardised_by_context(res.data)
    found = res.test_population().statistic
    assert_allclose(found, res.heterogeneity()["statistic"].sum() * (500 - mean_df) / 499, rtol=1e-9)


@pytest.mark.parametrize("method", ["neighborhood", "likelihood"])
def test_it_does_not_depend_on_the_fit(method):
    x, t = Truth(4).draw(300, 2)
    one = cs.MarkovNetwork(x, {"t": t}).fit(order="best").test_population()
    other = cs.MarkovNetwork(x, {"t": t}, method=method).fit(smoothing=10.0).test_population()
    assert (one.statistic, one.p_value) == (other.statistic, other.p_value)


def test_of_two_variables_partial_correlations_are_correlations():
    """But for the variances of the standardised variables, which REML leaves near one."""
    x, t = Truth(2).draw(300, 3)
    partial, plain = (kind(x, {"t": t}).fit().test_population() for kind in (cs.MarkovNetwork, cs.CorrelationNetwork))
    assert_allclose(partial.statistic, plain.statistic, rtol=1e-4)
    assert_allclose(partial.p_value, plain.p_value, rtol=1e-3)


@pytest.mark.parametrize("kind", [cs.MarkovNetwork, cs.CorrelationNetwork])
def test_the_p_value_is_that_of_permuted_contexts(kind):
    """Standardised variables without variation go with any context equally well."""
    x, t = NothingVaries(6).draw(400, 5)
    res = kind(x, {"t": t}).fit()
    z, mean_df = standardised_by_context(res.data)
    z, opposite = given_all_others(z) if res.partial else (z, None)
    product, square = pair_scores(z, opposite)
    e = product - product.sum(axis=0) / square.sum(axis=0) * square
    e *= np.sqrt((len(e) - mean_df) / (e**2).sum(axis=0))
    basis = res.data.basis(res.data.contexts)[:, 1:]
    basis = basis - basis.mean(axis=0)
    kernel = kernel_weights(wiggliness(res.data)[1:], basis.T @ basis, np.zeros(basis.shape[1], dtype=np.intp))

    def statistic(rows):
        return float((kernel[:, None] * (basis.T @ e[rows]) ** 2).sum())

    found = res.test_population()
    assert_allclose(found.statistic, statistic(np.arange(len(e))), rtol=1e-6)
    rng = np.random.default_rng(1)
    drawn = np.array([statistic(rng.permutation(len(e))) for _ in range(2000)])
    share = (drawn >= found.statistic).mean()
    error = np.sqrt(share * (1 - share) / len(drawn))
    assert 0.02 < share < 0.98
    assert abs(found.p_value - share) < 4 * error + 0.01

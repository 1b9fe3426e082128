"""Correlation networks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import optimize

import contextstats as cs
from contextstats.inference.networks.gaussian import nearest_correlation

METHODS = ["pairwise", "joint"]
GRID = {"t": np.linspace(0.05, 0.95, 7)}


def true_correlations(truth, t):
    covariance = np.linalg.inv(truth.precision(t))
    sd = np.sqrt(np.einsum("ijj->ij", covariance))
    return covariance / sd[:, :, None] / sd[:, None, :]


@pytest.mark.parametrize("method", METHODS)
def test_a_constant_network_is_the_sample_correlation(method):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(300, 6)) @ rng.normal(size=(6, 6)) * np.logspace(-3, 3, 6)
    res = cs.CorrelationNetwork(x, method=method).fit()
    assert_allclose(res.correlations()[0], np.corrcoef(x.T), atol=1e-10)
    unit = x.std(axis=0)
    assert_allclose(res.covariances()[0] / np.outer(unit, unit), np.corrcoef(x.T), atol=1e-10)
    errors = (1 - np.corrcoef(x.T)[np.triu_indices(6, 1)] ** 2) / np.sqrt(300)
    assert_allclose(res.edges()["std_error"], errors, rtol=0.25 if method == "pairwise" else 1e-9)


def test_more_variables_than_rows():
    x = np.random.default_rng(1).normal(size=(20, 40))
    assert_allclose(cs.CorrelationNetwork(x).fit().correlations()[0], np.corrcoef(x.T), atol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_correlations_are_near_the_truth(sample, truth, method):
    x, t = sample
    res = cs.CorrelationNetwork(x, {"t": t}, method=method).fit()
    found = res.correlations(GRID)
    assert np.abs(found - true_correlations(truth, GRID["t"])).max() < 0.17
    assert_allclose(found, np.swapaxes(found, 1, 2))
    assert (np.einsum("ijj->ij", found) == 1).all()
    assert np.abs(found).max() <= 1
    table = res.heterogeneity().set_index(["source", "target"])
    assert table.loc[("x1", "x2"), "p_value"] < 1e-6
    assert res.test_population().p_value < 1e-6


def test_pairs_maximise_the_likelihood_of_standardised_pairs(sample):
    """Without penalty and with known variances the estimate solves the efficient score equations."""
    x, t = sample
    res = cs.CorrelationNetwork(x, t, encoder=cs.Linear()).fit()
    basis = res.data.basis(res.data.contexts)
    u = (res.data.z - res.estimate.mean(basis)) / res.estimate.sd(basis)

    def score(theta):
        r = np.tanh(basis @ theta)
        return basis.T @ ((u[:, 0] * u[:, 1] - r * (u[:, 0] ** 2 + u[:, 1] ** 2) / 2) / (1 - r**2))

    found = optimize.root(score, np.zeros(2), tol=1e-12)
    assert found.success
    assert_allclose(res.estimate.pairs.theta[0], found.x, atol=1e-5)


def test_the_semidefinite_projection_is_a_correlation_matrix():
    """Higham (2002), section 5: the nearest correlation matrix of the tridiagonal matrix of order three."""
    found = nearest_correlation(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]))
    assert_allclose(found[0], [1.0, 0.7607, 0.1573], atol=5e-5)
    rng = np.random.default_rng(0)
    t = rng.uniform(size=40)
    x = rng.normal(size=(40, 12))
    res = cs.CorrelationNetwork(x, t, encoder=cs.Linear()).fit()
    raw, projected = res.correlations(), res.correlations(semidefinite=True)
    assert np.linalg.eigvalsh(raw).min() < -1e-3
    assert np.linalg.eigvalsh(projected).min() > -1e-9
    assert_allclose(np.einsum("ijj->ij", projected), 1.0)


def test_units_do_not_matter(sample):
    x, t = sample
    a = cs.CorrelationNetwork(x, t).fit()
    b = cs.CorrelationNetwork(x * [1e-3, -1, 5, 1e4] + 7, t).fit()
    sign = np.array([1, -1, 1, 1])
    assert_allclose(b.correlations() * np.outer(sign, sign), a.correlations(), atol=1e-7)


@pytest.mark.parametrize("method", METHODS)
def test_several_contexts_each_have_a_test(method):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"t": rng.uniform(size=600), "g": rng.choice(["a", "b"], 600)})
    a = rng.normal(size=600)
    b = np.where(frame["g"] == "a", 0.8, -0.8) * a + rng.normal(size=600)
    res = cs.CorrelationNetwork({"a": a, "b": b}, frame, encoder="s(t, k=6) + g", method=method).fit()
    table = res.heterogeneity().set_index("context")["p_value"]
    assert list(table.index) == ["s(t)", "g", "any"]
    assert table["g"] < 1e-10
    assert table["s(t)"] > 0.01
    assert table["any"] < 1e-6


def test_select_does_not_change_the_kernel_of_the_tests(sample):
    """The penalty that lets an edge shrink to a constant is no prior of the tests; only the fit differs."""
    x, t = sample
    fits = [cs.CorrelationNetwork(x, {"t": t}).fit(select=select) for select in (False, True)]
    a, b = (fit.heterogeneity()["statistic"] for fit in fits)
    assert_allclose(a, b, rtol=0.1, atol=0.1)

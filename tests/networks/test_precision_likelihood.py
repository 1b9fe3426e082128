"""The exact likelihood of a precision that is linear in the context basis."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import contextstats as cs
from contextstats import _core
from contextstats.algorithms.networks.likelihood import fit_precision
from contextstats.algorithms.networks.nodes import fit_margins
from contextstats.inference.networks.linear_precision import pulled_to_average


@pytest.fixture(scope="module")
def terms():
    rng = np.random.default_rng(2)
    x = np.asfortranarray(rng.normal(size=(70, 3)))
    basis = np.asfortranarray(np.column_stack([np.ones(70), rng.normal(size=(70, 2)) / 5]))
    theta = np.zeros((6, 3))
    theta[[0, 3, 5], 0] = [1.5, 1.2, 2.0]
    theta += rng.normal(size=theta.shape) / 10
    return x, basis, theta.ravel()


def test_the_value_is_the_gaussian_likelihood(terms):
    x, basis, theta = terms
    value, _, _ = _core.network_precision_terms(x, basis, theta)
    first, second = np.triu_indices(3)
    omega = np.empty((70, 3, 3))
    omega[:, first, second] = omega[:, second, first] = basis @ theta.reshape(6, 3).T
    expected = 0.5 * (np.einsum("ij,ijk,ik->i", x, omega, x) - np.linalg.slogdet(omega)[1]).sum()
    assert_allclose(value, expected, rtol=1e-12)


def test_derivatives_agree_with_differences(terms):
    x, basis, theta = terms
    _, gradient, hessian = _core.network_precision_terms(x, basis, theta)
    step = 1e-5
    for j in range(theta.size):
        move = np.zeros_like(theta)
        move[j] = step
        above, below = (_core.network_precision_terms(x, basis, theta + s * move) for s in (1, -1))
        assert_allclose((above[0] - below[0]) / (2 * step), gradient[j], rtol=1e-6, atol=1e-6)
        assert_allclose((above[1] - below[1]) / (2 * step), hessian[j], rtol=1e-5, atol=1e-5)
    assert_allclose(hessian, hessian.T)


def test_the_value_is_infinite_outside_the_cone(terms):
    x, basis, theta = terms
    assert _core.network_precision_terms(x, basis, -theta)[0] == np.inf


@pytest.mark.parametrize("smoothing", [0.5, 40.0])
def test_newton_and_lbfgs_agree(sample, smoothing):
    x, t = sample
    problem = cs.MarkovNetwork(x, t, encoder=cs.Additive(k=6), method="likelihood").problem(
        smoothing=smoothing, select=False, maxiter=2000, tol=1e-9, threads=1
    )
    margins = fit_margins(problem)
    fits = [fit_precision(problem, margins, optimizer) for optimizer in ("newton", "lbfgs")]
    assert all(fit.converged for fit in fits)
    assert_allclose(fits[1].theta, fits[0].theta, atol=2e-5)


def test_a_factor_gives_the_inverse_covariance_of_each_group():
    """With one parameter for each group and entry the maximum is known in closed form."""
    rng = np.random.default_rng(4)
    groups = np.repeat(["a", "b"], 150)
    x = rng.normal(size=(300, 3)) @ rng.normal(size=(3, 3))
    x[groups == "b"] *= [1, 2, 0.5]
    res = cs.MarkovNetwork(x, groups, method="likelihood").fit()
    for group in "ab":
        own = x[groups == group]
        assert_allclose(res.precisions([group])[0], np.linalg.inv(np.cov(own.T, bias=True)), rtol=1e-6, atol=1e-7)


def test_every_precision_is_positive_definite_far_outside_too(sample):
    x, t = sample
    res = cs.MarkovNetwork(x, t, method="likelihood").fit()
    assert np.linalg.eigvalsh(res.precisions()).min() > 0
    with pytest.warns(cs.ExtrapolationWarning):
        outside = res.precisions(np.array([-20.0, 5.0, 40.0]))
    assert np.linalg.eigvalsh(outside).min() > 0
    assert (res.estimate.shrinkage(res.data.basis(np.array([[5.0]]))) < 1).all()


def test_pulling_goes_as_little_as_needed():
    average = np.array([[2.0, 0.3], [0.3, 1.0]])
    inside, outside = np.eye(2), np.array([[1.0, 3.0], [3.0, 1.0]])
    matrices, factors = pulled_to_average(np.stack([inside, outside]), average)
    assert_allclose(matrices[0], inside)
    assert factors[0] == 1
    assert 0 < factors[1] < 1
    root = np.linalg.inv(np.linalg.cholesky(average))
    assert_allclose(np.linalg.eigvalsh(root @ matrices[1] @ root.T).min(), 1e-6, rtol=1e-3)

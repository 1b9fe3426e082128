"""Variances of edges by the delta method, against differences of the edges themselves."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from contextstats.inference.networks import modified_cholesky as cholesky
from contextstats.inference.networks.gaussian import partial_correlations, scaled_to_unit_diagonal
from contextstats.inference.networks.heterogeneity import pair_scores
from contextstats.inference.networks.linear_precision import partial_correlation_z_errors

P, STEP = 4, 1e-6


@pytest.fixture(scope="module")
def factor():
    """T and h at one context, covariances of the rows of -T, variances of h."""
    rng = np.random.default_rng(6)
    t = np.eye(P) + np.tril(rng.normal(size=(P, P)), -1) * 0.7
    h = rng.normal(size=P) * 0.5
    spread = np.zeros((P, P, P))
    for j in range(1, P):
        root = rng.normal(size=(j, j + 2))
        spread[j, :j, :j] = root @ root.T
    return t, h, spread, rng.uniform(0.5, 2, P)


def edges(t, h, partial):
    if partial:
        return partial_correlations(cholesky.precision(t[None], h[None]))[0]
    return scaled_to_unit_diagonal(cholesky.covariance(t[None], h[None]))[0]


@pytest.mark.parametrize("partial", [True, False])
def test_variances_of_edges_of_a_cholesky_factor(factor, partial):
    t, h, spread, variance = factor
    expected = np.zeros((P, P))
    for j in range(P):
        slopes = np.zeros((P, P, P))  # d edge / d phi_jk
        for k in range(j):
            up, down = t.copy(), t.copy()
            up[j, k] -= STEP
            down[j, k] += STEP
            slopes[:, :, k] = (edges(up, h, partial) - edges(down, h, partial)) / (2 * STEP)
        expected += np.einsum("abk,kl,abl->ab", slopes, spread[j], slopes)
        move = STEP * np.eye(P)[j]
        slope = (edges(t, h + move, partial) - edges(t, h - move, partial)) / (2 * STEP)
        expected += slope**2 * variance[j]
    of = cholesky.partial_correlation_variance if partial else cholesky.correlation_variance
    found = of(t[None], h[None], spread[None], variance[None])[0]
    off = ~np.eye(P, dtype=bool)
    assert_allclose(found[off], expected[off], rtol=1e-6)


def test_errors_of_edges_of_a_linear_precision():
    rng = np.random.default_rng(3)
    first, second = np.triu_indices(P)
    q, m = len(first), 3
    theta = 0.1 * rng.normal(size=(q, m))
    theta[first == second, 0] += 2
    basis = np.array([[1.0, 0.3, -0.5]])
    root = rng.normal(size=(q * m, q * m))
    covariance = root @ root.T

    def precision(values):
        out = np.empty((1, P, P))
        out[:, first, second] = out[:, second, first] = basis @ values.reshape(q, m).T
        return out

    def z(values):
        return np.arctanh(partial_correlations(precision(values))[0][np.triu_indices(P, 1)])

    slopes = np.array(
        [(z(theta.ravel() + move) - z(theta.ravel() - move)) / (2 * STEP) for move in STEP * np.eye(q * m)]
    )
    expected = np.sqrt(np.einsum("ie,ij,je->e", slopes, covariance, slopes))
    assert_allclose(partial_correlation_z_errors(precision(theta.ravel()), basis, covariance)[0], expected, rtol=1e-6)


def test_pairs_given_the_others_are_residuals_of_regressions():
    """What the tests of edges are made of: two variables after regression on all others, with variance one."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, P)) @ rng.normal(size=(P, P))
    x -= x.mean(axis=0)
    precision = np.linalg.inv(x.T @ x / len(x))
    root = np.sqrt(np.diag(precision))
    residual = x @ precision / root
    first, second = np.triu_indices(P, 1)
    opposite = np.tile((precision / np.outer(root, root))[first, second], (len(x), 1))
    product, square = pair_scores(residual, opposite)
    for e, (a, b) in enumerate(zip(first, second, strict=True)):
        rest = np.delete(x, [a, b], axis=1)
        u, v = (x[:, j] - rest @ np.linalg.lstsq(rest, x[:, j], rcond=None)[0] for j in (a, b))
        u, v = u / u.std(), v / v.std()
        assert_allclose(product[:, e], u * v, atol=1e-10)
        assert_allclose(square[:, e], (u**2 + v**2) / 2, atol=1e-10)


@pytest.mark.parametrize("steep", [1.0, 30.0, 1000.0])
def test_matrices_of_a_cholesky_factor_stay_positive_definite_where_rounding_would_decide(steep):
    rng = np.random.default_rng(8)
    t = np.eye(P) + steep * np.tril(rng.normal(size=(200, P, P)), -1)
    h = rng.normal(size=(200, P)) * min(steep, 10.0)
    for matrices in (cholesky.precision(t, h), cholesky.covariance(t, h)):
        assert np.linalg.eigvalsh(scaled_to_unit_diagonal(matrices)).min() > 0.5 * cholesky.SMALLEST
    if steep == 1.0:
        root = t * np.exp(-0.5 * h)[:, :, None]
        assert_allclose(cholesky.precision(t, h), np.swapaxes(root, 1, 2) @ root, rtol=1e-7, atol=1e-8)

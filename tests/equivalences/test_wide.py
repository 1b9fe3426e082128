"""Models with more coefficients than rows, against their dual: with penalties, n equations are enough.

In coordinates where the penalty is diagonal, D, and U holds the columns without a penalty, y has the variance
V = phi (I + Z D^-1 Z'): everything the primal finds from P by P matrices follows from n by n ones.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import linalg

import contextstats as cs

FORMULA, CONTEXT = " ~ x + z + w + v", "s(a) + s(b)"


@pytest.fixture(scope="module")
def wide(frame_of):
    data = frame_of(60, seed=4)
    noise = np.random.default_rng(5).normal(size=(60, 2))
    return data.assign(w=noise[:, 0], v=noise[:, 1])


def dual(res, y, smoothing_parameters):
    """Fitted values, restricted log-likelihood at its best scale, and that scale, from n by n matrices."""
    z, penalty = res.design_matrix().to_numpy(), smoothing_parameters @ res.design.penalties
    free = penalty == 0
    u, rough = z[:, free], z[:, ~free]
    kernel = (rough / penalty[~free]) @ rough.T
    factor = linalg.cho_factor(np.eye(len(y)) + kernel)
    inner = u.T @ linalg.cho_solve(factor, u)
    beta = np.linalg.solve(inner, u.T @ linalg.cho_solve(factor, y))
    residual = y - u @ beta
    whitened = linalg.cho_solve(factor, residual)
    df = len(y) - u.shape[1]
    scale = residual @ whitened / df
    log_det = 2 * np.log(np.diag(factor[0])).sum() + np.linalg.slogdet(inner)[1]
    return u @ beta + kernel @ whitened, -0.5 * (df * np.log(2 * np.pi * scale) + df + log_det), scale


def test_gaussian_is_its_dual(wide):
    res = cs.glm("gaussian" + FORMULA, CONTEXT, wide).fit()
    n, n_coefficients = res.design_matrix().shape
    assert n_coefficients == 95 > n == 60
    y, found = wide["gaussian"].to_numpy(), res.smoothing_parameters.to_numpy()
    fitted, restricted, _ = dual(res, y, found)
    assert_allclose(res.fittedvalues, fitted, atol=1e-8)
    assert_allclose(res.criterion, -restricted, rtol=1e-9)
    for k in range(len(found)):
        for step in (-0.5, 0.5):
            moved = found * np.where(np.arange(len(found)) == k, np.exp(step), 1.0)
            assert dual(res, y, moved)[1] < restricted + 1e-7


@pytest.mark.parametrize("smoothing", [0.3, 3.0])
def test_given_smoothing_is_its_dual(wide, smoothing):
    res = cs.glm("gaussian" + FORMULA, CONTEXT, wide).fit(smoothing=smoothing)
    fitted, _, _ = dual(res, wide["gaussian"].to_numpy(), res.smoothing_parameters.to_numpy())
    assert_allclose(res.fittedvalues, fitted, atol=1e-9)


@pytest.mark.parametrize(("response", "family"), [("binary", "binomial"), ("poisson", "poisson")])
def test_glm_solves_its_equations(wide, response, family):
    res = cs.glm(response + FORMULA, CONTEXT, wide, family=family).fit(smoothing=20.0)
    z, penalty = res.design_matrix().to_numpy(), 20.0 * res.design.penalties.sum(axis=0)
    mu = res.fittedvalues.to_numpy()
    weight = mu * (1 - mu) if family == "binomial" else mu
    theta = res.params.to_numpy()
    assert_allclose(z.T @ (wide[response].to_numpy() - mu), penalty * theta, atol=1e-6)
    bayes = np.linalg.inv(z.T @ (weight[:, None] * z) + np.diag(penalty))
    assert_allclose(res.bse, np.sqrt(np.diag(bayes)), rtol=1e-6)

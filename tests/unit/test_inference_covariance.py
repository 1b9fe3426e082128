from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from contextstats.inference.covariance import coefficient_covariance


@pytest.fixture
def gram() -> np.ndarray:
    z = np.random.default_rng(1).standard_normal((40, 6)) * np.array([1, 1e-3, 1e4, 1, 1, 1])
    return z.T @ z


def test_without_a_penalty_it_is_least_squares(gram: np.ndarray) -> None:
    ours = coefficient_covariance(gram, np.zeros(6), 2.5)
    assert_allclose(ours.bayesian, 2.5 * np.linalg.inv(gram), rtol=1e-9)
    assert_allclose(ours.frequentist, ours.bayesian, rtol=1e-9)
    assert_allclose(ours.edf, 1)
    assert_allclose(ours.edf1, 1)


def test_frequentist_covariance_is_that_of_the_penalised_estimate() -> None:
    generator = np.random.default_rng(2)
    z, penalty = generator.standard_normal((30, 4)), np.array([0, 3.0, 10, 50])
    hat = np.linalg.solve(z.T @ z + np.diag(penalty), z.T)  # the estimate is hat @ y
    ours = coefficient_covariance(z.T @ z, penalty, 0.7)
    assert_allclose(ours.frequentist, 0.7 * hat @ hat.T, rtol=1e-10)
    assert_allclose(ours.edf.sum(), np.trace(z @ hat))
    assert_allclose(ours.edf1.sum(), np.trace(2 * z @ hat - z @ hat @ z @ hat))


def test_huge_smoothing_parameters_cost_no_accuracy(gram: np.ndarray) -> None:
    penalty = np.array([0, 0, 0, 1e12, 1e14, 1e13])
    ours = coefficient_covariance(gram, penalty, 1.0)
    assert_allclose(ours.bayesian[:3, :3], np.linalg.inv(gram[:3, :3]), rtol=1e-8)
    assert_allclose(np.diag(ours.bayesian)[3:], 1 / penalty[3:], rtol=1e-8)
    assert_allclose(ours.edf[3:], np.diag(gram)[3:] / penalty[3:], rtol=0.5)


def test_inactive_coefficients_are_left_out(gram: np.ndarray) -> None:
    singular = np.zeros((7, 7))
    singular[:6, :6] = gram
    active = np.array([True] * 6 + [False])
    ours = coefficient_covariance(singular, np.zeros(7), 1.0, active=active)
    assert_allclose(ours.bayesian[:6, :6], coefficient_covariance(gram, np.zeros(6), 1.0).bayesian)
    assert not ours.bayesian[6].any()
    assert not ours.frequentist[:, 6].any()
    assert ours.edf[6] == 0


def test_undetermined_coefficients_are_refused(gram: np.ndarray) -> None:
    z = np.random.default_rng(3).standard_normal((20, 2))
    aliased = np.column_stack([z, z.sum(axis=1)])
    with pytest.raises(np.linalg.LinAlgError, match="active set"):
        coefficient_covariance(aliased.T @ aliased * (1 - 1e-15), np.array([0, 0, -1e-9]), 1.0)
    with pytest.raises(np.linalg.LinAlgError, match="positive diagonal, but element 2 is 0"):
        coefficient_covariance(np.diag([1.0, 1.0, 0.0]), np.zeros(3), 1.0)
    with pytest.raises(ValueError, match=r"one entry per coefficient \(6\)"):
        coefficient_covariance(gram, np.zeros(6), 1.0, active=np.ones(5, dtype=bool))

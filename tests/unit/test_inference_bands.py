from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from contextstats.errors import DataError, OptionError
from contextstats.inference.bands import band, pointwise_critical_value, simultaneous_critical_value


@pytest.mark.parametrize("points", [2, 5, 30])
@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_independent_points_have_a_closed_form(points: int, alpha: float) -> None:
    exact = stats.norm.isf((1 - (1 - alpha) ** (1 / points)) / 2)
    ours = simultaneous_critical_value(np.eye(points), np.diag(np.arange(1.0, points + 1)), alpha=alpha)
    assert_allclose(ours, exact, atol=0.02)


def test_points_that_move_together_need_no_more_than_one_point() -> None:
    rows = np.array([[1.0], [2.0], [-3.0]])
    assert_allclose(simultaneous_critical_value(rows, np.eye(1)), 1.959964, rtol=1e-6)
    assert_allclose(simultaneous_critical_value(rows, np.eye(1), residual_df=5.0), stats.t.isf(0.025, 5))


def test_all_directions_give_scheffe() -> None:
    angles = np.linspace(0, np.pi, 2000)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    assert_allclose(simultaneous_critical_value(circle, np.eye(2)), np.sqrt(stats.chi2.isf(0.05, 2)), rtol=1e-4)
    exact = np.sqrt(2 * stats.f.isf(0.05, 2, 7))
    assert_allclose(simultaneous_critical_value(circle, np.eye(2), residual_df=7.0), exact, rtol=1e-4)


@pytest.mark.statistical
def test_coverage_of_a_curve_with_an_estimated_scale() -> None:
    generator = np.random.default_rng(3)
    rows = np.vander(np.linspace(-1, 1, 40), 5)
    root = generator.standard_normal((5, 5))
    covariance = root @ root.T
    critical = simultaneous_critical_value(rows, covariance, alpha=0.1, residual_df=12.0)
    draws = generator.standard_normal((20_000, 5)) @ root.T @ rows.T
    scales = np.sqrt(generator.chisquare(12, 20_000) / 12)
    t = np.abs(draws / np.sqrt(np.einsum("ij,jk,ik->i", rows, covariance, rows))).max(axis=1) / scales
    assert abs(np.mean(t > critical) - 0.1) < 0.01


def test_same_seed_same_band() -> None:
    rows = np.vander(np.linspace(0, 1, 20), 6)
    first = simultaneous_critical_value(rows, np.eye(6), seed=1)
    assert first == simultaneous_critical_value(rows, np.eye(6), seed=1)
    assert first != simultaneous_critical_value(rows, np.eye(6), seed=2)


def test_band_limits() -> None:
    rows, coefficients = np.array([[1.0, 0.0], [1.0, 2.0], [0.0, 0.0]]), np.array([3.0, -1.0])
    covariance = np.array([[4.0, 0.5], [0.5, 1.0]])
    pointwise = band(rows, coefficients, covariance, alpha=0.1)
    assert_allclose(pointwise.estimate, [3, 1, 0])
    assert_allclose(pointwise.standard_error, [2, np.sqrt(10), 0])
    assert_allclose(pointwise.lower, pointwise.estimate - stats.norm.isf(0.05) * pointwise.standard_error)
    simultaneous = band(rows, coefficients, covariance, alpha=0.1, simultaneous=True)
    assert simultaneous.critical_value > pointwise.critical_value
    assert_allclose(simultaneous.upper, [3, 1, 0] + simultaneous.critical_value * pointwise.standard_error)
    assert pointwise_critical_value(0.1, 9.0) == stats.t.isf(0.05, 9)


def test_what_is_refused() -> None:
    with pytest.raises(OptionError, match="between 0 and 1"):
        pointwise_critical_value(0.0)
    with pytest.raises(DataError, match="all variances are zero"):
        simultaneous_critical_value(np.eye(2), np.zeros((2, 2)))

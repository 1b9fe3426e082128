from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from contextstats.inference import chi2_mixture
from contextstats.inference.chi2_mixture import ratio_survival, saddlepoint_survival, survival

REFERENCE = Path(__file__).parents[1] / "reference"
DAVIES = json.loads((REFERENCE / "inference_chi2_mixture.json").read_text())  # R 4.2.2, mgcv::psum.chisq


@pytest.mark.parametrize("df", [0.3, 1, 2.7, 30, 965.3, 1e4])
@pytest.mark.parametrize("tail", [0.999, 0.6, 0.45, 1e-3, 1e-10, 1e-100])
def test_equal_weights_are_a_scaled_chi_square(df: float, tail: float) -> None:
    q = stats.chi2.isf(tail, df)
    assert_allclose(survival(3 * q, np.array([3.0]), np.array([df])), stats.chi2.sf(q, df), rtol=1e-10)
    assert_allclose(survival(q, np.ones(2), np.array([0.3, 0.7]) * df), stats.chi2.sf(q, df), rtol=1e-10)


@pytest.mark.parametrize("q", [0.01, 1, 5, 40, 200, 1000])
def test_pairs_are_a_mixture_of_exponentials(q: float) -> None:
    weights = np.array([4.0, 2.5, 1.0, 0.3])
    shares = [np.prod([w / (w - other) for other in weights if other != w]) for w in weights]
    exact = np.exp(-q / (2 * weights)) @ shares
    assert_allclose(survival(q, np.repeat(weights, 2)), exact, rtol=1e-9)
    assert_allclose(survival(q, weights, np.full(4, 2.0)), exact, rtol=1e-9)


@pytest.mark.parametrize("q", [-50.0, -1.0, 0.0, 1e-9, 2.0, 300.0])
def test_difference_of_exponentials_is_laplace(q: float) -> None:
    exact = stats.laplace.sf(q, scale=2)
    assert_allclose(survival(q, np.array([1.0, -1.0]), np.array([2.0, 2.0])), exact, rtol=1e-10)


@pytest.mark.parametrize(("down", "df"), [(15.5, 0.5), (0.01, 3.0), (400.0, 1.0)])
def test_exponential_minus_another_chi_square_has_a_closed_form(down: float, df: float) -> None:
    # Given the second variable, the tail of the first is exponential.
    for q in [1e-6, 0.026, 3.0]:
        exact = np.exp(-q) * (1 + 2 * down) ** (-df / 2)
        assert_allclose(survival(q, np.array([-down, 0.5]), np.array([df, 2.0])), exact, rtol=1e-9)


@pytest.mark.reference
@pytest.mark.parametrize("case", DAVIES["cases"])
def test_agrees_with_mgcv(case: dict) -> None:
    ours = survival(case["q"], np.array(case["weights"]), np.array(case["df"]))
    assert_allclose(ours, case["survival"], atol=1e-9)


def test_agrees_with_simulation() -> None:
    weights, draws = np.array([5, 1.3, 0.4, 0.1, -0.8, -2.0]), 200_000
    sample = np.random.default_rng(0).chisquare(1, (draws, 6)) @ weights
    for q in [-6.0, 0.0, 4.0, 20.0]:
        exact = survival(q, weights)
        assert abs(np.mean(sample > q) - exact) < 4 * np.sqrt(exact * (1 - exact) / draws)


@pytest.mark.parametrize(("df", "residual_df"), [(1.0, 5.0), (3.0, 30.4), (2.4, 965.0), (10.0, 2.0)])
@pytest.mark.parametrize("tail", [0.7, 0.04, 1e-10])
def test_equal_weights_over_a_mean_square_are_f(df: float, residual_df: float, tail: float) -> None:
    f = stats.f.isf(tail, df, residual_df)
    exact = stats.f.sf(f, df, residual_df)
    independent = ratio_survival(f * df, np.ones(1), residual_df, df=np.array([df]))
    assert_allclose(independent, exact, rtol=1e-9)
    # Within the same residuals: the ratio is (df + residual_df) times a beta variable.
    total = df + residual_df
    shared = ratio_survival(total * df * f / (df * f + residual_df), np.ones(1), total, df=np.array([df]), shared=True)
    assert_allclose(shared, exact, rtol=1e-5)


def test_ratio_in_the_same_residuals_agrees_with_simulation() -> None:
    weights, draws = np.array([3.0, 1.0, 0.2]), 100_000
    squares = np.random.default_rng(1).chisquare(1, (draws, 12))
    ratio = squares[:, :3] @ weights / squares.mean(axis=1)
    for q in [1.0, 5.0, 12.0]:
        exact = ratio_survival(q, weights, 12, shared=True)
        assert abs(np.mean(ratio > q) - exact) < 4 * np.sqrt(exact * (1 - exact) / draws)
    assert ratio_survival(36.0, weights, 12, shared=True) == 0  # the ratio is below 12 times the largest weight


def test_saddlepoint_is_close_and_takes_over_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.array([3, 2, 1, 0.5])
    for q in [1.0, 6.49, 6.5, 20.0, 100.0]:
        assert_allclose(saddlepoint_survival(q, weights), survival(q, weights), rtol=0.1)
    assert_allclose(saddlepoint_survival(-2.0, -weights), survival(-2.0, -weights), rtol=0.05)
    monkeypatch.setattr(chi2_mixture, "_AGREEMENT", -1.0)
    with pytest.warns(RuntimeWarning, match="saddlepoint approximation"):
        assert survival(-2.0, -weights) == saddlepoint_survival(-2.0, -weights)


def test_certain_outcomes() -> None:
    positive = np.array([1.0, 2.0, 0.0])
    assert survival(0.0, positive) == 1
    assert survival(-1.0, positive) == 1
    assert survival(np.inf, positive) == 0
    assert survival(0.0, -positive) == 0
    assert survival(1.0, -positive) == 0
    assert survival(-np.inf, positive) == 1
    assert survival(1e6, positive) == 0


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one weight"):
        survival(1.0, np.zeros(3))
    with pytest.raises(ValueError, match="must be positive"):
        survival(1.0, np.ones(1), np.zeros(1))
    with pytest.raises(ValueError, match="must be numbers"):
        survival(float("nan"), np.ones(1))
    with pytest.raises(ValueError, match="fewer than the form"):
        ratio_survival(1.0, np.ones(5), 4.0, shared=True)
    with pytest.raises(ValueError, match="residual_df must be positive"):
        ratio_survival(1.0, np.ones(5), 0.0)

"""Tests of terms: invariance, closed forms, and mgcv's test of random effects."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from contextstats.inference.smooth_tests import marginal_frequentist, random_effect_test, smooth_test

REFERENCE = Path(__file__).parents[1] / "reference"
STORED = json.loads((REFERENCE / "inference_term_tests.json").read_text())  # R 4.2.2, mgcv 1.8-41


def term(case: str, index: int) -> dict:
    """One term of a stored fit, as arrays."""
    fit = STORED[case]
    first, last = np.atleast_1d(fit["first"])[index], np.atleast_1d(fit["last"])[index]
    block = slice(first - 1, last)
    square = {name: np.array(fit[name])[block, block] for name in ("Vp", "Ve", "gram")}
    printed = {name: np.atleast_1d(fit[name])[index] for name in ("edf", "ref_df", "statistic", "pvalue")}
    residual_df = fit["residual_df"] if fit["scale_estimated"] else None
    statistic = printed["statistic"] * (printed["ref_df"] if fit["scale_estimated"] else 1)
    return {
        "coefficients": np.array(fit["coefficients"])[block],
        "residual_df": residual_df,
        **square,
        **printed,
        "statistic": statistic,
    }


@pytest.mark.reference
@pytest.mark.parametrize(("case", "index"), [("gaussian", 1), ("poisson", 1), ("select", 0)])
def test_random_effect_test_is_that_of_the_summary(case: str, index: int) -> None:
    stored = term(case, index)
    ours = random_effect_test(stored["coefficients"], stored["Vp"], stored["Ve"], residual_df=stored["residual_df"])
    assert_allclose(ours.statistic, stored["statistic"], rtol=1e-7)
    assert ours.ref_df == stored["ref_df"]
    assert_allclose(ours.pvalue, stored["pvalue"], atol=2e-5)  # the error mgcv allows itself
    assert stored["pvalue"] < 0.5


@pytest.mark.reference
def test_other_random_effects_count_as_noise() -> None:
    # mgcv weights the statistic differently where there are several, so only the p-values are compared.
    fit = STORED["two_random"]
    gram, vp = np.array(fit["gram"]), np.array(fit["Vp"])
    for index in (1, 2):
        other = slice(fit["first"][3 - index] - 1, fit["last"][3 - index])
        prior = np.zeros(len(vp))
        prior[other] = 1 / fit["sp"][3 - index]
        ve = marginal_frequentist(vp, gram, fit["scale"], prior)
        block = slice(fit["first"][index] - 1, fit["last"][index])
        ours = random_effect_test(
            np.array(fit["coefficients"])[block],
            vp[block, block],
            ve[block, block],
            residual_df=fit["residual_df"],
        )
        assert_allclose(ours.pvalue, fit["pvalue"][index], rtol=0.3, atol=1e-4)
    assert_allclose(marginal_frequentist(vp, gram, fit["scale"], np.zeros(len(vp))), fit["Ve"], rtol=1e-7)


@pytest.mark.parametrize("residual_df", [None, 25.3])
def test_results_do_not_depend_on_coordinates(residual_df: float | None) -> None:
    generator = np.random.default_rng(4)
    z, penalty = generator.standard_normal((40, 5)), np.diag([0, 1, 5, 30, 200.0])
    gram = z.T @ z
    vp = np.linalg.inv(gram + penalty)
    beta = generator.standard_normal(5) * 0.2
    change = generator.standard_normal((5, 5))
    back = np.linalg.inv(change)
    plain = smooth_test(beta, vp, gram, ref_df=2.6, residual_df=residual_df)
    turned = smooth_test(
        change @ beta, change @ vp @ change.T, back.T @ gram @ back, ref_df=2.6, residual_df=residual_df
    )
    assert_allclose(turned.statistic, plain.statistic, rtol=1e-8)
    assert_allclose(sorted(turned.statistics), sorted(plain.statistics), rtol=1e-8)
    assert_allclose(turned.pvalue, plain.pvalue, rtol=1e-8)
    assert plain.statistics[0] != plain.statistics[1]

    ve = vp @ gram @ vp
    plain = random_effect_test(beta, vp, ve, residual_df=residual_df)
    turned = random_effect_test(change @ beta, change @ vp @ change.T, change @ ve @ change.T, residual_df=residual_df)
    assert_allclose(turned.statistic, plain.statistic, rtol=1e-8)
    assert_allclose(turned.pvalue, plain.pvalue, rtol=1e-8)


def test_whole_rank_of_an_unpenalised_term_is_the_wald_test() -> None:
    generator = np.random.default_rng(5)
    z = generator.standard_normal((30, 3))
    gram, beta = z.T @ z, np.array([0.3, -0.2, 0.1])
    wald = beta @ gram @ beta / 1.7
    chi2 = smooth_test(beta, 1.7 * np.linalg.inv(gram), gram, ref_df=3.0)
    assert_allclose([chi2.statistic, chi2.ref_df], [wald, 3])
    assert_allclose(chi2.pvalue, stats.chi2.sf(wald, 3))
    f = smooth_test(beta, 1.7 * np.linalg.inv(gram), gram, ref_df=5.0, residual_df=27.0)
    assert_allclose(f.f_statistic, wald / 3)
    assert_allclose(f.pvalue, stats.f.sf(wald / 3, 3, 27))


def test_pvalue_is_continuous_in_the_rank() -> None:
    gram, vp = np.eye(4), np.diag([1, 0.8, 0.5, 0.1])
    beta = np.array([1.5, 1.2, 0.7, 0.2])
    for rank in (1.0, 2.0, 3.0):
        below, at, above = (smooth_test(beta, vp, gram, ref_df=rank + shift).pvalue for shift in (-1e-9, 0, 1e-9))
        assert_allclose([below, above], at, atol=1e-3)


def test_rank_is_limited_by_the_data_and_may_be_below_one() -> None:
    gram = np.diag([4.0, 2.0, 0.0])  # the third column is constant zero
    ours = smooth_test(np.array([0.5, 0.4, 9.0]), np.eye(3) / 3, gram, ref_df=2.7)
    assert_allclose(ours.ref_df, 2)
    assert_allclose(ours.statistic, 3 * (0.25 + 0.16))
    small = smooth_test(np.array([0.5, 0.4]), np.eye(2), np.diag([4.0, 2.0]), ref_df=0.4)
    assert_allclose(small.statistic, 0.25)
    assert_allclose(small.pvalue, stats.chi2.sf(0.25, 1))


def test_a_term_without_variance_is_not_significant() -> None:
    ours = smooth_test(np.zeros(2), np.zeros((2, 2)), np.eye(2), ref_df=0.0)
    assert (ours.statistic, ours.ref_df, ours.pvalue) == (0, 0, 1)
    assert np.isnan(ours.f_statistic)
    assert random_effect_test(np.zeros(2), np.eye(2), np.zeros((2, 2))).pvalue == 1


@pytest.mark.statistical
def test_null_distribution_of_the_smooth_test() -> None:
    # A ridge-type smooth estimated from pure noise with known smoothing parameter: p-values near uniform.
    generator = np.random.default_rng(6)
    z, penalty = generator.standard_normal((60, 6)), np.diag([0, 1, 8, 60, 400, 3000.0])
    gram = z.T @ z
    vp = np.linalg.inv(gram + penalty)
    influence = vp @ gram
    edf1 = np.trace(2 * influence - influence @ influence)
    pvalues = [smooth_test(vp @ z.T @ generator.standard_normal(60), vp, gram, ref_df=edf1).pvalue for _ in range(600)]
    assert abs(np.mean(np.array(pvalues) < 0.05) - 0.05) < 0.03


@pytest.mark.statistical
def test_null_distribution_of_the_random_effect_test_with_other_random_effects() -> None:
    generator = np.random.default_rng(8)
    site = generator.integers(0, 8, 80)
    other = np.where(generator.uniform(size=80) < 0.8, site, generator.integers(0, 8, 80))  # nearly nested
    z = np.column_stack([np.ones(80), np.eye(8)[site], np.eye(8)[other]])
    penalty = np.repeat([1e-8, 4.0, 1.5], [1, 8, 8])
    vp = 2.0 * np.linalg.inv(z.T @ z + np.diag(penalty))
    prior = np.repeat([0, 0, 1 / 1.5], [1, 8, 8])
    ve = marginal_frequentist(vp, z.T @ z, 2.0, prior)
    plain = vp @ (z.T @ z) @ vp / 2
    block = slice(1, 9)
    pvalues, naive = [], []
    for _ in range(300):
        effects = np.sqrt(2 * prior) * generator.standard_normal(17)
        y = z @ effects + np.sqrt(2) * generator.standard_normal(80)
        estimate = (vp @ z.T @ y / 2)[block]
        pvalues.append(random_effect_test(estimate, vp[block, block], ve[block, block]).pvalue)
        naive.append(random_effect_test(estimate, vp[block, block], plain[block, block]).pvalue)
    assert stats.kstest(pvalues, "uniform").pvalue > 0.01
    assert stats.kstest(naive, "uniform").pvalue < 1e-3  # other random effects as if they were fixed

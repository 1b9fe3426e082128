from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.polynomial import legendre
from numpy.testing import assert_allclose
from scipy import linalg, stats

from contextstats.errors import DataError
from contextstats.inference.score_test import ScoreTest, kernel_weights, null_score, score_test

REPLICATES = 10_000 if os.environ.get("CONTEXTSTATS_FULL") == "1" else 1000


def project(z0: np.ndarray, z1: np.ndarray, penalty0: np.ndarray) -> np.ndarray:
    """Covariance of the score, by its definition."""
    cross = z0.T @ z1
    return z1.T @ z1 - cross.T @ np.linalg.solve(z0.T @ z0 + np.diag(penalty0), cross)


def from_full_fit(z0, z1, penalty0, penalty1, y) -> tuple[np.ndarray, np.ndarray]:
    z, tested = np.column_stack([z0, z1]), slice(z0.shape[1], None)
    gram = z.T @ z
    penalized = gram + np.diag(np.append(penalty0, penalty1))
    size = 1 / np.sqrt(np.diag(penalized))
    inverse = size[:, None] * np.linalg.inv(size[:, None] * penalized * size) * size
    blocks = inverse[tested, tested], (inverse @ gram)[tested, tested]
    return null_score((inverse @ (z.T @ y))[tested], *blocks, np.diag(gram)[tested])


@dataclass
class Setting:
    """Gaussian responses, a penalised smooth intercept under the null, one effect that may vary."""

    z0: np.ndarray
    z1: np.ndarray
    penalty0: np.ndarray
    penalty1: np.ndarray

    def __post_init__(self) -> None:
        self.fit_operator = np.linalg.solve(self.z0.T @ self.z0 + np.diag(self.penalty0), self.z0.T)

    @classmethod
    def draw(cls, generator: np.random.Generator, n: int, m: int) -> Setting:
        context = generator.uniform(-1, 1, n)
        basis = legendre.legvander(context, max(m, 8))[:, 1:]
        basis -= basis.mean(axis=0)
        x = generator.standard_normal((n, 2))
        z0 = np.column_stack([np.ones(n), x, basis[:, :8]])
        wiggliness = np.arange(basis.shape[1]) ** 4.0
        return cls(z0, x[:, :1] * basis[:, :m], np.append(np.zeros(3), wiggliness[:8]), wiggliness[:m])

    def test(self, y: np.ndarray, information: np.ndarray) -> ScoreTest:
        theta = self.fit_operator @ y
        residual = y - self.z0 @ theta
        df = len(y) - np.sum(self.penalty0 == 0)
        return score_test(
            self.z1.T @ residual,
            information,
            kernel_weights(self.penalty1, information, np.zeros(self.z1.shape[1], dtype=np.int64)),
            scale=float(residual @ residual + theta @ (self.penalty0 * theta)) / df,
            residual_df=float(df),
        )

    def information(self) -> np.ndarray:
        return project(self.z0, self.z1, self.penalty0)

    def f_test(self, y: np.ndarray) -> float:
        both = np.column_stack([self.z0, self.z1])
        small, large = (rss(z, y) for z in (self.z0, both))
        df = both.shape[1] - self.z0.shape[1], len(y) - both.shape[1]
        return float(stats.f.sf((small - large) / df[0] / (large / df[1]), *df))


def rss(z: np.ndarray, y: np.ndarray) -> float:
    q = linalg.qr(z, mode="economic")[0]
    return float(y @ y - np.sum((q.T @ y) ** 2))


@pytest.mark.parametrize("factor", [0.0, 1e-4, 1.0, 1e5, 1e12])
def test_blocks_of_the_full_fit_give_the_score_of_the_null_fit(factor: float) -> None:
    generator = np.random.default_rng(3)
    setting = Setting.draw(generator, 150, 8)
    y = generator.standard_normal(150)
    score, information = from_full_fit(setting.z0, setting.z1, setting.penalty0, factor * setting.penalty1, y)
    assert_allclose(score, setting.z1.T @ (y - setting.z0 @ (setting.fit_operator @ y)), rtol=1e-9)
    assert_allclose(information, setting.information(), rtol=1e-9, atol=1e-9)


@pytest.mark.statistical
@pytest.mark.parametrize("m", [8, 25])
def test_size_and_power(m: int) -> None:
    generator = np.random.default_rng(m)
    rejected = {"size": 0, "power": 0, "power of F": 0}
    for i in range(REPLICATES):
        if i % 10 == 0:
            setting = Setting.draw(generator, 150, m)
            information = setting.information()
        # The smooth intercept is drawn from the prior that its penalty stands for.
        prior = np.sqrt(1 / np.where(setting.penalty0 > 0, setting.penalty0, np.inf))
        null = setting.z0 @ (prior * generator.standard_normal(11)) + generator.standard_normal(150)
        varying = null + 0.5 * setting.z1[:, 0] + 0.3 * setting.z1[:, 1]
        rejected["size"] += setting.test(null, information).pvalue < 0.05
        rejected["power"] += setting.test(varying, information).pvalue < 0.05
        rejected["power of F"] += setting.f_test(varying) < 0.05
    assert abs(rejected["size"] / REPLICATES - 0.05) < 3.5 * np.sqrt(0.05 * 0.95 / REPLICATES)
    assert rejected["power"] > rejected["power of F"] + 0.1 * REPLICATES


def test_one_coefficient_gives_the_t_test() -> None:
    generator = np.random.default_rng(0)
    z0, z1 = generator.standard_normal((20, 3)), generator.standard_normal((20, 1))
    y = generator.standard_normal(20)
    setting = Setting(z0, z1, np.zeros(3), np.zeros(1))
    # The score statistic has the null scale in it, and is a monotone function of t^2.
    assert_allclose(setting.test(y, setting.information()).pvalue, setting.f_test(y), rtol=1e-9)


def test_known_scale_gives_a_chi_square_for_equal_weights() -> None:
    information = np.diag([2.0, 2.0, 2.0])
    ours = score_test(np.array([1.0, -2.0, 3.0]), information, np.ones(3), scale=1.0)
    assert_allclose(ours.statistic, 14)
    assert_allclose(ours.pvalue, stats.chi2.sf(7, 3))
    assert_allclose(ours.effective_df, 3)
    assert_allclose(score_test(np.ones(3), information, np.ones(3), scale=4.0).statistic, 0.75)


def test_covariance_of_the_score_counts_the_smooth_intercept_as_random() -> None:
    generator = np.random.default_rng(1)
    setting = Setting.draw(generator, 60, 5)
    prior = 1 / np.where(setting.penalty0 > 0, setting.penalty0, np.inf)
    covariance = np.eye(60) + setting.z0 @ np.diag(prior) @ setting.z0.T
    operator = setting.z1.T @ (np.eye(60) - setting.z0 @ setting.fit_operator)
    assert_allclose(setting.information(), operator @ covariance @ operator.T, rtol=1e-8, atol=1e-10)


def test_kernel_favours_smooth_functions_and_treats_terms_alike() -> None:
    information = np.diag([4.0, 1.0, 2.0, 3.0, 5.0])
    penalty = np.array([0.0, 1.0, 10.0, 0.0, 0.0])
    kernel = kernel_weights(penalty, information, np.array([0, 0, 0, 1, 1]))
    # Term 0: null space 4 k0 = 1 = the largest penalised contribution; expected total 1 + 1 + 0.2.
    assert_allclose(kernel[:3], np.array([0.25, 1.0, 0.1]) / 2.2)
    assert_allclose(kernel[3:], 1 / 8)
    assert_allclose(kernel @ np.diag(information), 2)
    scaled = kernel_weights(penalty * 7, information, np.array([0, 0, 0, 1, 1]))
    assert_allclose(scaled, kernel)


def test_terms_that_the_null_model_already_holds_are_refused() -> None:
    generator = np.random.default_rng(2)
    z0 = generator.standard_normal((20, 3))
    held, new = z0 @ generator.standard_normal((3, 2)), generator.standard_normal((20, 1))
    score, groups = generator.standard_normal(3) * 1e-13, np.array([0, 0, 1])
    z1 = np.column_stack([held, new])
    _, information = from_full_fit(z0, z1, np.zeros(3), np.array([5.0, 5.0, 0.1]), generator.standard_normal(20))
    assert_allclose(information[:2], 0, atol=1e-12)
    kernel = kernel_weights(np.array([0, 1.0, 0]), information, groups)
    assert_allclose(kernel, [0, 0, 1 / information[2, 2]], rtol=1e-6)
    assert score_test(score, information, kernel, scale=1.0).weights.size == 1
    with pytest.raises(DataError, match="must vary beyond what the null model holds"):
        score_test(score[:2], information[:2, :2], kernel[:2], scale=1.0)

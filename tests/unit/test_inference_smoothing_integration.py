"""The covariance averaged over smoothing parameters, against the integral done the long way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose

from contextstats.inference.smoothing_integration import integrated_covariance

SCALE = 1.7


@dataclass
class Problem:
    """A quadratic likelihood with two penalised terms, the last coordinates penalised by both."""

    gram: np.ndarray
    working: np.ndarray
    penalties: np.ndarray
    lambdas: np.ndarray

    @classmethod
    def draw(cls, seed: int, lambdas: tuple[float, float]) -> Problem:
        rng = np.random.default_rng(seed)
        z = rng.normal(size=(80, 11)) / np.array([1, *range(1, 6), *range(1, 6)])
        penalties = np.zeros((2, 11))
        penalties[0, 2:6] = [1.0, 4.0, 20.0, 60.0]
        penalties[1, 5:] = [2.0, 1.0, 3.0, 9.0, 30.0, 80.0]
        y = z @ rng.normal(size=11) / 2 + rng.normal(size=80)
        return cls(z.T @ z, z.T @ y, penalties, np.array(lambdas))

    def at(self, lambdas: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """Inverse of G + S, the estimate, and minus twice the log restricted likelihood but for a constant."""
        total = lambdas @ self.penalties
        precision = self.gram + np.diag(total)
        estimate = np.linalg.solve(precision, self.working)
        score = -self.working @ estimate / SCALE + np.linalg.slogdet(precision)[1] - np.log(total[total > 0]).sum()
        return np.linalg.inv(precision), estimate, score

    def integrated(self) -> np.ndarray:
        return integrated_covariance(
            self.gram, self.penalties, self.lambdas, SCALE, np.linalg.solve(self.precision(), self.working)
        )

    def precision(self) -> np.ndarray:
        return self.gram + np.diag(self.lambdas @ self.penalties)

    def by_brute_force(self) -> np.ndarray:
        inverse, estimate, _ = self.at(self.lambdas)
        total = SCALE * inverse
        for k in range(2):
            rho = np.linspace(-25.0, 40.0, 6001)
            values, scores = [], []
            for each in rho:
                lambdas = self.lambdas.copy()
                lambdas[k] = np.exp(each)
                there, moved, score = self.at(lambdas)
                scores.append(score)
                values.append(SCALE * there + np.outer(moved - estimate, moved - estimate))
            weight = np.exp(-(np.array(scores) - min(scores)) / 2 - rho / 3)
            weight /= weight.sum()
            rough = np.searchsorted(np.cumsum(weight), 0.025)
            weight[rough] += weight[:rough].sum()
            weight[:rough] = 0
            excess = np.einsum("i,ijk->jk", weight, np.array(values)) - SCALE * inverse
            own = np.flatnonzero(self.penalties[k])
            # the part that is not negative, between the penalised coordinates given the rest
            reach = inverse[:, own] @ np.linalg.inv(inverse[np.ix_(own, own)])
            root = np.linalg.cholesky(inverse[np.ix_(own, own)] * np.sqrt(np.outer(*[self.penalties[k, own]] * 2)))
            scaling = np.sqrt(self.penalties[k, own])
            vectors = np.linalg.eigh(root @ root.T)[1]
            basis = reach @ np.linalg.inv(np.diag(scaling)) @ vectors
            inner = np.linalg.pinv(basis) @ excess @ np.linalg.pinv(basis).T
            size = np.linalg.eigh(root @ root.T)[0]
            inner /= np.outer(size, size)
            eigenvalues, directions = np.linalg.eigh(inner)
            kept = (directions * np.maximum(eigenvalues, 0)) @ directions.T * np.outer(size, size)
            total += basis @ kept @ basis.T
        return total


@pytest.mark.parametrize("lambdas", [(0.5, 2.0), (30.0, 0.05)])
def test_against_the_integral_over_dense_matrices(lambdas):
    problem = Problem.draw(1, lambdas)
    ours, expected = problem.integrated(), problem.by_brute_force()
    assert_allclose(ours, expected, atol=2e-3 * np.abs(expected).max())
    assert_allclose(np.diag(ours), np.diag(expected), rtol=8e-3)
    assert (np.diag(expected) > 1.5 * np.diag(SCALE * np.linalg.inv(problem.precision()))).any()


@pytest.mark.parametrize("lambdas", [(0.5, 2.0), (1e11, 1e-3), (1e3, 1e14)])
def test_is_not_smaller_than_the_conditional_covariance(lambdas):
    for seed in range(5):
        problem = Problem.draw(seed, lambdas)
        difference = problem.integrated() - SCALE * np.linalg.inv(problem.precision())
        assert np.linalg.eigvalsh(difference).min() > -1e-6


def test_a_term_on_the_boundary_is_uncertain_however_large_its_smoothing_parameter():
    large, huge = Problem.draw(2, (1e9, 1.0)).integrated(), Problem.draw(2, (1e15, 1.0)).integrated()
    assert_allclose(large, huge, rtol=1e-6, atol=1e-9)
    assert np.diag(large)[2:5].min() > 1e-3  # where the conditional covariance is below 1e-8


def test_units_of_the_coordinates_do_not_matter():
    problem = Problem.draw(3, (0.7, 5.0))
    s = np.exp(np.random.default_rng(4).normal(size=11))
    scaled = Problem(problem.gram * np.outer(s, s), problem.working * s, problem.penalties * s**2, problem.lambdas)
    assert_allclose(scaled.integrated() * np.outer(s, s), problem.integrated(), rtol=1e-8, atol=1e-10)


def test_coefficients_that_are_not_active_have_no_variance():
    problem = Problem.draw(5, (0.7, 5.0))
    active = np.ones(11, dtype=bool)
    active[[1, 8]] = False
    theta = np.zeros(11)
    keep = np.flatnonzero(active)
    theta[keep] = np.linalg.solve(problem.precision()[np.ix_(keep, keep)], problem.working[keep])
    found = integrated_covariance(problem.gram, problem.penalties, problem.lambdas, SCALE, theta, active=active)
    alone = Problem(
        problem.gram[np.ix_(keep, keep)], problem.working[keep], problem.penalties[:, keep], problem.lambdas
    )
    assert_allclose(found[np.ix_(keep, keep)], alone.integrated())
    assert not found[~active].any()

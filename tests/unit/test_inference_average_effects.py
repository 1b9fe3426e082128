from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from contextstats.inference.average_effects import average_effects, variation_shares


def test_average_effects_are_linear_in_the_coefficients() -> None:
    rows = np.array([[1.0, 0.5, 0], [0, 0, 2.0]])
    covariance = np.array([[4.0, 1, 0], [1, 2, 0], [0, 0, 9.0]])
    ours = average_effects(rows, np.array([1.0, -2, 3]), covariance)
    assert_allclose(ours.estimate, [0, 6])
    assert_allclose(ours.covariance, [[4 + 1 + 0.5, 0], [0, 36]])
    assert_allclose(ours.standard_error, np.sqrt([5.5, 36]))


def test_shares_are_those_of_the_rows() -> None:
    generator = np.random.default_rng(0)
    basis = generator.standard_normal((500, 5)) @ generator.standard_normal((5, 5))
    basis -= basis.mean(axis=0)
    theta, covariance = generator.standard_normal(5), np.diag([0.1, 0.2, 0.3, 0.4, 0.5])
    terms = {"s(age)": np.array([0, 1, 3]), "site": np.array([2, 4])}
    ours = variation_shares(basis.T @ basis / 500, theta, covariance, terms)
    effect = basis @ theta
    assert_allclose(ours.variance, effect.var())
    for name, positions in terms.items():
        part = basis[:, positions] @ theta[positions]
        assert_allclose(ours.contributions[name], np.cov(part, effect, bias=True)[0, 1])
    assert_allclose(sum(ours.shares.values()), 1)
    assert_allclose(ours.noise, np.einsum("ij,jk,ik->", basis, covariance, basis) / 500)
    assert ours.corrected_variance == max(0, ours.variance - ours.noise)


def test_an_effect_that_does_not_vary_has_no_shares() -> None:
    ours = variation_shares(np.eye(2), np.zeros(2), np.eye(2), {"a": np.array([0]), "b": np.array([1])})
    assert ours.variance == 0
    assert ours.corrected_variance == 0
    assert np.isnan(ours.shares["a"])


def test_noise_is_the_expected_variance_of_an_effect_that_is_not_there() -> None:
    generator = np.random.default_rng(1)
    moments, root = np.diag([1.0, 3.0]), np.array([[0.5, 0], [0.3, 0.2]])
    terms = {"a": np.array([0, 1])}
    draws = [variation_shares(moments, root @ generator.standard_normal(2), root @ root.T, terms) for _ in range(2000)]
    assert_allclose(np.mean([draw.variance for draw in draws]), draws[0].noise, rtol=0.1)


def test_terms_must_cover_the_coefficients_once() -> None:
    with pytest.raises(ValueError, match="cover each of 2 coefficients once"):
        variation_shares(np.eye(2), np.zeros(2), np.eye(2), {"a": np.array([0])})
    with pytest.raises(ValueError, match="cover each of 2 coefficients once"):
        variation_shares(np.eye(2), np.zeros(2), np.eye(2), {"a": np.array([0, 1]), "b": np.array([1])})

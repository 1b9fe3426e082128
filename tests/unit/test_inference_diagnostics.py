from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from contextstats.inference.diagnostics import aic, basis_check, bic, concurvity, gcv

REFERENCE = Path(__file__).parents[1] / "reference"
K_CHECK = json.loads((REFERENCE / "inference_k_check.json").read_text())  # R 4.2.2, mgcv::k.check


@pytest.mark.reference
@pytest.mark.parametrize("case", ["small", "rich", "surface"])
def test_basis_check_agrees_with_mgcv(case: str) -> None:
    stored = K_CHECK[case]
    u, v = np.array(K_CHECK["u"]), np.array(K_CHECK["v"])
    contexts = np.column_stack([u, v]) if case == "surface" else u
    ours = basis_check(np.array(stored["residuals"]), contexts, permutations=1000)
    assert_allclose(ours.k_index, stored["k_index"], rtol=1e-10)
    assert abs(ours.pvalue - stored["pvalue"]) < 4 * np.sqrt(0.25 / 1000)


def test_basis_check_is_reproducible_and_takes_a_subsample() -> None:
    generator = np.random.default_rng(0)
    contexts = generator.uniform(size=600)
    residuals = np.sin(40 * contexts) + 0.3 * generator.standard_normal(600)
    first = basis_check(residuals, contexts, subsample=300, seed=3)
    assert first == basis_check(residuals, contexts, subsample=300, seed=3)
    assert first != basis_check(residuals, contexts, subsample=300, seed=4)
    assert first.pvalue == 0
    assert first.k_index < 0.5


def test_neighbours_among_rows_with_the_same_contexts() -> None:
    contexts = np.repeat([[0.0, 0.0], [1.0, 1.0]], 10, axis=0)
    residuals = np.repeat([1.0, -1.0], 10)
    assert basis_check(residuals, contexts, permutations=10).k_index == 0


def test_concurvity_of_columns_that_are_and_are_not_combinations_of_others() -> None:
    generator = np.random.default_rng(1)
    base = np.linalg.qr(generator.standard_normal((50, 4)))[0]
    mixed = np.column_stack([base[:, 0] + base[:, 3], base[:, 1]])
    z = np.column_stack([base[:, [0]], mixed, base[:, [2]]])
    groups = {"a": np.array([0]), "b": np.array([1, 2]), "c": np.array([3])}
    ours = concurvity(z.T @ z, np.array([1.0, 2.0, 1.0, 0.0]), groups)
    assert_allclose([ours["a"].worst, ours["a"].observed, ours["a"].estimate], 0.5)
    # b'b = 2 4 + 1 = 9, of which 4 lie in the direction of a.
    assert_allclose([ours["b"].worst, ours["b"].observed, ours["b"].estimate], [0.5, 4 / 9, 1 / 3])
    assert_allclose([ours["c"].worst, ours["c"].estimate], 0, atol=1e-12)
    assert np.isnan(ours["c"].observed)
    assert concurvity(np.eye(1), np.ones(1), {"only": np.array([0])})["only"].worst == 0


def test_information_criteria() -> None:
    assert aic(-10.0, 3.5) == 27
    assert_allclose(bic(-10.0, 3.5, np.e**2), 27)
    assert_allclose(gcv(40.0, 5.0, 25.0), 2.5)

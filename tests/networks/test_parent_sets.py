"""Regressions from one inverse are those that are solved one by one."""

from __future__ import annotations

import numpy as np
import pytest
from structural_equations import random_sem

import contextstats as cs
from contextstats.algorithms.networks.dag_problem import StructuralProblem
from contextstats.algorithms.networks.order_search import eliminate
from contextstats.algorithms.networks.parent_sets import ParentSet

PARENTS = [0, 1, 2, 5, 6]


@pytest.fixture(scope="module", params=["linear", "smooth"])
def problem(request):
    x, c, _, _ = random_sem(8, 2, 400, 1)
    encoder = cs.Linear() if request.param == "linear" else cs.Additive()
    return StructuralProblem.of(cs.BayesianNetwork(x, {"c": c}, encoder=encoder).data, 1)


def test_parents_left_out(problem):
    fit = ParentSet.of(problem, 3, PARENTS)
    np.testing.assert_allclose(fit.residual_and_edf(), problem.regress(3, PARENTS)[1:], rtol=1e-10)
    found = np.column_stack(fit.residuals_and_edfs_without())
    for k in range(len(PARENTS)):
        a, *expected = problem.regress(3, PARENTS[:k] + PARENTS[k + 1 :])
        smaller = fit.without(k)
        np.testing.assert_allclose(found[k], expected, rtol=1e-10)
        np.testing.assert_allclose(smaller.residual_and_edf(), expected, rtol=1e-10)
        np.testing.assert_allclose(smaller.coefficients.ravel(), a, atol=1e-10)


def test_the_residual_variances_given_all_others(problem):
    expected = [problem.regress(j, [i for i in range(8) if i != j])[1] for j in range(8)]
    np.testing.assert_allclose(problem.residual_variances, expected, rtol=1e-10)


def test_elimination_ends_where_no_single_parent_can_be_spared(problem):
    """The parents that are kept have a smaller BIC than any set with one of them less, required ones apart."""

    def bic(parents):
        _, residual, edf = problem.regress(3, parents)
        return problem.n * np.log(residual) + np.log(problem.n) * edf

    keep = np.zeros(8, dtype=bool)
    kept = eliminate(problem, 3, PARENTS, keep)
    assert set(kept) <= set(PARENTS)
    assert all(bic([i for i in kept if i != out]) >= bic(kept) for out in kept)
    keep[PARENTS] = True
    assert eliminate(problem, 3, PARENTS, keep) == PARENTS
    assert eliminate(problem, 3, [], keep) == []

r"""Tests that no effect in a set of linear equations varies with context.

Equation j is :math:`x_j = \mu_j(c) + \sum_i w_{ij}(c) x_i + e_j`; the errors of different equations are independent, so
that their score statistics are, and the sum of those is a test of all effects. The mean of each variable may vary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contextstats.inference._linalg import scaled_cholesky
from contextstats.inference.chi2_mixture import survival
from contextstats.inference.score_test import ScoreTest, kernel_weights, projected_information, score_test

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True)
class EffectsTest:
    """Sum of the equations' statistics, its effective degrees of freedom without variation, and the p-value."""

    statistic: float
    df: float
    p_value: float


def test_constant_effects(
    gram: Floats, n: int, parents: Sequence[Sequence[int]], penalty: Floats, groups: Integers
) -> EffectsTest | None:
    """Score test that no effect varies; None where there is no effect to test.

    Parameters
    ----------
    gram : ((p + 1) m, (p + 1) m) array
        Cross products over the rows of [1, x_1, ..., x_p] with the m functions of context, the constant first.
    n : int
        Rows.
    parents : sequence of sequences of int
        Of each variable; no cycle.
    penalty : (m,) array
        Diagonal of the penalty on wiggliness of the context basis.
    groups : (m - 1,) array of int
        The context term of each function but the constant.
    """
    tests = [_equation(gram, n, j, np.asarray(own), penalty, groups) for j, own in enumerate(parents) if len(own)]
    if not tests:
        return None
    weights = np.concatenate([test.weights for test in tests])
    statistic = float(sum(test.statistic for test in tests))
    return EffectsTest(statistic, float(weights.sum() ** 2 / (weights**2).sum()), survival(statistic, weights))


test_constant_effects.__test__ = False  # type: ignore[attr-defined]  # not a test of ours


def _equation(gram: Floats, n: int, j: int, parents: Integers, penalty: Floats, groups: Integers) -> ScoreTest:
    """The null model has a mean that varies and constant effects, all of them by least squares."""
    m = len(penalty)
    starts = (parents + 1) * m
    null = np.concatenate([np.arange(m), starts])
    tested = (starts[:, None] + np.arange(1, m)).ravel()
    response = (j + 1) * m
    factor = scaled_cholesky(gram[np.ix_(null, null)], name="The information of constant effects")
    cross = gram[np.ix_(null, tested)]
    information = projected_information(factor, cross, gram[np.ix_(tested, tested)])
    theta = factor.solve(gram[null, response])
    residual_df = float(n - len(null))
    scale = float(gram[response, response] - theta @ gram[null, response]) / residual_df
    terms = (np.arange(len(parents))[:, None] * (groups.max() + 1) + groups).ravel()
    kernel = kernel_weights(np.tile(penalty[1:], len(parents)), information, terms)
    score = gram[tested, response] - cross.T @ theta
    return score_test(score, information, kernel, scale=scale, residual_df=residual_df)

"""The score test of heterogeneity against smooth and rough alternatives alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from contextstats import _core
from contextstats.inference._linalg import Floats, Integers
from contextstats.inference.chi2_mixture import Exceedance, probabilities
from contextstats.inference.score_test import ScoreTest, form_test


@dataclass(frozen=True)
class AdaptiveScoreTest:
    """Score tests of one hypothesis with several kernels, and one p-value from all of them.

    Attributes
    ----------
    tests : tuple of ScoreTest
        The first with the kernel of the penalty, the others with ever flatter ones.
    """

    tests: tuple[ScoreTest, ...]

    @property
    def statistic(self) -> float:
        """Statistic of the first kernel, the most powerful one against nearly straight curves."""
        return self.tests[0].statistic

    @property
    def effective_df(self) -> float:
        """Its effective degrees of freedom."""
        return self.tests[0].effective_df

    @property
    def events(self) -> tuple[Exceedance, ...]:
        """What the p-values of the kernels are the probabilities of."""
        return tuple(test.event for test in self.tests)

    @cached_property
    def pvalue(self) -> float:
        """Combined p-value, see :func:`combined_pvalue`."""
        return combined_pvalue(probabilities(self.events))


def adaptive_score_test(
    score: Floats,
    information: Floats,
    kernel: Floats,
    groups: Integers,
    *,
    scale: float,
    residual_df: float | None = None,
) -> AdaptiveScoreTest:
    r"""Variance-component score tests with kernels of increasing roughness.

    The kernel of the penalty, :math:`K = D^{-1}`, is best where the variance of a term is close to zero, and then
    all but blind to curves with more than one period. The others are

    .. math:: K_\tau = (D + \tau V)^{-1},

    the best ones against curves whose variance is :math:`1 / \tau`; V is the information about the term. For
    :math:`\tau \to \infty` the test becomes the one with equal weights for all directions. The values of
    :math:`\tau` are those for which the null distribution of a term has 4, 8, 16, ... effective degrees of
    freedom, as far as the term has so many. In a test of several terms each has its own :math:`\tau`, and all
    are scaled to the same expected contribution.

    Parameters
    ----------
    score, information, scale, residual_df
        As for :func:`~contextstats.inference.score_test.score_test`.
    kernel : (m,) array
        From :func:`~contextstats.inference.score_test.kernel_weights`.
    groups : (m,) array of int
        The term each coordinate belongs to, numbered from 0.

    Raises
    ------
    DataError
        If the null model explains all variation of the tested columns.
    """
    forms = _core.kernel_forms(score, information, kernel, groups, scale)
    return AdaptiveScoreTest(tuple(form_test(statistic, weights, residual_df) for statistic, weights in forms))


def combined_pvalue(pvalues: Sequence[float] | Floats) -> float:
    r"""One p-value from several of the same hypothesis, by the Cauchy combination.

    .. math:: T = \frac1m \sum_j \tan\{\pi (1/2 - p_j)\}

    T is a standard Cauchy variable for independent and for equal p-values, and nearly so in its upper tail for any
    dependence between them.

    References
    ----------
    Liu and Xie (2020), Cauchy combination test: a powerful test with analytic p-value calculation under arbitrary
    dependency structures. Journal of the American Statistical Association 115, 393-402.
    """
    if len(pvalues) == 1:
        return float(pvalues[0])
    smallest = float(min(pvalues))
    if smallest <= 0:
        return 0.0
    if smallest < 1e-200:  # its score is beyond the others' and may be beyond the numbers that a double can hold
        return len(pvalues) * smallest / sum(smallest / float(p) for p in pvalues)
    return math.atan2(1.0, sum(map(_cauchy_score, pvalues)) / len(pvalues)) / math.pi


def _cauchy_score(p: float) -> float:
    """Quantile of the standard Cauchy distribution with upper tail probability p."""
    if p < 1e-8:  # the next term is smaller by a factor of 3e-16
        return 1 / (math.pi * p)
    return math.tan(math.pi * (0.5 - min(p, 1 - 1e-15)))

"""Tests of the varying terms of a fit, and what they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from contextstats.algorithms.joint import Floats
from contextstats.design import Block
from contextstats.design.assemble import INTERCEPTS
from contextstats.encoders.fitted import FittedTerm
from contextstats.inference.adaptive_score_test import AdaptiveScoreTest
from contextstats.inference.chi2_mixture import Exceedance, ratio_exceedance
from contextstats.inference.smooth_tests import marginal_frequentist, random_effect_test, smooth_test
from contextstats.results.estimates import middle_row, total_penalty
from contextstats.results.score_tests import ScoreTests, columns_of

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults

Integers = NDArray[np.intp]


@dataclass(frozen=True)
class BlockTest:
    """Wald test and score test of some blocks of one predictor.

    Attributes
    ----------
    edf, ref_df, statistic : float
        As in the table of heterogeneity; NaN where nothing is identified.
    events : tuple of Exceedance
        Their mean probability is the p-value.
    score : AdaptiveScoreTest or None
        None where the null model explains all that is tested.
    """

    edf: float
    ref_df: float
    statistic: float
    events: tuple[Exceedance, ...]
    score: AdaptiveScoreTest | None


class TermTests:
    """The tests of one fit: quantities that all of them need are computed once."""

    def __init__(self, res: GLMResults) -> None:
        self._res = res
        self._score = ScoreTests(res)
        self._penalty = total_penalty(res.design, res.fit.smoothing_parameters)
        self._residual_df = None if res.family.scale_known else res.df_resid
        self._middles: dict[FittedTerm, Floats] = {}

    def test(self, blocks: Sequence[Block]) -> BlockTest:
        """Test that some blocks of one predictor are zero."""
        res, residual_df = self._res, self._residual_df
        estimates, theta = res.estimates, res.fit.theta
        columns = columns_of(blocks, res.fit.identified)
        if columns.size == 0:
            return BlockTest(0.0, 0.0, np.nan, (), None)
        edf = float(estimates.edf[columns].sum())
        if not res.design.is_honest:
            return BlockTest(edf, np.nan, np.nan, (), None)
        score = self._score.test(blocks)
        grid = (columns[:, None], columns)
        covariance = estimates.conditional[grid] if res.cov_type.startswith("bayes") else res.natural_covariance[grid]
        if not any(len(block.term.penalties) for block in blocks if block.term is not None):
            return BlockTest(edf, float(len(columns)), *_parametric(theta[columns], covariance, residual_df), score)
        if len(blocks) == 1 and _is_random(blocks[0]):
            frequentist = self._frequentist_with_random(columns)
            test = random_effect_test(theta[columns], estimates.conditional[grid], frequentist, residual_df=residual_df)
            ref_df = float(len(columns))
        else:
            ref_df = min(max(self._ref_df(blocks, columns), 1e-8), float(len(columns)))
            gram = self._curve_gram(blocks, columns)
            test = smooth_test(theta[columns], covariance, gram, ref_df=ref_df, residual_df=residual_df)
        statistic = test.statistic if residual_df is None else test.f_statistic
        return BlockTest(edf, ref_df, statistic, test.events, score)

    def _ref_df(self, blocks: Sequence[Block], columns: Integers) -> float:
        """Reference degrees of freedom: `edf1`; for several terms those that allow for estimated smoothing parameters.

        With `edf1`, which takes smoothing parameters as known, the test of several terms rejects too often: what is
        ignored adds up over the terms.
        """
        known = float(self._res.estimates.edf1[columns].sum())
        return known if len(blocks) == 1 else max(known, float(self._corrected_edf[columns].sum()))

    @cached_property
    def _corrected_edf(self) -> Floats:
        """Diagonal of Vc G / phi, Vc the covariance corrected for the smoothing parameters to first order."""
        estimates = self._res.estimates
        if estimates.corrected is None:
            return estimates.edf1
        return np.asarray((estimates.corrected * estimates.gram).sum(axis=1) / estimates.scale)

    def _curve_gram(self, blocks: Sequence[Block], columns: Integers) -> Floats:
        """Weighted Gram matrix of the tested columns, the test's measure of the size of a curve.

        A curve is only determined up to the constant part of its coefficient, and its size depends on where it is said
        to be zero: for the intercept where its mean over the rows is zero, for the effect of a predictor in the middle
        of the contexts' knots (mgcv's point constraint, which it needs to identify several smooths of one predictor).
        """
        design, gram = self._res.design, self._res.estimates.gram
        curve = gram[columns[:, None], columns]
        if design.x_names[blocks[0].predictor] in INTERCEPTS:
            return curve
        constant = next(b.start for b in design.blocks if b.predictor == blocks[0].predictor and b.term is None)
        middle = np.zeros(len(gram))
        for block in blocks:
            if block.term is not None and len(block.term.penalties):
                middle[block.start : block.stop] = self._middle(block.term)
        cross = np.outer(gram[columns, constant], middle[columns])
        return np.asarray(
            curve - cross - cross.T + gram[constant, constant] * np.outer(middle[columns], middle[columns])
        )

    def _middle(self, term: FittedTerm) -> Floats:
        """The columns of a term in the middle of its knots."""
        if term not in self._middles:
            self._middles[term] = middle_row(term.basis, self._res.design.contexts.shape[1]) @ term.transform
        return self._middles[term]

    def _frequentist_with_random(self, columns: Integers) -> Floats:
        estimates = self._res.estimates
        penalty = self._penalty / estimates.scale
        random = np.zeros(len(penalty), dtype=bool)
        for block in self._res.design.blocks:
            random[block.start : block.stop] = _is_random(block)
        prior = np.divide(1.0, penalty, out=np.zeros(len(penalty)), where=random & (penalty > 0))
        prior[columns] = 0.0
        grid = np.ix_(columns, columns)
        return marginal_frequentist(estimates.conditional, estimates.gram, estimates.scale, prior / estimates.scale)[
            grid
        ]


def _parametric(theta: Floats, covariance: Floats, residual_df: float | None) -> tuple[float, tuple[Exceedance, ...]]:
    """Wald chi-square (scale known) or F statistic of coefficients without a penalty, and the event behind its p."""
    statistic, df = float(theta @ np.linalg.lstsq(covariance, theta, rcond=None)[0]), np.array([float(len(theta))])
    if residual_df is None:
        return statistic, (Exceedance(statistic, np.ones(1), df),)
    return statistic / len(theta), (ratio_exceedance(statistic, np.ones(1), residual_df, df=df),)


def _is_random(block: Block) -> bool:
    """A term of which nothing is left unpenalised is tested as a random effect: its variance is zero."""
    return block.term is not None and len(block.term.penalties) > 0 and bool(block.term.penalties.any(axis=0).all())

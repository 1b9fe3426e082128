"""Score tests of the varying terms of a fit: no term varies, or none of some terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from contextstats.algorithms.joint import CoreProblem, Floats, fit_joint
from contextstats.design import Block, Design
from contextstats.errors import DataError
from contextstats.inference._linalg import scaled_cholesky
from contextstats.inference.adaptive_score_test import AdaptiveScoreTest, adaptive_score_test
from contextstats.inference.score_test import kernel_weights, null_score, projected_information
from contextstats.results.estimates import estimate_scale, total_penalty
from contextstats.results.row_values import row_derivatives, row_values

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults

Integers = NDArray[np.intp]


class ScoreTests:
    """The score tests of one fit: quantities that all of them need are computed once."""

    def __init__(self, res: GLMResults) -> None:
        self._res = res
        self._penalty = total_penalty(res.design, res.fit.smoothing_parameters)
        self._inverse = res.estimates.conditional / res.estimates.scale
        self._influence = self._inverse @ res.estimates.gram
        # not the deviance, whose mean is not the scale
        self._penalized_squares = res.estimates.scale * res.df_resid + float(self._penalty @ res.fit.theta**2)

    def test(self, blocks: Sequence[Block]) -> AdaptiveScoreTest | None:
        """Test that some blocks are zero; None where the null model explains all of their columns.

        The null model (these blocks zero, the other smoothing parameters kept) is fitted to the working response and
        weights of the full fit: exactly the null fit for Gaussian models, its first step from the full fit for others.
        """
        res = self._res
        tested = columns_of(blocks, res.fit.identified)
        if tested.size == 0:
            return None
        theta, grid = res.fit.theta[tested], (tested[:, None], tested)
        try:
            score, information = null_score(
                theta, self._inverse[grid], self._influence[grid], res.estimates.gram.diagonal()[tested]
            )
        except np.linalg.LinAlgError:
            return None
        scale, residual_df = res.estimates.scale, None
        if not res.family.scale_known:
            residual_df = self._residual_df(tested)
            # the penalised sum of squares of the null fit: what the tested coefficients explain is theta'u
            scale = float(self._penalized_squares + theta @ score) / residual_df
        return self._adaptive(blocks, score, information, scale, residual_df)

    def test_all(self, blocks: Sequence[Block]) -> AdaptiveScoreTest | None:
        """Test that no term varies, from the fit of the model without context.

        There a step from the full fit will not do: its weights are those of a model with many coefficients that fit
        noise, which makes the test of a binary response reject too rarely.
        """
        res = self._res
        if res.family.core_name == "gaussian" and res.family.link_name == "identity":
            return self.test(blocks)
        tested = columns_of(blocks, res.fit.identified)
        if tested.size == 0:
            return None
        population = without_context(res.design)
        fit = fit_joint(CoreProblem.of(population, None), res.family)
        if not fit.converged:
            return self.test(blocks)
        null = np.array([block.start for block in res.design.blocks if block.term is None])
        theta = np.zeros(len(res.fit.theta))
        theta[null] = fit.theta
        problem, null = CoreProblem.of(res.design, None), null[fit.identified]
        eta = problem.linear_predictor(theta)
        each = row_derivatives(res.design, res.family, eta)
        gram, score = problem.gram(each.weight), problem.gradient(res.design.freq_weights * each.score)
        del each
        factor = scaled_cholesky(gram[np.ix_(null, null)], name="The null model's information")
        cross = gram[np.ix_(null, tested)]
        information = projected_information(factor, cross, gram[np.ix_(tested, tested)])
        scale, residual_df = 1.0, None
        if not res.family.scale_known:
            rows, residual_df = row_values(res.family, eta, problem.threads), float(res.nobs - len(null))
            scale, _ = estimate_scale(problem, res.family, rows, residual_df, smooth=False)
        return self._adaptive(
            blocks, score[tested] - cross.T @ factor.solve(score[null]), information, scale, residual_df
        )

    def _adaptive(
        self, blocks: Sequence[Block], score: Floats, information: Floats, scale: float, residual_df: float | None
    ) -> AdaptiveScoreTest | None:
        identified = self._res.fit.identified
        sizes = [int(identified[block.start : block.stop].sum()) for block in blocks]
        groups = np.repeat(np.arange(len(blocks)), sizes)
        kernel = kernel_weights(_penalty_shape(blocks, identified), information, groups)
        try:
            return adaptive_score_test(score, information, kernel, groups, scale=scale, residual_df=residual_df)
        except DataError:
            return None

    def _residual_df(self, tested: Integers) -> float:
        """Rows minus the unpenalised coefficients of the null model."""
        free = self._res.fit.identified & (self._penalty == 0)
        free[tested] = False
        return float(self._res.nobs - int(free.sum()))


def columns_of(blocks: Sequence[Block], identified: NDArray[np.bool_]) -> Integers:
    """Positions of the identified coefficients of some blocks."""
    positions = [np.arange(block.start, block.stop) for block in blocks]
    joined = np.concatenate(positions) if positions else np.empty(0, dtype=np.intp)
    return joined[identified[joined]]


def without_context(design: Design) -> Design:
    """The same data with constant coefficients only."""
    constants = [block for block in design.blocks if block.term is None]
    at = [block.start for block in constants]
    return replace(
        design,
        blocks=tuple(replace(block, start=i, stop=i + 1) for i, block in enumerate(constants)),
        penalties=np.empty((0, len(at))),
        penalty_names=(),
        coef_names=tuple(design.coef_names[i] for i in at),
        user_map=np.eye(len(at)),
    )


def _penalty_shape(blocks: Sequence[Block], identified: NDArray[np.bool_]) -> Floats:
    """Wiggliness penalty of each tested coordinate, without smoothing parameters; zero for trends and factors."""
    shapes = []
    for block in blocks:
        assert block.term is not None
        wiggliness = [not label.endswith(":null") for label in block.term.penalty_labels]
        total = block.term.penalties[wiggliness].sum(axis=0)
        shapes.append(total[identified[block.start : block.stop]])
    return np.concatenate(shapes)

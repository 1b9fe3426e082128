"""Does an effect vary with context, with which one, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from contextstats.algorithms.blas import single_threaded_blas
from contextstats.algorithms.joint import Floats
from contextstats.design import Block
from contextstats.design.assemble import INTERCEPTS
from contextstats.inference._linalg import scaled_cholesky
from contextstats.inference.average_effects import variation_shares
from contextstats.inference.score_test import kernel_weights, projected_information, score_test
from contextstats.inference.smooth_tests import marginal_frequentist, random_effect_test, smooth_test
from contextstats.results.estimates import middle_row, total_penalty

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults

Integers = NDArray[np.intp]
COLUMNS = [
    "predictor",
    "context",
    "edf",
    "ref_df",
    "statistic",
    "p_value",
    "share",
    "score_statistic",
    "score_p_value",
]


@dataclass(frozen=True)
class PopulationTest:
    """Omnibus test of the population model: no coefficient varies with any context.

    Attributes
    ----------
    statistic : float
        Variance-component score statistic.
    df : float
        Its effective degrees of freedom under the population model (Satterthwaite).
    p_value : float
        Upper tail probability.
    method : str
        In words.
    """

    statistic: float
    df: float
    p_value: float
    method: str = "Variance-component score test against constant coefficients"


def varying_blocks(res: GLMResults) -> list[Block]:
    """Blocks that describe variation, in the order of the design."""
    return [block for block in res.design.blocks if block.term is not None]


def columns_of(blocks: Sequence[Block], identified: NDArray[np.bool_]) -> Integers:
    """Positions of the identified coefficients of some blocks."""
    positions = [np.arange(block.start, block.stop) for block in blocks]
    joined = np.concatenate(positions) if positions else np.empty(0, dtype=np.intp)
    return joined[identified[joined]]


@single_threaded_blas
def heterogeneity_table(res: GLMResults) -> pd.DataFrame:
    """One row for each predictor and context term, and one with context "any" for each predictor that varies."""
    rows = []
    for predictor, name in enumerate(res.design.x_names):
        blocks = [block for block in varying_blocks(res) if block.predictor == predictor]
        shares = _shares(res, predictor, blocks)
        for block in blocks:
            assert block.term is not None
            label = block.term.label
            rows.append([name, label, *_tests(res, [block]), shares.get(label, np.nan)])
        if blocks:
            rows.append([name, "any", *_tests(res, blocks), 1.0 if shares else np.nan])
    order = [
        "predictor",
        "context",
        "edf",
        "ref_df",
        "statistic",
        "p_value",
        "score_statistic",
        "score_p_value",
        "share",
    ]
    return pd.DataFrame(rows, columns=order)[COLUMNS]


@single_threaded_blas
def test_population(res: GLMResults) -> PopulationTest:
    """Score test of all varying parts together."""
    statistic, p_value, df = _score(res, varying_blocks(res))
    return PopulationTest(statistic=statistic, df=df, p_value=p_value)


test_population.__test__ = False  # type: ignore[attr-defined]  # not a test of ours


def _tests(res: GLMResults, blocks: Sequence[Block]) -> list[float]:
    """edf, ref_df, statistic, p_value, score statistic, score p-value."""
    estimates, fit = res.estimates, res.fit
    columns = columns_of(blocks, fit.identified)
    if columns.size == 0:
        return [0.0, 0.0, np.nan, np.nan, np.nan, np.nan]
    score_statistic, score_p, _ = _score(res, blocks)
    edf = float(estimates.edf[columns].sum())
    theta, grid = fit.theta[columns], np.ix_(columns, columns)
    residual_df = None if res.family.scale_known else res.df_resid
    if len(blocks) == 1 and _is_random(blocks[0]):
        frequentist = _frequentist_with_random(res, columns)
        test = random_effect_test(theta, estimates.conditional[grid], frequentist, residual_df=residual_df)
        ref_df = float(len(columns))
    else:
        smooth = any(len(block.term.penalties) for block in blocks if block.term is not None)
        ref_df = float(estimates.edf1[columns].sum()) if smooth else float(len(columns))
        covariance = estimates.conditional[grid] if res.cov_type.startswith("bayes") else res.natural_covariance[grid]
        if not smooth:
            return [edf, ref_df, *_parametric(theta, covariance, residual_df), score_statistic, score_p]
        ref_df = min(max(ref_df, 1e-8), float(len(columns)))
        test = smooth_test(theta, covariance, _curve_gram(res, blocks, columns), ref_df=ref_df, residual_df=residual_df)
    statistic = test.statistic if residual_df is None else test.f_statistic
    return [edf, ref_df, statistic, test.pvalue, score_statistic, score_p]


def _curve_gram(res: GLMResults, blocks: Sequence[Block], columns: Integers) -> Floats:
    """Weighted Gram matrix of the tested columns, the test's measure of the size of a curve.

    A curve is only determined up to the constant part of its coefficient, and its size depends on where it is said to
    be zero: for the intercept where its mean over the rows is zero, for the effect of a predictor in the middle of the
    contexts' knots (mgcv's point constraint, which it needs to identify several smooths of one predictor).
    """
    gram = res.estimates.gram
    combination = np.zeros((len(gram), len(gram)))
    for block in blocks:
        own = np.arange(block.start, block.stop)
        combination[own, own] = 1.0
        if (
            block.term is not None
            and len(block.term.penalties)
            and res.design.x_names[block.predictor] not in INTERCEPTS
        ):
            constant = next(b.start for b in res.design.blocks if b.predictor == block.predictor and b.term is None)
            combination[constant, own] = -(
                middle_row(block.term.basis, res.design.contexts.shape[1]) @ block.term.transform
            )
    chosen = combination[:, columns]
    return np.asarray(chosen.T @ gram @ chosen)


def _parametric(theta: Floats, covariance: Floats, residual_df: float | None) -> tuple[float, float]:
    """Wald chi-square (scale known) or F statistic of coefficients without a penalty, and its p-value."""
    statistic = float(theta @ np.linalg.lstsq(covariance, theta, rcond=None)[0])
    if residual_df is None:
        return statistic, float(stats.chi2.sf(statistic, len(theta)))
    return statistic / len(theta), float(stats.f.sf(statistic / len(theta), len(theta), residual_df))


def _is_random(block: Block) -> bool:
    """A term of which nothing is left unpenalised is tested as a random effect: its variance is zero."""
    return block.term is not None and len(block.term.penalties) > 0 and bool(block.term.penalties.any(axis=0).all())


def _frequentist_with_random(res: GLMResults, columns: Integers) -> Floats:
    estimates = res.estimates
    penalty = total_penalty(res.design, res.fit.smoothing_parameters) / estimates.scale
    prior = np.zeros(len(penalty))
    for block in varying_blocks(res):
        if _is_random(block):
            own = slice(block.start, block.stop)
            prior[own] = np.divide(1.0, penalty[own], out=np.zeros(block.stop - block.start), where=penalty[own] > 0)
    prior[columns] = 0.0
    grid = np.ix_(columns, columns)
    return marginal_frequentist(estimates.conditional, estimates.gram, estimates.scale, prior / estimates.scale)[grid]


def _score(res: GLMResults, blocks: Sequence[Block]) -> tuple[float, float, float]:
    """Statistic, p-value and effective degrees of freedom of the variance-component score test.

    The null model (these blocks zero, the other smoothing parameters kept) is fitted to the working response and
    weights of the full fit: exactly the null fit for Gaussian models, its first step from the full fit for others.
    """
    fit, estimates, design = res.fit, res.estimates, res.design
    tested = columns_of(blocks, fit.identified)
    if tested.size == 0:
        return np.nan, np.nan, np.nan
    null = np.setdiff1d(np.flatnonzero(fit.identified), tested)
    gram = estimates.gram
    penalty = total_penalty(design, fit.smoothing_parameters)
    working = gram @ fit.theta + penalty * fit.theta  # Z'W(working response), from the stationarity of the fit
    g00, g01 = gram[np.ix_(null, null)], gram[np.ix_(null, tested)]
    theta0 = scaled_cholesky(g00 + np.diag(penalty[null]), name="The null model's information").solve(working[null])
    score = working[tested] - g01.T @ theta0
    information = projected_information(g00, g01, gram[np.ix_(tested, tested)], penalty[null])
    shape = _penalty_shape(blocks, fit.identified)
    groups = np.concatenate([np.full(int(fit.identified[b.start : b.stop].sum()), i) for i, b in enumerate(blocks)])
    kernel = kernel_weights(shape, information, groups)
    scale, residual_df = estimates.scale, None
    if not res.family.scale_known:
        unpenalized = int((penalty[null] == 0).sum())
        residual_df = float(res.nobs - unpenalized)
        null_deviance = _null_penalized_deviance(res, null, theta0, penalty)
        scale = null_deviance / residual_df
    try:
        test = score_test(score, information, kernel, scale=scale, residual_df=residual_df)
    except ValueError:
        return np.nan, np.nan, np.nan
    return test.statistic, test.pvalue, test.effective_df


def _null_penalized_deviance(res: GLMResults, null: Integers, theta0: Floats, penalty: Floats) -> float:
    """Penalised deviance of the null fit: that of the full fit plus what the tested coefficients explain."""
    change = -res.fit.theta.copy()
    change[null] += theta0
    curvature = change @ (res.estimates.gram @ change)
    theta = res.fit.theta + change
    score = penalty * res.fit.theta  # Z's at the full fit
    deviance = res.fit.deviance - 2 * change @ score + curvature
    return float(deviance + penalty @ theta**2)


def _penalty_shape(blocks: Sequence[Block], identified: NDArray[np.bool_]) -> Floats:
    """Wiggliness penalty of each tested coordinate, without smoothing parameters; zero for trends and factors."""
    shapes = []
    for block in blocks:
        assert block.term is not None
        wiggliness = [not label.endswith(":null") for label in block.term.penalty_labels]
        total = block.term.penalties[wiggliness].sum(axis=0)
        shapes.append(total[identified[block.start : block.stop]])
    return np.concatenate(shapes)


def _shares(res: GLMResults, predictor: int, blocks: Sequence[Block]) -> dict[str, float]:
    """Share of the variance of beta_j over the rows that each of its terms explains; the shares sum to one."""
    if not blocks:
        return {}
    moments = res.basis_moments(predictor)
    columns = np.concatenate([np.arange(block.start, block.stop) for block in blocks])
    positions: dict[str, Integers] = {}
    start = 0
    for block in blocks:
        assert block.term is not None
        positions[block.term.label] = np.arange(start, start + block.stop - block.start)
        start += block.stop - block.start
    covariance = res.estimates.conditional[np.ix_(columns, columns)]
    return dict(variation_shares(moments, res.fit.theta[columns], covariance, positions).shares)

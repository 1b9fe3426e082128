"""Does an effect vary with context, with which one, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from contextstats.algorithms.blas import single_threaded_blas
from contextstats.design import Block
from contextstats.inference.adaptive_score_test import combined_pvalue
from contextstats.inference.average_effects import variation_shares
from contextstats.inference.chi2_mixture import Exceedance, probabilities
from contextstats.results.context_moments import ContextMoments
from contextstats.results.score_tests import ScoreTests
from contextstats.results.term_tests import BlockTest, TermTests

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults

COLUMNS = (
    "predictor",
    "context",
    "edf",
    "ref_df",
    "statistic",
    "p_value",
    "share",
    "score_statistic",
    "score_p_value",
)


@dataclass(frozen=True)
class PopulationTest:
    """Omnibus test of the population model: no coefficient varies with any context.

    Attributes
    ----------
    statistic : float
        Variance-component score statistic, with the kernel of the penalties.
    df : float
        Its effective degrees of freedom under the population model (Satterthwaite).
    p_value : float
        From this and rougher kernels together.
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


@single_threaded_blas
def heterogeneity_table(res: GLMResults, moments: ContextMoments) -> pd.DataFrame:
    """One row for each predictor and context term, and one with context "any" for each predictor that varies.

    Parameters
    ----------
    res : GLMResults
    moments : ContextMoments
        Of the terms of the fit over its rows.
    """
    tests = TermTests(res)
    labels, found, shares = [], [], []
    for predictor, name in enumerate(res.design.x_names):
        blocks = [block for block in varying_blocks(res) if block.predictor == predictor]
        if not blocks:
            continue
        own = _shares(res, blocks, moments)
        for block in blocks:
            assert block.term is not None
            labels.append((name, block.term.label))
            found.append(tests.test([block]))
            shares.append(own[block.term.label])
        labels.append((name, "any"))
        found.append(tests.test(blocks))
        shares.append(1.0)
    if not found:
        return pd.DataFrame(columns=COLUMNS)
    wald, score = _p_values(found)
    columns = [
        [label[0] for label in labels],
        [label[1] for label in labels],
        [test.edf for test in found],
        [test.ref_df for test in found],
        [test.statistic for test in found],
        wald,
        shares,
        [np.nan if test.score is None else test.score.statistic for test in found],
        score,
    ]
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def _p_values(tests: Sequence[BlockTest]) -> tuple[list[float], list[float]]:
    """p-values of the Wald tests and of the score tests, the tail probabilities of each kind at once."""
    wald = [test.events for test in tests]
    score = [test.score.events if test.score else () for test in tests]
    return (
        [sum(found) / len(found) if found else np.nan for found in _by_test(wald)],
        [combined_pvalue(found) if found else np.nan for found in _by_test(score)],
    )


def _by_test(events: Sequence[Sequence[Exceedance]]) -> list[list[float]]:
    """Probabilities of the events of each test."""
    every = [event for own in events for event in own]
    found = iter(probabilities(every).tolist() if every else ())
    return [[next(found) for _ in own] for own in events]


@single_threaded_blas
def test_population(res: GLMResults) -> PopulationTest:
    """Score test of all varying parts together."""
    score = ScoreTests(res).test_all(varying_blocks(res)) if res.design.is_honest else None
    if score is None:
        return PopulationTest(statistic=np.nan, df=np.nan, p_value=np.nan)
    return PopulationTest(statistic=score.statistic, df=score.effective_df, p_value=score.pvalue)


test_population.__test__ = False  # type: ignore[attr-defined]  # not a test of ours


def _shares(res: GLMResults, blocks: Sequence[Block], moments: ContextMoments) -> dict[str, float]:
    """Share of the variance of beta_j over the rows that each of its terms explains; the shares sum to one."""
    rows = moments.columns(blocks)
    columns = np.concatenate([np.arange(block.start, block.stop) for block in blocks])
    ends = np.cumsum([block.stop - block.start for block in blocks])
    positions = {
        block.term.label: np.arange(end - block.stop + block.start, end)
        for block, end in zip(blocks, ends, strict=True)
        if block.term is not None
    }
    spread = moments.covariance[rows[:, None], rows]
    covariance = res.estimates.conditional[columns[:, None], columns]
    return variation_shares(spread, res.fit.theta[columns], covariance, positions).shares

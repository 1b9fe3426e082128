"""Checks of a fitted model: which effects vary, concurvity, richness of the bases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from contextstats.algorithms.joint import CoreProblem
from contextstats.inference.diagnostics import basis_check, concurvity

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults


def varying_pairs(res: GLMResults) -> list[tuple[str, str]]:
    """(predictor, context variable) pairs of the blocks that vary, without repetition."""
    pairs: dict[tuple[str, str], None] = {}
    for block in res.design.blocks:
        if block.term is not None:
            for variable in block.term.variables:
                pairs[res.design.x_names[block.predictor], variable] = None
    return list(pairs)


def concurvity_table(res: GLMResults) -> pd.DataFrame:
    """Concurvity of each varying block, and of the parametric part, with everything else."""
    groups = {"parametric": np.array([b.start for b in res.design.blocks if b.term is None], dtype=np.intp)}
    for block in res.design.blocks:
        if block.term is not None:
            name = f"{block.term.label}:{res.design.x_names[block.predictor]}"
            groups[name] = np.arange(block.start, block.stop)
    problem = CoreProblem.of(res.design, None)
    gram = problem.gram(np.ones(len(res.design.y)))
    found = concurvity(gram, res.fit.theta, groups)
    rows = [[name, c.worst, c.observed, c.estimate] for name, c in found.items()]
    return pd.DataFrame(rows, columns=["term", "worst", "observed", "estimate"])


def k_check_table(res: GLMResults, seed: int) -> pd.DataFrame:
    """One row for each smooth block."""
    residuals = res.resid_deviance.to_numpy()
    rows = []
    for block in res.design.blocks:
        if block.term is None or block.term.kind not in ("smooth", "tensor"):
            continue
        columns = [list(res.design.context_names).index(variable) for variable in block.term.variables]
        check = basis_check(residuals, res.design.contexts[:, columns], seed=seed)
        name = f"{block.term.label}:{res.design.x_names[block.predictor]}"
        edf = float(res.estimates.edf[block.start : block.stop].sum())
        rows.append([name, block.stop - block.start, edf, check.k_index, check.pvalue])
    return pd.DataFrame(rows, columns=["term", "k_prime", "edf", "k_index", "p_value"])

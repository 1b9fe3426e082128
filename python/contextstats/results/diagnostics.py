"""Checks of a fitted model: which effects vary, concurvity, richness of the bases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from contextstats.algorithms.joint import CoreProblem, Floats
from contextstats.design import Design
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


def concurvity_table(design: Design, theta: Floats) -> pd.DataFrame:
    """Concurvity of each varying block, and of the parametric part, with everything else."""
    groups = {"parametric": np.array([b.start for b in design.blocks if b.term is None], dtype=np.intp)}
    for block in design.blocks:
        if block.term is not None:
            name = f"{block.term.label}:{design.x_names[block.predictor]}"
            groups[name] = np.arange(block.start, block.stop)
    gram = CoreProblem.of(design, None).gram(np.ones(design.n_rows))
    found = concurvity(gram, theta, groups)
    rows = [[name, c.worst, c.observed, c.estimate] for name, c in found.items()]
    return pd.DataFrame(rows, columns=["term", "worst", "observed", "estimate"])


def k_check_table(design: Design, residuals: Floats, edf: Floats, seed: int) -> pd.DataFrame:
    """One row for each smooth block, from deviance residuals and the edf of each coefficient."""
    rows = []
    for block in design.blocks:
        if block.term is None or block.term.kind not in ("smooth", "tensor"):
            continue
        columns = [list(design.context_names).index(variable) for variable in block.term.variables]
        check = basis_check(residuals, design.contexts[:, columns], seed=seed)
        name = f"{block.term.label}:{design.x_names[block.predictor]}"
        used = float(edf[block.start : block.stop].sum())
        rows.append([name, block.stop - block.start, used, check.k_index, check.pvalue])
    return pd.DataFrame(rows, columns=["term", "k_prime", "edf", "k_index", "p_value"])

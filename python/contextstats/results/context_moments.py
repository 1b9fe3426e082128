"""How often contexts occur: moments of the basis columns over the rows of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contextstats import _core
from contextstats.algorithms.joint import Floats
from contextstats.design import Block, Design
from contextstats.design.design import core_layout
from contextstats.encoders.basis import BasisSpec
from contextstats.encoders.fitted import FittedTerm
from contextstats.options import resolve_threads


@dataclass(frozen=True)
class ContextMoments:
    """Means and covariances over the rows, by frequency weights, of the columns of every term of context.

    Attributes
    ----------
    mean : (m,) array
        Mean of each column; the first column is the constant one.
    covariance : (m, m) array
        Zero in the row and column of the constant.
    starts : dict of FittedTerm to int
        Position of the first column of each term. Terms with the same functions share their columns: those of a fit
        that was saved are equal, not the same objects.
    """

    mean: Floats
    covariance: Floats
    starts: dict[FittedTerm, int]

    @classmethod
    def of(cls, design: Design, threads: int | None = None) -> ContextMoments:
        """Sum over the rows in one pass, however many predictors share the terms."""
        blocks = [Block(0, None, 0, 1)]
        starts: dict[FittedTerm, int] = {}
        same: dict[tuple[BasisSpec, bytes], int] = {}
        for term in dict.fromkeys(block.term for block in design.blocks if block.term is not None):
            start = blocks[-1].stop
            starts[term] = same.setdefault((term.basis, term.transform.tobytes()), start)
            if starts[term] == start:
                blocks.append(Block(0, term, start, start + term.n_coefficients))
        bases, layout = core_layout(tuple(blocks))
        without_weights = design.var_weights is design.freq_weights  # one array of ones for both
        ones = design.freq_weights[:, None] if without_weights else np.ones((len(design.y), 1), order="F")
        core_design = _core.Design(bases, layout, 1)
        sums = _core.gram(core_design, ones, design.contexts, design.freq_weights, resolve_threads(threads))
        second = np.asarray(sums) / sums[0, 0]
        mean = second[0].copy()
        return cls(mean, second - np.outer(mean, mean), starts)

    def columns(self, blocks: Sequence[Block]) -> NDArray[np.intp]:
        """Positions of the columns of some blocks."""
        parts = []
        for block in blocks:
            start = 0 if block.term is None else self.starts[block.term]
            parts.append(np.arange(start, start + block.stop - block.start))
        return np.concatenate(parts)

"""A design on some of its rows, its terms built anew on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from contextstats.design.assemble import layout_of
from contextstats.design.columns import Floats, Level
from contextstats.design.design import Block, Design
from contextstats.encoders.build import fit_term
from contextstats.encoders.column import ContextColumn
from contextstats.encoders.fitted import FittedTerm
from contextstats.encoders.terms import Neural, Term

Learned = Mapping[Neural, Neural]
"""Neural terms, and the same with their hidden layers learned."""


def neural_requests(blocks: Sequence[Block]) -> list[Neural]:
    """The neural terms of some blocks whose hidden layers are still to be learned, each once."""
    asked = [block.term.request for block in blocks if block.term is not None]
    return list(dict.fromkeys(term for term in asked if isinstance(term, Neural) and term.learned is None))


def rebuilt_blocks(
    blocks: Sequence[Block],
    contexts: Floats,
    names: Sequence[str],
    levels: Mapping[str, tuple[Level, ...]],
    *,
    learned: Learned,
    select: bool,
    freq_weights: Floats | None = None,
) -> list[Block]:
    """The same blocks with terms fitted to other contexts, hidden layers replaced by learned ones."""
    columns = {name: ContextColumn(contexts[:, j], levels.get(name), j) for j, name in enumerate(names)}
    fitted: dict[Term, FittedTerm] = {}
    rebuilt: list[Block] = []
    for block in blocks:
        term = None
        if block.term is not None:
            assert block.term.request is not None
            asked = block.term.request
            asked = learned.get(asked, asked) if isinstance(asked, Neural) else asked
            if asked not in fitted:
                fitted[asked] = fit_term(asked, columns, select=select, freq_weights=freq_weights)
            term = fitted[asked]
        start = rebuilt[-1].stop if rebuilt else 0
        rebuilt.append(Block(block.predictor, term, start, start + (1 if term is None else term.n_coefficients)))
    return rebuilt


def on_rows(design: Design, rows: NDArray[np.intp], blocks: Sequence[Block]) -> Design:
    """Restrict a design to some rows (increasing positions) and to some of its blocks, renumbered."""
    placed: list[Block] = []
    for block in blocks:
        start = placed[-1].stop if placed else 0
        placed.append(replace(block, start=start, stop=start + block.stop - block.start))
    layout = layout_of(placed, design.x_names)
    weights = design.freq_weights[rows]
    return replace(
        design,
        y=design.y[rows],
        x=design.x.take(rows),
        contexts=design.contexts.take(rows),
        offset=design.offset[rows],
        freq_weights=weights,
        var_weights=weights if design.var_weights is design.freq_weights else design.var_weights[rows],
        trials=None if design.trials is None else design.trials[rows],
        row_labels=design.row_labels[rows],
        kept_rows=design.kept_rows[rows],
        n_dropped=design.n_dropped + design.n_rows - len(rows),
        blocks=layout.blocks,
        penalties=layout.penalties,
        penalty_names=layout.penalty_names,
        coef_names=layout.coef_names,
        user_map=layout.user_map,
    )

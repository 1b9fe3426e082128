"""One structural equation of a network as the design of a regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from contextstats.design.assemble import layout_of
from contextstats.design.design import Block, Design
from contextstats.design.matrix import Columns
from contextstats.design.networks import NetworkData


def node_design(data: NetworkData, node: int, parents: Sequence[int], *, constant_effects: bool = False) -> Design:
    """The regression of a node on its parents, in standard units; every coefficient has the whole context basis.

    Parameters
    ----------
    data : NetworkData
    node : int
        Position of the response.
    parents : sequence of int
        Positions of the predictors; the constant comes first.
    constant_effects : bool
        Only the intercept depends on context.
    """
    names = ("Intercept", *(data.names[i] for i in parents))
    blocks: list[Block] = []
    end = 0
    for predictor in range(len(names)):
        own = data.blocks[:1] if constant_effects and predictor else data.blocks
        start = end
        for block in own:
            end = start + block.stop
            blocks.append(Block(predictor, block.term, start + block.start, end))
    layout = layout_of(blocks, names)
    ones = np.ones(data.n_rows)
    return Design(
        y=np.ascontiguousarray(data.z[:, node]),
        x=Columns((ones, *(data.z[:, parent] for parent in parents)), data.n_rows),
        contexts=Columns.of(data.contexts),
        offset=np.zeros(data.n_rows),
        freq_weights=ones,
        var_weights=ones,
        trials=None,
        x_names=names,
        context_names=data.context_names,
        context_levels=data.context_levels,
        y_name=data.names[node],
        row_labels=data.row_labels,
        kept_rows=pd.RangeIndex(data.n_rows),
        n_missing={},
        n_dropped=0,
        notes=(),
        blocks=layout.blocks,
        penalties=layout.penalties,
        penalty_names=layout.penalty_names,
        coef_names=layout.coef_names,
        user_map=layout.user_map,
        recipe=replace(data.recipe, x_names=names),
    )

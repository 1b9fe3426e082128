"""The design of a model with neural terms, once their hidden layers are learned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from contextstats.algorithms.hidden_layers import (
    LearningTask,
    Network,
    Progress,
    Rows,
    common_options,
    learn_hidden_layers,
    learning_note,
    split_rows,
)
from contextstats.algorithms.joint import CoreProblem, core_loss, fit_with_rows, prior_weights
from contextstats.design import Block, Design
from contextstats.design.missing import require_enough_rows
from contextstats.design.restrict import neural_requests, on_rows, rebuilt_blocks
from contextstats.encoders.terms import Neural
from contextstats.families import Family


def learned_design(
    design: Design,
    family: Family,
    *,
    select: bool,
    threads: int | None,
    progress: Progress | None = None,
    clusters: Any = None,
) -> Design:
    """Learn the hidden layers of the neural terms of a design, and build it on the rows that are left.

    Without neural terms, or once they are learned, the design is returned as it is.

    Raises
    ------
    DataError
        If there are too few rows, or the rows that are left cannot carry the other terms.
    OptionError
        If neural terms disagree on `honest` or `seed`.
    """
    terms = neural_requests(design.blocks)
    if not terms:
        return design
    honest, seed = common_options(terms)
    learning, left = split_rows(design.n_rows, honest, seed, _codes(design, clusters))
    task = _task(design, family, terms, learning, threads)
    learned = learn_hidden_layers(task, threads=CoreProblem.of(design, threads).threads, progress=progress)
    blocks = rebuilt_blocks(
        design.blocks,
        design.contexts[left],
        design.context_names,
        design.context_levels,
        learned=learned,
        select=select,
        freq_weights=design.freq_weights[left],
    )
    built = on_rows(design, left, blocks)
    require_enough_rows(len(left), built.coef_names, built.penalties)
    note = learning_note(terms, honest, len(learning), len(left))
    return replace(built, n_learning=design.n_rows - len(left), notes=(*built.notes, note))


def _task(design: Design, family: Family, terms: list[Neural], rows: Rows, threads: int | None) -> LearningTask:
    """What the rest of the model leaves to the networks: its linear predictor is their offset."""
    others = [block for block in design.blocks if block.term is None or block.term.request not in terms]
    base = on_rows(design, rows, others)
    fit, family, eta = fit_with_rows(CoreProblem.of(base, threads), family)
    names = {name: j for j, name in enumerate(design.context_names)}
    weight, _ = prior_weights(base)
    networks = [
        Network(
            term,
            [names[name] for name in term.variables],
            [(0, block.predictor) for block in design.blocks if _asks(block, term)],
        )
        for term in terms
    ]
    return LearningTask(
        networks=tuple(networks),
        x=np.asarray(base.x),
        contexts=np.asarray(base.contexts),
        y=base.y[:, None],
        offset=eta[:, None],
        weight=weight,
        loss=core_loss(family),
        unit=1.0 if family.scale_known else max(fit.deviance / float(weight.sum()), np.finfo(float).tiny),
    )


def _asks(block: Block, term: Neural) -> bool:
    return block.term is not None and block.term.request == term


def _codes(design: Design, clusters: Any) -> Any:
    """The cluster of each row; none where there are none, or none that a covariance could use, which will say so."""
    if clusters is None:
        return None
    groups = pd.Series(np.asarray(clusters).ravel())
    if design.n_dropped and len(groups) == design.n_rows + design.n_dropped:
        groups = groups.iloc[design.kept_rows]
    usable = len(groups) == design.n_rows and not groups.isna().any() and groups.nunique() > 1
    return pd.factorize(groups)[0] if usable else None

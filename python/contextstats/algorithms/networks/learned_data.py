"""The data of a network with neural terms, once their hidden layers are learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from contextstats import _core
from contextstats.algorithms.hidden_layers import (
    MOST_ROWS,
    LearningTask,
    Network,
    Progress,
    Rows,
    common_options,
    learn_hidden_layers,
    learning_note,
    split_rows,
)
from contextstats.design.assemble import layout_of
from contextstats.design.networks import NetworkData, standardised
from contextstats.design.restrict import neural_requests, rebuilt_blocks
from contextstats.encoders.terms import Neural
from contextstats.errors import OptionError
from contextstats.options import resolve_threads

_WORK = 2_000_000  # rows times coefficients that hidden layers are learned from
_FEWEST = 500


def learned_network(
    data: NetworkData, *, select: bool, threads: int | None, progress: Progress | None = None
) -> NetworkData:
    """Learn the hidden layers of the neural terms of a network, and lay it out on the rows that are left.

    Without neural terms, or once they are learned, the data are returned as they are.

    Raises
    ------
    DataError
        If there are too few rows.
    OptionError
        If a neural term has ``honest=False``, which no test of a network could stand, or they disagree on `seed`.
    """
    terms = neural_requests(data.blocks)
    if not terms:
        return data
    honest, seed = common_options(terms)
    if not honest:
        raise OptionError("A network needs hidden layers that were learned from other rows. Leave out honest=False.")
    most = max(_FEWEST, min(MOST_ROWS, _WORK // data.n_variables**2))
    learning, left = split_rows(data.n_rows, honest, seed, most=most)
    learned = learn_hidden_layers(_task(data, terms, learning), threads=resolve_threads(threads), progress=progress)
    z, center, scale = standardised(data.center + data.scale * data.z[left], data.names)
    contexts = np.asfortranarray(data.contexts[left])
    blocks = rebuilt_blocks(
        data.blocks, contexts, data.context_names, data.context_levels, learned=learned, select=select
    )
    layout = layout_of(blocks, ("Intercept",))
    return replace(
        data,
        z=z,
        center=center,
        scale=scale,
        contexts=contexts,
        blocks=layout.blocks,
        penalties=layout.penalties,
        penalty_names=tuple(label for block in blocks if block.term is not None for label in block.term.penalty_labels),
        basis_names=layout.coef_names,
        row_labels=data.row_labels[left],
        notes=(*data.notes, learning_note(terms, honest, len(learning), len(left))),
    )


def _task(data: NetworkData, terms: list[Neural], rows: Rows) -> LearningTask:
    """Every variable on all others, and the squares on the contexts alone: what makes means, edges and variances vary.

    Squares of Gaussian variables have a variance of two, by which they are divided.
    """
    z, p = data.z[rows], data.n_variables
    squares = (z**2 - 1) / np.sqrt(2)
    users = [(j, i + 1) for j in range(p) for i in range(-1, p) if i != j] + [(p + j, 0) for j in range(p)]
    names = {name: k for k, name in enumerate(data.context_names)}
    y = np.hstack([z, squares])
    return LearningTask(
        networks=tuple(Network(term, [names[name] for name in term.variables], users) for term in terms),
        x=np.column_stack([np.ones(len(rows)), z]),
        contexts=data.contexts[rows],
        y=y,
        offset=np.zeros_like(y),
        weight=np.ones(len(rows)),
        loss=_core.Loss("gaussian", "identity", 0.0),
        unit=1.0,
    )

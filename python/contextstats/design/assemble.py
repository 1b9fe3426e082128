"""From context terms to blocks of coefficients, their names, their penalties and the user's coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from contextstats.design.columns import Floats
from contextstats.design.context import Contexts
from contextstats.design.design import Block
from contextstats.encoders.build import fit_term
from contextstats.encoders.fitted import FittedTerm
from contextstats.encoders.terms import Term

INTERCEPTS = ("Intercept", "const", "(Intercept)")
"""Names of an intercept, here and in R: its context effects carry the name of the context alone."""


@dataclass(frozen=True, eq=False)
class Layout:
    """The coefficients of a design; attributes as in :class:`contextstats.design.Design`."""

    blocks: tuple[Block, ...]
    penalties: Floats
    penalty_names: tuple[str, ...]
    coef_names: tuple[str, ...]
    user_map: Floats
    notes: tuple[str, ...]


def assemble(x_names: Sequence[str], contexts: Contexts, *, select: bool, freq_weights: Floats | None) -> Layout:
    """Fit every different term once and lay out its coefficients for each predictor that has it.

    Parameters
    ----------
    x_names : sequence of str
        Names of the predictors.
    contexts : Contexts
        With the terms of each predictor.
    select : bool
        Penalise also what smoothing leaves free.
    freq_weights : (n,) array, optional
        They count in the centring of terms.

    Returns
    -------
    Layout
    """
    columns = contexts.columns()
    fitted: dict[Term, FittedTerm] = {}
    for term in (term for own in contexts.terms for term in own):
        if term not in fitted:
            fitted[term] = fit_term(term, columns, select=select, freq_weights=freq_weights)
    blocks: list[Block] = []
    for predictor, own in enumerate(contexts.terms):
        for part in (None, *(fitted[term] for term in own)):
            start = blocks[-1].stop if blocks else 0
            blocks.append(Block(predictor, part, start, start + (1 if part is None else part.n_coefficients)))
    return layout_of(blocks, x_names, tuple(dict.fromkeys(note for term in fitted.values() for note in term.notes)))


def layout_of(blocks: Sequence[Block], x_names: Sequence[str], notes: tuple[str, ...] = ()) -> Layout:
    """Name the coefficients of some blocks and lay out their penalties."""
    penalties, penalty_names = _penalties(blocks, x_names)
    return Layout(
        blocks=tuple(blocks),
        penalties=penalties,
        penalty_names=penalty_names,
        coef_names=_coef_names(blocks, x_names),
        user_map=_user_map(blocks),
        notes=notes,
    )


def _coef_names(blocks: Sequence[Block], x_names: Sequence[str]) -> tuple[str, ...]:
    """Name coefficients "predictor:part"; an intercept's by the part alone, if that is free."""
    names: list[str] = []
    for block in blocks:
        name = x_names[block.predictor]
        parts = () if block.term is None else block.term.coef_names
        bare = name in INTERCEPTS and not set(parts).intersection(x_names)
        names += [name] if block.term is None else [part if bare else f"{name}:{part}" for part in parts]
    return tuple(names)


def _penalties(blocks: Sequence[Block], x_names: Sequence[str]) -> tuple[Floats, tuple[str, ...]]:
    n_coefficients = blocks[-1].stop if blocks else 0
    rows, names = [], []
    for block in blocks:
        if block.term is None:
            continue
        for label, diagonal in zip(block.term.penalty_labels, block.term.penalties, strict=True):
            row = np.zeros(n_coefficients)
            row[block.start : block.stop] = diagonal
            rows.append(row)
            names.append(f"{label}:{x_names[block.predictor]}")
    return np.array(rows).reshape(len(rows), n_coefficients), tuple(names)


def _user_map(blocks: Sequence[Block]) -> Floats:
    """Undo the centring and scaling of straight lines: a + b (c - m)/s is (a - b m/s) + (b/s) c."""
    mapping = np.eye(blocks[-1].stop if blocks else 0)
    constant: Mapping[int, int] = {block.predictor: block.start for block in blocks if block.term is None}
    for block in blocks:
        if block.term is None or block.term.kind != "linear":
            continue
        center, scale = block.term.basis.centers[0], block.term.basis.scales[0]
        slope = block.term.transform[0, 0] / scale
        mapping[block.start, block.start] = slope
        mapping[constant[block.predictor], block.start] = -center * slope
    return mapping

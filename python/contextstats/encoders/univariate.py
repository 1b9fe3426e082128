"""Smooths of one context, from any construction to a fitted term."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from contextstats.encoders import cubic, pspline
from contextstats.encoders.column import ContextColumn, Inputs
from contextstats.encoders.constraint import diagonalise, orthogonal_complement
from contextstats.encoders.construction import Construction, mean_bsplines, summarise_rows
from contextstats.encoders.fitted import FittedTerm
from contextstats.encoders.penalty import comparable_scale, with_null_space
from contextstats.encoders.random_effect import fit_random_effect
from contextstats.encoders.smooth_options import check_smooth
from contextstats.encoders.terms import Smooth

FloatArray = NDArray[np.float64]

CONSTRUCTIONS: dict[str, Callable[[Smooth, ContextColumn, str], Construction]] = {
    "ps": pspline.difference_penalised,
    "bs": pspline.derivative_penalised,
    "cr": cubic.natural,
    "cc": cubic.periodic,
}


def fit_smooth(term: Smooth, inputs: Inputs) -> FittedTerm:
    """Build `s(x)` on the rows of the fit."""
    check_smooth(term)
    if term.bs == "re":
        return fit_random_effect(term, inputs)
    column = inputs.columns[term.variable]
    built = CONSTRUCTIONS[term.bs](term, column, term.label)
    if built.are_bsplines:
        means, row_norm = mean_bsplines(built.basis, column.values, inputs.freq_weights), 1.0
    else:
        means, row_norm = summarise_rows([(column.values, built.at)], inputs.freq_weights)
    scale = comparable_scale(built.root, row_norm)
    centring = orthogonal_complement(means)
    null_dim = max(built.null_dim - 1, 0)
    diagonal, rotation = diagonalise(built.root @ centring, null_dim)
    setup = centring @ rotation
    penalties = scale * diagonal[None, :]
    labels: tuple[str, ...] = (term.label,)
    if inputs.select:
        penalties, labels = with_null_space(penalties, labels, term.label)
    return FittedTerm(
        label=term.label,
        variables=term.variables,
        kind="smooth",
        basis=built.basis,
        transform=built.mapping @ setup,
        penalties=penalties,
        penalty_labels=labels,
        coef_names=tuple(f"{term.label}.{i + 1}" for i in range(diagonal.size)),
        null_dim=null_dim,
        constrained=True,
        notes=_notes(term, means),
        setup=setup,
    )


def _notes(term: Smooth, means: FloatArray) -> tuple[str, ...]:
    empty = int((means == 0).sum())
    if not empty:
        return ()
    return (
        f"{empty} of {means.size} basis functions of {term.label} have no data under them; "
        "there the penalty alone shapes the curve.",
    )

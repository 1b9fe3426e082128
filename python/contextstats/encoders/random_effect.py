"""Random effects ("re"): coefficients shrunk towards zero, and no constraint."""

from __future__ import annotations

import numpy as np

from contextstats.encoders.basis import BasisSpec
from contextstats.encoders.column import ContextColumn, Inputs, require_categorical, require_numeric
from contextstats.encoders.fitted import FittedTerm
from contextstats.encoders.terms import Smooth


def fit_random_effect(term: Smooth, inputs: Inputs) -> FittedTerm:
    """Build `s(x, bs="re")`: a random intercept for each level, or a random slope of a numeric context.

    The penalty is the sum of squared coefficients, scaled by the square of the largest absolute context so
    that smoothing parameters mean what they mean in mgcv. A numeric context is used as it is, not centred.
    """
    column = inputs.columns[term.variable]
    numeric = column.levels is None
    basis, names, scale = _numeric(term, column) if numeric else _categorical(term, column)
    return FittedTerm(
        label=term.label,
        variables=term.variables,
        kind="smooth",
        basis=basis,
        transform=np.eye(basis.n_raw),
        penalties=np.full((1, basis.n_raw), scale),
        penalty_labels=(term.label,),
        coef_names=names,
        null_dim=0,
        constrained=False,
    )


def _numeric(term: Smooth, column: ContextColumn) -> tuple[BasisSpec, tuple[str, ...], float]:
    low, high = require_numeric(term.variable, column, term.label)
    basis = BasisSpec(kind="dense", columns=(column.index,), centers=(0.0,), scales=(1.0,))
    return basis, (term.label,), max(abs(low), abs(high)) ** 2


def _categorical(term: Smooth, column: ContextColumn) -> tuple[BasisSpec, tuple[str, ...], float]:
    levels = require_categorical(term.variable, column, term.label)
    basis = BasisSpec(kind="factor", columns=(column.index,), n_levels=len(levels))
    return basis, tuple(f"{term.label}[{level}]" for level in levels), 1.0

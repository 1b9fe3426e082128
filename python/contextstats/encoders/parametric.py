"""Terms without a penalty: a straight line in a numeric context, the levels of a categorical one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contextstats.encoders.basis import BasisSpec
from contextstats.encoders.column import Inputs, require_categorical, require_numeric
from contextstats.encoders.fitted import FittedTerm, TermKind
from contextstats.encoders.terms import Bare, Factor, Linear
from contextstats.errors import DataError

FloatArray = NDArray[np.float64]


def fit_bare(term: Bare, inputs: Inputs) -> FittedTerm:
    """Build a name alone: a straight line or the levels, as the context is numeric or categorical."""
    if inputs.columns[term.variable].levels is None:
        return fit_linear(Linear(term.variable), inputs)
    return fit_factor(Factor(term.variable), inputs)


def fit_linear(term: Linear, inputs: Inputs) -> FittedTerm:
    """Build a straight line. Its raw column is the context with mean 0 and variance 1 over the rows."""
    column = inputs.columns[term.variable]
    require_numeric(term.variable, column, term.label)
    center = float(np.average(column.values, weights=inputs.freq_weights))
    deviation = column.values - center
    largest = float(np.abs(deviation).max())
    scale = largest * float(np.sqrt(np.average((deviation / largest) ** 2, weights=inputs.freq_weights)))
    basis = BasisSpec(kind="dense", columns=(column.index,), centers=(center,), scales=(scale,))
    return _unpenalised(term, "linear", basis, np.ones((1, 1)), (term.label,), constrained=True)


def fit_factor(term: Factor, inputs: Inputs) -> FittedTerm:
    """Build one coefficient for each level but the first, which is the reference.

    Raises
    ------
    DataError
        If a level has no rows.
    """
    column = inputs.columns[term.variable]
    levels = require_categorical(term.variable, column, term.label)
    counts = np.bincount(column.values.astype(np.intp), minlength=len(levels))
    if (counts == 0).any():
        empty = [level for level, count in zip(levels, counts, strict=True) if count == 0]
        raise DataError(
            f"Every level of {term.label} must have rows, but {len(empty)} of {len(levels)} have none "
            f"(first: {empty[0]!r}). Remove the unused levels."
        )
    basis = BasisSpec(kind="factor", columns=(column.index,), n_levels=len(levels))
    names = tuple(f"{term.label}[T.{level}]" for level in levels[1:])
    return _unpenalised(term, "factor", basis, np.eye(len(levels))[:, 1:], names, constrained=False)


def _unpenalised(
    term: Linear | Factor,
    kind: TermKind,
    basis: BasisSpec,
    transform: FloatArray,
    names: tuple[str, ...],
    *,
    constrained: bool,
) -> FittedTerm:
    return FittedTerm(
        label=term.label,
        variables=term.variables,
        kind=kind,
        basis=basis,
        transform=transform,
        penalties=np.zeros((0, len(names))),
        penalty_labels=(),
        coef_names=names,
        null_dim=len(names),
        constrained=constrained,
    )

"""From a term and the contexts of the fit to a fitted term."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contextstats.encoders.column import ContextColumn, Inputs
from contextstats.encoders.fitted import FittedTerm
from contextstats.encoders.neural import fit_neural
from contextstats.encoders.parametric import fit_bare, fit_factor, fit_linear
from contextstats.encoders.tensor import fit_tensor
from contextstats.encoders.terms import Bare, Factor, Linear, Neural, Smooth, Tensor, Term
from contextstats.encoders.univariate import fit_smooth
from contextstats.errors import DataError

FloatArray = NDArray[np.float64]


_FITTERS: dict[type[Term], Callable[[Any, Inputs], FittedTerm]] = {
    Bare: fit_bare,
    Linear: fit_linear,
    Factor: fit_factor,
    Smooth: fit_smooth,
    Tensor: fit_tensor,
    Neural: fit_neural,
}


def fit_term(
    term: Term,
    columns: Mapping[str, ContextColumn],
    *,
    select: bool = False,
    freq_weights: FloatArray | None = None,
) -> FittedTerm:
    """Build the basis, transform and penalties of a term on the rows of the fit.

    Parameters
    ----------
    term : Term
        What the user asked for.
    columns : mapping of str to ContextColumn
        The contexts, complete (no missing rows), one entry at least for each variable of the term.
    select : bool
        Add a penalty on the part of a smooth that its own penalty leaves free. Terms without a penalty
        (straight lines, factors) and random effects, which have no free part, are not changed.
    freq_weights : (n,) array, optional
        Non-negative frequency weights: a weight of two centres as the row twice.

    Returns
    -------
    FittedTerm

    Raises
    ------
    ConstantContextError
        If a context takes one value only; the caller may drop the term instead.
    DataError
        If the data cannot carry the term, for instance fewer distinct values than k.
    OptionError
        If an option of the term has an impossible value.
    """
    missing = [name for name in term.variables if name not in columns]
    if missing:
        raise DataError(f"{term.label} needs the context {missing[0]!r}, but the contexts are {', '.join(columns)}.")
    return replace(_FITTERS[type(term)](term, Inputs(columns, select, freq_weights)), request=term)

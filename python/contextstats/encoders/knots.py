"""Where the knots go, and whether the data can carry them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contextstats.encoders.column import ContextColumn, require_numeric
from contextstats.encoders.smooth_options import smallest_k
from contextstats.encoders.terms import Smooth
from contextstats.errors import DataError, bad_rows

FloatArray = NDArray[np.float64]

WIDENING = 0.001
"""Share of the data range by which evenly spaced knots reach beyond the data on each side."""

_VALUES_PER_FUNCTION = 64
_CLOSEST = 1e-10


def supported_range(smooth: Smooth, column: ContextColumn, label: str) -> tuple[float, float]:
    """Return the range of the data, or the user's bounds, after checking that k functions fit in it.

    Raises
    ------
    DataError
        If rows lie outside the bounds, the distinct values are fewer than k, or the range is lost in
        rounding.
    ConstantContextError
        If the context takes a single value.
    """
    name = smooth.variable
    low, high = require_numeric(name, column, label)
    distinct = column.n_distinct(smooth.k)
    if distinct < smooth.k:
        lower = f"Lower k to {distinct} or less, or" if distinct >= smallest_k(smooth) else "Instead"
        raise DataError(
            f"{label} needs at least k={smooth.k} distinct values of {name}, but there are {distinct}. "
            f"{lower} use {name} itself, for a straight line, or C({name}), for one effect a value."
        )
    if smooth.bounds is not None:
        bottom, top = smooth.bounds
        outside = (column.values < bottom) | (column.values > top)
        if outside.any():
            raise bad_rows(
                name,
                outside,
                rule=f"must lie within bounds=({bottom:g}, {top:g}) of {label}",
                values=column.values,
                fix=f"The data go from {low:g} to {high:g}: widen the bounds or drop these rows.",
            )
        low, high = float(bottom), float(top)
    steps = (high - low) / (np.finfo(float).eps * max(abs(low), abs(high)))
    if steps < _VALUES_PER_FUNCTION * smooth.k:
        raise DataError(
            f"{label} needs a range of {name} that is large against its rounding error, but {name} goes from "
            f"{low!r} to {high!r}. Subtract a constant from {name} before it is rounded."
        )
    return low, high


def evenly_spaced(low: float, high: float, k: int, degree: int) -> FloatArray:
    """Return the full, evenly spaced knots of k B-splines whose boundary knots are `low` and `high`."""
    pieces = k - degree
    knots = low + (high - low) / pieces * np.arange(-degree, pieces + degree + 1)
    knots[degree + pieces] = high
    return np.asarray(knots, dtype=float)


def at_quantiles(smooth: Smooth, column: ContextColumn, label: str) -> FloatArray:
    """Return k knots at the quantiles of the distinct values, the bounds among them; both ends are knots.

    Raises
    ------
    DataError
        As `supported_range`; also if two knots nearly coincide.
    """
    low, high = supported_range(smooth, column, label)
    distinct = np.union1d(column.values, smooth.bounds) if smooth.bounds else np.unique(column.values)
    knots = np.quantile(distinct, np.linspace(0, 1, smooth.k))
    knots[0], knots[-1] = low, high
    gaps = np.diff(knots)
    if gaps.min() < _CLOSEST * (high - low):
        first = int(np.argmin(gaps))
        raise DataError(
            f"The knots of {label} must differ, but at {smooth.variable}={knots[first]!r} two of them are "
            f"only {gaps[first]:g} apart. Round {smooth.variable}, lower k, or use bs='ps', whose knots are "
            "evenly spaced."
        )
    return np.asarray(knots, dtype=float)

"""One column of the context matrix, as the terms see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contextstats.errors import ConstantContextError, DataError, bad_rows

_DISTINCT_SAMPLE = 4096


@dataclass(frozen=True, eq=False)
class ContextColumn:
    """The values of one context over the rows of the fit.

    Attributes
    ----------
    values : (n,) array
        Numbers, or the codes 0 .. len(levels) - 1 of a categorical context, as float64.
    levels : tuple, optional
        The levels of a categorical context; None for a numeric one.
    index : int
        Its column of the context matrix.
    """

    values: NDArray[np.float64]
    levels: tuple[object, ...] | None = None
    index: int = 0

    def n_distinct(self, enough: int) -> int:
        """Count the distinct values; stop at `enough`, the number that is needed."""
        seen = np.unique(self.values[:_DISTINCT_SAMPLE]).size
        return seen if seen >= enough else np.unique(self.values).size


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a term is built on, and how.

    Attributes
    ----------
    columns : mapping of str to ContextColumn
        The contexts by name.
    select : bool
        Whether the part of a smooth that its penalty leaves free is penalised too.
    freq_weights : (n,) array, optional
        Frequency weights of the rows; None for one each.
    """

    columns: Mapping[str, ContextColumn]
    select: bool = False
    freq_weights: NDArray[np.float64] | None = None


def require_numeric(name: str, column: ContextColumn, label: str) -> tuple[float, float]:
    """Return the range of a numeric context.

    Raises
    ------
    DataError
        If the context is categorical or has a value that is not finite.
    ConstantContextError
        If it takes a single value.
    """
    if column.levels is not None:
        raise DataError(
            f"{label} needs a numeric context, but {name} is categorical with {len(column.levels)} levels. "
            f"Write {name} for one effect a level, or s({name}, bs='re') for penalised ones."
        )
    if column.values.size == 0:
        raise DataError(f"{label} needs data, but {name} has no rows.")
    low, high = float(column.values.min()), float(column.values.max())
    if not np.isfinite(low + high):
        raise bad_rows(
            name,
            ~np.isfinite(column.values),
            rule="must be finite",
            values=column.values,
            fix="Drop these rows or recode the values.",
        )
    if low == high:
        raise ConstantContextError(
            f"{label} needs a context that varies, but {name} is {low:g} in all {column.values.size} rows. "
            "Leave it out of the context."
        )
    return low, high


def require_categorical(name: str, column: ContextColumn, label: str) -> tuple[object, ...]:
    """Return the levels of a categorical context with at least two of them.

    Raises
    ------
    DataError
        If the context is numeric.
    ConstantContextError
        If all rows have the same level.
    """
    if column.levels is None:
        raise DataError(
            f"{label} needs a categorical context, but {name} is numeric. Convert it to text or to a categorical."
        )
    if column.n_distinct(2) < 2:
        raise ConstantContextError(
            f"{label} needs a context that varies, but {name} has the same level in all "
            f"{column.values.size} rows. Leave it out of the context."
        )
    return column.levels

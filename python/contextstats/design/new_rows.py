"""Rows of new data, ready for a prediction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contextstats.design.arrays import read_columns
from contextstats.design.columns import Column, Floats
from contextstats.errors import DataError


@dataclass(frozen=True, eq=False)
class NewRows:
    """Predictors and contexts of new data.

    Attributes
    ----------
    x : (n, p) array, columns first
        Predictors; NaN in every column of a row with a missing value, so that its prediction is NaN.
    contexts : (n, d) array, columns first
        Contexts; in rows with a missing value it holds a value of the fit.
    outside : (n,) array of bool
        True where a context lies outside the range of the fit.
    outside_names : tuple of str
        The contexts for which that happens.
    row_labels : pandas.Index
        Labels of the rows.
    complete : (n,) array of bool
        False where a predictor or a context is missing.
    offset : (n,) array or None
        Offset and log exposure, where the fit took them from columns that the new data have too.
    """

    x: Floats
    contexts: Floats
    outside: NDArray[np.bool_]
    outside_names: tuple[str, ...]
    row_labels: pd.Index
    complete: NDArray[np.bool_]
    offset: Floats | None = None


def columns_by_position(data: Any, names: tuple[str, ...], what: str) -> list[Column]:
    """Read as many columns as there are names, and call them so; a flat array of that length is one row.

    Raises
    ------
    DataError
        If their number differs.
    """
    if (
        isinstance(data, np.ndarray | list | tuple)
        and len(names) > 1
        and np.ndim(data) == 1
        and len(data) == len(names)
    ):
        data = np.asarray(data, dtype=None if isinstance(data, np.ndarray) else object)[None, :]
    columns = read_columns(data, what, "column ")
    if len(columns) != len(names):
        raise DataError(
            f"{what} must have {len(names)} columns ({', '.join(names)}), as in the fit, but has {len(columns)}."
        )
    return [replace(column, name=name) for column, name in zip(columns, names, strict=True)]

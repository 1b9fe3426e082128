"""Inputs of models given by arrays: response, predictors and contexts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from contextstats.design.columns import Column, as_array, read_column
from contextstats.design.table import Table, as_frame, read_table
from contextstats.errors import DataError


def read_columns(data: Any, what: str, prefix: str) -> list[Column]:
    """Read the columns of an array, a data frame, a dict of arrays or a single column.

    Parameters
    ----------
    data : array-like
        One- or two-dimensional.
    what : str
        How to call it in messages.
    prefix : str
        Columns without a name are called `prefix` and their number, from 1.

    Raises
    ------
    DataError
        If the shape is wrong, two columns share a name, or a column cannot be used.
    """
    import narwhals.stable.v1 as nw

    table = as_table(data, what)
    if table is not None:
        return [table.column(name, what) for name in table.names]
    series = nw.from_native(data, series_only=True, pass_through=True)
    if isinstance(series, nw.Series):
        return [read_column(str(series.name) if series.name not in (None, "") else f"{prefix}1", data)]
    if isinstance(data, pd.Categorical | pd.Index | pd.api.extensions.ExtensionArray):
        return [read_column(f"{prefix}1", data)]
    array = as_array(what, data)
    if array.ndim == 1:
        return [read_column(f"{prefix}1", array)]
    if array.ndim != 2:
        raise DataError(f"{what} must have one or two dimensions, but has shape {array.shape}.")
    if array.dtype.kind in "US" and not isinstance(data, np.ndarray):
        array = np.asarray(data, dtype=object)
    return [read_column(f"{prefix}{j + 1}", array[:, j]) for j in range(array.shape[1])]


def as_table(data: Any, what: str) -> Table | None:
    """Return named columns as a table, and None for arrays and single columns."""
    structured = isinstance(data, np.ndarray) and data.dtype.names
    if isinstance(data, Mapping | Table) or structured or as_frame(data, what) is not None:
        return read_table(data, what)
    return None


def read_response_columns(endog: Any) -> list[Column]:
    """Read the response: one column, or two of successes and failures."""
    columns = read_columns(endog, "endog", "y")
    if len(columns) == 1 and columns[0].name == "y1":
        return [replace(columns[0], name="y")]
    return columns


def read_predictors(exog: Any) -> list[Column]:
    """Read predictors as numbers; a constant column without a name is called "const", as statsmodels does.

    Raises
    ------
    DataError
        If a predictor holds levels.
    """
    columns = [column.as_numbers() for column in read_columns(exog, "exog", "x")]
    for column in columns:
        if column.levels is not None:
            raise DataError(
                f"exog must hold numbers, but its column {column.name} holds levels "
                f"({', '.join(repr(level) for level in column.levels[:4])}). "
                "Use dummy columns, or the formula entry."
            )
    if as_table(exog, "exog") is not None or getattr(exog, "name", None) is not None:
        return columns
    return _named_as_statsmodels(columns)


def _named_as_statsmodels(columns: list[Column]) -> list[Column]:
    constant = [
        column.data.size > 0 and column.data[0] != 0 and bool((column.data == column.data[0]).all())
        for column in columns
    ]
    if not any(constant):
        return columns
    at = constant.index(True)
    names = iter(f"x{j + 1}" for j in range(len(columns)))
    return [replace(column, name="const" if j == at else next(names)) for j, column in enumerate(columns)]


def require_lengths(parts: Mapping[str, int]) -> int:
    """Return the number of rows that all inputs share.

    Raises
    ------
    DataError
        If they differ.
    """
    if len(set(parts.values())) > 1:
        found = ", ".join(f"{name} has {length}" for name, length in parts.items())
        raise DataError(f"endog, exog and context must have the same number of rows, but {found}.")
    return next(iter(parts.values()))

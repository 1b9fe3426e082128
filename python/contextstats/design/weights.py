"""Offset, exposure and weights of the rows, and what their values may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contextstats.design.columns import Column, Floats, read_column
from contextstats.design.rows import broken_rule, refuse_infinite
from contextstats.design.table import Table, common_index
from contextstats.errors import DataError, OptionError
from contextstats.families import Family


@dataclass(frozen=True, eq=False)
class RowInputs:
    """What comes with each row besides response, predictors and contexts; None where it was not given.

    Attributes
    ----------
    offset : Column or None
        Added to the linear predictor.
    exposure : Column or None
        Its logarithm is added to the linear predictor.
    freq_weights, var_weights : (n,) array or None
        Finite and non-negative.
    """

    offset: Column | None
    exposure: Column | None
    freq_weights: Floats | None
    var_weights: Floats | None

    @property
    def positive(self) -> NDArray[np.bool_] | None:
        """True for rows no weight of which is zero; None if that is every row."""
        given = [weights for weights in (self.freq_weights, self.var_weights) if weights is not None]
        if not given:
            return None
        positive: NDArray[np.bool_] = np.logical_and.reduce([weights > 0 for weights in given])
        return None if positive.all() else positive

    @property
    def columns(self) -> list[Column]:
        """Offset and exposure, where they were given: rows where they are missing are dropped."""
        return [column for column in (self.offset, self.exposure) if column is not None]

    def total_offset(self, rows: NDArray[np.intp] | None, n: int) -> Floats:
        """Return offset plus log exposure at some rows, zero where neither was given."""
        total = np.zeros(n)
        if self.offset is not None:
            total += self.offset.take(rows).data
        if self.exposure is not None:
            total += np.log(self.exposure.take(rows).data)
        return total


def read_row_inputs(
    given: dict[str, Any], *, table: Table | None, parts: dict[str, Any], labels: pd.Index, family: Family
) -> RowInputs:
    """Read and check offset, exposure, freq_weights and var_weights.

    Parameters
    ----------
    given : dict
        Those four names with an array, a number, the name of a column of `table`, or None.
    table : Table or None
        The data, where the model is given by a formula.
    parts : dict
        Other inputs by name, whose pandas index the rows must share.
    labels : pandas.Index
        Labels of the rows.
    family : Family
        Its link must be the logarithm for an exposure.

    Raises
    ------
    DataError
        If values are negative, not finite or of the wrong number.
    OptionError
        If an exposure is given for another link than the logarithm.
    """
    if given["exposure"] is not None and family.link_name != "log":
        raise OptionError(f"exposure needs the log link, but the link is {family.link_name!r}. Use offset= instead.")
    common_index({**parts, **given})
    read = {name: _read(name, value, table, labels) for name, value in given.items()}
    freq, var = read["freq_weights"], read["var_weights"]
    return RowInputs(
        offset=read["offset"],
        exposure=read["exposure"],
        freq_weights=None if freq is None else freq.data,
        var_weights=None if var is None else var.data,
    )


def _read(name: str, value: Any, table: Table | None, labels: pd.Index) -> Column | None:
    if value is None:
        return None
    if isinstance(value, str):
        if table is None:
            raise OptionError(f"{name} must be an array when the model is given by arrays, but is {value!r}.")
        return read_named(name, value, table)
    column = read_column(name, np.full(len(labels), value) if np.ndim(value) == 0 else value)
    return _checked(name, column, labels)


def read_named(name: str, variable: str, table: Table) -> Column:
    """Return the column of a table that is given as `name` ("offset", "exposure", ...), checked.

    Raises
    ------
    DataError
        If its values are not what `name` may be.
    FormulaError
        If there is no such column.
    """
    column = table.column(variable, f"{name}={variable!r}")
    return _checked(name, Column(name, column.data, column.levels), table.labels)


def _checked(name: str, column: Column, labels: pd.Index) -> Column:
    column = column.as_numbers()
    if column.levels is not None:
        raise DataError(f"{name} must hold numbers, but holds text. Convert it first.")
    if column.data.size != len(labels):
        raise DataError(f"{name} must have one value for each row, but has {column.data.size} for {len(labels)} rows.")
    _CHECKS[name](column, labels)
    return column


def _check_exposure(column: Column, labels: pd.Index) -> None:
    refuse_infinite(column, labels)
    bad = column.data <= 0
    if bad.any():
        fix = "Rows without exposure carry no information: drop them."
        raise broken_rule(column, bad, labels, rule="must be positive", fix=fix)


def _check_weights(column: Column, labels: pd.Index) -> None:
    bad = ~((column.data >= 0) & np.isfinite(column.data))
    if bad.any():
        rule = "must be zero or positive, finite and not missing"
        fix = "Recode them; a weight of zero leaves the row out."
        raise broken_rule(column, bad, labels, rule=rule, fix=fix)


_CHECKS = {
    "offset": refuse_infinite,
    "exposure": _check_exposure,
    "freq_weights": _check_weights,
    "var_weights": _check_weights,
}


def weight_notes(freq_weights: Floats) -> list[str]:
    """Say what frequency weights that are no whole numbers mean for the number of observations."""
    if (freq_weights == np.rint(freq_weights)).all():
        return []
    return [
        f"freq_weights are not all whole numbers; the number of observations is their sum, {freq_weights.sum():.6g}."
    ]

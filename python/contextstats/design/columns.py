"""One column of data, read from whatever holds it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contextstats import _core
from contextstats.errors import DataError
from contextstats.options import resolve_threads

Floats = NDArray[np.float64]
RowLabel = Callable[[int], Any]
"""From the position of a row to its label."""

_COPIES_ON_WRITE = int(pd.__version__.split(".")[0]) >= 3

Level = str | bool | int | float
"""What a level of a categorical column is kept as; levels of other types become text."""


@dataclass(frozen=True, eq=False)
class Column:
    """The values of one variable.

    Attributes
    ----------
    name : str
        Name of the variable.
    data : (n,) array
        Numbers, or codes 0 .. len(levels) - 1 of a categorical variable; NaN where missing.
    levels : tuple of Level, optional
        Levels of a categorical variable in their order; None for a numeric one.
    borrowed : bool
        Whether `data` is an array of the user's, who may change it.
    """

    name: str
    data: Floats
    levels: tuple[Level, ...] | None = None
    borrowed: bool = False

    @cached_property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest value; NaN if any is missing."""
        return _core.column_range(self.data, resolve_threads(None)) if self.data.size else (np.nan, np.nan)

    @property
    def is_finite(self) -> bool:
        """Whether no value is missing or infinite."""
        low, high = self.range
        return bool(np.isfinite(low) and np.isfinite(high))

    @property
    def is_boolean(self) -> bool:
        """Whether the levels are False and True."""
        return self.levels is not None and all(isinstance(level, bool) for level in self.levels)

    def take(self, rows: NDArray[np.intp] | None) -> Column:
        """Return the column at some rows; all of them for None."""
        return self if rows is None else replace(self, data=self.data[rows], borrowed=False)

    def to_keep(self) -> Floats:
        """Return the data without gaps in memory, where nobody else can change them."""
        if self.borrowed or not self.data.flags.c_contiguous:
            return lay_out([self.data], self.data.size)[:, 0]
        return self.data

    def used_levels_only(self) -> Column:
        """Return the column without the levels that no row has."""
        if self.levels is None:
            return self
        known = self.data[~np.isnan(self.data)].astype(np.intp)
        used = np.bincount(known, minlength=len(self.levels)) > 0
        if used.all():
            return self
        recode = np.where(used, np.cumsum(used) - 1.0, np.nan)
        values = np.full(self.data.shape, np.nan)
        values[~np.isnan(self.data)] = recode[known]
        levels = tuple(level for level, keep in zip(self.levels, used, strict=True) if keep)
        return replace(self, data=values, levels=levels)

    def as_numbers(self) -> Column:
        """Return booleans as 0 and 1; any other column as it is."""
        return replace(self, levels=None) if self.is_boolean else self

    def as_factor(self) -> Column:
        """Return numbers as levels in increasing order; any other column as it is."""
        if self.levels is not None:
            return self
        distinct = np.unique(self.data[~np.isnan(self.data)])
        codes = np.searchsorted(distinct, self.data).astype(np.float64)
        codes[np.isnan(self.data)] = np.nan
        return replace(self, data=codes, levels=tuple(plain_number(value) for value in distinct.tolist()))


def lay_out(columns: Sequence[Floats], n: int) -> Floats:
    """Copy columns of n values side by side, columns first; one of a single value stands for all rows."""
    return np.asarray(_core.lay_out(columns, n, resolve_threads(None)))


def ones(n: int) -> Floats:
    """A column of ones."""
    return lay_out([np.ones(1)], n)[:, 0]


def read_column(name: str, source: Any) -> Column:
    """Read one column from a series, an array or a list.

    Parameters
    ----------
    name : str
        How to call the column in messages.
    source : pandas, polars or pyarrow series, or array-like
        One-dimensional, or two-dimensional with a single column.

    Returns
    -------
    Column

    Raises
    ------
    DataError
        If the values are neither numbers, booleans nor text, are of mixed types, or have two dimensions.
    """
    import narwhals.stable.v1 as nw

    if isinstance(source, pd.Categorical | pd.Index | pd.api.extensions.ExtensionArray):
        source = pd.Series(source)
    series = nw.from_native(source, series_only=True, pass_through=True)
    if isinstance(series, nw.Series):
        return _read_series(name, series)
    return _read_array(name, as_array(name, source))


def as_array(name: str, data: Any) -> NDArray[Any]:
    """Return an array-like as an array, masked entries as NaN."""
    if isinstance(data, np.ma.MaskedArray):
        return np.asarray(np.ma.filled(data.astype(np.float64), np.nan))
    try:
        return np.asarray(data)
    except ValueError as error:
        raise DataError(f"{name} must be an array, but its rows differ in length ({error}).") from error


def _read_series(name: str, series: Any) -> Column:
    import narwhals.stable.v1 as nw

    dtype, native = series.dtype, series.to_native()
    if _COPIES_ON_WRITE and isinstance(native, pd.Series) and native.dtype == np.float64:
        return Column(name, np.asarray(_Lent(native)))
    if dtype.is_numeric():
        values = series.to_numpy() if dtype != nw.Decimal else series.cast(nw.Float64).to_numpy()
        return _read_array(name, values)
    if dtype == nw.Boolean:
        missing = series.is_null().to_numpy()
        codes = series.fill_null(False).to_numpy().astype(np.float64)
        return Column(name, np.where(missing, np.nan, codes), (False, True))
    if dtype in (nw.Categorical, nw.Enum):
        return _read_categorical(name, series)
    if dtype == nw.String:
        return _from_text(name, series.to_numpy())
    if dtype == nw.Object:
        return _read_array(name, np.asarray(series.to_numpy(), dtype=object))
    if isinstance(dtype, nw.Unknown) and series.is_null().all():
        return Column(name, np.full(len(series), np.nan))
    raise _unusable(name, str(dtype))


class _Lent:
    """The values of a series, for an array that keeps a reference to them: pandas then copies before it writes."""

    def __init__(self, series: pd.Series) -> None:
        self._series = series.copy(deep=False)
        self.__array_interface__ = self._series.to_numpy().__array_interface__


def _read_categorical(name: str, series: Any) -> Column:
    import narwhals.stable.v1 as nw

    native = series.to_native()
    if isinstance(native, pd.Series) and isinstance(native.dtype, pd.CategoricalDtype):
        codes = native.cat.codes.to_numpy().astype(np.float64)
        codes[codes < 0] = np.nan
        return Column(name, codes, tuple(plain_level(level) for level in native.cat.categories))
    declared = [str(level) for level in series.cat.get_categories().to_list() if level is not None]
    polars_pool = series.dtype == nw.Categorical and type(native).__module__.startswith("polars")
    levels = sorted(declared) if polars_pool else declared
    column = _from_text(name, series.to_numpy().astype(object), levels)
    return column.used_levels_only() if polars_pool else column


def _read_array(name: str, values: NDArray[Any]) -> Column:
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DataError(
            f"{name} must have one dimension, but has shape {values.shape}. Pass one column, or a flat array."
        )
    kind = values.dtype.kind
    if kind == "f" and values.dtype.itemsize == 8:
        return Column(name, np.require(values, np.float64, ["ALIGNED"]), borrowed=True)
    if kind in "iuf":
        return Column(name, values.astype(np.float64))
    if kind == "b":
        return Column(name, values.astype(np.float64), (False, True))
    if kind in "US":
        return _from_text(name, values.astype(str).astype(object))
    if kind == "O":
        return _from_objects(name, values)
    raise _unusable(name, str(values.dtype))


def _from_objects(name: str, values: NDArray[Any]) -> Column:
    missing = np.asarray(pd.isna(values))
    if missing.all():
        return Column(name, np.full(values.shape, np.nan))
    types = {type(value) for value in values[~missing]}
    if all(issubclass(kind, str) for kind in types):
        return _from_text(name, values)
    boolean = [issubclass(kind, bool | np.bool_) for kind in types]
    if all(boolean) or (not any(boolean) and all(issubclass(kind, Real | Decimal) for kind in types)):
        numbers = np.where(missing, np.nan, values).astype(np.float64)
        return Column(name, numbers, (False, True) if all(boolean) else None)
    if len(types) == 1:
        raise _unusable(name, types.pop().__name__)
    first = {type(values[i]).__name__: i for i in np.flatnonzero(~missing)[::-1]}
    found = ", ".join(f"{kind} (first at position {i})" for kind, i in sorted(first.items()))
    raise DataError(
        f"{name} must hold values of one type, but holds {found}. "
        "Convert it to numbers or to text, for example with pandas.to_numeric."
    )


def _from_text(name: str, values: NDArray[Any], levels: list[str] | None = None) -> Column:
    found, distinct = pd.factorize(values, use_na_sentinel=True)
    order = sorted(str(text) for text in distinct) if levels is None else levels
    position = {level: code for code, level in enumerate(order)}
    recode = np.array([*(float(position[str(text)]) for text in distinct), np.nan])
    return Column(name, recode[found], tuple(order))


def _unusable(name: str, kind: str) -> DataError:
    dates = kind.startswith(("Date", "Time", "Duration", "datetime", "timedelta", "date", "time"))
    advice = (
        "Convert it to a number first, for example days since a fixed date."
        if dates
        else "Convert it to a numeric, boolean or text column."
    )
    return DataError(f"{name} must hold numbers, booleans or levels, but is of type {kind}. {advice}")


def plain_level(level: Any) -> Level:
    """Return a level as text, a boolean or a number, as plain Python has them."""
    if isinstance(level, np.generic):
        level = level.item()
    return level if isinstance(level, str | bool | int | float) else str(level)


def plain_number(value: float) -> Level:
    """Return a whole number as int, so that it prints without a decimal point."""
    return int(value) if value == int(value) else value


def match_levels(column: Column, levels: tuple[Level, ...], *, fix: str, row: RowLabel) -> Floats:
    """Return the codes of a column among the levels of the fit; NaN where it is missing.

    Raises
    ------
    DataError
        If the column has a level that the fit did not see.
    """
    known = {level: float(code) for code, level in enumerate(levels)}
    if column.levels is None:
        column = column.as_factor()
    assert column.levels is not None
    recode = np.array([known.get(level, -1.0) for level in column.levels] + [np.nan])
    codes = recode[np.where(np.isnan(column.data), len(column.levels), column.data).astype(np.intp)]
    unseen = codes == -1.0
    if unseen.any():
        first = int(np.argmax(unseen))
        level = column.levels[int(column.data[first])]
        raise DataError(
            f"{column.name} must have a level seen in the fit ({_listed(levels)}), but {unseen.sum()} of "
            f"{unseen.size} rows do not (first: row {row(first)}, level {level!r}). {fix}"
        )
    return codes


def _listed(levels: tuple[Level, ...], most: int = 10) -> str:
    shown = ", ".join(repr(level) for level in levels[:most])
    return shown if len(levels) <= most else f"{shown} and {len(levels) - most} more"

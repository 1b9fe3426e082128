"""Columns of R as columns of pandas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contextstats.errors import DataError
from contextstats.integrations.r.vector import MICROSECONDS, NA_INTEGER, RVector

SECONDS = {"secs": 1, "mins": 60, "hours": 3600, "days": 86400, "weeks": 7 * 86400}
FIRST_DAY, LAST_DAY = -719162, 2932896  # 0001-01-01 and 9999-12-31, the range of datetime.date
PLAIN_CLASSES = {"logical", "integer", "numeric", "character", "AsIs"}

TEXT = pd.Series(["text"]).dtype  # str from pandas 3 on, before that object


def decode(name: str, vector: RVector) -> Any:
    """Return a column of R as something a pandas data frame takes as a column.

    Parameters
    ----------
    name : str
        Name of the column, for messages.
    vector : RVector
        What R stores.

    Returns
    -------
    array or pandas extension array, length n

    Raises
    ------
    DataError
        If the class of the column has no counterpart, or a date or time lies outside the calendar.
    """
    for kind, convert in _CLASSES.items():
        if kind in vector.classes:
            return convert(name, vector)
    if "factor" in vector.classes:
        return _factor(vector)
    if "integer64" in vector.classes:
        return _integer64(vector)
    unknown = [kind for kind in vector.classes if kind not in PLAIN_CLASSES]
    if unknown:
        raise DataError(
            f"{name} must be a plain vector, a factor, a date or a time, but is of R's class {unknown[0]!r}. "
            "Convert it in R, for example with as.numeric() or as.character()."
        )
    return _PLAIN[vector.storage](vector.data)


def decode_row_names(names: Sequence[str] | NDArray[np.int32]) -> pd.Index:
    """Return R's row names as an index; 0 .. n - 1 where they only count the rows."""
    if isinstance(names, np.ndarray):
        counted = names.size == 2 and names[0] == NA_INTEGER
        n = abs(int(names[1])) if counted else names.size
        if counted or np.array_equal(names, np.arange(1, n + 1)):
            return pd.RangeIndex(n)
    return pd.Index(names)


def not_a_vector(name: str, kind: str) -> DataError:
    """Describe a column that is no vector; the caller raises what is returned."""
    return DataError(
        f"{name} must be a vector, but is {kind}. Split a matrix with do.call(data.frame, frame) in R; leave lists out."
    )


def _integer(values: NDArray[np.int32]) -> Any:
    missing = values == NA_INTEGER
    if missing.any():
        return pd.arrays.IntegerArray(np.where(missing, np.int32(1), values), missing)
    return values


def _logical(values: NDArray[np.int32]) -> Any:
    missing = values == NA_INTEGER
    truth = np.where(missing, 0, values).astype(bool)
    return pd.arrays.BooleanArray(truth, missing) if missing.any() else truth


def _factor(vector: RVector) -> Any:
    codes = np.where(vector.data == NA_INTEGER, 0, vector.data) - 1
    levels = list(vector.levels)
    if None in levels:  # addNA() makes missing a level, always one; pandas has none for it
        position = levels.index(None)
        codes = np.where(codes == position, -1, codes - (codes > position))
        del levels[position]
    return pd.Categorical.from_codes(
        codes.astype(np.int32), pd.Index(levels, dtype=None if levels else object), "ordered" in vector.classes
    )


def _date(name: str, vector: RVector) -> NDArray[Any]:
    days, missing = _numbers(vector)
    outside = ~missing & ~((days >= FIRST_DAY) & (days < LAST_DAY + 1))
    if outside.any():
        raise _outside(name, "dates", outside)
    whole = np.floor(np.where(missing, 0, days)).astype("datetime64[D]")
    whole[missing] = np.datetime64("NaT")
    return whole.astype(object)


def _instant(name: str, vector: RVector) -> Any:
    try:
        zone = ZoneInfo(vector.time_zone or "UTC")
    except (KeyError, ValueError, OSError) as error:
        raise DataError(
            f"{name} has the time zone {vector.time_zone!r}, which the database of time zones does not know. "
            "Set attr(x, 'tzone') in R to a name like 'Europe/Paris'."
        ) from error
    instants = _microseconds(name, vector, 1).view("datetime64[us]")
    return pd.DatetimeIndex(instants).tz_localize("UTC").tz_convert(zone).array


def _duration(name: str, vector: RVector) -> Any:
    if vector.units not in SECONDS:
        raise DataError(f"{name} is a difftime whose units must be one of {', '.join(SECONDS)}, not {vector.units!r}.")
    return pd.array(_microseconds(name, vector, SECONDS[vector.units]).view("timedelta64[us]"))


def _microseconds(name: str, vector: RVector, unit: int) -> NDArray[np.int64]:
    """Whole microseconds of times in units of `unit` seconds; the least int64, pandas' NaT, where missing."""
    values, missing = _numbers(vector)
    seconds = np.where(missing, 0, values) * unit
    outside = ~(np.abs(seconds) < 2**62 / MICROSECONDS)
    if outside.any():
        raise _outside(name, "times", outside)
    whole = np.floor(seconds)
    counts: NDArray[np.int64] = whole.astype(np.int64) * MICROSECONDS
    counts += np.round((seconds - whole) * MICROSECONDS).astype(np.int64)
    counts[missing] = np.iinfo(np.int64).min
    return counts


def _numbers(vector: RVector) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    missing = vector.data == NA_INTEGER if vector.storage == "integer" else np.isnan(vector.data)
    return vector.data.astype(np.float64), missing


def _integer64(vector: RVector) -> Any:
    values = vector.data.view(np.int64)
    missing = values == np.iinfo(np.int64).min
    return pd.arrays.IntegerArray(np.where(missing, 1, values), missing) if missing.any() else values


def _outside(name: str, what: str, outside: NDArray[np.bool_]) -> DataError:
    first = int(np.argmax(outside))
    return DataError(
        f"{name} must hold {what} of the years 1 to 9999; {outside.sum()} of {outside.size} rows break this "
        f"(first: row {first + 1} in R). Set them to NA, or convert the column with as.numeric()."
    )


_CLASSES: dict[str, Callable[[str, RVector], Any]] = {
    "Date": _date,
    "POSIXct": _instant,
    "difftime": _duration,
}
_PLAIN: dict[str, Callable[[NDArray[Any]], Any]] = {
    "logical": _logical,
    "integer": _integer,
    "double": lambda values: values,
    "character": lambda values: pd.Series(values, dtype=TEXT).array,
}

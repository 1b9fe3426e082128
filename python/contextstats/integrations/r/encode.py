"""Columns of any data frame as R stores them."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v1 as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contextstats.errors import DataError, bad_rows
from contextstats.integrations.r.vector import NA_INTEGER, NA_REAL, RVector

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
LARGEST_INTEGER = 2**31 - 1
LARGEST_EXACT = 2**53


def encode(name: str, series: Any) -> RVector:
    """Return a column as R stores it.

    Parameters
    ----------
    name : str
        Name of the column, for messages.
    series : narwhals Series
        Booleans, numbers, text, categories, dates, times or durations; or Python objects of one of these kinds.

    Returns
    -------
    RVector

    Raises
    ------
    DataError
        If values have no exact counterpart in R.
    """
    dtype = series.dtype
    missing = series.is_null().to_numpy().astype(bool)
    if dtype == nw.Boolean:
        return RVector("logical", _with_na(series.fill_null(False).to_numpy(), missing))
    if dtype.is_integer():
        return _whole_numbers(name, series.fill_null(0).to_numpy(), missing)
    if dtype.is_numeric():
        numbers = series if dtype == nw.Float64 else series.cast(nw.Float64)
        return _real_numbers(numbers.to_numpy(), missing)
    if dtype == nw.String:
        return RVector("character", _none_where(missing, series.to_numpy()))
    if dtype in (nw.Categorical, nw.Enum):
        return _categories(name, _categorical(series, missing))
    if dtype == nw.Date:
        return _dates(series.to_numpy(), missing)
    if dtype == nw.Datetime:
        return _instants(series)
    if dtype == nw.Duration:
        return _durations(series.to_numpy())
    if dtype == nw.Object or missing.all():
        return _objects(name, series.to_numpy(), missing)
    raise _no_counterpart(name, str(dtype))


def encode_row_names(index: pd.Index) -> NDArray[np.int32] | list[str]:
    """Return the labels of rows as R's row names, in the compact form (NA, -n) where they only count.

    Raises
    ------
    DataError
        If the labels are neither text nor whole numbers, or not all different.
    """
    n = len(index)
    if isinstance(index, pd.RangeIndex) and (index.start, index.step) == (0, 1):
        return np.array([NA_INTEGER, -n], dtype=np.int32)
    kind = "labels in several levels" if isinstance(index, pd.MultiIndex) else pd.api.types.infer_dtype(index)
    fix = "Call .reset_index() to keep the labels as a column, or .reset_index(drop=True)."
    if kind not in ("string", "integer", "empty"):
        raise DataError(f"The index must hold text or whole numbers to become R's row names, but holds {kind}. {fix}")
    if not index.is_unique:
        twice = index[index.duplicated()][0]
        raise DataError(f"The index must have no label twice to become R's row names, but {twice!r} repeats. {fix}")
    if kind == "integer" and abs(index.to_numpy()).max() <= LARGEST_INTEGER:
        return index.to_numpy().astype(np.int32)
    return [str(label) for label in index]


def _with_na(values: NDArray[Any], missing: NDArray[np.bool_]) -> NDArray[np.int32]:
    return np.where(missing, NA_INTEGER, values.astype(np.int32))


def _whole_numbers(name: str, values: NDArray[Any], missing: NDArray[np.bool_]) -> RVector:
    if not _beyond(values, LARGEST_INTEGER).any():
        return RVector("integer", _with_na(values, missing))
    beyond = _beyond(values, LARGEST_EXACT)
    if beyond.any():
        raise bad_rows(
            name,
            beyond,
            rule="must lie within 2^53 of zero, the whole numbers that R's doubles can tell apart",
            fix="Convert it to text, or to categories if it is an identifier.",
            values=values,
        )
    return _real_numbers(values.astype(np.float64), missing)


def _beyond(values: NDArray[Any], limit: int) -> NDArray[np.bool_]:
    return np.asarray((values > limit) | (values < -limit), dtype=bool)


def _real_numbers(values: NDArray[np.float64], missing: NDArray[np.bool_]) -> RVector:
    return RVector("double", np.where(missing, NA_REAL, values) if missing.any() else values)


def _none_where(missing: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[Any]:
    objects = values.astype(object)
    objects[missing] = None
    return objects


def _categorical(series: Any, missing: NDArray[np.bool_]) -> pd.Categorical[Any]:
    native = series.to_native()
    if isinstance(native, pd.Series) and isinstance(native.dtype, pd.CategoricalDtype):
        return pd.Categorical(native)
    levels = [str(level) for level in series.cat.get_categories().to_list() if level is not None]
    values = _none_where(missing, series.to_numpy())
    if series.dtype == nw.Categorical and type(native).__module__.startswith("polars"):
        return pd.Categorical(values, sorted(set(values[~missing])))  # polars keeps one pool for all columns
    ordered = bool(getattr(getattr(native, "type", None), "ordered", False))  # a flag of pyarrow's dictionaries
    return pd.Categorical(values, levels, ordered=ordered)


def _categories(name: str, values: pd.Categorical[Any]) -> RVector:
    levels = tuple(str(level) for level in values.categories)
    if len(set(levels)) < len(levels):
        raise DataError(
            f"The categories of {name} must differ as text to become levels of a factor, but two of them read alike. "
            "Rename them with .cat.rename_categories()."
        )
    codes = np.asarray(values.codes, dtype=np.int32)
    classes = ("ordered", "factor") if values.ordered else ("factor",)
    return RVector("integer", np.where(codes < 0, NA_INTEGER, codes + np.int32(1)), classes, levels)


def _dates(values: NDArray[Any], missing: NDArray[np.bool_]) -> RVector:
    if values.dtype.kind != "M":
        codes, distinct = pd.factorize(_none_where(missing, values))
        values = np.append(distinct.astype("datetime64[D]"), np.datetime64("NaT"))[codes]
    return RVector("double", _as_numbers(values.astype("datetime64[D]"), 1), ("Date",))


def _instants(series: Any) -> RVector:
    zone = series.dtype.time_zone
    if zone is not None:
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    values = series.to_numpy()
    unit = np.datetime_data(values.dtype)[0]
    return RVector("double", _as_numbers(values, PER_SECOND[unit]), ("POSIXct", "POSIXt"), time_zone=zone or "UTC")


def _durations(values: NDArray[Any]) -> RVector:
    unit = np.datetime_data(values.dtype)[0]
    return RVector("double", _as_numbers(values, PER_SECOND[unit]), ("difftime",), units="secs")


def _as_numbers(counts: NDArray[Any], unit: int) -> NDArray[np.float64]:
    """Return times, kept as whole counts, as numbers; `unit` counts make one."""
    missing = np.isnat(counts)
    whole, rest = np.divmod(np.where(missing, 0, counts.view(np.int64)), unit)
    numbers = whole + rest / unit
    numbers[missing] = NA_REAL
    return np.asarray(numbers, dtype=np.float64)


def _objects(name: str, values: NDArray[Any], missing: NDArray[np.bool_]) -> RVector:
    """Python objects, by the kind of those that are not missing."""
    known = values[~missing]
    kind = pd.api.types.infer_dtype(known)
    if kind == "empty":
        return RVector("logical", np.full(values.shape, NA_INTEGER))
    if kind == "string":
        return RVector("character", _none_where(missing, values))
    if kind == "boolean":
        return RVector("logical", _with_na(np.where(missing, False, values), missing))
    if kind == "integer":
        return _whole_numbers(name, np.where(missing, 0, values), missing)
    if kind in ("floating", "mixed-integer-float", "decimal"):
        return _real_numbers(np.where(missing, np.nan, values).astype(np.float64), missing)
    if kind == "date":
        return _dates(values, missing)
    if kind in ("datetime", "datetime64", "timedelta", "timedelta64"):
        typed = pd.Series(_none_where(missing, values)).infer_objects()
        series = nw.from_native(typed, series_only=True)
        if series.dtype != nw.Object:
            return encode(name, series)
    raise _no_counterpart(name, f"Python objects ({kind})")


def _no_counterpart(name: str, found: str) -> DataError:
    return DataError(
        f"{name} must hold booleans, numbers, text, categories, dates, times or durations to go to R, but holds "
        f"{found}. Convert the column, or leave it out."
    )

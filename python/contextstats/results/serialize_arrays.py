"""NumPy arrays and pandas objects as JSON, exact to the bit.

The functions here take `encode` or `decode` of :mod:`contextstats.results.serialize` for what they hold.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contextstats.errors import DataError

Coder = Callable[[Any], Any]


def encode(value: Any, coder: Coder) -> dict[str, Any]:
    """Describe an array, a NumPy scalar, or a pandas object.

    Raises
    ------
    DataError
        If it is none of these.
    """
    if isinstance(value, np.ndarray):
        return {"$array": _array(value, coder)}
    if isinstance(value, np.generic):
        return {"$scalar": _array(np.asarray(value), coder)}
    if isinstance(value, pd.Index):
        return {"$index": _index(value, coder)}
    if isinstance(value, pd.Series):
        return {"$series": {"values": _column(value, coder), **_frame_labels(value, coder)}}
    if isinstance(value, pd.DataFrame):
        columns = [_column(value.iloc[:, i], coder) for i in range(value.shape[1])]
        return {"$frame": {"columns": coder(value.columns), "values": columns, "index": coder(value.index)}}
    if isinstance(value, pd.Timestamp):
        return {"$timestamp": value.isoformat()}
    raise DataError(f"A {type(value).__module__}.{type(value).__qualname__} cannot be saved: it is not plain data.")


def _array(value: NDArray[Any], coder: Coder) -> dict[str, Any]:
    state: dict[str, Any] = {"shape": list(value.shape)}
    if value.dtype.kind not in "biufcmM":
        kind = "str" if value.dtype.kind == "U" else "object"
        return {"dtype": kind, **state, "values": [coder(item) for item in value.ravel().tolist()]}
    columns_first = value.flags.f_contiguous and not value.flags.c_contiguous
    little = value.astype(value.dtype.newbyteorder("<"), copy=False)
    data = little.tobytes(order="F" if columns_first else "C")
    state |= {"order": "F" if columns_first else "C", "base64": base64.b64encode(data).decode("ascii")}
    return {"dtype": little.dtype.str, **state}


def _decode_array(state: dict[str, Any], coder: Coder) -> NDArray[Any]:
    shape = tuple(int(size) for size in state["shape"])
    if state["dtype"] in {"str", "object"}:
        flat = np.empty(len(state["values"]), dtype=object)
        flat[:] = [coder(item) for item in state["values"]]
        return flat.reshape(shape).astype(str if state["dtype"] == "str" else object)
    dtype = np.dtype(state["dtype"])
    if dtype.kind not in "biufcmM":
        raise DataError(f"The saved fit holds an array of type {dtype}, which is not read.")
    try:
        data = base64.b64decode(state["base64"], validate=True)
    except binascii.Error:
        data = b""
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise DataError("The saved fit is damaged: an array is shorter or longer than its shape says.")
    native = np.frombuffer(data, dtype).astype(dtype.newbyteorder("="), copy=True)
    return native.reshape(shape, order=state["order"])


def _column(values: pd.Series[Any] | pd.Index[Any], coder: Coder) -> dict[str, Any]:
    """The values of a series or an index: a NumPy array, a categorical, or strings with missing values."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        categorical = pd.Categorical(values)
        categories = {"categories": coder(categorical.categories), "ordered": bool(categorical.ordered)}
        return {"kind": "categorical", "codes": coder(np.asarray(categorical.codes)), **categories}
    if isinstance(values.dtype, pd.StringDtype):
        items = [None if missing else item for item, missing in zip(values, values.isna(), strict=True)]
        return {"kind": "string", "nullable": values.dtype.na_value is pd.NA, "values": items}
    if isinstance(values.dtype, np.dtype):
        return {"kind": "numpy", "values": coder(np.asarray(values))}
    raise DataError(f"A column of type {values.dtype} cannot be saved. Convert it to a NumPy type.")


def _decode_column(state: dict[str, Any], coder: Coder) -> Any:
    if state["kind"] == "categorical":
        return pd.Categorical.from_codes(
            coder(state["codes"]), categories=coder(state["categories"]), ordered=state["ordered"]
        )
    if state["kind"] == "string":
        plain_text = pd.Series(["text"]).dtype  # "str" from pandas 3 on, object before
        return pd.Series(state["values"], dtype="string" if state["nullable"] else plain_text).array
    return coder(state["values"])


def _index(index: pd.Index[Any], coder: Coder) -> dict[str, Any]:
    names = {"names": [coder(name) for name in index.names]}
    if isinstance(index, pd.RangeIndex):
        return {"kind": "range", "range": [index.start, index.stop, index.step], **names}
    if isinstance(index, pd.MultiIndex):
        levels = [coder(level) for level in index.levels]
        codes = [coder(np.asarray(code)) for code in index.codes]
        return {"kind": "multi", "levels": levels, "codes": codes, **names}
    if isinstance(index, pd.DatetimeIndex) and index.tz is not None:
        utc = index.tz_convert("UTC").tz_localize(None)
        return {"kind": "datetime", "tz": str(index.tz), "values": coder(utc.to_numpy()), **names}
    return {"kind": "plain", "values": _column(index, coder), **names}


def _decode_index(state: dict[str, Any], coder: Coder) -> pd.Index[Any]:
    names = [coder(name) for name in state["names"]]
    index: pd.Index[Any]
    if state["kind"] == "range":
        index = pd.RangeIndex(*state["range"])
    elif state["kind"] == "multi":
        levels = [coder(level) for level in state["levels"]]
        return pd.MultiIndex(levels=levels, codes=[coder(code) for code in state["codes"]], names=names)
    elif state["kind"] == "datetime":
        index = pd.DatetimeIndex(coder(state["values"])).tz_localize("UTC").tz_convert(state["tz"])
    else:
        values = _decode_column(state["values"], coder)
        as_objects = isinstance(values, np.ndarray) and values.dtype == object
        index = pd.Index(values, dtype=object) if as_objects else pd.Index(values)
    return index.set_names(names)


def _frame_labels(series: pd.Series[Any], coder: Coder) -> dict[str, Any]:
    return {"index": coder(series.index), "name": coder(series.name)}


def _decode_series(state: dict[str, Any], coder: Coder) -> pd.Series[Any]:
    return pd.Series(_decode_column(state["values"], coder), index=coder(state["index"]), name=coder(state["name"]))


def _decode_frame(state: dict[str, Any], coder: Coder) -> pd.DataFrame:
    columns = {i: _decode_column(column, coder) for i, column in enumerate(state["values"])}
    frame = pd.DataFrame(columns, index=coder(state["index"]))
    frame.columns = coder(state["columns"])
    return frame


DECODERS: dict[str, Callable[[Any, Coder], Any]] = {
    "$array": _decode_array,
    "$scalar": lambda state, coder: _decode_array(state, coder)[()],
    "$index": _decode_index,
    "$series": _decode_series,
    "$frame": _decode_frame,
    "$timestamp": lambda state, _: pd.Timestamp(state),
}
"""How to rebuild what stands behind each tag."""

"""Data frames to a running R and back, column by column, through rpy2."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contextstats.design.table import as_frame
from contextstats.errors import DataError, MissingPackageError
from contextstats.integrations.r.decode import decode, decode_row_names, not_a_vector
from contextstats.integrations.r.encode import encode, encode_row_names
from contextstats.integrations.r.vector import NA_INTEGER, RVector, Storage

UNFIT_FOR_R = re.compile("[\0\ud800-\udfff]")


def to_r(frame: Any) -> Any:
    """Copy a data frame into R.

    Parameters
    ----------
    frame : pandas, polars or pyarrow data frame
        Columns of booleans, numbers, text, categories, dates, times or durations.

    Returns
    -------
    rpy2.robjects.DataFrame
        For any function of R: ``rpy2.robjects.r["summary"](to_r(frame))``.

    Raises
    ------
    DataError
        If a column has no exact counterpart in R.
    MissingPackageError
        If rpy2 or R is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> from contextstats.integrations import r
    >>> visits = pd.DataFrame({"n": pd.array([3, None], dtype="Int64"), "site": pd.Categorical(["a", "b"])})
    >>> r.from_r(r.to_r(visits)).dtypes.astype(str).to_dict()  # doctest: +SKIP
    {'n': 'Int32', 'site': 'category'}
    """
    read = as_frame(frame, "frame")
    if read is None:
        raise DataError(f"frame must be a pandas, polars or pyarrow data frame, but is a {type(frame).__qualname__}.")
    ri = start_r()
    native = read.to_native()
    index = native.index if isinstance(native, pd.DataFrame) else pd.RangeIndex(len(read))
    names = [str(name) for name in read.columns]
    row_names = encode_row_names(index)
    labels = _text(ri, "index", row_names) if isinstance(row_names, list) else _numbers(ri, row_names)
    columns = ri.ListSexpVector([_to_sexp(ri, name, encode(name, read[:, j])) for j, name in enumerate(names)])
    attributes = {
        "names": _text(ri, "the names of the columns", names),
        "class": ri.StrSexpVector(["data.frame"]),
        "row.names": labels,
    }
    from rpy2.robjects.vectors import DataFrame

    return DataFrame(_with_attributes(ri, columns, attributes))


def from_r(frame: Any) -> pd.DataFrame:
    """Copy a data frame of R, or of what inherits from it, to pandas.

    Parameters
    ----------
    frame : rpy2 object
        A data.frame, tibble or data.table.

    Returns
    -------
    DataFrame
        With R's row names as index, unless they only count the rows.

    Raises
    ------
    DataError
        If `frame` is no data frame of R, or a column has no counterpart (lists, matrices, unknown classes).
    MissingPackageError
        If rpy2 or R is not installed.
    """
    ri = start_r()
    if not isinstance(frame, ri.ListSexpVector) or "data.frame" not in frame.rclass:
        kind = _kind(ri, frame) if isinstance(frame, ri.Sexp) else f"of Python's type {type(frame).__qualname__}"
        raise DataError(f"frame must be a data frame of R, but is {kind}. Use as.data.frame() in R.")
    names = [str(name) for name in frame.names] if len(frame) else []
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"The columns of frame must have different names, but {twice[0]!r} repeats. Use make.unique().")
    row_names = frame.do_slot("row.names")
    labels = _read_numbers(ri, row_names) if row_names.typeof == ri.RTYPES.INTSXP else list(row_names)
    index = decode_row_names(labels)
    columns = {name: decode(name, _from_sexp(ri, name, frame[j])) for j, name in enumerate(names)}
    series = {name: pd.Series(column, index=index, copy=False) for name, column in columns.items()}
    return pd.DataFrame(series, index=index, copy=False)


def start_r() -> ModuleType:
    """Start R in this process, once."""
    try:
        from rpy2 import rinterface

        rinterface.initr()
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "rpy2":
            raise
        raise MissingPackageError(
            "Talking to R needs rpy2, which is not installed. Install R, then run pip install 'contextstats[r]'."
        ) from error
    except (ImportError, OSError, ValueError, RuntimeError) as error:
        raise MissingPackageError(
            f"rpy2 could not start R ({error}). R must be on the PATH or R_HOME set; for R before 4.5 install "
            "'rpy2-rinterface==3.6.5' 'rpy2<=3.6.6'."
        ) from error
    started: ModuleType = rinterface
    return started


# ---- one column --------------------------------------------------------------------------------------------------


def _to_sexp(ri: ModuleType, name: str, vector: RVector) -> Any:
    if vector.storage == "character":
        return _text(ri, name, vector.data)
    made = _numbers(ri, vector.data, logical=vector.storage == "logical")
    attributes = {
        "levels": _text(ri, name, vector.levels) if "factor" in vector.classes else None,
        "tzone": ri.StrSexpVector([vector.time_zone]) if vector.time_zone else None,
        "units": ri.StrSexpVector([vector.units]) if vector.units else None,
        "class": ri.StrSexpVector(vector.classes) if vector.classes else None,
    }
    given = {key: value for key, value in attributes.items() if value is not None}
    return _with_attributes(ri, made, given) if given else made


def _with_attributes(ri: ModuleType, value: Any, attributes: dict[str, Any]) -> Any:
    """Set attributes the way R does, so that it sees an object; assigning slots would not tell it."""
    named = ri.ListSexpVector(list(attributes.values()))
    named.do_slot_assign("names", ri.StrSexpVector(list(attributes)))
    return ri.baseenv["attributes<-"](value, named)


def _numbers(ri: ModuleType, values: NDArray[Any], *, logical: bool = False) -> Any:
    kind = ri.FloatSexpVector if values.dtype == np.float64 else ri.BoolSexpVector if logical else ri.IntSexpVector
    return kind.from_memoryview(np.ascontiguousarray(values).data)


def _text(ri: ModuleType, name: str, values: Any) -> Any:
    """Text through its distinct values: R keeps each string once, so this is also how R thinks of it."""
    codes, distinct = pd.factorize(np.array(values, dtype=object), use_na_sentinel=True)
    unfit = next((text for text in distinct if UNFIT_FOR_R.search(text)), None)
    if unfit is not None:
        raise DataError(f"{name} must hold text that R can keep: no NUL characters or lone surrogates, not {unfit!r}.")
    positions = np.where(codes < 0, NA_INTEGER, codes + 1).astype(np.int32)
    return ri.baseenv["["](ri.StrSexpVector(list(distinct)), _numbers(ri, positions))


def _from_sexp(ri: ModuleType, name: str, column: Any) -> RVector:
    kinds: dict[Any, Storage] = {
        ri.RTYPES.LGLSXP: "logical",
        ri.RTYPES.INTSXP: "integer",
        ri.RTYPES.REALSXP: "double",
        ri.RTYPES.STRSXP: "character",
    }
    storage = kinds.get(column.typeof)
    attributes = set(column.list_attrs())
    if storage is None or "dim" in attributes:
        raise not_a_vector(name, "a matrix" if "dim" in attributes else _kind(ri, column))

    def texts(key: str) -> tuple[str | None, ...]:
        return tuple(_read_text(ri, column.do_slot(key))) if key in attributes else ()

    classes = tuple(str(kind) for kind in texts("class"))
    zone = str((texts("tzone") or ("",))[0] or "") if "POSIXct" in classes else ""
    if "POSIXct" in classes and not zone:
        zone = str(ri.evalr("suppressWarnings(Sys.timezone())")[0])
    return RVector(
        storage,
        _read_text(ri, column) if storage == "character" else _read_numbers(ri, column),
        classes,
        texts("levels"),
        "UTC" if zone == "NA" else zone,
        str((texts("units") or ("",))[0]),
    )


def _kind(ri: ModuleType, value: Any) -> str:
    return f"an object of R's class {next(iter(ri.baseenv['class'](value)))!r}"


def _read_numbers(ri: ModuleType, vector: Any) -> NDArray[Any]:
    kind = np.float64 if vector.typeof == ri.RTYPES.REALSXP else np.int32
    return np.array(vector.memoryview(), dtype=kind) if len(vector) else np.empty(0, dtype=kind)


def _read_text(ri: ModuleType, vector: Any) -> NDArray[Any]:
    distinct = ri.baseenv["unique"](vector)
    codes = _read_numbers(ri, ri.baseenv["match"](vector, distinct)) - 1
    known = [None if text is ri.NA_Character else str(text) for text in ri.baseenv["enc2utf8"](distinct)]
    texts: NDArray[Any] = np.array(known, dtype=object)[codes]
    return texts

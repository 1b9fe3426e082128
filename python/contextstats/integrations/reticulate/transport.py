"""Arrays, tables and labels as they cross between R and Python: bytes, shapes and text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

Request = Mapping[str, Any]
Answer = dict[str, Any]

_TYPES = {"double": "<f8", "integer": "<i4"}


def array(sent: Request) -> Any:
    """Read an array: its bytes in R's order, its shape and its type; no copy is made."""
    flat = np.frombuffer(sent["bytes"], dtype=_TYPES[sent["type"]])
    return flat.reshape([int(size) for size in sent["shape"]], order="F")


def optional_array(request: Request, name: str) -> Any:
    """Read an array that may be missing: None where it is."""
    sent = request.get(name)
    return None if sent is None else array(sent)


def row_labels(sent: Request, n: int) -> pd.Index:
    """Labels of the rows: text, numbers, or 1 to n."""
    if sent.get("text") is not None:
        return pd.Index(bytes(sent["text"]).decode().split("\x1f"))
    numbers = optional_array(sent, "numbers")
    return pd.RangeIndex(1, n + 1) if numbers is None else pd.Index(numbers)


def context_frame(sent: list[Request], labels: pd.Index) -> pd.DataFrame:
    """Columns of contexts: numbers, or codes with levels."""
    columns = {}
    for column in sent:
        values = array(column["values"])
        if column.get("levels") is not None:
            values = pd.Categorical.from_codes(values, pd.Index(list(column["levels"]), dtype=object))
        columns[str(column["name"])] = pd.Series(values, index=labels)
    return pd.DataFrame(columns, index=labels)


def predictors_and_contexts(request: Request) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The columns of the model matrix and of the contexts, with the same row labels."""
    x = array(request["x"])
    labels = row_labels(request["labels"], len(x))
    predictors = pd.DataFrame(x, index=labels, columns=list(request["x_names"]), copy=False)
    return predictors, context_frame(request["contexts"], labels)


def packed(values: Any) -> dict[str, Any]:
    """Write an array as its bytes in R's order, its shape and its type."""
    numbers = np.asarray(values)
    kind = "integer" if numbers.dtype.kind in "bi" else "double"
    numbers = numbers.astype(_TYPES[kind], copy=False)
    return {"bytes": bytearray(numbers.tobytes(order="F")), "shape": list(numbers.shape), "type": kind}


def packed_table(frame: pd.DataFrame) -> dict[str, Any]:
    """Write a data frame by its columns, numbers packed and text as lists."""
    return {
        str(name): packed(column) if column.dtype.kind in "fib" else [str(value) for value in column]
        for name, column in frame.items()
    }

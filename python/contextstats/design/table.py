"""Named columns of a data frame of any kind, and the labels of its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from contextstats.design.columns import Column, read_column
from contextstats.errors import DataError, FormulaError
from contextstats.options import did_you_mean


class Table:
    """Columns by name, read when they are asked for.

    Attributes
    ----------
    names : tuple of str
        Names of the columns, in order.
    labels : pandas.Index
        Label of each row: the index of a pandas frame, else 0 .. n - 1.
    indexed : bool
        Whether the labels came with the data.
    """

    def __init__(self, names: tuple[str, ...], columns: dict[str, Any], labels: pd.Index, indexed: bool) -> None:
        self.names = names
        self.labels = labels
        self.indexed = indexed
        self._columns = columns
        self._read: dict[str, Column] = {}

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.labels)

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def column(self, name: str, where: str) -> Column:
        """Return a column.

        Parameters
        ----------
        name : str
            Its name.
        where : str
            What asks for it, for the message: "the formula 'y ~ dose'".

        Raises
        ------
        FormulaError
            If there is no such column; near matches are named.
        DataError
            If it cannot be used.
        """
        if name not in self._columns:
            raise missing_variable(name, self.names, where)
        if name not in self._read:
            self._read[name] = read_column(name, self._columns[name])
        return self._read[name]


def missing_variable(name: str, known: Iterable[str], where: str) -> FormulaError:
    """Describe a variable that the data do not have; the caller raises what is returned."""
    names = list(known)
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return FormulaError(
        f"{where} needs the variable {name!r}, but the data have no such column (there are {listed})."
        f"{did_you_mean(name, names)}"
    )


def read_table(data: Any, what: str = "data") -> Table:
    """Read a data frame.

    Parameters
    ----------
    data : data frame or dict of arrays
        pandas, polars, pyarrow, anything narwhals reads; or columns by name.
    what : str
        How to call it in messages.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        If it is no data frame, two columns have the same name, or columns differ in length.
    """
    if isinstance(data, Table):
        return data
    if data is None:
        raise DataError(f"{what} is missing. Pass a data frame, or a dict of arrays, as data=.")
    if isinstance(data, np.ndarray) and data.dtype.names:
        data = {name: data[name] for name in data.dtype.names}
    if isinstance(data, Mapping):
        return _from_mapping(data, what)
    frame = as_frame(data, what)
    if frame is None:
        raise DataError(
            f"{what} must be a data frame (pandas, polars, pyarrow) or a dict of arrays, but is of type "
            f"{type(data).__module__}.{type(data).__qualname__}."
        )
    names = tuple(str(name) for name in frame.columns)
    columns = {name: frame[:, j] for j, name in enumerate(names)}
    native = frame.to_native()
    if isinstance(native, pd.DataFrame):
        return Table(names, columns, native.index, indexed=True)
    return Table(names, columns, pd.RangeIndex(len(frame)), indexed=False)


def as_frame(data: Any, what: str) -> Any:
    """Return a narwhals frame of a data frame, or None for anything else.

    Raises
    ------
    DataError
        If it is lazy, or two columns have the same name.
    """
    import narwhals.stable.v1 as nw

    if isinstance(data, pd.DataFrame):
        _require_unique(data.columns, what)
    frame = nw.from_native(data, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        raise DataError(f"{what} must be in memory, but is a lazy frame. Call .collect() on it first.")
    return frame if isinstance(frame, nw.DataFrame) else None


def _require_unique(names: Iterable[Any], what: str) -> None:
    twice = [f"{name} stands {count} times" for name, count in Counter(map(str, names)).items() if count > 1]
    if twice:
        raise DataError(f"The columns of {what} must have different names, but {', '.join(twice)}. Rename them.")


def _from_mapping(data: Mapping[Any, Any], what: str) -> Table:
    _require_unique(data, what)
    columns = {str(name): values for name, values in data.items()}
    lengths = {}
    for name, values in columns.items():
        if np.ndim(values) == 0:
            raise DataError(f"{name} in {what} must be an array, but is {values!r}.")
        lengths[name] = len(values)
    if len(set(lengths.values())) > 1:
        raise DataError(f"The columns of {what} must have the same length, but have {lengths}.")
    index = common_index(columns)
    labels = pd.RangeIndex(next(iter(lengths.values()), 0)) if index is None else index
    return Table(tuple(columns), columns, labels, indexed=index is not None)


def common_index(parts: Mapping[str, Any]) -> pd.Index | None:
    """Return the index that all pandas objects among `parts` share; None if there are none.

    Raises
    ------
    DataError
        If two of them have different indexes: which rows belong together would be a guess.
    """
    first_name, first = "", None
    for name, part in parts.items():
        index = getattr(part, "index", None) if isinstance(part, pd.Series | pd.DataFrame) else None
        if index is None:
            continue
        if first is None:
            first_name, first = name, index
        elif not first.equals(index):
            raise _misaligned(first_name, first, name, index)
    return first


def _misaligned(first_name: str, first: pd.Index, name: str, index: pd.Index) -> DataError:
    if len(first) != len(index):
        return DataError(f"{first_name} and {name} must have the same rows, but have {len(first)} and {len(index)}.")
    row = next(i for i in range(len(first)) if first[i] != index[i])
    reordered = bool(first.isin(index).all() and index.isin(first).all())
    found = "the same labels in another order" if reordered else "different labels"
    return DataError(
        f"The indexes of {first_name} and {name} must be the same, but have {found} (first: position {row}, "
        f"{first[row]} against {index[row]}). Align them with .loc or .reindex, or pass arrays to match by "
        "position."
    )

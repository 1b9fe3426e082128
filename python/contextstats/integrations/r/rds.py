"""Data frames from R's .rds files, without R."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contextstats.errors import DataError, MissingPackageError
from contextstats.integrations.r.decode import decode, decode_row_names, not_a_vector
from contextstats.integrations.r.vector import NA_INTEGER, RVector, Storage

_UTF8, _LATIN1 = 8, 4  # bits by which R marks the encoding of a string
_STORAGE: dict[str, Storage] = {"LGL": "logical", "INT": "integer", "REAL": "double", "STR": "character"}

_TYPES = {**_STORAGE, "VEC": "list", "CLO": "closure", "ENV": "environment", "LANG": "language", "CPLX": "complex"}


def read_rds(path: str | Path) -> pd.DataFrame:
    """Read a data frame that R's saveRDS() wrote. R is not needed, and no code in the file is run.

    Parameters
    ----------
    path : str or Path
        A file of one data frame (tibble, data.table), compressed or not.

    Returns
    -------
    DataFrame
        As :func:`from_r` would give. Times without a time zone are given in UTC.

    Raises
    ------
    DataError
        If the file is no .rds file, holds something other than a data frame, or has a column without counterpart.
    FileNotFoundError
        If there is no such file.
    MissingPackageError
        If the package rdata is not installed.
    """
    root, encoding = _parse(Path(path))
    reader = _Reader(encoding)
    attributes = reader.attributes(root)
    classes = reader.texts(attributes.get("class"))
    if "data.frame" not in classes:
        raise DataError(f"{path} must hold a data frame, but holds {_kind(root, classes)}. Save as.data.frame(x) in R.")
    index = decode_row_names(reader.row_names(attributes["row.names"]))
    names = [str(name) for name in reader.texts(attributes.get("names"))]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"The columns in {path} must have different names, but {twice[0]!r} repeats.")
    columns = {name: decode(name, reader.vector(name, item)) for name, item in zip(names, root.value, strict=True)}
    return pd.DataFrame({name: pd.Series(column, index=index) for name, column in columns.items()}, index=index)


def _parse(path: Path) -> tuple[Any, str]:
    """Return the object in the file, as the tree that rdata makes of it, and the encoding of unmarked text."""
    try:
        from rdata.parser import parse_file
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            "Reading .rds files needs rdata, which is not installed. Run pip install 'contextstats[rds]'."
        ) from error
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    try:
        parsed = parse_file(path, extension=".rds")
    except Exception as error:  # rdata meets damaged bytes with errors of many kinds
        raise DataError(f"{path} could not be read as an .rds file of R ({type(error).__name__}: {error}).") from error
    return parsed.object, parsed.extra.encoding or "utf-8"


@dataclass(frozen=True)
class _Reader:
    """Reads nodes of the tree; `encoding` is that of text which R did not mark."""

    encoding: str

    def attributes(self, node: Any) -> dict[str, Any]:
        """Attributes by name; R keeps them as a list of (value, rest) pairs."""
        found = {}
        rest = node.attributes
        while rest is not None and isinstance(rest.value, tuple):
            symbol = rest.tag.referenced_object or rest.tag
            found[self._text(symbol.value) or ""] = rest.value[0]
            rest = rest.value[1]
        return found

    def texts(self, node: Any) -> tuple[str | None, ...]:
        """Text of a character vector; empty for None."""
        return () if node is None else tuple(self._text(item) for item in node.value)

    def _text(self, node: Any) -> str | None:
        if node.value is None:
            return None
        marked = {_UTF8: "utf-8", _LATIN1: "latin-1"}
        known = next((name for bit, name in marked.items() if node.info.gp & bit), self.encoding)
        return str(node.value, known)

    def row_names(self, node: Any) -> NDArray[np.int32] | list[str]:
        """Row names as numbers or as text."""
        return _codes(node.value) if node.info.type.name == "INT" else [str(name) for name in self.texts(node)]

    def vector(self, name: str, node: Any) -> RVector:
        """Read a column."""
        attributes = self.attributes(node)
        storage = _STORAGE.get(node.info.type.name)
        if storage is None or "dim" in attributes:
            classes = self.texts(attributes.get("class"))
            raise not_a_vector(name, "a matrix" if "dim" in attributes else _kind(node, classes))
        if storage == "character":
            values = np.array(self.texts(node), dtype=object)
        else:
            values = node.value if storage == "double" else _codes(node.value)
        return RVector(
            storage,
            values,
            tuple(str(kind) for kind in self.texts(attributes.get("class"))),
            self.texts(attributes.get("levels")),
            str((self.texts(attributes.get("tzone")) or ("",))[0]),
            str((self.texts(attributes.get("units")) or ("",))[0]),
        )


def _kind(node: Any, classes: tuple[str | None, ...]) -> str:
    """What R would call an object: its first class, else its type."""
    if classes:
        return f"an object of R's class {classes[0]!r}"
    return f"a value of R's type {_TYPES.get(node.info.type.name, node.info.type.name.lower())!r}"


def _codes(values: Any) -> NDArray[np.int32]:
    return np.ma.filled(np.ma.asarray(values).astype(np.int32), NA_INTEGER)

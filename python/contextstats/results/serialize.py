"""Fits as JSON: data only, exact to the bit, and reading one runs no code.

A value is written as itself where JSON has it. Everything else becomes an object with a single key that
starts with "$": arrays as base64 of their little-endian bytes, tuples, dictionaries with other keys than
strings, pandas indexes and frames, and dataclasses by their name in a table of classes. A name that is not in
the table is refused.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from contextstats._version import __version__
from contextstats.errors import DataError
from contextstats.results import serialize_arrays as arrays
from contextstats.results.serialize_classes import saved_classes

FORMAT = "contextstats fit"
FORMAT_VERSION = 1

_REGISTERED: dict[str, type] = {}


def register(*classes: type) -> None:
    """Allow more dataclasses to be saved and loaded, under their own names.

    Raises
    ------
    TypeError
        If one is not a dataclass, or another class holds its name.
    """
    for cls in classes:
        if not dataclasses.is_dataclass(cls):
            raise TypeError(f"Only dataclasses can be saved; {cls.__name__} is none.")
        if (_class_named(cls.__name__) or cls) is not cls:
            raise TypeError(f"Two classes are called {cls.__name__}; a saved fit could not tell them apart.")
        _REGISTERED[cls.__name__] = cls


def _class_named(name: str) -> type | None:
    return saved_classes().get(name) or _REGISTERED.get(name)


def to_dict(value: Any) -> dict[str, Any]:
    """Return `value`, a registered dataclass, as plain dictionaries, lists, numbers and strings.

    Raises
    ------
    DataError
        If it holds something that is neither data nor a registered dataclass.
    """
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "contextstats_version": __version__,
        "content": encode(value),
    }


def from_dict(state: Any) -> Any:
    """Rebuild what :func:`to_dict` described.

    Raises
    ------
    DataError
        If `state` is not a saved fit, was written by a newer version of the format, or holds an unknown
        class.
    """
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise DataError("This is not a saved fit of contextstats. Write one with results.save(path).")
    version = state.get("format_version")
    if version != FORMAT_VERSION:
        raise DataError(
            f"The saved fit has format version {version}, but this contextstats {__version__} reads version "
            f"{FORMAT_VERSION} (the fit was written by contextstats "
            f"{state.get('contextstats_version', 'unknown')}). "
            "Install that version, or fit again."
        )
    if "content" not in state:
        raise DataError("The saved fit has no content. The file is incomplete: save the fit again.")
    return decode(state["content"])


def save(value: Any, path: str | os.PathLike[str]) -> None:
    """Write a fit to a JSON file.

    The file appears only when it is complete; a file of that name is replaced.

    Parameters
    ----------
    value : dataclass
        A registered dataclass, such as the results of a fit.
    path : path-like
        The file; its folder must exist.
    """
    target = Path(path)
    text = json.dumps(to_dict(value), allow_nan=False, separators=(",", ":"))
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> Any:
    """Read a fit that :func:`save` wrote.

    Raises
    ------
    DataError
        If the file is cut short, is no saved fit, or comes from a newer version of the format.
    FileNotFoundError
        If there is no such file.
    """
    try:
        state = json.loads(Path(path).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(
            f"{path} is not a complete JSON file ({error}). It was cut short or is something else: save the fit again."
        ) from None
    try:
        return from_dict(state)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def encode(value: Any) -> Any:
    """Describe one value with what JSON has."""
    if value is None or isinstance(value, bool | str) or type(value) is int:
        return value
    if type(value) is float:
        return value if np.isfinite(value) else {"$float": repr(value)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _encode_dataclass(value)
    if type(value) is tuple:
        return {"$tuple": [encode(item) for item in value]}
    if type(value) is list:
        return [encode(item) for item in value]
    if isinstance(value, frozenset):
        return {"$frozenset": [encode(item) for item in sorted(value, key=repr)]}
    if isinstance(value, dict):
        return _encode_dict(value)
    if isinstance(reason := getattr(value, "reason", None), str):
        raise DataError(f"The fit cannot be saved: {reason}. Compute that column in the data, and fit again.")
    return arrays.encode(value, encode)


def decode(state: Any) -> Any:
    """Rebuild one value from what :func:`encode` made of it."""
    if isinstance(state, list):
        return [decode(item) for item in state]
    if not isinstance(state, dict):
        return state
    tag = next((key for key in state if key.startswith("$")), None)
    if tag is None:
        return {key: decode(item) for key, item in state.items()}
    if len(state) != 1:
        raise DataError(f"The saved fit is damaged: {tag} stands beside other keys.")
    return _decode_tagged(tag, state[tag])


def _encode_dict(value: dict[Any, Any]) -> dict[str, Any]:
    if all(isinstance(key, str) and not key.startswith("$") for key in value):
        return {key: encode(item) for key, item in value.items()}
    return {"$dict": [[encode(key), encode(item)] for key, item in value.items()]}


def _encode_dataclass(value: Any) -> dict[str, Any]:
    cls = type(value)
    if _class_named(cls.__name__) is not cls:
        raise DataError(f"A {cls.__name__} cannot be saved: the class is not known to contextstats.")
    saved = [field for field in dataclasses.fields(cls) if field.init and field.metadata.get("saved", True)]
    fields = {field.name: encode(getattr(value, field.name)) for field in saved}
    return {"$class": {"name": cls.__name__, "fields": fields}}


def _decode_tagged(tag: str, content: Any) -> Any:
    try:
        if tag == "$class":
            return _decode_dataclass(content["name"], content["fields"])
        if tag == "$float":
            return {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}[content]
        if tag == "$tuple":
            return tuple(decode(item) for item in content)
        if tag == "$frozenset":
            return frozenset(decode(item) for item in content)
        if tag == "$dict":
            return {decode(key): decode(item) for key, item in content}
        if tag in arrays.DECODERS:
            return arrays.DECODERS[tag](content, decode)
    except DataError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise DataError(f"The saved fit is damaged: {tag} cannot be read ({error}). Save the fit again.") from None
    raise DataError(f"The saved fit holds {tag}, which this contextstats {__version__} does not know.")


def _decode_dataclass(name: str, fields: dict[str, Any]) -> Any:
    cls = _class_named(name)
    if cls is None:
        raise DataError(f"The saved fit holds a {name}, which this contextstats {__version__} does not know.")
    known = {field.name for field in dataclasses.fields(cls) if field.init}
    if unknown := sorted(set(fields) - known):
        raise DataError(
            f"The saved {name} has fields this contextstats {__version__} does not know "
            f"({', '.join(unknown)}). "
            "Use the version that wrote it."
        )
    return cls(**{key: decode(item) for key, item in fields.items()})

"""State of transforms as plain data: what JSON has, and nothing that runs."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_plain(value: Any) -> Any:
    """Describe numbers, text, arrays, lists and dicts with what JSON has.

    Raises
    ------
    TypeError
        If the value is something else.
    """
    if value is None or isinstance(value, bool | str | int | float):
        return value
    if isinstance(value, np.generic):
        return to_plain(value.item())
    if isinstance(value, np.ndarray):
        return {"array": [to_plain(item) for item in value.ravel()], "shape": list(value.shape)}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {"items": [[to_plain(key), to_plain(item)] for key, item in value.items()]}
    raise TypeError(f"a {type(value).__name__}")


def from_plain(value: Any) -> Any:
    """Rebuild what :func:`to_plain` described; lists stay lists."""
    if isinstance(value, list | tuple):
        return [from_plain(item) for item in value]
    if isinstance(value, dict):
        if "items" in value:
            return {from_plain(key): from_plain(item) for key, item in value["items"]}
        if "shape" in value:
            return np.array(value["array"], dtype=np.float64).reshape(value["shape"])
        return {key: from_plain(item) for key, item in value.items()}
    return value

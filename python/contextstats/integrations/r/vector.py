"""How R stores a column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

NA_INTEGER = np.int32(-(2**31))
"""R's missing value among integers, logicals and codes of factors."""

NA_REAL = np.array([0x7FF00000000007A2], dtype=np.uint64).view(np.float64)[0]
"""R's missing number: a NaN whose lower word is 1954."""

MICROSECONDS = 1_000_000

Storage = Literal["logical", "integer", "double", "character"]


@dataclass(frozen=True, eq=False)
class RVector:
    """An atomic vector of R with the attributes that give it a meaning.

    Attributes
    ----------
    storage : {"logical", "integer", "double", "character"}
        R's type.
    data : (n,) array
        int32 for logical and integer, float64 for double, str or None for character.
    classes : tuple of str
        R's class attribute; empty where there is none.
    levels : tuple of str or None
        Levels of a factor.
    time_zone : str
        Of POSIXct; empty for the time zone of the session.
    units : str
        Of difftime: "secs", "mins", "hours", "days" or "weeks".
    """

    storage: Storage
    data: NDArray[Any]
    classes: tuple[str, ...] = ()
    levels: tuple[str | None, ...] = ()
    time_zone: str = ""
    units: str = ""

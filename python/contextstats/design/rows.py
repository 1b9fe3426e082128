"""Errors that name rows by the user's labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contextstats.design.columns import Column
from contextstats.errors import DataError, bad_rows


def broken_rule(column: Column, bad: NDArray[np.bool_], labels: pd.Index, *, rule: str, fix: str) -> DataError:
    """Describe the rows of a column that break a rule; the caller raises what is returned."""
    names = cast("Sequence[Any]", labels)
    return bad_rows(column.name, bad, rule=rule, fix=fix, values=column.data, labels=names)


def refuse_infinite(column: Column, labels: pd.Index, considered: NDArray[np.bool_] | None = None) -> None:
    """Refuse infinite values in the rows that are considered, or in all.

    Raises
    ------
    DataError
        With their number and the first row.
    """
    infinite = np.isinf(column.data)
    if considered is not None:
        infinite &= considered
    if infinite.any():
        fix = "Recode infinite values, or make them missing to leave the rows out."
        raise broken_rule(column, infinite, labels, rule="must be finite", fix=fix)


def refuse_missing(column: Column, absent: NDArray[np.bool_], labels: pd.Index, fix: str) -> None:
    """Refuse missing values.

    Raises
    ------
    DataError
        With their number and the first row.
    """
    if absent.any():
        names = cast("Sequence[Any]", labels)
        raise bad_rows(column.name, absent, rule="must not be missing", fix=fix, labels=names)

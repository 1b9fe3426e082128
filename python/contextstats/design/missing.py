"""Rows that cannot be used: no weight, or a missing value; and how many each cause took away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contextstats.design.columns import Column
from contextstats.design.rows import refuse_infinite, refuse_missing
from contextstats.errors import DataError
from contextstats.options import Missing

ZERO_WEIGHT = "zero weight"


@dataclass(frozen=True, eq=False)
class KeptRows:
    """The rows a fit uses.

    Attributes
    ----------
    rows : (n_kept,) array of int or None
        Their positions; None for all of them.
    n : int
        How many they are.
    n_dropped : int
        How many rows were left out, each counted once.
    causes : dict of str to int
        Rows left out by variable with a missing value, and for zero weight. A row with two missing variables
        counts under both.
    """

    rows: NDArray[np.intp] | None
    n: int
    n_dropped: int
    causes: dict[str, int]

    @property
    def positions(self) -> pd.Index:
        """Positions of the kept rows among the rows of the data."""
        return pd.RangeIndex(self.n) if self.rows is None else pd.Index(self.rows)


def keep_rows(
    columns: Sequence[Column], positive: NDArray[np.bool_] | None, labels: pd.Index, missing: Missing
) -> KeptRows:
    """Choose the rows with a positive weight and no missing value.

    Parameters
    ----------
    columns : sequence of Column
        Every variable of the model.
    positive : (n,) array of bool or None
        False for rows with zero weight, which are left out before anything else; None if there are none.
    labels : pandas.Index
        Labels of the rows.
    missing : {"drop", "raise"}
        What to do about missing values.

    Raises
    ------
    DataError
        If a value is infinite; if one is missing and `missing="raise"`; if fewer than two rows are left.
    """
    n = len(labels)
    if n == 0:
        raise DataError("The data must have rows, but are empty.")
    keep = np.ones(n, dtype=bool) if positive is None else positive.copy()
    causes = {} if positive is None else {ZERO_WEIGHT: int(n - positive.sum())}
    for column in {column.name: column for column in columns}.values():
        if column.is_finite:
            continue
        finite = np.isfinite(column.data)
        refuse_infinite(column, labels, positive)
        absent = ~finite if positive is None else ~finite & positive
        if not absent.any():
            continue
        if missing == "raise":
            refuse_missing(column, absent, labels, "Fill the values in, or let missing='drop' leave the rows out.")
        causes[column.name] = int(absent.sum())
        keep &= finite
    kept = int(keep.sum())
    if kept == 1:
        raise DataError(f"The data must have at least two usable rows, but only one is left of {n}.")
    if kept == 0:
        counts = ", ".join(f"{name}: {count}" for name, count in causes.items())
        raise DataError(
            f"No row is left of {n}: all have a missing value or zero weight ({counts}). "
            "Look for a variable that is missing everywhere."
        )
    rows = None if kept == n else np.flatnonzero(keep)
    return KeptRows(rows, kept, n - kept, causes)


def require_enough_rows(n: int, coefficient_names: Sequence[str], penalties: NDArray[np.float64]) -> None:
    """Refuse a model without coefficients, and one that the rows cannot determine with the help of its penalties.

    Raises
    ------
    DataError
        Giving both numbers.
    """
    n_coefficients, n_free = len(coefficient_names), int(np.sum(penalties.sum(axis=0) == 0))
    if n_coefficients == 0:
        raise DataError("The model must have a coefficient, but has no predictors. Add one, or keep the intercept.")
    if n >= n_coefficients or n > n_free:
        return
    if n_free == n_coefficients:
        raise DataError(
            f"The model must not have more coefficients than rows, but has {n_coefficients} for {n} rows. "
            "Leave terms out, or make them smooth: a penalty can stand in for rows."
        )
    raise DataError(
        f"The model must have fewer coefficients without a penalty than rows, but has {n_free} for {n} rows: the "
        "predictors, contexts that are not smooth, and the straight line in every smooth. Leave terms out, or penalise "
        "the straight lines too (select=True)."
    )

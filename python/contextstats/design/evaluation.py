"""Computing the factors of a formula with formulaic, on complete rows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from contextstats.design.columns import Column, Floats, Level, RowLabel
from contextstats.design.formula import MainFormula
from contextstats.errors import ContextstatsError, DataError, FormulaError

if TYPE_CHECKING:
    import formulaic

UNSEEN_LEVEL = "The model says nothing about it: drop these rows, or fit again with data that have the level."


@dataclass(frozen=True)
class Variable:
    """A column a formula reads: its levels, if any, and whether whole numbers stay so."""

    name: str
    levels: tuple[Level, ...] | None = None
    integer: bool = False


def formulaic_frame(columns: Mapping[str, Column], variables: tuple[Variable, ...], n: int) -> pd.DataFrame:
    """Return complete columns as formulaic reads them."""
    data: dict[str, Any] = {}
    for variable in variables:
        column = columns[variable.name]
        if column.levels is not None:
            categories: Any = pd.Index(list(column.levels))
            data[variable.name] = pd.Categorical.from_codes(column.data.astype(np.int32), categories)
        else:
            whole = variable.integer and bool((column.data == np.rint(column.data)).all())
            data[variable.name] = column.data.astype(np.int64) if whole else column.data
    return pd.DataFrame(data, index=pd.RangeIndex(n), copy=False)


@contextmanager
def _explained(formula: MainFormula, failure: type[ContextstatsError]) -> Iterator[None]:
    """Turn what formulaic says about a failed evaluation into our errors."""
    from formulaic.errors import DataMismatchWarning, FormulaicError

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error", DataMismatchWarning)
        try:
            yield
        except DataMismatchWarning as error:
            unknown = str(error).split("dataset): ")[-1].split(". They")[0]
            raise DataError(f"{formula.where} does not know the levels {unknown}. {UNSEEN_LEVEL}") from error
        except (
            FormulaicError,
            ValueError,
            TypeError,
            NameError,
            ArithmeticError,
            LookupError,
            AttributeError,
        ) as error:
            reason = " ".join(str(error).split())
            raise failure(f"{formula.where} cannot be computed on these data: {reason}") from error


def evaluate(
    formula: MainFormula,
    spec: formulaic.ModelSpec,
    frame: pd.DataFrame,
    environment: Mapping[str, Any],
    failure: type[ContextstatsError] = FormulaError,
) -> tuple[pd.DataFrame, Any]:
    """Compute the columns of a formula; return them and formulaic's record of how.

    Raises
    ------
    FormulaError, or the type given as `failure`
        If a factor cannot be computed.
    DataError
        If a categorical factor meets a new level.
    """
    with _explained(formula, failure):
        matrix = spec.get_model_matrix(frame, context=dict(environment), na_action="ignore", output="pandas")
    return matrix, matrix.model_spec


def finite_matrix(matrix: pd.DataFrame, formula: MainFormula, row: RowLabel) -> Floats:
    """Copy computed columns to an array, columns first.

    Raises
    ------
    DataError
        If a value is not finite, as the logarithm of zero.
    """
    x = np.empty(matrix.shape, order="F")
    for j, name in enumerate(matrix.columns):
        x[:, j] = matrix.iloc[:, j].to_numpy(dtype=np.float64)
        finite = np.isfinite(x[:, j])
        if not finite.all():
            first = int(np.argmin(finite))
            raise DataError(
                f"{name} in the formula {formula.text!r} must be finite, but {(~finite).sum()} of "
                f"{finite.size} rows are not (first: row {row(first)}, value {x[first, j]:g}). "
                "Drop these rows or use another function."
            )
    return x

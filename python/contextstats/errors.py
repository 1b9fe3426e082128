"""Errors and warnings, and the one sentence shape they share.

Every message says what must hold, what was found, where it was found and what to do about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class ContextstatsError(Exception):
    """Base of every error raised on purpose by this package."""


class DataError(ContextstatsError, ValueError):
    """The data cannot be used with the requested model."""


class ConstantContextError(DataError):
    """A context takes a single value, so no effect can be seen to vary with it."""


class FormulaError(ContextstatsError, ValueError):
    """A formula cannot be read, or asks for something contradictory."""


class OptionError(ContextstatsError, ValueError):
    """An option has a value outside its range, or two options exclude each other."""


class MissingPackageError(ContextstatsError, ImportError):
    """An optional package, or the program it talks to, is not installed."""


class ConvergenceWarning(UserWarning):
    """The optimizer stopped before its tests of convergence were met."""


class DataWarning(UserWarning):
    """The data can be used, but the user should know something about them."""


class ExtrapolationWarning(UserWarning):
    """A prediction was asked for outside the range of the data that were fitted."""


def bad_rows(
    name: str,
    bad: NDArray[np.bool_],
    *,
    rule: str,
    fix: str,
    values: Sequence[Any] | NDArray[Any] | None = None,
    labels: Sequence[Any] | None = None,
) -> DataError:
    """Describe the rows of `name` that break a rule; the caller raises what is returned.

    Parameters
    ----------
    name : str
        What is wrong: the name of a column or of an argument.
    bad : (n,) array of bool
        True for every offending row; at least one is True.
    rule : str
        What must hold, as the end of a sentence that starts with `name`: "must be finite".
    fix : str
        What the user can do, as a full sentence.
    values : sequence of length n, optional
        The values of `name`; the first offending one is shown.
    labels : sequence of length n, optional
        The caller's row labels; the row number, from 0, where there are none.

    Returns
    -------
    DataError
        With the count of offending rows and the label (and value) of the first one.
    """
    first = int(np.argmax(bad))
    row = first if labels is None else labels[first]
    shown = "" if values is None else f", value {_show(values[first])}"
    return DataError(f"{name} {rule}; {bad.sum()} of {bad.size} rows break this (first: row {row}{shown}). {fix}")


def _show(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float | np.floating) else f"{value}"

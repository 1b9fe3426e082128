"""The response: what each family accepts, and how it is read."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contextstats.design.columns import Column, Floats
from contextstats.design.rows import broken_rule
from contextstats.errors import DataError, DataWarning
from contextstats.families import Family


@dataclass(frozen=True, eq=False)
class Response:
    """The response as the core reads it.

    Attributes
    ----------
    data : (n,) array
        Binomial: the proportion of successes.
    trials : (n,) array or None
        Binomial with counts of successes and failures: their sum.
    name : str
        As printed.
    notes : tuple of str
        What was decided.
    """

    data: Floats
    trials: Floats | None
    name: str
    notes: tuple[str, ...] = ()


def read_response(columns: Sequence[Column], family: Family, labels: pd.Index, *, weighted: bool) -> Response:
    """Turn one column, or two of counts, into a response of a family.

    Parameters
    ----------
    columns : sequence of one or two Column
        Complete. Two are counts of successes and of failures.
    family : Family
        Says what a response may be.
    labels : pandas.Index
        Labels of the rows.
    weighted : bool
        Whether variance weights were given, the numbers of trials behind proportions.

    Raises
    ------
    DataError
        If the values lie outside the family's support.

    Warns
    -----
    DataWarning
        If a count is no whole number, a proportion has no weights, or all responses are the same.
    """
    if len(columns) == 2:
        response = _successes_and_failures(columns[0], columns[1], family, labels)
    elif len(columns) != 1:
        raise DataError(
            f"The response must be one column, or two of successes and failures, but there are {len(columns)}."
        )
    elif family.core_name == "binomial":
        response = _binomial(columns[0], labels, weighted)
    else:
        response = _numeric(columns[0], family, labels)
    return _warn_if_constant(response, family)


def _successes_and_failures(successes: Column, failures: Column, family: Family, labels: pd.Index) -> Response:
    if family.core_name != "binomial":
        raise DataError(
            f"The response must be one column when family={family.core_name!r}, but there are two "
            f"({successes.name}, {failures.name}). Two columns, successes and failures, need "
            "family='binomial'."
        )
    for column in (successes, failures):
        if column.levels is not None:
            raise DataError(f"{column.name} must be a count, but holds levels. Pass numbers.")
        _require(
            column,
            (column.data >= 0) & (column.data == np.rint(column.data)),
            labels,
            "must be a non-negative whole number when successes and failures are counted",
            "Recode or drop them; for proportions pass one column and var_weights.",
        )
    trials = successes.data + failures.data
    if (trials == 0).any():
        total = Column(f"{successes.name} + {failures.name}", trials)
        fix = "Rows without trials carry no information: drop them."
        raise broken_rule(total, trials == 0, labels, rule="must be positive", fix=fix)
    return Response(successes.data / trials, trials, f"{successes.name} + {failures.name}")


def _binomial(column: Column, labels: pd.Index, weighted: bool) -> Response:
    if column.levels is not None:
        return _two_levels(column)
    low, high = column.range
    if low < 0 or high > 1:
        classes = np.unique(column.data[:10_000])
        if classes.size <= 2 and np.isin(column.data, classes).all():
            coded = " and ".join(f"{value:g}" for value in classes)
            raise DataError(
                f"{column.name} must be 0 or 1 when family='binomial', but is coded {coded}. "
                f"Recode it, for example with {column.name} == {classes[-1]:g}, or pass a two-level "
                "categorical."
            )
        _require(
            column,
            (column.data >= 0) & (column.data <= 1),
            labels,
            "must be 0 or 1, or a proportion between them, when family='binomial'",
            "Recode or drop them; for counts pass two columns, successes and failures.",
        )
    notes: list[str] = []
    if not weighted and ((column.data > 0) & (column.data < 1)).any():
        message = (
            f"{column.name} holds proportions without weights, so each counts as one trial. "
            "Pass the numbers of trials as var_weights."
        )
        warnings.warn(message, DataWarning, stacklevel=2)
        notes.append(message)
    return Response(column.to_keep(), None, column.name, tuple(notes))


def _two_levels(column: Column) -> Response:
    used = column if len(column.levels or ()) == 2 else column.used_levels_only()
    levels = used.levels or ()
    if len(levels) != 2:
        listed = ", ".join(repr(level) for level in levels[:6])
        raise DataError(
            f"{column.name} must have two levels when family='binomial', but has {len(levels)} ({listed}"
            f"{', ...' if len(levels) > 6 else ''}). Merge levels, or compare one with the rest."
        )
    notes = () if used.is_boolean else (f"{column.name}: the event is {levels[1]!r}, against {levels[0]!r}.",)
    return Response(used.data.copy(), None, column.name, notes)


def _numeric(column: Column, family: Family, labels: pd.Index) -> Response:
    column = column.as_numbers()
    if column.levels is not None:
        raise DataError(
            f"{column.name} must be numeric when family={family.core_name!r}, but holds levels "
            f"({', '.join(repr(level) for level in column.levels[:4])}). "
            "Convert it, or use family='binomial' for two levels."
        )
    if family.core_name != "gaussian":
        positive, (low, _) = family.support == "must be positive", column.range
        if low < 0 or (positive and low == 0):
            rule = f"{family.support} when family={family.core_name!r}"
            zeros = " (tweedie takes exact zeros)" if positive else ""
            fix = f"Recode or drop them, or choose another family{zeros}."
            raise broken_rule(column, column.data <= 0 if positive else column.data < 0, labels, rule=rule, fix=fix)
    notes: list[str] = []
    if family.counts:
        broken = column.data != np.rint(column.data)
        if broken.any():
            first = int(np.argmax(broken))
            message = (
                f"{column.name} should be whole numbers when family={family.core_name!r}; "
                f"{int(broken.sum())} of "
                f"{broken.size} rows are not (first: row {labels[first]}, value {column.data[first]:g}). "
                "The fit goes on as a quasi-likelihood: use robust standard errors (cov_type='HC1')."
            )
            warnings.warn(message, DataWarning, stacklevel=2)
            notes.append(message)
    return Response(column.to_keep(), None, column.name, tuple(notes))


def _require(column: Column, good: NDArray[np.bool_], labels: pd.Index, rule: str, fix: str) -> None:
    if not good.all():
        raise broken_rule(column, ~good, labels, rule=rule, fix=fix)


def _warn_if_constant(response: Response, family: Family) -> Response:
    first = response.data[0]
    if response.data.size < 2 or response.data[-1] != first or not (response.data == first).all():
        return response
    lowest = first == 0 and family.core_name != "gaussian"
    edge = lowest or (first == 1 and family.core_name == "binomial")
    consequence = (
        "the likelihood has no finite maximum, and estimates and standard errors mean little"
        if edge
        else "there is nothing to explain"
    )
    message = f"{response.name} is {first:g} in every row: {consequence}."
    warnings.warn(message, DataWarning, stacklevel=2)
    return Response(response.data, response.trials, response.name, (*response.notes, message))

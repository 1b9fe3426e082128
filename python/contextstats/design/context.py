"""What the coefficients depend on: context terms for each predictor, and the columns they need."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contextstats.design.columns import Column, Floats, Level, match_levels
from contextstats.design.matrix import Columns
from contextstats.design.rows import refuse_infinite
from contextstats.encoders.column import ContextColumn
from contextstats.encoders.parse import parse_context
from contextstats.encoders.terms import Bare, Factor, Linear, Neural, Tensor, Term
from contextstats.errors import DataError, DataWarning, FormulaError
from contextstats.options import did_you_mean

Terms = tuple[Term, ...]


@dataclass(frozen=True, eq=False)
class ContextRequest:
    """A context specification after it was read, before any data are seen.

    Attributes
    ----------
    common : tuple of Term or None
        The terms of every predictor; None where `by_predictor` says.
    by_predictor : dict of str to tuple of Term
        Terms by the name of a predictor, or of a term of the formula.
    """

    common: Terms | None
    by_predictor: dict[str, Terms]

    @property
    def terms(self) -> Terms:
        """All different terms, in order of appearance."""
        everything = [self.common or (), *self.by_predictor.values()]
        return tuple(dict.fromkeys(term for terms in everything for term in terms))

    @property
    def variables(self) -> tuple[str, ...]:
        """All contexts, in order of appearance."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term.variables))


def read_context(context: Any) -> ContextRequest:
    """Read `context=` of the formula entry.

    Parameters
    ----------
    context : str, dict of str to str, or None
        One context formula for every predictor, or one for each predictor that varies.

    Raises
    ------
    FormulaError
        If a context formula cannot be read, or names the same context twice.
    """
    if context is None:
        return ContextRequest((), {})
    if isinstance(context, str):
        return ContextRequest(parse_context(context), {})
    if isinstance(context, Mapping):
        return ContextRequest(
            None, {str(name): () if text is None else parse_context(text) for name, text in context.items()}
        )
    raise FormulaError(
        "context must be a context formula such as 's(age) + center', or a dict that gives one to each "
        f"predictor, but is of type {type(context).__name__}. Arrays of contexts go with arrays of "
        "predictors."
    )


def terms_by_predictor(
    request: ContextRequest, columns: Sequence[str], terms: Sequence[tuple[str, tuple[str, ...]]]
) -> tuple[Terms, ...]:
    """Give each predictor its context terms.

    Parameters
    ----------
    request : ContextRequest
    columns : sequence of str
        Names of the predictors.
    terms : sequence of (str, tuple of str)
        Terms of the formula, with the predictors each became; a key may name a term instead of its columns.

    Raises
    ------
    FormulaError
        If a key names neither.
    """
    if request.common is not None:
        return (request.common,) * len(columns)
    of_term = {name: members for name, members in terms if name not in columns}
    given: dict[str, Terms] = {}
    unknown = [key for key in request.by_predictor if key not in columns and key not in of_term]
    if unknown:
        names = list(dict.fromkeys([*columns, *(name for name in of_term if name != "1")]))
        raise FormulaError(
            f"The keys of context must name predictors ({', '.join(names)}), but {unknown[0]!r} does not."
            f"{did_you_mean(unknown[0], names)}"
        )
    for key, members in of_term.items():
        if key in request.by_predictor:
            given.update(dict.fromkeys(members, request.by_predictor[key]))
    given.update({key: value for key, value in request.by_predictor.items() if key in columns})
    return tuple(given.get(name, ()) for name in columns)


@dataclass(frozen=True)
class ContextVariable:
    """One column of the context matrix.

    Attributes
    ----------
    name : str
        Name of the context.
    levels : tuple, optional
        Levels of a categorical context, or of a numeric one that stands in C().
    low, high : float
        Range of a numeric context over the rows of the fit.
    """

    name: str
    levels: tuple[Level, ...] | None
    low: float = 0.0
    high: float = 0.0

    def apply(self, column: Column, labels: pd.Index) -> tuple[Floats, NDArray[np.bool_]]:
        """Return values (codes) of a column of new data, and where they lie outside the range of the fit.

        Raises
        ------
        DataError
            If a level was not seen in the fit, a value is infinite, or the column changed its type.
        """
        if self.levels is not None:
            advice = "No effect is known for it: drop these rows, or fit again with data that have the level."
            codes = match_levels(column, self.levels, fix=advice, row=labels.__getitem__)
            return codes, np.zeros(codes.size, dtype=bool)
        column = column.as_numbers()
        if column.levels is not None:
            raise DataError(f"{self.name} was numeric in the fit, but holds levels in the new data. Convert it.")
        refuse_infinite(column, labels)
        return column.data, (column.data < self.low) | (column.data > self.high)


@dataclass(frozen=True, eq=False)
class Contexts:
    """The contexts of the rows of the fit.

    Attributes
    ----------
    matrix : Columns, (n, d)
        Values; codes of categorical contexts.
    variables : tuple of ContextVariable
        Its columns.
    terms : tuple of tuple of Term
        For each predictor, without the terms that were left out.
    notes : tuple of str
        What was left out.
    """

    matrix: Columns
    variables: tuple[ContextVariable, ...]
    terms: tuple[Terms, ...]
    notes: tuple[str, ...]

    def columns(self) -> dict[str, ContextColumn]:
        """Return the columns as terms read them."""
        return {
            variable.name: ContextColumn(self.matrix[:, j], variable.levels, j)
            for j, variable in enumerate(self.variables)
        }


def prepare_contexts(columns: Mapping[str, Column], terms: tuple[Terms, ...], n: int) -> Contexts:
    """Lay out the contexts of complete rows, and settle what each term is.

    A bare name becomes a straight line or a factor. A context with a single value is left out with a note.

    Raises
    ------
    DataError
        If two contexts are copies of each other, or a tensor product holds a constant context.
    FormulaError
        If a context is wanted both as a number and by its levels.

    Warns
    -----
    DataWarning
        If a context is left out.
    """
    columns = _by_levels_where_asked(columns, terms)
    terms = tuple(tuple(_settled(term, columns) for term in own) for own in terms)
    notes: list[str] = []
    names = _variables(terms)
    constant = {name for name in names if _is_constant(columns[name])}
    if constant:
        terms, notes = _without_constants(terms, columns, constant)
        names = _variables(terms)
    matrix = Columns(tuple(columns[name].to_keep() for name in names), n)
    variables = []
    for name in names:
        low, high = columns[name].range if columns[name].levels is None else (0.0, 0.0)
        variables.append(ContextVariable(name, columns[name].levels, low, high))
    _refuse_copies(matrix, names)
    return Contexts(matrix, tuple(variables), terms, tuple(notes))


def _variables(terms: Iterable[Terms]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for own in terms for term in own for name in term.variables))


def _by_levels_where_asked(columns: Mapping[str, Column], terms: Iterable[Terms]) -> dict[str, Column]:
    everything = [term for own in terms for term in own]
    by_level = {term.variable for term in everything if isinstance(term, Factor)}
    for term in everything:
        mixed = by_level.intersection(term.variables)
        if mixed and not isinstance(term, Factor) and columns[(name := mixed.pop())].levels is None:
            raise FormulaError(
                f"{name} is used by its levels in C({name}) and as a number in {term.label}. Make a "
                "categorical copy of the column for one of the two."
            )
    ready = {name: column.as_factor() if name in by_level else column for name, column in columns.items()}
    return {name: column.used_levels_only() for name, column in ready.items()}


def _settled(term: Term, columns: Mapping[str, Column]) -> Term:
    if not isinstance(term, Bare):
        return term
    return Linear(term.variable) if columns[term.variable].levels is None else Factor(term.variable)


def _is_constant(column: Column) -> bool:
    if column.levels is not None:
        return len(column.levels) < 2
    low, high = column.range
    return bool(high - low <= 8 * np.finfo(float).eps * max(abs(low), abs(high)))


def _without_constants(
    terms: tuple[Terms, ...], columns: Mapping[str, Column], constant: set[str]
) -> tuple[tuple[Terms, ...], list[str]]:
    dropped: dict[str, dict[str, None]] = {}
    for term in (term for own in terms for term in own):
        for name in constant.intersection(term.variables):
            if isinstance(term, Tensor) and not term.interaction:
                other = next(variable for variable in term.variables if variable != name)
                raise DataError(
                    f"{term.label} needs contexts that vary, but {name} is {_only_value(columns[name])} in "
                    f"every row. Write s({other}) instead."
                )
            if isinstance(term, Neural) and len(term.variables) > 1:
                raise DataError(
                    f"{term.label} needs contexts that vary, but {name} is {_only_value(columns[name])} in "
                    "every row. Leave it out of the network."
                )
            dropped.setdefault(name, {})[term.label] = None
    notes = []
    for name, labels in dropped.items():
        message = (
            f"The context {name} is {_only_value(columns[name])} in every row, so no effect can vary with "
            f"it: {', '.join(labels)} was left out."
        )
        warnings.warn(message, DataWarning, stacklevel=2)
        notes.append(message)
    kept = tuple(tuple(term for term in own if not constant.intersection(term.variables)) for own in terms)
    return kept, notes


def _only_value(column: Column) -> str:
    return f"{column.data[0]:g}" if column.levels is None else f"{column.levels[0]!r}"


def _refuse_copies(matrix: Columns, names: tuple[str, ...]) -> None:
    for j, second in enumerate(names):
        for i, first in enumerate(names[:j]):
            if matrix[0, i] == matrix[0, j] and np.array_equal(matrix[:, i], matrix[:, j]):
                raise DataError(
                    f"The contexts {first} and {second} must differ, but are the same in every row, so their "
                    "effects cannot be told apart. Leave one of them out."
                )


def for_array_contexts(encoder: Any, columns: Sequence[Column]) -> Terms:
    """Ask an encoder for its terms.

    Raises
    ------
    FormulaError
        If it is no encoder.
    """
    if not hasattr(encoder, "terms"):
        raise FormulaError(
            "encoder must be Constant(), Linear(), Additive(), MLP(), NeuralAdditive(), a context formula or a dict of "
            f"them, but is of type {type(encoder).__name__}."
        )
    names = [column.name for column in columns]
    return tuple(encoder.terms(names, [column.levels is not None for column in columns]))

"""How to make predictors and contexts of new data: plain data, saved with a fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contextstats.design.arrays import as_table, read_columns, require_lengths
from contextstats.design.columns import Column, Floats
from contextstats.design.context import ContextVariable
from contextstats.design.model_matrix import FormulaState, Variable
from contextstats.design.table import Table, common_index, read_table
from contextstats.design.rows import refuse_infinite, refuse_missing
from contextstats.errors import DataError

FORMAT = 1


@dataclass(frozen=True, eq=False)
class NewRows:
    """Predictors and contexts of new data.

    Attributes
    ----------
    x : (n, p) array, columns first
        Predictors; NaN in every column of a row with a missing value, so that its prediction is NaN.
    contexts : (n, d) array, columns first
        Contexts; in rows with a missing value it holds a value of the fit.
    outside : (n,) array of bool
        True where a context lies outside the range of the fit.
    outside_names : tuple of str
        The contexts for which that happens.
    row_labels : pandas.Index
        Labels of the rows.
    complete : (n,) array of bool
        False where a predictor or a context is missing.
    """

    x: Floats
    contexts: Floats
    outside: NDArray[np.bool_]
    outside_names: tuple[str, ...]
    row_labels: pd.Index
    complete: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Recipe:
    """Makes predictors and contexts of new data as they were made in the fit.

    Attributes
    ----------
    entry : {"formula", "arrays"}
        How the model was specified.
    x_names : tuple of str
        Names of the predictors.
    contexts : tuple of ContextVariable
        Columns of the context matrix.
    formula : FormulaState or None
        For the formula entry.
    given_contexts : tuple of str
        For the array entry: names of all columns of the context array.
    """

    entry: Literal["formula", "arrays"]
    x_names: tuple[str, ...]
    contexts: tuple[ContextVariable, ...]
    formula: FormulaState | None = None
    given_contexts: tuple[str, ...] = ()

    def apply(self, newdata: Any, context: Any = None) -> NewRows:
        """Make predictors and contexts.

        Parameters
        ----------
        newdata : data frame, dict of arrays, array, or (array, array)
            Holds the variables of the formula and the contexts by name. For a model given by arrays: the predictors by
            position (or by name), with the contexts in `context`, as second of a pair, or in the same data frame.
        context : array-like, optional
            The contexts, for a model given by arrays.

        Raises
        ------
        DataError
            If a value is infinite, a level was not seen in the fit, or columns are missing or of another type.
        FormulaError
            If a variable of the formula is missing.
        """
        if self.entry == "formula":
            table = read_table(newdata, "newdata")
            labels = table.labels
            predictors = [table.column(v.name, self._where) for v in self._formula.variables]
            contexts = self._contexts_from(table)
        else:
            predictors, contexts, labels = self._from_arrays(newdata, context)
        matrix, outside, names = self._context_matrix(contexts, labels)
        complete: NDArray[np.bool_] = ~np.isnan(matrix).any(axis=1)
        for column in predictors:
            refuse_infinite(column, labels)
            complete = complete & ~np.isnan(column.data)
        x = self._predictors(predictors, complete, labels)
        return NewRows(x, self._filled(matrix), outside, names, labels, complete)

    def apply_contexts(self, newdata: Any) -> NewRows:
        """Make contexts alone, for coefficients as functions of context; `x` has no columns.

        Raises
        ------
        DataError
            As :meth:`apply`, and if a context is missing in a row.
        """
        table = as_table(newdata, "context")
        if table is not None:
            contexts, labels = self._contexts_from(table), table.labels
        else:
            contexts, labels = self._contexts_by_position(newdata)
        matrix, outside, names = self._context_matrix(contexts, labels)
        for j, variable in enumerate(self.contexts):
            column = Column(variable.name, matrix[:, j])
            refuse_missing(column, np.isnan(column.data), labels, "Drop these rows.")
        complete = np.ones(len(labels), dtype=bool)
        return NewRows(np.empty((len(labels), 0), order="F"), matrix, outside, names, labels, complete)

    def check_saveable(self) -> None:
        """Refuse to save what plain data cannot describe.

        Raises
        ------
        DataError
            If the formula uses functions of the user, or a transform with a state of its own kind.
        """
        if self.formula is not None and self.formula.live is not None:
            raise DataError(
                f"The fit cannot be saved: {self.formula.live.reason}. Compute that column in the data and use its name in "
                "the formula."
            )

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, text and numbers, ready for JSON.

        Raises
        ------
        DataError
            If plain data cannot describe the formula.
        """
        self.check_saveable()
        state = self.formula
        formula = (
            None
            if state is None
            else {
                "text": state.text,
                "columns": list(state.columns),
                "terms": [[name, list(members)] for name, members in state.terms],
                "variables": [
                    [v.name, None if v.levels is None else list(v.levels), v.integer] for v in state.variables
                ],
                "bare": state.bare,
                "kinds": dict(state.kinds),
                "levels": {name: list(levels) for name, levels in state.levels.items()},
                "transforms": state.transforms,
            }
        )
        contexts = [
            [c.name, None if c.levels is None else list(c.levels), c.low, c.high] for c in self.contexts
        ]
        return {
            "format": FORMAT,
            "entry": self.entry,
            "x_names": list(self.x_names),
            "contexts": contexts,
            "given_contexts": list(self.given_contexts),
            "formula": formula,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Recipe:
        """Rebuild the recipe that :meth:`to_dict` described.

        Raises
        ------
        DataError
            If it was written in another format.
        """
        if state.get("format") != FORMAT:
            raise DataError(
                f"A recipe must have format {FORMAT}, but has {state.get('format')}. Fit the model again."
            )
        f = state["formula"]
        formula = (
            None
            if f is None
            else FormulaState(
                text=f["text"],
                columns=tuple(f["columns"]),
                terms=tuple((name, tuple(members)) for name, members in f["terms"]),
                variables=tuple(
                    Variable(name, _levels(levels), integer) for name, levels, integer in f["variables"]
                ),
                bare=f["bare"],
                kinds=dict(f["kinds"]),
                levels={name: tuple(levels) for name, levels in f["levels"].items()},
                transforms=f["transforms"],
            )
        )
        contexts = tuple(
            ContextVariable(name, _levels(levels), low, high) for name, levels, low, high in state["contexts"]
        )
        return cls(state["entry"], tuple(state["x_names"]), contexts, formula, tuple(state["given_contexts"]))

    @property
    def _formula(self) -> FormulaState:
        assert self.formula is not None
        return self.formula

    @property
    def _where(self) -> str:
        return f"The formula {self.formula.text!r}" if self.formula is not None else "The model"

    def _contexts_from(self, table: Table) -> list[Column]:
        return [table.column(variable.name, "The context of the model") for variable in self.contexts]

    def _contexts_by_position(self, data: Any) -> tuple[list[Column], pd.Index]:
        names = self.given_contexts or tuple(variable.name for variable in self.contexts)
        columns = _by_position(data, names, "context")
        used = [columns[names.index(variable.name)] for variable in self.contexts]
        index = common_index({"context": data})
        n = columns[0].data.size if columns else 0
        return used, pd.RangeIndex(n) if index is None else index

    def _from_arrays(self, newdata: Any, context: Any) -> tuple[list[Column], list[Column], pd.Index]:
        if context is None and isinstance(newdata, tuple) and len(newdata) == 2 and self.contexts:
            newdata, context = newdata
        index = common_index({"newdata": newdata, "context": context})
        table = as_table(newdata, "newdata")
        if table is not None and all(name in table for name in self.x_names):
            predictors = [table.column(name, "The model") for name in self.x_names]
        else:
            predictors = _by_position(newdata, self.x_names, "newdata")
        predictors = [column.as_numbers() for column in predictors]
        for column in predictors:
            if column.levels is not None:
                raise DataError(
                    f"{column.name} in newdata must hold numbers, but holds levels. Use dummy columns."
                )
        if context is not None:
            contexts, _ = self.apply_columns(context)
        elif table is not None:
            contexts = self._contexts_from(table)
        elif self.contexts:
            raise DataError(
                "newdata must come with contexts: pass (exog, context), or a data frame that has the columns "
                f"{', '.join(variable.name for variable in self.contexts)}."
            )
        else:
            contexts = []
        lengths = {"newdata": predictors[0].data.size, **{c.name: c.data.size for c in contexts}}
        n = require_lengths(lengths)
        return predictors, contexts, pd.RangeIndex(n) if index is None else index

    def apply_columns(self, context: Any) -> tuple[list[Column], pd.Index]:
        """Return the context columns of an array or a data frame, by name where they have one, and row labels."""
        table = as_table(context, "context")
        if table is not None and all(variable.name in table for variable in self.contexts):
            return self._contexts_from(table), table.labels
        return self._contexts_by_position(context)

    def _context_matrix(
        self, columns: Sequence[Column], labels: pd.Index
    ) -> tuple[Floats, NDArray[np.bool_], tuple[str, ...]]:
        matrix = np.empty((len(labels), len(columns)), order="F")
        outside = np.zeros(len(labels), dtype=bool)
        names = []
        for j, (variable, column) in enumerate(zip(self.contexts, columns, strict=True)):
            matrix[:, j], beyond = variable.apply(column, labels)
            if beyond.any():
                names.append(variable.name)
                outside |= beyond
        return matrix, outside, tuple(names)

    def _predictors(self, columns: Sequence[Column], complete: NDArray[np.bool_], labels: pd.Index) -> Floats:
        rows = None if complete.all() else np.flatnonzero(complete)
        n = len(labels) if rows is None else rows.size
        row = (labels if rows is None else labels[rows]).__getitem__
        if self.formula is None:
            x = np.empty((n, len(columns)), order="F")
            for j, column in enumerate(columns):
                x[:, j] = column.take(rows).data
        else:
            x = self.formula.apply({column.name: column.take(rows) for column in columns}, n, row)
        if rows is None:
            return x
        full = np.full((len(labels), x.shape[1]), np.nan, order="F")
        full[rows] = x
        return full

    def _filled(self, matrix: Floats) -> Floats:
        for j, variable in enumerate(self.contexts):
            missing = np.isnan(matrix[:, j])
            if missing.any():
                matrix[missing, j] = variable.low
        return matrix


def _levels(levels: Sequence[Any] | None) -> tuple[Any, ...] | None:
    return None if levels is None else tuple(levels)


def _by_position(data: Any, names: tuple[str, ...], what: str) -> list[Column]:
    if (
        isinstance(data, np.ndarray | list | tuple)
        and len(names) > 1
        and np.ndim(data) == 1
        and len(data) == len(names)
    ):
        data = np.asarray(data, dtype=None if isinstance(data, np.ndarray) else object)[None, :]
    columns = read_columns(data, what, "column ")
    if len(columns) != len(names):
        raise DataError(
            f"{what} must have {len(names)} columns ({', '.join(names)}), as in the fit, but has {len(columns)}."
        )
    return [replace(column, name=name) for column, name in zip(columns, names, strict=True)]

"""How to make predictors and contexts of new data: plain data, saved with a fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contextstats.design.arrays import as_table, require_lengths
from contextstats.design.columns import Column, Floats, lay_out
from contextstats.design.context import ContextVariable
from contextstats.design.formula_state import FormulaState
from contextstats.design.new_rows import NewRows, columns_by_position
from contextstats.design.rows import refuse_infinite, refuse_missing
from contextstats.design.table import Table, common_index, read_table
from contextstats.design.weights import read_named
from contextstats.errors import DataError

FORMAT = 1


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
    offset_column, exposure_column : str or None
        Columns of the data that were given as offset and exposure.
    """

    entry: Literal["formula", "arrays"]
    x_names: tuple[str, ...]
    contexts: tuple[ContextVariable, ...]
    formula: FormulaState | None = None
    given_contexts: tuple[str, ...] = ()
    offset_column: str | None = None
    exposure_column: str | None = None

    def apply(self, newdata: Any, context: Any = None) -> NewRows:
        """Make predictors and contexts.

        Parameters
        ----------
        newdata : data frame, dict of arrays, array, or (array, array)
            Holds the variables of the formula and the contexts by name. For a model given by arrays: the
            predictors by position or by name, with the contexts in `context`, as second of a pair, or in the
            same data frame.
        context : array-like, optional
            The contexts, for a model given by arrays.

        Raises
        ------
        DataError
            If a value is infinite, a level was not seen in the fit, or a column has another type.
        FormulaError
            If a variable of the formula is missing.
        """
        offset = None
        if self.entry == "formula":
            table = read_table(newdata, "newdata")
            labels = table.labels
            offset = self._offset(table)
            predictors = [table.column(v.name, self._where) for v in self._formula.variables]
            contexts = self._contexts_from(table)
        else:
            predictors, contexts, labels = self._from_arrays(newdata, context)
        matrix, outside, names = self._context_matrix(contexts, labels)
        for column in predictors:
            refuse_infinite(column, labels)
        missing = [np.isnan(values) for values in (*matrix.T, *(column.data for column in predictors))]
        complete = ~np.any(missing, axis=0) if missing else np.ones(len(labels), dtype=bool)
        x = self._predictors(predictors, complete, labels)
        return NewRows(x, self._filled(matrix), outside, names, labels, complete, offset)

    def apply_contexts(self, newdata: Any) -> NewRows:
        """Make contexts alone, for coefficients as functions of context; `x` has no columns.

        Raises
        ------
        DataError
            As :meth:`apply`, and if a context is missing in a row.
        """
        contexts, labels = self._context_columns(newdata)
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
                f"The fit cannot be saved: {self.formula.live.reason}. Compute that column in the data and "
                "use its name in the formula."
            )

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, text and numbers, ready for JSON.

        Raises
        ------
        DataError
            If plain data cannot describe the formula.
        """
        self.check_saveable()
        contexts = [[c.name, None if c.levels is None else list(c.levels), c.low, c.high] for c in self.contexts]
        return {
            "format": FORMAT,
            "entry": self.entry,
            "x_names": list(self.x_names),
            "contexts": contexts,
            "given_contexts": list(self.given_contexts),
            "offset_column": self.offset_column,
            "exposure_column": self.exposure_column,
            "formula": None if self.formula is None else self.formula.to_dict(),
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
            raise DataError(f"A recipe must have format {FORMAT}, but has {state.get('format')}. Fit the model again.")
        formula = None if state["formula"] is None else FormulaState.from_dict(state["formula"])
        contexts = tuple(
            ContextVariable(name, _levels(levels), low, high) for name, levels, low, high in state["contexts"]
        )
        return cls(
            entry=state["entry"],
            x_names=tuple(state["x_names"]),
            contexts=contexts,
            formula=formula,
            given_contexts=tuple(state["given_contexts"]),
            offset_column=state["offset_column"],
            exposure_column=state["exposure_column"],
        )

    @property
    def _formula(self) -> FormulaState:
        assert self.formula is not None
        return self.formula

    @property
    def _where(self) -> str:
        return f"The formula {self.formula.text!r}" if self.formula is not None else "The model"

    def _contexts_from(self, table: Table) -> list[Column]:
        return [table.column(variable.name, "The context of the model") for variable in self.contexts]

    def _offset(self, table: Table) -> Floats | None:
        named = [name for name in (self.offset_column, self.exposure_column) if name is not None]
        if not named or any(name not in table for name in named):
            return None
        total = np.zeros(table.n_rows)
        if self.offset_column is not None:
            total += read_named("offset", self.offset_column, table).data
        if self.exposure_column is not None:
            total += np.log(read_named("exposure", self.exposure_column, table).data)
        return total

    def _contexts_by_position(self, data: Any) -> tuple[list[Column], pd.Index]:
        names = self.given_contexts or tuple(variable.name for variable in self.contexts)
        columns = columns_by_position(data, names, "context")
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
            predictors = columns_by_position(newdata, self.x_names, "newdata")
        predictors = [column.as_numbers() for column in predictors]
        for column in predictors:
            if column.levels is not None:
                raise DataError(f"{column.name} in newdata must hold numbers, but holds levels. Use dummy columns.")
        if context is not None:
            contexts, _ = self._context_columns(context)
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

    def _context_columns(self, context: Any) -> tuple[list[Column], pd.Index]:
        table = as_table(context, "context")
        if table is not None and (self.entry == "formula" or all(variable.name in table for variable in self.contexts)):
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
            x = lay_out([column.take(rows).data for column in columns], n)
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

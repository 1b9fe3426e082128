"""Predictors from a formula: made once from the data of the fit, and made again for new data from plain state."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import formulaic
import numpy as np
import pandas as pd
from formulaic.errors import DataMismatchWarning, FormulaicError
from formulaic.parser.types import Factor as FormulaicFactor

from contextstats.design.columns import Column, Floats, Level, RowLabel, match_levels
from contextstats.design.expressions import is_harmless, references
from contextstats.design.formula import Factor, MainFormula, read_formula
from contextstats.design.plain import from_plain, to_plain
from contextstats.errors import DataError, FormulaError


class LiveState:
    """What a formula needs beyond plain data: the user's own functions, and transforms with a state of their own.

    A model that needs it predicts in the session that fitted it, but cannot be saved.
    """

    def __init__(self, environment: Mapping[str, Any], transforms: dict[str, Any], reason: str) -> None:
        self.environment = dict(environment)
        self.transforms = transforms
        self.reason = reason


@dataclass(frozen=True)
class Variable:
    """A column a formula reads: its levels if it is categorical, and whether it is handed over as whole numbers."""

    name: str
    levels: tuple[Level, ...] | None = None
    integer: bool = False


@dataclass(frozen=True, eq=False)
class FormulaState:
    """Everything needed to make the same predictors from new data.

    Attributes
    ----------
    text : str
        The formula.
    columns : tuple of str
        Names of the predictors.
    terms : tuple of (str, tuple of str)
        Each term of the formula with the predictors it became.
    variables : tuple of Variable
        Columns of data it reads.
    bare : bool
        Whether predictors are the constant and columns of data as they are.
    kinds, levels, transforms : dict
        By factor: numerical or categorical; its levels; the state of its transforms, as plain data.
    live : LiveState or None
        Present where plain data are not enough.
    """

    text: str
    columns: tuple[str, ...]
    terms: tuple[tuple[str, tuple[str, ...]], ...]
    variables: tuple[Variable, ...]
    bare: bool
    kinds: dict[str, str] = field(default_factory=dict)
    levels: dict[str, tuple[Level, ...]] = field(default_factory=dict)
    transforms: dict[str, Any] = field(default_factory=dict)
    live: LiveState | None = None

    def apply(self, columns: Mapping[str, Column], n: int, row: RowLabel) -> Floats:
        """Make the predictors of new, complete rows.

        Parameters
        ----------
        columns : mapping of str to Column
            The columns named by `variables`.
        n : int
            Number of rows.
        row : callable
            Label of a row, by position.

        Returns
        -------
        (n, p) array, columns first

        Raises
        ------
        DataError
            If a level was not seen in the fit, a column changed its type, or a value is not finite.
        """
        ready = {v.name: _as_fitted(columns[v.name], v, row) for v in self.variables}
        if self.bare:
            return _bare_matrix(self.columns, ready, n)
        self._check_levels(ready, row)
        formula = read_formula(self.text)
        matrix, _ = _evaluate(
            formula, self._specification(formula), _frame(ready, self.variables, n), self._environment
        )
        if tuple(matrix.columns) != self.columns:
            raise DataError(
                f"{formula.where} gives the predictors {list(matrix.columns)} on the new data, but gave "
                f"{list(self.columns)} in the fit. Use columns of the same types."
            )
        return _finite_matrix(matrix, formula, row)

    @property
    def _environment(self) -> dict[str, Any]:
        return {} if self.live is None else self.live.environment

    def _specification(self, formula: MainFormula) -> formulaic.ModelSpec:
        if self.live is None:
            names = [variable.name for variable in self.variables]
            for factor in formula.factors:
                if not factor.is_name and not is_harmless(factor.expression, names):
                    raise FormulaError(
                        f"{formula.where} holds {factor.expression}, which is more than a computation with columns of "
                        "data. A saved model may not run other code."
                    )
        transforms = from_plain(self.transforms) if self.live is None else copy.deepcopy(self.live.transforms)
        kinds = {expression: FormulaicFactor.Kind(kind) for expression, kind in self.kinds.items()}
        states = {
            expression: (
                kind,
                {"categories": list(self.levels[expression])} if expression in self.levels else {},
            )
            for expression, kind in kinds.items()
        }
        return formulaic.ModelSpec(
            formula=formula.predictors, transform_state=transforms, encoder_state=states
        )

    def _check_levels(self, columns: Mapping[str, Column], row: RowLabel) -> None:
        for expression, levels in self.levels.items():
            found = [] if expression in columns else references(expression).categorical
            for name in found:
                if expression.startswith("C(") and name in columns:
                    match_levels(columns[name], levels, fix=_UNSEEN, row=row)


_UNSEEN = "The model says nothing about it: drop these rows, or fit again with data that have the level."


def fit_formula(
    formula: MainFormula, columns: Mapping[str, Column], n: int, environment: Mapping[str, Any], row: RowLabel
) -> tuple[FormulaState, Floats]:
    """Make the predictors of the rows of the fit.

    Parameters
    ----------
    formula : MainFormula
        Read from the user's text.
    columns : mapping of str to Column
        The columns it needs: complete rows, used levels only.
    n : int
        Number of rows.
    environment : mapping
        The user's own functions and constants.
    row : callable
        Label of a row, by position.

    Returns
    -------
    FormulaState
        To make them again.
    (n, p) array, columns first

    Raises
    ------
    FormulaError, DataError
        If a factor cannot be computed, or a value is not finite.
    """
    in_c = {name for f in formula.factors if not f.is_name for name in references(f.expression).categorical}
    variables = tuple(Variable(c.name, c.levels, c.integer and c.name in in_c) for c in columns.values())
    if formula.bare and all(column.levels is None for column in columns.values()):
        names = tuple("Intercept" if str(term) == "1" else str(term) for term in formula.predictors)
        members = tuple((name,) for name in names)
        terms = tuple(zip(map(str, formula.predictors), members, strict=True))
        return FormulaState(formula.text, names, terms, variables, bare=True), _bare_matrix(names, columns, n)
    specification = formulaic.ModelSpec(formula=formula.predictors)
    matrix, spec = _evaluate(formula, specification, _frame(columns, variables, n), environment)
    names = tuple(str(name) for name in matrix.columns)
    terms = tuple((str(part.term), tuple(str(name) for name in part.columns)) for part in spec.structure)
    kinds = {expression: state[0].value for expression, state in spec.encoder_state.items()}
    levels = {
        expression: tuple(to_plain(level) for level in state[1]["categories"])
        for expression, state in spec.encoder_state.items()
        if "categories" in state[1]
    }
    transforms, live = _plain_or_live(formula, spec, columns, environment)
    state = FormulaState(formula.text, names, terms, variables, False, kinds, levels, transforms, live)
    return state, _finite_matrix(matrix, formula, row)


def evaluate_response(
    formula: MainFormula,
    factor: Factor,
    columns: Mapping[str, Column],
    environment: Mapping[str, Any],
    row: RowLabel,
) -> Column:
    """Compute a response that is an expression, such as np.log(y) or I(y > 3).

    Raises
    ------
    FormulaError, DataError
        If it cannot be computed, is no single column, or is not finite.
    """
    if factor.is_name:
        return columns[factor.expression]
    variables = tuple(Variable(column.name, column.levels) for column in columns.values())
    specification = formulaic.ModelSpec(formula=formulaic.SimpleFormula([f"{{{factor.expression}}}"]))
    matrix, _ = _evaluate(
        formula,
        specification,
        _frame(columns, variables, len(next(iter(columns.values())).data)),
        environment,
    )
    if matrix.shape[1] != 1:
        raise FormulaError(
            f"The response {factor.expression} must be a single column, but gives {matrix.shape[1]}. "
            "Name a column of the data; two levels need no C()."
        )
    return Column(factor.expression, _finite_matrix(matrix, formula, row)[:, 0])


def _plain_or_live(
    formula: MainFormula, spec: Any, columns: Mapping[str, Column], environment: Mapping[str, Any]
) -> tuple[dict[str, Any], LiveState | None]:
    for factor in formula.factors:
        if not factor.is_name and not is_harmless(factor.expression, columns):
            reason = f"the formula holds {factor.expression}, whose functions or constants are not part of contextstats"
            return {}, LiveState(environment, copy.deepcopy(dict(spec.transform_state)), reason)
    try:
        return {expression: to_plain(state) for expression, state in spec.transform_state.items()}, None
    except TypeError as error:
        reason = f"a transform of the formula keeps a state that is no plain data ({error})"
        return {}, LiveState(environment, copy.deepcopy(dict(spec.transform_state)), reason)


def _bare_matrix(names: tuple[str, ...], columns: Mapping[str, Column], n: int) -> Floats:
    x = np.empty((n, len(names)), order="F")
    for j, name in enumerate(names):
        x[:, j] = columns[name].data if name in columns else 1.0
    return x


def _frame(columns: Mapping[str, Column], variables: tuple[Variable, ...], n: int) -> pd.DataFrame:
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
def _explained(formula: MainFormula) -> Iterator[None]:
    """Turn what formulaic says about a failed evaluation into our errors."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error", DataMismatchWarning)
        try:
            yield
        except DataMismatchWarning as error:
            raise DataError(
                f"{formula.where} meets levels it was not fitted to: {error}. {_UNSEEN}"
            ) from error
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
            raise FormulaError(f"{formula.where} cannot be computed on these data: {reason}") from error


def _evaluate(
    formula: MainFormula, spec: formulaic.ModelSpec, frame: pd.DataFrame, environment: Mapping[str, Any]
) -> tuple[pd.DataFrame, Any]:
    with _explained(formula):
        matrix = spec.get_model_matrix(frame, context=dict(environment), na_action="ignore", output="pandas")
    return matrix, matrix.model_spec


def _finite_matrix(matrix: pd.DataFrame, formula: MainFormula, row: RowLabel) -> Floats:
    x = np.empty(matrix.shape, order="F")
    for j, name in enumerate(matrix.columns):
        x[:, j] = matrix.iloc[:, j].to_numpy(dtype=np.float64)
        finite = np.isfinite(x[:, j])
        if not finite.all():
            first = int(np.argmin(finite))
            raise DataError(
                f"{name} in the formula {formula.text!r} must be finite, but {int((~finite).sum())} of {finite.size} rows "
                f"are not (first: row {row(first)}, value {x[first, j]:g}). Drop these rows or use another function."
            )
    return x


def _as_fitted(column: Column, variable: Variable, row: RowLabel) -> Column:
    """Return a column of new data with the type and levels it had in the fit."""
    if variable.levels is not None:
        if column.levels is None and not all(
            isinstance(level, bool | int | float) for level in variable.levels
        ):
            raise DataError(
                f"{variable.name} was categorical in the fit, but is numeric in the new data. Convert it."
            )
        return Column(
            column.name, match_levels(column, variable.levels, fix=_UNSEEN, row=row), variable.levels
        )
    column = column.as_numbers()
    if column.levels is not None:
        raise DataError(
            f"{variable.name} was numeric in the fit, but holds levels in the new data. Convert it."
        )
    return column

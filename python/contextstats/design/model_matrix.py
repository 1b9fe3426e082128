"""Predictors of the rows of a fit, from its formula."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from contextstats.design.columns import Column, RowLabel, ones
from contextstats.design.evaluation import Variable, evaluate, finite_matrix, formulaic_frame
from contextstats.design.expressions import is_harmless, references
from contextstats.design.formula import Factor, MainFormula
from contextstats.design.formula_state import FormulaState, LiveState
from contextstats.design.matrix import Columns
from contextstats.design.plain import to_plain
from contextstats.errors import FormulaError


def fit_formula(
    formula: MainFormula, columns: Mapping[str, Column], n: int, environment: Mapping[str, Any], row: RowLabel
) -> tuple[FormulaState, Columns]:
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
    Columns, (n, p)

    Raises
    ------
    FormulaError, DataError
        If a factor cannot be computed, or a value is not finite.
    """
    import formulaic

    in_c = {name for f in formula.factors if not f.is_name for name in references(f.expression).categorical}
    variables = tuple(Variable(c.name, c.levels, c.name in in_c) for c in columns.values())
    if formula.bare and all(column.levels is None for column in columns.values()):
        names = tuple("Intercept" if str(term) == "1" else str(term) for term in formula.predictors)
        bare = tuple((str(term), (name,)) for term, name in zip(formula.predictors, names, strict=True))
        _refuse_same_names(formula, names)
        return FormulaState(formula.text, names, bare, variables, bare=True), _as_they_are(names, columns, n)
    specification = formulaic.ModelSpec(formula=formula.predictors)
    matrix, spec = evaluate(formula, specification, formulaic_frame(columns, variables, n), environment)
    names = tuple(str(name) for name in matrix.columns)
    _refuse_same_names(formula, names)
    terms = tuple((str(part.term), tuple(str(name) for name in part.columns)) for part in spec.structure)
    kinds = {expression: state[0].value for expression, state in spec.encoder_state.items()}
    levels = {
        expression: tuple(to_plain(level) for level in state[1]["categories"])
        for expression, state in spec.encoder_state.items()
        if "categories" in state[1]
    }
    transforms, live = _plain_or_live(formula, spec, columns, environment)
    state = FormulaState(formula.text, names, terms, variables, False, kinds, levels, transforms, live)
    return state, Columns.of(finite_matrix(matrix, formula, row))


def _as_they_are(names: tuple[str, ...], columns: Mapping[str, Column], n: int) -> Columns:
    return Columns(tuple(columns[name].to_keep() if name in columns else ones(n) for name in names), n)


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
    import formulaic

    variables = tuple(Variable(column.name, column.levels) for column in columns.values())
    specification = formulaic.ModelSpec(formula=formulaic.Formula([f"{{{factor.expression}}}"]))
    matrix, _ = evaluate(
        formula,
        specification,
        formulaic_frame(columns, variables, len(next(iter(columns.values())).data)),
        environment,
    )
    if matrix.shape[1] != 1:
        raise FormulaError(
            f"The response {factor.expression} must be a single column, but gives {matrix.shape[1]}. "
            "Name a column of the data; two levels need no C()."
        )
    return Column(factor.expression, finite_matrix(matrix, formula, row)[:, 0])


def _refuse_same_names(formula: MainFormula, names: tuple[str, ...]) -> None:
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise FormulaError(f"{formula.where} gives two predictors the name {twice[0]}. Rename the column of the data.")


def _plain_or_live(
    formula: MainFormula, spec: Any, columns: Mapping[str, Column], environment: Mapping[str, Any]
) -> tuple[dict[str, Any], LiveState | None]:
    for factor in formula.factors:
        if not factor.is_name and not is_harmless(factor.expression, columns):
            reason = f"{factor.expression} in the formula uses more than numpy and formulaic's own transforms"
            return {}, LiveState(environment, copy.deepcopy(dict(spec.transform_state)), reason)
    try:
        return {expression: to_plain(state) for expression, state in spec.transform_state.items()}, None
    except TypeError as error:
        reason = f"a transform of the formula keeps a state that is no plain data ({error})"
        return {}, LiveState(environment, copy.deepcopy(dict(spec.transform_state)), reason)

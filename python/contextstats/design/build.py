"""From what the user gave to a design: the two entries of a model."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from contextstats.design.arrays import read_columns, read_predictors, read_response_columns, require_lengths
from contextstats.design.assemble import assemble
from contextstats.design.checks import predictor_notes
from contextstats.design.columns import Column, Floats, ones
from contextstats.design.context import (
    ContextRequest,
    Contexts,
    for_array_contexts,
    prepare_contexts,
    read_context,
    terms_by_predictor,
)
from contextstats.design.design import Design
from contextstats.design.formula import read_formula, variables_of
from contextstats.design.formula_state import FormulaState
from contextstats.design.matrix import Columns
from contextstats.design.missing import KeptRows, keep_rows, require_enough_rows
from contextstats.design.model_matrix import evaluate_response, fit_formula
from contextstats.design.recipe import Recipe
from contextstats.design.response import read_response
from contextstats.design.table import common_index, missing_variable, read_table
from contextstats.design.weights import RowInputs, read_row_inputs, weight_notes
from contextstats.encoders.additive import Additive
from contextstats.errors import DataError, DataWarning
from contextstats.families import Family
from contextstats.options import check_missing


def build_design_from_formula(
    formula: str,
    context: str | Mapping[str, str] | None,
    data: Any,
    family: Family,
    *,
    offset: Any = None,
    exposure: Any = None,
    freq_weights: Any = None,
    var_weights: Any = None,
    missing: Any = "drop",
    select: bool = False,
    environment: Mapping[str, Any] | None = None,
) -> Design:
    """Build a design from formulas and a data frame.

    Parameters
    ----------
    formula : str
        Response and predictors, "y ~ dose + sex".
    context : str, dict or None
        Context terms of every predictor, or of each one that varies.
    data : data frame or dict of arrays
        pandas, polars, pyarrow, or anything narwhals reads.
    family : Family
        Says what a response may be.
    offset, exposure, freq_weights, var_weights : array, name of a column, number or None
        One value for each row.
    missing : {"drop", "raise"}
        What to do with rows that have a missing value.
    select : bool
        Penalise also what smoothing leaves free.
    environment : mapping, optional
        Functions and constants of the user that the formula may call; such a fit cannot be saved.

    Returns
    -------
    Design

    Raises
    ------
    DataError, FormulaError, OptionError
        Saying what must hold, what was found, in which row, and what to do.
    """
    environment = environment or {}
    missing = check_missing(missing)
    main, request, table = read_formula(formula), read_context(context), read_table(data)
    of_response = variables_of(main, main.response, table.names, environment)
    of_predictors = variables_of(main, main.factors, table.names, environment)
    given = {"offset": offset, "exposure": exposure, "freq_weights": freq_weights, "var_weights": var_weights}
    parts = {"data": pd.Series(index=table.labels, dtype=float)} if table.indexed else {}
    inputs = read_row_inputs(given, table=table, parts=parts, labels=table.labels, family=family)
    wanted = dict.fromkeys((*of_response, *of_predictors))
    columns = {name: table.column(name, main.where) for name in wanted}
    in_context = {name: table.column(name, "The context formula") for name in request.variables}
    kept = keep_rows([*columns.values(), *in_context.values(), *inputs.columns], inputs.positive, table.labels, missing)
    labels = table.labels if kept.rows is None else table.labels[kept.rows]
    row = labels.__getitem__
    columns = {name: column.take(kept.rows) for name, column in columns.items()}
    own = {name: columns[name] for name in of_response}
    response = [evaluate_response(main, factor, own, environment, row) for factor in main.response]
    used = {name: columns[name].used_levels_only() for name in of_predictors}
    state, x = fit_formula(main, used, kept.n, environment, row)
    contexts = prepare_contexts(
        {name: column.take(kept.rows) for name, column in in_context.items()},
        terms_by_predictor(request, state.columns, state.terms),
        kept.n,
    )
    recipe = Recipe(
        "formula",
        state.columns,
        contexts.variables,
        formula=state,
        offset_column=offset if isinstance(offset, str) else None,
        exposure_column=exposure if isinstance(exposure, str) else None,
    )
    return _finish(
        _Parts(response, x, contexts, inputs, kept, labels, recipe, _lost_terms(state)), family, select=select
    )


def build_design_from_arrays(
    endog: Any,
    exog: Any,
    context: Any,
    encoder: Any,
    family: Family,
    *,
    offset: Any = None,
    exposure: Any = None,
    freq_weights: Any = None,
    var_weights: Any = None,
    missing: Any = "drop",
    select: bool = False,
) -> Design:
    """Build a design from arrays.

    Parameters
    ----------
    endog : (n,) or (n, 2) array-like
        Response; two columns are successes and failures.
    exog : (n, p) array-like
        Predictors, the constant among them.
    context : (n, d) array-like or None
        Contexts; columns of text, booleans or categories become factors.
    encoder : encoder, str, dict or None
        How the contexts enter every coefficient, `Additive()` by default; or a context formula that names columns of
        `context`, for all predictors or one for each that varies.
    family, offset, exposure, freq_weights, var_weights, missing, select
        As in :func:`build_design_from_formula`; arrays only.

    Returns
    -------
    Design

    Raises
    ------
    DataError, FormulaError, OptionError
        Saying what must hold, what was found, in which row, and what to do.
    """
    missing = check_missing(missing)
    endog_columns, predictors = read_response_columns(endog), read_predictors(exog)
    in_context = [] if context is None else read_columns(context, "context", "c")
    given_contexts = tuple(column.name for column in in_context)
    request = read_context(encoder) if isinstance(encoder, str | Mapping) else None
    if request is not None:
        in_context = _named_in(request, in_context)
    if not predictors:
        raise DataError("exog must have at least one column, but has none. A column of ones is the intercept.")
    _refuse_same_names(predictors, in_context)
    lengths = {"endog": endog_columns[0].data.size, "exog": predictors[0].data.size}
    n = require_lengths(lengths | ({"context": in_context[0].data.size} if in_context else {}))
    parts = {"endog": endog, "exog": exog, "context": context}
    given = {"offset": offset, "exposure": exposure, "freq_weights": freq_weights, "var_weights": var_weights}
    index = common_index({**parts, **given})
    labels = pd.RangeIndex(n) if index is None else index
    inputs = read_row_inputs(given, table=None, parts=parts, labels=labels, family=family)
    kept = keep_rows([*endog_columns, *predictors, *in_context, *inputs.columns], inputs.positive, labels, missing)
    labels = labels if kept.rows is None else labels[kept.rows]
    x = Columns(tuple(column.take(kept.rows).to_keep() for column in predictors), kept.n)
    complete = {column.name: column.take(kept.rows).used_levels_only() for column in in_context}
    names = tuple(column.name for column in predictors)
    if request is not None:
        terms = terms_by_predictor(request, names, ())
    else:
        chosen = Additive() if encoder is None else encoder
        common = for_array_contexts(chosen, list(complete.values())) if in_context else ()
        terms = (common,) * len(predictors)
    contexts = prepare_contexts(complete, terms, kept.n)
    recipe = Recipe("arrays", names, contexts.variables, given_contexts=given_contexts)
    response = [column.take(kept.rows) for column in endog_columns]
    return _finish(_Parts(response, x, contexts, inputs, kept, labels, recipe, []), family, select=select)


@dataclass(frozen=True, eq=False)
class _Parts:
    """What both entries end with."""

    response: Sequence[Column]
    x: Columns
    contexts: Contexts
    inputs: RowInputs
    kept: KeptRows
    labels: pd.Index
    recipe: Recipe
    notes: list[str]


def _finish(parts: _Parts, family: Family, *, select: bool) -> Design:
    kept, inputs, recipe = parts.kept, parts.inputs, parts.recipe
    weighted = inputs.var_weights is not None or inputs.freq_weights is not None
    response = read_response(parts.response, family, parts.labels, weighted=weighted)
    freq_weights = _weights(inputs.freq_weights, kept)
    var_weights = freq_weights if not weighted else _weights(inputs.var_weights, kept)
    layout = assemble(
        recipe.x_names,
        parts.contexts,
        select=select,
        freq_weights=None if inputs.freq_weights is None else freq_weights,
    )
    require_enough_rows(kept.n, layout.coef_names, layout.penalties)
    notes = (
        *response.notes,
        *parts.notes,
        *parts.contexts.notes,
        *layout.notes,
        *(weight_notes(freq_weights) if inputs.freq_weights is not None else ()),
        *predictor_notes(parts.x, recipe.x_names),
    )
    return Design(
        y=response.data,
        x=parts.x,
        contexts=parts.contexts.matrix,
        offset=inputs.total_offset(kept.rows, kept.n),
        freq_weights=freq_weights,
        var_weights=var_weights,
        trials=response.trials,
        x_names=recipe.x_names,
        context_names=tuple(variable.name for variable in recipe.contexts),
        context_levels={v.name: v.levels for v in recipe.contexts if v.levels is not None},
        y_name=response.name,
        row_labels=parts.labels,
        kept_rows=kept.positions,
        n_missing=kept.causes,
        n_dropped=kept.n_dropped,
        notes=notes,
        blocks=layout.blocks,
        penalties=layout.penalties,
        penalty_names=layout.penalty_names,
        coef_names=layout.coef_names,
        user_map=layout.user_map,
        recipe=recipe,
    )


def _weights(given: Floats | None, kept: KeptRows) -> Floats:
    if given is None:
        return ones(kept.n)
    return np.array(given if kept.rows is None else given[kept.rows], order="C")


def _lost_terms(state: FormulaState) -> list[str]:
    notes = []
    for name, columns in state.terms:
        if not columns:
            message = f"{name} has a single level in the rows used, so it was left out of the predictors."
            warnings.warn(message, DataWarning, stacklevel=3)
            notes.append(message)
    return notes


def _named_in(request: ContextRequest, columns: Sequence[Column]) -> list[Column]:
    by_name = {column.name: column for column in columns}
    for name in request.variables:
        if name not in by_name:
            raise missing_variable(name, by_name, "The context formula")
    return [by_name[name] for name in request.variables]


def _refuse_same_names(predictors: Sequence[Column], contexts: Sequence[Column]) -> None:
    for what, columns in (("exog", predictors), ("context", contexts)):
        names = [column.name for column in columns]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise DataError(
                f"The columns of {what} must have different names, but {twice[0]} stands twice. Rename them."
            )

"""What a fit keeps of a formula, to make the same predictors from new data."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from contextstats.design.columns import Column, Floats, Level, RowLabel, lay_out, match_levels
from contextstats.design.evaluation import (
    UNSEEN_LEVEL,
    Variable,
    evaluate,
    finite_matrix,
    formulaic_frame,
)
from contextstats.design.expressions import is_harmless, references
from contextstats.design.formula import MainFormula, read_formula
from contextstats.design.plain import from_plain
from contextstats.errors import DataError, FormulaError

if TYPE_CHECKING:
    import formulaic


class LiveState:
    """What a formula needs beyond plain data: the user's own functions, and transforms with an odd state.

    A model that needs it predicts in the session that fitted it, but cannot be saved.
    """

    def __init__(self, environment: Mapping[str, Any], transforms: dict[str, Any], reason: str) -> None:
        self.environment = dict(environment)
        self.transforms = transforms
        self.reason = reason


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

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, text and numbers; what is live is left out."""
        return {
            "text": self.text,
            "columns": list(self.columns),
            "terms": [[name, list(members)] for name, members in self.terms],
            "variables": [[v.name, None if v.levels is None else list(v.levels), v.integer] for v in self.variables],
            "bare": self.bare,
            "kinds": dict(self.kinds),
            "levels": {name: list(levels) for name, levels in self.levels.items()},
            "transforms": self.transforms,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> FormulaState:
        """Rebuild the state that :meth:`to_dict` described."""
        return cls(
            text=state["text"],
            columns=tuple(state["columns"]),
            terms=tuple((name, tuple(members)) for name, members in state["terms"]),
            variables=tuple(
                Variable(name, None if levels is None else tuple(levels), integer)
                for name, levels, integer in state["variables"]
            ),
            bare=state["bare"],
            kinds=dict(state["kinds"]),
            levels={name: tuple(levels) for name, levels in state["levels"].items()},
            transforms=state["transforms"],
        )

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
            return lay_out([ready[name].data if name in ready else np.ones(1) for name in self.columns], n)
        self._check_levels(ready, row)
        formula = read_formula(self.text)
        matrix, _ = evaluate(
            formula,
            self._specification(formula),
            formulaic_frame(ready, self.variables, n),
            self._environment,
            failure=DataError,
        )
        if tuple(matrix.columns) != self.columns:
            raise DataError(
                f"{formula.where} gives the predictors {list(matrix.columns)} on the new data, but gave "
                f"{list(self.columns)} in the fit. Use columns of the same types."
            )
        return finite_matrix(matrix, formula, row)

    @property
    def _environment(self) -> dict[str, Any]:
        return {} if self.live is None else self.live.environment

    def _specification(self, formula: MainFormula) -> formulaic.ModelSpec:
        import formulaic
        from formulaic.parser.types import Factor as FormulaicFactor

        if self.live is None:
            names = [variable.name for variable in self.variables]
            for factor in formula.factors:
                if not factor.is_name and not is_harmless(factor.expression, names):
                    raise FormulaError(
                        f"{formula.where} holds {factor.expression}, which is more than a computation with "
                        "columns of data. A saved model may not run other code."
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
        return formulaic.ModelSpec(formula=formula.predictors, transform_state=transforms, encoder_state=states)

    def _check_levels(self, columns: Mapping[str, Column], row: RowLabel) -> None:
        for expression, levels in self.levels.items():
            found = [] if expression in columns else references(expression).categorical
            for name in found:
                if expression.startswith("C(") and name in columns:
                    match_levels(columns[name], levels, fix=UNSEEN_LEVEL, row=row)


def _as_fitted(column: Column, variable: Variable, row: RowLabel) -> Column:
    """Return a column of new data with the type and levels it had in the fit."""
    if variable.levels is not None:
        if column.levels is None and not all(isinstance(level, bool | int | float) for level in variable.levels):
            raise DataError(f"{variable.name} was categorical in the fit, but is numeric in the new data. Convert it.")
        return Column(column.name, match_levels(column, variable.levels, fix=UNSEEN_LEVEL, row=row), variable.levels)
    column = column.as_numbers()
    if column.levels is not None:
        raise DataError(f"{variable.name} was numeric in the fit, but holds levels in the new data. Convert it.")
    return column

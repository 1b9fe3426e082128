"""The main formula, `y ~ dose + sex`: read by formulaic, checked here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from contextstats.design.expressions import References, references
from contextstats.design.table import missing_variable
from contextstats.errors import FormulaError
from contextstats.options import did_you_mean

_SMOOTHS = {"s", "te", "ti"}
_ORDER_DEPENDENT = {"lag", "hashed"}
_COLOURS = re.compile(r"\x1b\[[0-9;]*m|⧛[^⧚]*⧚|[⧛⧚]")


@dataclass(frozen=True, eq=False)
class Factor:
    """One factor of a term: a bare name, or an expression."""

    expression: str
    is_name: bool


@dataclass(frozen=True, eq=False)
class MainFormula:
    """A formula after it was read.

    Attributes
    ----------
    text : str
        As the user wrote it.
    response : tuple of Factor
        One, or two for successes + failures.
    predictors : formulaic.SimpleFormula
        The right-hand side, with the intercept where there is one.
    factors : tuple of Factor
        The different factors of the right-hand side.
    bare : bool
        Whether every term is the constant or a bare name.
    """

    text: str
    response: tuple[Factor, ...]
    predictors: Any
    factors: tuple[Factor, ...]
    bare: bool

    @property
    def where(self) -> str:
        """How messages refer to the formula."""
        return f"The formula {self.text!r}"


def read_formula(text: Any) -> MainFormula:
    """Read a formula with a response.

    Raises
    ------
    FormulaError
        If it is no text, cannot be read, lacks a response, or holds what belongs elsewhere.
    """
    import formulaic
    from formulaic.errors import FormulaicError

    if not isinstance(text, str):
        raise FormulaError(f"The formula must be text, such as 'y ~ dose + sex', but is of type {type(text).__name__}.")
    if "~" not in text:
        raise FormulaError(f"The formula {text!r} must name a response and predictors, as in 'y ~ dose + sex'.")
    sides = [side.strip() for side in text.split("~")]
    if sides[-1] in ("", "."):
        raise FormulaError(
            f"The formula {text!r} must name its predictors after the ~, as in 'y ~ dose + sex'; "
            "write 'y ~ 1' for an intercept alone."
        )
    try:
        parsed = formulaic.Formula(text)
    except (FormulaicError, SyntaxError, ValueError, TypeError) as error:
        reason = " ".join(_COLOURS.sub("", str(error)).split())
        raise FormulaError(
            f"The formula {text!r} cannot be read: {reason} Write it as in 'y ~ dose + C(sex) + np.log(x)'."
        ) from error
    if not hasattr(parsed, "rhs") or not hasattr(parsed, "lhs"):
        raise FormulaError(f"The formula {text!r} must name a response before the ~, as in 'y ~ dose + sex'.")
    if not isinstance(parsed.rhs, formulaic.SimpleFormula) or not isinstance(parsed.lhs, formulaic.SimpleFormula):
        raise FormulaError(
            f"The formula {text!r} must have one right-hand side. Contexts are given by context=, not by |."
        )
    factors: dict[str, Factor] = {}
    bare = True
    for term in parsed.rhs:
        for factor in term.factors:
            kind = factor.eval_method.value
            if kind == "literal":
                bare = bare and str(factor.expr) == "1" and len(term.factors) == 1
                continue
            bare = bare and kind == "lookup" and len(term.factors) == 1
            factors.setdefault(str(factor.expr), Factor(str(factor.expr), kind == "lookup"))
    formula = MainFormula(text, _response(text, parsed.lhs), parsed.rhs, tuple(factors.values()), bare)
    for factor in (*formula.response, *formula.factors):
        _refuse_misplaced(formula, factor)
        if factor in formula.response and factor.expression in factors:
            raise FormulaError(f"{formula.where} has {factor.expression} on both sides. Take it out of one of them.")
    return formula


def _response(text: str, terms: Any) -> tuple[Factor, ...]:
    response = []
    for term in terms:
        if len(term.factors) != 1 or term.factors[0].eval_method.value == "literal":
            raise FormulaError(
                f"The response {term} of the formula {text!r} must be a column. Wrap arithmetic in I(), as "
                "in 'I(a / b) ~ x'."
            )
        factor = term.factors[0]
        response.append(Factor(str(factor.expr), factor.eval_method.value == "lookup"))
    if not 1 <= len(response) <= 2:
        raise FormulaError(
            f"The formula {text!r} must have one response, or two for 'successes + failures', but has {len(response)}."
        )
    return tuple(response)


def references_of(factor: Factor) -> References:
    """Return the variables and functions a factor refers to."""
    return References(variables=[factor.expression]) if factor.is_name else references(factor.expression)


def _refuse_misplaced(formula: MainFormula, factor: Factor) -> None:
    functions = set(references_of(factor).functions)
    if smooth := functions & _SMOOTHS:
        name = sorted(smooth)[0]
        raise FormulaError(
            f"{formula.where} holds {factor.expression}, but {name}() describes how effects vary with "
            f"context. Put it in context=, as in context='{factor.expression}'."
        )
    if "offset" in functions:
        inside = factor.expression[len("offset(") : -1] if factor.expression.startswith("offset(") else "..."
        raise FormulaError(
            f"{formula.where} holds {factor.expression}, but offsets are given by an argument. "
            f"Take it out and pass offset={inside!r} (a column of the data) or an array."
        )
    if odd := functions & _ORDER_DEPENDENT:
        name = sorted(odd)[0]
        raise FormulaError(
            f"{formula.where} holds {factor.expression}, but {name}() cannot be repeated for new data row by "
            "row. Compute it as a column of the data first."
        )


def variables_of(
    formula: MainFormula, factors: Iterable[Factor], known: Iterable[str], environment: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return the columns of the data that some factors need, in order of appearance.

    Raises
    ------
    FormulaError
        If a name is neither a column nor known otherwise.
    """
    from formulaic.transforms import TRANSFORMS

    names = list(known)
    needed: dict[str, None] = {}
    called: dict[str, None] = {}
    for factor in factors:
        found = references_of(factor)
        for name in found.variables:
            if name in names:
                needed[name] = None
            elif factor.is_name or (name not in environment and name not in TRANSFORMS):
                raise missing_variable(name, names, formula.where)
        called.update(dict.fromkeys(found.functions))
    for function in called:
        root = function.split(".")[0]
        if root not in TRANSFORMS and root not in environment:
            raise FormulaError(
                f"{formula.where} calls {function}(), which is not known."
                f"{did_you_mean(function, TRANSFORMS)} "
                "Use a function of numpy, as np.log(), or compute the column first."
            )
        if root in needed:
            raise FormulaError(
                f"{formula.where} uses {root} both as a column and as a function. "
                f"Rename the column, or compute what {function}() gives as a column first."
            )
    return tuple(needed)

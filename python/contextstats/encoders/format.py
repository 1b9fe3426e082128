"""Write terms as a context formula, the inverse of `parse_context`."""

from __future__ import annotations

import keyword
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from contextstats.encoders.terms import Factor, Neural, Smooth, Tensor, Term

_OPTIONS = ("k", "bs", "m", "bounds", "width", "layers", "honest", "seed")


def format_context(terms: Iterable[Term]) -> str:
    """Write the formula of some terms; options that have their default value are left out.

    A `Linear` term is written as its bare name.
    """
    return " + ".join(format_term(term) for term in terms) or "1"


def format_term(term: Term) -> str:
    """Write one term as it can be typed."""
    names = ", ".join(_name(variable) for variable in term.variables)
    if isinstance(term, Smooth | Tensor | Neural):
        function = term.label.partition("(")[0]
        options = "".join(f", {option}={value!r}" for option, value in _changed(term).items())
        return f"{function}({names}{options})"
    return f"C({names})" if isinstance(term, Factor) else names


def _changed(term: Smooth | Tensor | Neural) -> dict[str, Any]:
    options = [field for field in fields(term) if field.name in _OPTIONS]
    return {field.name: getattr(term, field.name) for field in options if getattr(term, field.name) != field.default}


def _name(variable: str) -> str:
    if variable.isidentifier() and not keyword.iskeyword(variable):
        return variable
    return f"Q({variable!r})" if "`" in variable else f"`{variable}`"

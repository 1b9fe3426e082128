"""Textual linear hypotheses, such as "x2 = 0, x3 - x2 = 1"."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import numpy as np

from contextstats.errors import FormulaError
from contextstats.inference._linalg import Floats

_INSIDE_WORD = re.compile(r"\w[\w.]")
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def parse_hypothesis(text: str, names: Sequence[str]) -> tuple[Floats, Floats]:
    """Turn text into the matrix R and the values q of R theta = q.

    Hypotheses are separated by commas. Each is a chain of linear expressions joined by ``=`` ("a = b = 0" is
    two restrictions); one without ``=`` says that the expression is zero. Expressions know ``+ - * /``,
    parentheses, numbers and names. At each place the longest name that fits is taken, so names may contain
    operators, brackets, commas and colons, "C(site)[T.b-2]:age" for example. A name that is a number is
    written in backquotes, as any name may be.

    Parameters
    ----------
    text : str
        The hypotheses.
    names : sequence of str, length P
        Names of the coefficients.

    Returns
    -------
    matrix : (r, P) array
    value : (r,) array

    Raises
    ------
    FormulaError
        If the text cannot be read, with the place; or if it involves no coefficient.
    """
    parser = _Parser(text, names)
    restrictions = parser.restrictions()
    return np.array([row[:-1] for row in restrictions]), np.array([-row[-1] for row in restrictions])


class _Parser:
    """Recursive descent. An expression is a (P + 1,) array: coefficients, then the constant."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        self._text = text
        self._place = 0
        self._names = list(names)
        self._longest_first = sorted(range(len(self._names)), key=lambda i: -len(self._names[i]))

    def restrictions(self) -> list[Floats]:
        out = []
        while True:
            start = self._place
            sides = [self._sum()]
            while self._take("="):
                sides.append(self._sum())
            if len(sides) == 1:
                sides.append(np.zeros_like(sides[0]))
            for left, right in itertools.pairwise(sides):
                difference = left - right
                if not difference[:-1].any():
                    raise self._error("A hypothesis must involve a coefficient", start)
                out.append(difference)
            if not self._take(","):
                break
        if self._peek():
            raise self._error("An operator, a comma or the end is expected", self._place)
        return out

    def _sum(self) -> Floats:
        total = self._product()
        while operator := self._take("+", "-"):
            term = self._product()
            total = total + term if operator == "+" else total - term
        return total

    def _product(self) -> Floats:
        total = self._atom()
        while operator := self._take("*", "/"):
            place = self._place
            factor = self._atom()
            if operator == "*" and not total[:-1].any():
                total, factor = factor, total
            if factor[:-1].any() or (operator == "/" and factor[-1] == 0):
                raise self._error("A hypothesis must be linear in the coefficients", place)
            total = total * factor[-1] if operator == "*" else total / factor[-1]
        return total

    def _atom(self) -> Floats:
        out = np.zeros(len(self._names) + 1)
        if sign := self._take("-", "+"):
            return -self._atom() if sign == "-" else self._atom()
        index = self._take_name()
        if index is not None:
            out[index] = 1.0
            return out
        if number := _NUMBER.match(self._text, self._place):
            self._place = number.end()
            out[-1] = float(number.group())
            return out
        if self._take("("):
            inner = self._sum()
            if not self._take(")"):
                raise self._error("A closing parenthesis is expected", self._place)
            return inner
        raise self._error("A coefficient or a number is expected", self._place)

    def _take_name(self) -> int | None:
        self._peek()
        if self._text.startswith("`", self._place):
            end = self._text.find("`", self._place + 1)
            name = self._text[self._place + 1 : end]
            if end < 0 or name not in self._names:
                raise self._error("A name between backquotes must be that of a coefficient", self._place)
            self._place = end + 1
            return self._names.index(name)
        for index in self._longest_first:
            name = self._names[index]
            end = self._place + len(name)
            if _NUMBER.fullmatch(name) or not self._text.startswith(name, self._place):
                continue
            if not _INSIDE_WORD.fullmatch(self._text[end - 1 : end + 1]):
                self._place = end
                return index
        return None

    def _take(self, *symbols: str) -> str:
        """The next symbol if it is one of these, else the empty string."""
        following = self._peek()
        if following and following in symbols:
            self._place += 1
            return following
        return ""

    def _peek(self) -> str:
        """The next character that is not a space."""
        while self._text[self._place : self._place + 1].isspace():
            self._place += 1
        return self._text[self._place : self._place + 1]

    def _error(self, rule: str, place: int) -> FormulaError:
        return FormulaError(
            f"{rule}, but the hypothesis is {self._text!r} (at character {place + 1}: "
            f"{self._text[place : place + 20]!r}). Coefficients: {', '.join(self._names[:8])}"
            f"{', ...' if len(self._names) > 8 else ''}."
        )

"""Read a context formula, `"s(age) + s(bmi, k=15) + center"`, into terms.

The text is split at its outer plus signs and each piece is read by Python's own parser into a syntax tree;
nothing the user wrote is executed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from contextstats.encoders.neural import check_neural
from contextstats.encoders.smooth_options import as_value, check_smooth, check_tensor, margin_pair
from contextstats.encoders.terms import Bare, Factor, Neural, Smooth, Tensor, Term, check_overlap
from contextstats.errors import FormulaError, OptionError

_HELP = (
    "A context formula is a sum of names, C(x), s(x), te(a, b), ti(a, b) and mlp(a, b, ...), such as 's(age) + center'."
)
_INTERACTION = "interactions of contexts are written ti(a, b), or te(a, b) with the main effects."
_QUOTED = re.compile(r"""`([^`]*)`|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")


def parse_context(text: str) -> tuple[Term, ...]:
    """Read a context formula.

    Parameters
    ----------
    text : str
        A sum of terms: a name (linear if numeric, a factor if categorical), `C(x)` (a factor),
        `s(x, k=10, bs="ps", m=None, bounds=None)`, `te(a, b, k=5, bs="ps", m=None, bounds=None)`, `ti(a, b,
        ...)`, or `1`. The constant is always there, so "1" alone means that nothing varies. A name that is
        not an identifier is written `` `my name` `` or `Q("my name")`. For te and ti, k, bs, m and bounds are
        one value for both margins or a pair, as in `k=(5, 8)`. `mlp(a, b, ..., width=16, layers=1, honest=True,
        seed=0)` is a neural network of one or more contexts.

    Returns
    -------
    tuple of Term
        In the order of the formula, without the constant.

    Raises
    ------
    FormulaError
        Saying which piece, at which character, cannot be read or has an impossible option, and why; or which
        two terms contain the same effect.
    """
    if not isinstance(text, str):
        raise FormulaError(f"A context formula must be a string, but is of type {type(text).__name__}. {_HELP}")
    pieces = _split(text)
    terms = [term for start, piece in pieces for term in _Piece(text, start, piece).terms()]
    try:
        check_overlap(terms)
    except FormulaError as cause:
        raise FormulaError(f"In the context formula {text!r}: {cause}") from cause
    return tuple(terms)


def _split(text: str) -> list[tuple[int, str]]:
    """Split at the plus signs outside brackets and quotes; keep where each piece starts."""
    pieces, start, depth, quote, escaped = [], 0, 0, "", False
    for position, character in enumerate(text):
        if escaped:
            escaped = False
        elif quote:
            escaped = character == "\\" and quote != "`"
            quote = "" if character == quote else quote
        elif character in "\"'`":
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == "#":
            raise FormulaError(f"A context formula has no comments, but {text!r} has a # at character {position + 1}.")
        elif character == "+" and depth == 0:
            pieces.append((start, text[start:position]))
            start = position + 1
    if quote:
        raise FormulaError(f"The quote {quote} is opened but not closed in the context formula {text!r}.")
    return [*pieces, (start, text[start:])]


class _Piece:
    """One summand of a formula, with what is needed to point at it."""

    def __init__(self, formula: str, start: int, piece: str) -> None:
        self.formula = formula
        self.text = piece.strip()
        self.source = _QUOTED.sub(lambda quoted: quoted[0] if quoted[1] is None else f"Q({quoted[1]!r})", self.text)
        self.position = start + len(piece) - len(piece.lstrip()) + 1

    def error(self, problem: str) -> FormulaError:
        return FormulaError(
            f"In the context formula {self.formula!r}, character {self.position}: {self.text!r}: {problem}"
        )

    def terms(self) -> tuple[Term, ...]:
        if not self.text:
            raise self.error(f"a term is missing here. {_HELP}")
        try:
            node = ast.parse(self.source, mode="eval").body
        except (SyntaxError, ValueError) as cause:
            if ":" in self.source:
                raise self.error(_INTERACTION) from cause
            raise self.error(f"this cannot be read as a term. {_HELP}") from cause
        if isinstance(node, ast.Constant) and node.value == 1 and not isinstance(node.value, bool):
            return ()
        if isinstance(node, ast.Call) and self.function_name(node) in _FUNCTIONS:
            try:
                return (_FUNCTIONS[self.function_name(node)](self, node),)
            except OptionError as cause:
                raise self.error(str(cause)) from cause
        name = self.name_of(node)
        if name is None:
            raise self.error(self.explain(node))
        return (Bare(name),)

    def explain(self, node: ast.expr) -> str:
        """Say what is wrong with a summand that is no term."""
        if isinstance(node, ast.Call):
            return f"the function {self.function_name(node)}() is not known here. Use C(), s(), te(), ti() or mlp()."
        if (isinstance(node, ast.Constant) and node.value == 0) or isinstance(node, ast.UnaryOp):
            return "the constant part of an effect cannot be removed. Leave this out."
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
            return "terms can be added only. Leave out what is not wanted."
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return "sums are written without brackets."
        if isinstance(node, ast.BinOp):
            return _INTERACTION
        if isinstance(node, ast.Attribute):
            return f"a name with a dot is written in back-quotes, as in `{ast.unparse(node)}`."
        return f"this is not a term. {_HELP}"

    @staticmethod
    def function_name(node: ast.Call) -> str:
        return node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)

    def name_of(self, node: ast.expr) -> str | None:
        """Return the name of the variable a node stands for, or None if it stands for something else."""
        if isinstance(node, ast.Name):
            return ast.get_source_segment(self.source, node) or node.id
        if isinstance(node, ast.Call) and self.function_name(node) == "Q":
            match node.args:
                case [ast.Constant(value=str(name))] if name and not node.keywords:
                    return name
            raise self.error('Q() takes one name in quotes, as in Q("my name").')
        return None

    def variables(self, node: ast.Call) -> tuple[str, ...]:
        names = []
        for argument in node.args:
            name = self.name_of(argument)
            if name is None:
                raise self.error(
                    f"{self.function_name(node)}() takes names of contexts, but {ast.unparse(argument)!r} is "
                    "none. "
                    "Compute it as a column of the data first; options are written by name, as in k=10."
                )
            names.append(name)
        return tuple(names)

    def keywords(self, node: ast.Call, allowed: tuple[str, ...]) -> dict[str, Any]:
        """Return the options by name, as plain Python values."""
        values: dict[str, Any] = {}
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg not in allowed:
                known = f"it takes {', '.join(allowed)}" if allowed else "it takes none"
                raise self.error(f"{self.function_name(node)}() has no option {keyword.arg or '**'}; {known}.")
            if keyword.arg in values:
                raise self.error(f"the option {keyword.arg} is given twice. Keep one of the two.")
            try:
                values[keyword.arg] = ast.literal_eval(keyword.value)
            except ValueError as cause:
                raise self.error(
                    f"the option {keyword.arg} must be a number, a quoted string or a pair such as (5, 8), "
                    f"but is {ast.unparse(keyword.value)!r}."
                ) from cause
        return values


_OPTIONS = ("k", "bs", "m", "bounds")


def _factor(piece: _Piece, node: ast.Call) -> Term:
    names = piece.variables(node)
    piece.keywords(node, ())
    if len(names) != 1:
        raise piece.error(f"C() takes one context, but got {len(names)}.")
    return Factor(names[0])


def _smooth(piece: _Piece, node: ast.Call) -> Term:
    names = piece.variables(node)
    if len(names) != 1:
        advice = f" For a smooth of two contexts write te({', '.join(names)})." if len(names) == 2 else ""
        raise piece.error(f"s() takes one context, but got {len(names)}.{advice}")
    given = piece.keywords(node, _OPTIONS)
    return check_smooth(Smooth(names[0], **{option: as_value(value) for option, value in given.items()}))


def _tensor(piece: _Piece, node: ast.Call) -> Term:
    function = piece.function_name(node)
    names = piece.variables(node)
    if len(names) != 2:
        advice = f" For a smooth of one context write s({names[0]})." if len(names) == 1 else ""
        raise piece.error(f"{function}() takes two contexts, but got {len(names)}.{advice}")
    if names[0] == names[1]:
        raise piece.error(f"{function}() takes two different contexts, but got {names[0]} twice. Use s({names[0]}).")
    given = {option: margin_pair(option, value) for option, value in piece.keywords(node, _OPTIONS).items()}
    return check_tensor(Tensor((names[0], names[1]), interaction=function == "ti", **given))


def _neural(piece: _Piece, node: ast.Call) -> Term:
    names = piece.variables(node)
    if not names:
        raise piece.error("mlp() takes the names of one or more contexts, but got none.")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise piece.error(f"mlp() takes different contexts, but got {twice[0]} twice. Leave one out.")
    return check_neural(Neural(names, **piece.keywords(node, ("width", "layers", "honest", "seed"))))


_FUNCTIONS: dict[str, Callable[[_Piece, ast.Call], Term]] = {
    "C": _factor,
    "s": _smooth,
    "te": _tensor,
    "ti": _tensor,
    "mlp": _neural,
}

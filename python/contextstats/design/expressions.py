"""What a piece of a formula, such as `np.log(dose + 1)`, refers to. Nothing here is executed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

_QUOTED = re.compile(r"`([^`]*)`")
_PLACEHOLDER = "contextstats_quoted_{}"
_MODULES = {"np", "contr"}
_NUMPY_EXTRA = {"where", "clip", "round", "abs", "pi", "e", "inf", "nan"}
_HARMLESS_NODES = (
    ast.Expression,
    ast.Call,
    ast.Name,
    ast.Attribute,
    ast.Constant,
    ast.BinOp,
    ast.UnaryOp,
    ast.Compare,
    ast.BoolOp,
    ast.List,
    ast.Tuple,
    ast.Dict,
    ast.Set,
    ast.IfExp,
    ast.keyword,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
    ast.expr_context,
)


@dataclass
class References:
    """What an expression refers to.

    Attributes
    ----------
    variables : list of str
        Names that are not called, in order of appearance; a quoted name without its quotes.
    functions : list of str
        Functions and constants with their dots, "np.log".
    categorical : list of str
        Variables that stand directly in C().
    """

    variables: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    categorical: list[str] = field(default_factory=list)


def references(expression: str) -> References:
    """Find the variables and functions of a Python expression.

    Raises
    ------
    SyntaxError
        If it is none.
    """
    tree, quoted = _parse(expression)
    found = References()
    _visit(tree.body, quoted, found)
    return References(*(list(dict.fromkeys(names)) for names in (found.variables, found.functions, found.categorical)))


def is_harmless(expression: str, variables: Iterable[str]) -> bool:
    """Whether evaluating an expression can do no more than compute with columns of data.

    Only names of `variables`, formulaic's transforms and numpy's elementwise functions may appear, so that a
    formula read from a file runs no code of its own.
    """
    from formulaic.transforms import TRANSFORMS

    tree, quoted = _parse(expression)
    allowed = {*variables, *(name for name in TRANSFORMS if name not in _MODULES)}
    roots: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, _HARMLESS_NODES):
            return False
        if isinstance(node, ast.Attribute):
            if not isinstance(node.value, ast.Name) or not _is_known_member(node.value.id, node.attr):
                return False
            roots.add(id(node.value))
        elif isinstance(node, ast.Call) and not isinstance(node.func, ast.Name | ast.Attribute):
            return False
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in roots]
    return all(quoted.get(node.id, node.id) in allowed for node in names)


def _is_known_member(module: str, member: str) -> bool:
    if module == "contr":
        return not member.startswith("_")
    return module == "np" and (member in _NUMPY_EXTRA or isinstance(getattr(np, member, None), np.ufunc))


def _parse(expression: str) -> tuple[ast.Expression, dict[str, str]]:
    quoted: dict[str, str] = {}

    def placeholder(match: re.Match[str]) -> str:
        name = _PLACEHOLDER.format(len(quoted))
        quoted[name] = match[1]
        return name

    return ast.parse(_QUOTED.sub(placeholder, expression).strip(), mode="eval"), quoted


def _visit(node: ast.AST, quoted: dict[str, str], found: References) -> None:
    if isinstance(node, ast.Name):
        found.variables.append(quoted.get(node.id, node.id))
    elif isinstance(node, ast.Attribute):
        _visit_attribute(node, quoted, found)
    elif isinstance(node, ast.Call):
        _visit_call(node, quoted, found)
    else:
        for child in ast.iter_child_nodes(node):
            _visit(child, quoted, found)


def _visit_attribute(node: ast.Attribute, quoted: dict[str, str], found: References) -> None:
    root: ast.AST = node
    while isinstance(root, ast.Attribute):
        root = root.value
    if isinstance(root, ast.Name) and root.id in _MODULES:
        found.functions.append(ast.unparse(node))
    else:
        _visit(root, quoted, found)


def _visit_call(node: ast.Call, quoted: dict[str, str], found: References) -> None:
    if isinstance(node.func, ast.Name):
        name = node.func.id
        match name, node.args:
            case "Q", [ast.Constant(value=str(variable))]:
                found.variables.append(variable)
                return
            case "C", [ast.Name(id=variable), *_]:
                found.categorical.append(quoted.get(variable, variable))
        found.functions.append(name)
    else:
        _visit(node.func, quoted, found)
    for argument in node.args:
        _visit(argument, quoted, found)
    for keyword in node.keywords:
        _visit(keyword.value, quoted, found)

"""API_PARITY.md names everything public in R and in Python, and nothing else."""

from __future__ import annotations

import dataclasses
import inspect
import re
from pathlib import Path

import pytest

import contextstats as cs
from contextstats.results.networks.bayesian import BayesianNetworkResults
from contextstats.results.networks.correlation import CorrelationResults
from contextstats.results.networks.factors import FactorNetworkResults
from contextstats.results.networks.markov import MarkovResults

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "API_PARITY.md"
R_CODE = ROOT / "r"
NAME = re.compile(r"`([^`]+)`")

RESULTS = (cs.GLMResults, CorrelationResults, MarkovResults, BayesianNetworkResults, FactorNetworkResults)


def rows_of(text: str) -> list[tuple[set[str], set[str], str]]:
    """Names in R, names in Python and the remark, for each row of the tables."""
    rows = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| ") and cells[0] != "R":
            r, python, remark = cells
            rows.append((set(NAME.findall(r)), set(NAME.findall(python)), remark))
    return rows


def sides(text: str) -> tuple[set[str], set[str]]:
    """All names in R and all names in Python in the tables of a text."""
    rows = rows_of(text)
    return set().union(*(row[0] for row in rows)), set().union(*(row[1] for row in rows))


SECTIONS = {part.partition("\n")[0]: part for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]}
ARGUMENTS = SECTIONS.pop("Arguments")
NETWORK_ARGUMENTS = SECTIONS.pop("Arguments of networks")
IN_R, IN_PYTHON = sides("\n".join(SECTIONS.values()))


def names_in_r() -> set[str]:
    """Exports, data sets, and generics that have a method for a fit, also those registered when a package is loaded."""
    namespace = (R_CODE / "NAMESPACE").read_text(encoding="utf-8")
    exports = set(re.findall(r"^export\((\S+)\)", namespace, re.MULTILINE))
    methods = set(re.findall(r"^S3method\((\S+),(?:summary\.)?context_(?:glm|network)\)", namespace, re.MULTILINE))
    on_load = (R_CODE / "R" / "zzz.R").read_text(encoding="utf-8")
    later = set(re.findall(r'register_when_loaded\("\w+", "([\w.]+)"', on_load))
    for listed in re.findall(r"for \(generic in c\(([^)]*)\)\)", on_load):
        later |= set(re.findall(r'"(\w+)"', listed))
    return exports | methods | later | {path.stem for path in (R_CODE / "data").iterdir()}


def names_in_python() -> set[str]:
    """What `contextstats` exports, and the public members of its results."""
    names = set(cs.__all__) - {"__version__"}
    for results in RESULTS:
        names |= {name for name in dir(results) if not name.startswith("_")}
        names |= {field.name for field in dataclasses.fields(results)}
    return names


def test_every_name_in_r_is_on_the_page():
    missing = names_in_r() - IN_R
    assert not missing, f"add to API_PARITY.md, beside the Python name or with the reason why there is none: {missing}"


def test_every_name_in_python_is_on_the_page():
    missing = names_in_python() - IN_PYTHON
    assert not missing, f"add to API_PARITY.md, beside the R name or with the reason why there is none: {missing}"


def test_the_names_on_the_page_exist():
    own = {name for name in IN_R if "::" not in name and "$" not in name}
    assert own - names_in_r() == set()
    assert IN_PYTHON - names_in_python() == set()


def test_the_components_on_the_page_are_made_in_r():
    code = "\n".join(path.read_text(encoding="utf-8") for path in (R_CODE / "R").glob("*.R"))
    components = {name.partition("$")[2] for name in IN_R if "$" in name}
    assert {name for name in components if not re.search(rf"\b{re.escape(name)} = ", code)} == set()


def test_the_arguments_on_the_page_are_those_of_the_functions():
    in_python = set(inspect.signature(cs.glm).parameters) | set(inspect.signature(cs.ContextualGLM.fit).parameters)
    in_r = arguments_in_r("context_glm.R", ["context_glm", "context_control"])
    assert sides(ARGUMENTS) == (in_r, in_python - {"self"})


def test_the_arguments_of_networks_on_the_page_are_those_of_the_functions():
    in_r = arguments_in_r("context_network.R", ["context_network", "network_control", "archetypes"])
    in_python: set[str] = set(inspect.signature(cs.Archetypes).parameters)
    for model in [cs.MarkovNetwork, cs.CorrelationNetwork, cs.BayesianNetwork]:
        in_python |= set(inspect.signature(model).parameters) | set(inspect.signature(model.fit).parameters)
    assert sides(NETWORK_ARGUMENTS) == (in_r, in_python - {"self"})


def arguments_in_r(file: str, functions: list[str]) -> set[str]:
    """Names of the arguments of some functions of a file."""
    code = (R_CODE / "R" / file).read_text(encoding="utf-8")
    found: set[str] = set()
    for function in functions:
        signature = re.search(rf"^{function} <- function\((.*?)\) {{$", code, re.MULTILINE | re.DOTALL)
        assert signature is not None
        found |= {part.split("=")[0].strip() for part in top_level_parts(signature[1])}
    return found


def top_level_parts(arguments: str) -> list[str]:
    """Split at the commas outside of parentheses."""
    depth, parts = 0, [""]
    for letter in arguments:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def test_a_name_without_counterpart_has_its_reason():
    for_users = [text for name, text in SECTIONS.items() if not name.startswith("Parts of a Python result")]
    rows = rows_of("\n".join([ARGUMENTS, NETWORK_ARGUMENTS, *for_users]))
    silent = [row for row in rows if not (row[0] and row[1]) and not row[2]]
    assert not silent


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("| `a`, `b` | — | why |", [({"a", "b"}, set(), "why")]),
        ("| R | Python | |", []),
        ("|---|---|---|", []),
        ("text with `code`", []),
    ],
)
def test_rows_are_read(line, expected):
    assert rows_of(line) == expected

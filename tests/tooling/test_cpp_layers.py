"""The headers of the numerical core include only from their own layer and from those below it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / "cpp" / "include" / "contextstats"
LAYERS = [
    [""],
    ["math", "parallel"],
    ["link", "family", "inference"],
    ["loss", "encoder"],
    ["objective", "optim"],
    ["solver", "network"],
    ["smoothing"],
    ["fit"],
]
LEVEL = {folder: level for level, folders in enumerate(LAYERS) for folder in folders}
HEADERS = sorted(CORE.rglob("*.hpp"))


def folder_of(header: str) -> str:
    return header.split("/")[0] if "/" in header else ""


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: str(path.relative_to(CORE)))
def test_includes_point_downwards(header):
    own = folder_of(header.relative_to(CORE).as_posix())
    for included in re.findall(r'#include "contextstats/([^"]+)"', header.read_text()):
        below = folder_of(included)
        assert below == own or LEVEL[below] < LEVEL[own], f"{own or 'the root'} includes {included}"


def test_the_core_needs_eigen_and_the_standard_library_only():
    included = {name for header in HEADERS for name in re.findall(r"#include <([^>]+)>", header.read_text())}
    assert {name for name in included if "/" in name} <= {name for name in included if name.startswith("Eigen/")}
    assert not {name for name in included if name.startswith(("pybind11", "Python.h"))}

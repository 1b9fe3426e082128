"""Reference values made by other programs; tests/reference/PROVENANCE.md says how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

FOLDER = Path(__file__).parents[1] / "reference"


def values(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text())


def data(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / "data" / f"{name}.csv")

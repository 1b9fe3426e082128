"""The data of a fit, a line for each variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from contextstats.results.tidy import data_frame
from contextstats.results.wording import general

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults

HEADER = ("Variable", "Role", "Rows", "Missing", "Mean", "SD", "Minimum", "Median", "Maximum")
_MOST_LEVELS = 8


def numeric_rows(res: GLMResults) -> list[tuple[str, ...]]:
    """The cells under `HEADER` of each numeric variable, of the offset and of the weights."""
    rows: list[tuple[str, ...]] = []
    for name, column in data_frame(res).items():
        if not isinstance(column.dtype, pd.CategoricalDtype):
            rows.append((str(name), _role(res, str(name)), *_numbers(res, str(name), column.to_numpy(dtype=float))))
    design = res.design
    extra = {
        "offset": design.offset,
        "frequency weight": design.freq_weights,
        "variance weight": design.var_weights,
    }
    for name, values in extra.items():
        if np.any(values != (0.0 if name == "offset" else 1.0)):
            rows.append((f"({name})", name.split()[-1], *_numbers(res, name, values)))
    return rows


def factor_rows(res: GLMResults) -> list[tuple[str, ...]]:
    """Name, rows, missing and levels with their counts of each categorical context."""
    rows: list[tuple[str, ...]] = []
    for name, column in data_frame(res).items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            counts = column.value_counts(sort=False)
            levels = [f"{level} ({number:,})" for level, number in counts.items()]
            if len(levels) > _MOST_LEVELS + 1:
                levels = [*levels[:_MOST_LEVELS], f"and {len(levels) - _MOST_LEVELS} more levels"]
            rows.append((str(name), f"{int(counts.sum()):,}", _missing(res, str(name)), ", ".join(levels)))
    return rows


def _numbers(res: GLMResults, name: str, values: np.ndarray) -> tuple[str, ...]:
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
    shown = [np.mean(values), spread, np.min(values), np.median(values), np.max(values)]
    return (f"{len(values):,}", _missing(res, name), *(general(float(value), 4) for value in shown))


def _missing(res: GLMResults, name: str) -> str:
    return f"{res.design.n_missing.get(name, 0):,}"


def _role(res: GLMResults, name: str) -> str:
    design = res.design
    roles = []
    if name == design.y_name:
        roles.append("response")
    if name in design.x_names:
        roles.append("predictor")
    if name in design.context_names:
        roles.append("context")
    return ", ".join(roles)

"""Contexts to look at: along one context, the others at their typical values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from contextstats.design.networks import NetworkData
from contextstats.errors import OptionError
from contextstats.options import check_choice
from contextstats.results.wording import general


def context_name(data: NetworkData, along: str | None) -> str:
    """The context to go along: the one that is named, or the first.

    Raises
    ------
    OptionError
        If there is no such context, or none at all.
    """
    if not data.context_names:
        raise OptionError("This network has no context to go along. Fit with a context.")
    return data.context_names[0] if along is None else check_choice("along", along, data.context_names)


def contexts_along(data: NetworkData, along: str | None, n: int, *, quantiles: bool = False) -> pd.DataFrame:
    """So many contexts along one of them, or each of its levels; the others at their typical values.

    Parameters
    ----------
    data : NetworkData
    along : str or None
    n : int
    quantiles : bool
        At even quantiles between 5% and 95% of the data, rather than evenly spaced over their range.
    """
    name = context_name(data, along)
    values: Any
    if name in data.context_levels:
        values = list(data.context_levels[name])
    else:
        column = data.contexts[:, data.context_names.index(name)]
        low, high = column.min(), column.max()
        if quantiles:
            values = np.quantile(column, np.linspace(0.05, 0.95, n) if n > 1 else np.array([0.5]))
        else:  # ends at `high` exactly, which low + (high - low) need not
            values = np.linspace(low, high, n) if n > 1 else np.array([low / 2 + high / 2])
    frame = {}
    for k, other in enumerate(data.context_names):
        typical = data.typical_context()[0, k]
        levels = data.context_levels.get(other)
        frame[other] = values if other == name else [typical if levels is None else levels[int(typical)]] * len(values)
    return pd.DataFrame(frame)


def context_labels(frame: pd.DataFrame) -> list[str]:
    """How to call each context: the values of the columns that differ, "age = 30"."""
    varying = [name for name in frame.columns if frame[name].nunique() > 1] or list(frame.columns)[:1]
    columns = [[f"{name} = {text}" for text in _texts(frame[name])] for name in varying]
    return [", ".join(parts) for parts in zip(*columns, strict=True)]


def _texts(column: pd.Series[Any]) -> list[str]:
    """Values with as many decimals as tell them apart."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return [str(value) for value in column]
    values = column.to_numpy(dtype=np.float64)
    spread = float(np.ptp(values))
    if spread == 0:
        return [general(value, 4) for value in values]
    decimals = 0 if (values == np.round(values)).all() else max(0, 1 - math.floor(math.log10(spread)))
    return [f"{value:.{decimals}f}" for value in values]

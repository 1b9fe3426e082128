"""Edges as a tidy table: one row for each edge at each context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from contextstats.design.columns import Floats
from contextstats.errors import OptionError
from contextstats.inference.networks.pairs import node_pairs, q_values

COLUMNS = [
    "row",
    "source",
    "target",
    "estimate",
    "std_error",
    "statistic",
    "p_value",
    "q_value",
    "conf_low",
    "conf_high",
]


@dataclass(frozen=True)
class EdgeValues:
    """Edges at some contexts, on a scale on which they are normal.

    Attributes
    ----------
    value, error : (n, E) array
        Estimates and standard errors on that scale; edges in the order of
        :func:`contextstats.inference.networks.pairs.node_pairs`.
    fisher : bool
        True where the scale is atanh of a (partial) correlation, False where it is the edge itself.
    """

    value: Floats
    error: Floats
    fisher: bool = True


def edge_table(
    edges: EdgeValues, names: tuple[str, ...], labels: Any, *, level: float, directed: bool = False
) -> pd.DataFrame:
    """Tidy frame of edges.

    Parameters
    ----------
    edges : EdgeValues
    names : tuple of str
        Names of the nodes.
    labels : sequence, length n
        Labels of the contexts.
    level : float
        Coverage of the intervals.
    directed : bool
        Whether edges run from `source` to `target`.

    Returns
    -------
    DataFrame
        Columns row, source, target, estimate, std_error, statistic, p_value, q_value, conf_low, conf_high; p-values
        are of the hypothesis that there is no edge at this context, q-values over the edges of the context.
    """
    if not 0 < level < 1:
        raise OptionError(f"level must lie between 0 and 1, but is {level}. For 95% intervals it is 0.95.")
    first, second = node_pairs(len(names), directed=directed)
    n, count = edges.value.shape
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = edges.value / edges.error
    p_values = 2 * special.ndtr(-np.abs(statistic))
    half = special.ndtri(0.5 + level / 2) * edges.error
    low, high, estimate, error = edges.value - half, edges.value + half, edges.value, edges.error
    if edges.fisher:
        low, high, estimate = np.tanh(low), np.tanh(high), np.tanh(edges.value)
        error = edges.error * (1 - estimate**2)
    node = np.asarray(names, dtype=object)
    columns = (estimate, error, statistic, p_values, q_values(p_values), low, high)
    return pd.DataFrame(
        {
            "row": np.repeat(np.asarray(labels), count),
            "source": np.tile(node[first], n),
            "target": np.tile(node[second], n),
            **{name: values.ravel() for name, values in zip(COLUMNS[3:], columns, strict=True)},
        }
    )

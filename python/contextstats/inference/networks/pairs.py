"""Pairs of nodes, and the false discovery rate over them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def node_pairs(p: int, *, directed: bool = False) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions of the two nodes of each edge: (0, 1), (0, 2), ..., and with `directed` both directions."""
    if not directed:
        return np.triu_indices(p, 1)
    first, second = np.indices((p, p))
    apart = first != second
    return first[apart], second[apart]


def matrix_of_edges(values: Floats, p: int, *, directed: bool = False) -> Floats:
    """Matrices with a zero diagonal from values of edges: (n, E) to (n, p, p), symmetric unless directed."""
    out = np.zeros((len(values), p, p))
    first, second = node_pairs(p, directed=directed)
    out[:, first, second] = values
    if not directed:
        out[:, second, first] = values
    return out


def q_values(p_values: Floats) -> Floats:
    """Smallest false discovery rate at which each hypothesis is rejected, along the last axis.

    Missing p-values stay missing and do not count.

    References
    ----------
    Benjamini and Hochberg (1995), Controlling the false discovery rate. JRSS B 57, 289-300.
    """
    out = np.full(p_values.shape, np.nan)
    for index in np.ndindex(p_values.shape[:-1]):
        known = np.flatnonzero(~np.isnan(p_values[index]))
        order = known[np.argsort(p_values[index][known])]
        scaled = p_values[index][order] * order.size / np.arange(1, order.size + 1)
        out[(*index, order)] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return out

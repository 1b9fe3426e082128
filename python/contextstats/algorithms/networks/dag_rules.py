"""What is known of a directed graph beforehand: an order, forbidden and required edges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contextstats.errors import OptionError
from contextstats.options import did_you_mean

Floats = NDArray[np.float64]
Graph = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class EdgeRules:
    """Edges that may be and edges that must be; [i, j] is the edge from i to j.

    Attributes
    ----------
    allowed, required : (p, p) array of bool
    """

    allowed: Graph
    required: Graph

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        order: Sequence[str] | None = None,
        forbidden: Iterable[tuple[str, str]] = (),
        required: Iterable[tuple[str, str]] = (),
    ) -> EdgeRules:
        """Read what the user knows.

        Raises
        ------
        OptionError
            If a name is unknown, an edge is both required and forbidden (or against the order), or required edges
            form a cycle.
        """
        p = len(names)
        allowed = ~np.eye(p, dtype=bool)
        if order is not None:
            place = np.argsort(_positions(order, names))
            allowed &= place[:, None] < place[None, :]
            excluded = "the order excludes"
        else:
            excluded = "is not allowed"
        must = _edges("required", required, names)
        for i, j in np.argwhere(must & ~allowed):
            raise OptionError(f"A required edge must be possible, but {excluded} {names[i]} -> {names[j]}.")
        never = _edges("forbidden", forbidden, names)
        for i, j in np.argwhere(must & never):
            raise OptionError(f"The edge {names[i]} -> {names[j]} is both required and forbidden. Keep one of the two.")
        cycle = find_cycle(must)
        if cycle:
            path = " -> ".join(names[k] for k in [*cycle, cycle[0]])
            raise OptionError(f"Required edges must not form a cycle, but {path} is one. Leave out one of its edges.")
        return cls(allowed & ~never, must)

    def known_order(self) -> list[int] | None:
        """An order of the variables if the allowed edges leave no cycle possible."""
        return None if find_cycle(self.allowed) else topological_order(self.allowed)


def find_cycle(graph: Graph) -> list[int]:
    """The nodes of a cycle, in order; empty if there is none."""
    state = np.zeros(len(graph), dtype=int)  # 0 new, 1 on the path, 2 done

    def visit(node: int, path: list[int]) -> list[int]:
        state[node] = 1
        for child in np.flatnonzero(graph[node]):
            if state[child] == 1:
                return path[path.index(int(child)) :]
            if state[child] == 0 and (cycle := visit(int(child), [*path, int(child)])):
                return cycle
        state[node] = 2
        return []

    for node in range(len(graph)):
        if state[node] == 0 and (cycle := visit(node, [node])):
            return cycle
    return []


def topological_order(graph: Graph) -> list[int]:
    """An order in which every edge points forward; of the nodes that may come next the first is taken.

    Raises
    ------
    ValueError
        If the graph has a cycle.
    """
    waits_for = graph.sum(axis=0)
    order: list[int] = []
    for _ in range(len(graph)):
        node = int(np.argmin(waits_for))
        if waits_for[node] > 0:
            raise ValueError("The graph has a cycle.")
        order.append(node)
        waits_for = waits_for - graph[node]
        waits_for[node] = len(graph)
    return order


def _positions(order: Sequence[str], names: Sequence[str]) -> list[int]:
    if isinstance(order, str) or sorted(map(str, order)) != sorted(names):
        raise OptionError(f"order must name each variable once ({', '.join(names)}), but is {order!r}.")
    return [list(names).index(str(name)) for name in order]


def _edges(what: str, edges: Any, names: Sequence[str]) -> Graph:
    graph = np.zeros((len(names), len(names)), dtype=bool)
    for edge in edges:
        if isinstance(edge, str) or len(tuple(edge)) != 2:
            raise OptionError(f"{what} must hold pairs (from, to) of names, but holds {edge!r}.")
        source, target = edge
        for name in (source, target):
            if name not in names:
                hint = did_you_mean(str(name), names)
                raise OptionError(f"{what} must name variables ({', '.join(names)}), but {name!r} is none.{hint}")
        if source == target:
            raise OptionError(f"An edge joins two variables, but {what} holds {source} -> {target}.")
        graph[names.index(source), names.index(target)] = True
    return graph

"""Networks as objects of other packages, and as GraphML."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pandas as pd

from contextstats.errors import ContextstatsError, OptionError

if TYPE_CHECKING:
    from contextstats.results.networks.base import NetworkResults

_ATTRIBUTES = ["estimate", "std_error", "p_value", "q_value", "conf_low", "conf_high"]


def chosen_edges(res: NetworkResults, context: Any, q_max: float | None) -> pd.DataFrame:
    """Edges at one context that are not zero, and whose q-value is not above `q_max`.

    Raises
    ------
    OptionError
        If there is not exactly one context.
    """
    table = res.edges(context)
    if table["row"].nunique() > 1:
        raise OptionError(
            f"A graph is drawn for one context, but {table['row'].nunique()} were given. Take them one by one."
        )
    table = table[table["estimate"] != 0]
    return table if q_max is None else table[table["q_value"] <= q_max]


def to_networkx(res: NetworkResults, context: Any = None, q_max: float | None = None) -> Any:
    """A networkx Graph, or DiGraph; edge attributes are the columns of `edges`, `weight` is the estimate."""
    networkx = _needed("networkx")
    graph = networkx.DiGraph() if res.directed else networkx.Graph()
    graph.add_nodes_from(res.names)
    for row in chosen_edges(res, context, q_max).to_dict("records"):
        values = {name: float(row[name]) for name in _ATTRIBUTES}
        graph.add_edge(row["source"], row["target"], weight=values["estimate"], **values)
    return graph


def to_igraph(res: NetworkResults, context: Any = None, q_max: float | None = None) -> Any:
    """An igraph Graph with the same attributes."""
    igraph = _needed("igraph")
    table = chosen_edges(res, context, q_max)
    position = {name: j for j, name in enumerate(res.names)}
    pairs = [(position[a], position[b]) for a, b in zip(table["source"], table["target"], strict=True)]
    graph = igraph.Graph(n=len(res.names), edges=pairs, directed=res.directed)
    graph.vs["name"] = list(res.names)
    for name in _ATTRIBUTES:
        graph.es[name] = table[name].tolist()
    graph.es["weight"] = table["estimate"].tolist()
    return graph


def to_graphml(res: NetworkResults, path: Any, context: Any = None, q_max: float | None = None) -> None:
    """Write GraphML, which Cytoscape, Gephi, yEd, igraph and networkx read."""
    from xml.sax.saxutils import escape, quoteattr

    table = chosen_edges(res, context, q_max)
    kind = "directed" if res.directed else "undirected"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
        '<key id="name" for="node" attr.name="name" attr.type="string"/>',
        *(f'<key id="{n}" for="edge" attr.name="{n}" attr.type="double"/>' for n in ["weight", *_ATTRIBUTES]),
        f'<graph edgedefault="{kind}">',
    ]
    lines += [f'<node id={quoteattr(n)}><data key="name">{escape(n)}</data></node>' for n in res.names]
    for row in table.to_dict("records"):
        values = {"weight": row["estimate"], **{name: row[name] for name in _ATTRIBUTES}}
        data = "".join(f'<data key="{name}">{value!r}</data>' for name, value in values.items())
        lines.append(f"<edge source={quoteattr(row['source'])} target={quoteattr(row['target'])}>{data}</edge>")
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123  # any path-like
        file.write("\n".join([*lines, "</graph>", "</graphml>", ""]))


def _needed(package: str) -> Any:
    try:
        return import_module(package)
    except ImportError as error:
        raise ContextstatsError(
            f"This needs the package {package}, which is not installed. Install it with: "
            'pip install "contextstats[networks]"'
        ) from error

"""Networks: drawings and heatmaps at several contexts, and edges along a context."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import FancyArrowPatch

from contextstats.errors import OptionError
from contextstats.plotting import style
from contextstats.results.networks.grid import context_labels, context_name, contexts_along
from contextstats.results.wording import shorten

if TYPE_CHECKING:
    from contextstats.results.networks.base import NetworkResults

_DIVERGING = LinearSegmentedColormap.from_list("edges", [style.ORANGE, "#ffffff", style.BLUE])
_PANELS = 3


def plot_network(
    res: NetworkResults,
    context: Any = None,
    *,
    along: str | None = None,
    n: int = _PANELS,
    q_max: float = 0.05,
    caption: bool = True,
    ax: Any = None,
) -> Any:
    """Draw the network as a graph, one panel for each context.

    Nodes stand on a circle, at the same place in every panel. Blue edges are positive, orange ones negative and
    dashed; the stronger, the wider. An edge is drawn where its q-value is not above `q_max`.

    Parameters
    ----------
    res : NetworkResults
        The fit.
    context : data frame or mapping, optional
        Contexts, one panel each. Default: `n` quantiles of a context, or each of its levels.
    along : str, optional
        That context; default the first. The others are at their typical values.
    n : int
        Number of panels.
    q_max : float
        Largest q-value of an edge that is drawn; 1 draws all.
    caption : bool
        Explain the marks in small print (a new figure only).
    ax : Axes or array of Axes, optional
        Where to draw, one for each panel; default a new figure.

    Returns
    -------
    Figure, or `ax` where it was given
    """
    table, labels = _edges_by_panel(res, context, along, n)
    largest = float(table["estimate"].abs().max()) if len(table) else 0.0
    with style.styled():
        figure, axes = style.new_figure(len(labels), panel=(3.0, 3.1), given=ax)
        for panel, (label, target) in enumerate(zip(labels, axes, strict=True)):
            shown = table[(table["panel"] == panel) & (table["q_value"].fillna(0.0) <= q_max)]
            _draw_graph(res, shown[shown["estimate"] != 0], target, largest)
            target.set_title(style.plain(label))
        if figure is None:
            return ax
        if caption:
            words = f"Edges: {res.edge_name}s with a q-value of at most {q_max:g}, the widest {largest:.2f}."
            style.caption(figure, [words, "Blue: positive. Orange, dashed: negative.", *_held(res, context)])
        return figure


def plot_network_heatmap(
    res: NetworkResults,
    context: Any = None,
    *,
    along: str | None = None,
    n: int = _PANELS,
    caption: bool = True,
    ax: Any = None,
) -> Any:
    """Draw the matrix of edges, one panel for each context, all on one scale of colours.

    Parameters are those of :func:`plot_network`; a dot marks edges with a q-value of at most 0.05.
    """
    table, labels = _edges_by_panel(res, context, along, n)
    p = len(res.names)
    place = {name: j for j, name in enumerate(res.names)}
    largest = float(table["estimate"].abs().max()) if len(table) else 0.0
    with style.styled():
        figure, axes = style.new_figure(len(labels), panel=(3.2, 3.4), given=ax)
        for panel, (label, target) in enumerate(zip(labels, axes, strict=True)):
            own = table[table["panel"] == panel]
            first, second = (own[end].map(place).to_numpy(np.intp) for end in ("source", "target"))
            matrix = np.full((p, p), np.nan)
            matrix[first, second] = own["estimate"]
            clear = own["q_value"].to_numpy() <= 0.05
            rows, columns = first[clear], second[clear]
            if not res.directed:
                matrix[second, first] = own["estimate"]
                rows, columns = np.concatenate([rows, columns]), np.concatenate([columns, rows])
            target.imshow(matrix, cmap=_DIVERGING, vmin=-max(largest, 1e-12), vmax=max(largest, 1e-12))
            target.plot(columns, rows, "o", color=style.INK, markersize=max(1.2, 24 / p), markeredgewidth=0)
            _name_nodes(target, res.names)
            target.set_title(style.plain(label))
        if figure is None:
            return ax
        bar = figure.colorbar(axes[0].images[0], ax=list(axes), shrink=0.8, aspect=25)
        bar.set_label(res.edge_name, fontsize=style.SMALL)
        bar.ax.tick_params(labelsize=style.SMALL)
        if caption:
            style.caption(figure, ["Dot: q-value of at most 0.05.", *_held(res, context)])
        return figure


def plot_network_edges(
    res: NetworkResults,
    edges: Iterable[tuple[str, str]] | None = None,
    *,
    along: str | None = None,
    n: int = 100,
    most: int = 6,
    level: float = 0.95,
    rug: bool = True,
    caption: bool = True,
    ax: Any = None,
) -> Any:
    """Draw edges along a context with their confidence bands, one panel for each edge.

    Parameters
    ----------
    res : NetworkResults
        The fit.
    edges : sequence of (str, str), optional
        Pairs of nodes. Default: the `most` edges that move most along the context.
    along : str, optional
        The context; default the first. The others are at their typical values.
    n : int
        Points of a curve.
    level : float
        Coverage of the bands, pointwise.
    rug : bool
        Mark the contexts of the data.
    caption, ax
        As in :func:`plot_network`.
    """
    name = context_name(res.data, along)
    frame = contexts_along(res.data, name, n)
    table = res.edges(frame, level=level)
    chosen = _chosen(res, table, edges, most)
    if not chosen:
        raise OptionError("A curve is drawn for each edge, but this network has none.")
    with style.styled():
        figure, axes = style.new_figure(len(chosen), given=ax)
        for (source, target), panel in zip(chosen, axes, strict=True):
            own = table[(table["source"] == source) & (table["target"] == target)]
            _draw_curve(res, own, frame[name], panel)
            if name not in res.data.context_levels and rug:
                style.rug(panel, res.data.contexts[:, res.data.context_names.index(name)])
            panel.set_xlabel(style.plain(name))
            panel.set_ylabel(res.edge_name)
            mark = "\N{RIGHTWARDS ARROW}" if res.directed else "\N{EN DASH}"
            panel.set_title(f"{style.plain(source, 14)} {mark} {style.plain(target, 14)}")
        if figure is None:
            return ax
        if caption:
            style.caption(figure, [f"Band or bars: {100 * level:g}% confidence, pointwise.", *_held(res, None)])
        return figure


def _edges_by_panel(res: NetworkResults, context: Any, along: str | None, n: int) -> tuple[pd.DataFrame, list[str]]:
    if context is None and not res.data.context_names:
        return res.edges().assign(panel=0), [""]
    frame = contexts_along(res.data, along, n, quantiles=True) if context is None else pd.DataFrame(context)
    table = res.edges(frame)
    count = len(table) // len(frame)
    return table.assign(panel=np.repeat(np.arange(len(frame)), count)), context_labels(frame)


def _held(res: NetworkResults, context: Any) -> list[str]:
    if context is not None or len(res.data.context_names) < 2:
        return []
    return ["Contexts that are not named are held at their median or most frequent level."]


def _draw_graph(res: NetworkResults, table: pd.DataFrame, ax: Axes, largest: float) -> None:
    p = len(res.names)
    angle = np.pi / 2 - 2 * np.pi * np.arange(p) / p
    x, y = np.cos(angle), np.sin(angle)
    place = {name: j for j, name in enumerate(res.names)}
    for row in table.to_dict("records"):
        i, j = place[row["source"]], place[row["target"]]
        share = abs(row["estimate"]) / largest
        patch = FancyArrowPatch(
            (x[i], y[i]),
            (x[j], y[j]),
            arrowstyle="-|>" if res.directed else "-",
            mutation_scale=9,
            shrinkA=5,
            shrinkB=7 if res.directed else 5,
            connectionstyle="arc3,rad=0.08" if res.directed else "arc3,rad=0",
            linewidth=0.4 + 3.2 * share,
            alpha=0.35 + 0.6 * share,
            color=style.BLUE if row["estimate"] > 0 else style.ORANGE,
            linestyle="-" if row["estimate"] > 0 else (0, (3, 1.5)),
            zorder=2,
        )
        ax.add_patch(patch)
    ax.plot(x, y, "o", color=style.INK, markersize=max(3.0, 7.0 - p / 10), zorder=3)
    size = style.SMALL if p <= 20 else style.SMALL - 2
    for j, name in enumerate(res.names):
        across = "left" if x[j] > 0.2 else "right" if x[j] < -0.2 else "center"
        up = "bottom" if y[j] > 0.8 else "top" if y[j] < -0.8 else "center"
        ax.text(1.12 * x[j], 1.12 * y[j], style.plain(name, 12), ha=across, va=up, fontsize=size)
    ax.set(xlim=(-1.6, 1.6), ylim=(-1.3, 1.3), aspect="equal")
    ax.axis("off")


def _name_nodes(ax: Axes, names: Sequence[str]) -> None:
    size = style.SMALL if len(names) <= 12 else max(3.5, style.SMALL * 14 / len(names))
    labels = [shorten(name, 10).replace("$", r"\$") for name in names]
    ax.set_xticks(range(len(names)), labels, rotation=90, fontsize=size)
    ax.set_yticks(range(len(names)), labels, fontsize=size)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _chosen(
    res: NetworkResults, table: pd.DataFrame, edges: Iterable[tuple[str, str]] | None, most: int
) -> list[tuple[str, str]]:
    known = list(dict.fromkeys(zip(table["source"], table["target"], strict=True)))
    if edges is None:
        spread = table.groupby(["source", "target"], sort=False)["estimate"].std(ddof=0)
        return [(str(a), str(b)) for a, b in spread.sort_values(ascending=False, kind="stable").index[:most]]
    chosen = []
    for a, b in edges:
        pair = (a, b) if (a, b) in known or res.directed else (b, a)
        if pair not in known:
            raise OptionError(f"edges must name pairs of nodes ({', '.join(res.names)}), but {(a, b)} is none.")
        chosen.append(pair)
    return chosen


def _draw_curve(res: NetworkResults, table: pd.DataFrame, values: Any, ax: Axes) -> None:
    ax.axhline(0, color=style.PALE, linewidth=0.9, zorder=1)
    low, high = table["conf_low"].to_numpy(), table["conf_high"].to_numpy()
    estimate = table["estimate"].to_numpy()
    if str(values.name) in res.data.context_levels:
        bars = np.abs(np.stack([estimate - low, high - estimate]))
        ax.errorbar(range(len(values)), estimate, bars, fmt="o", color=style.BLUE, markersize=4.5, elinewidth=1.3)
        style.name_levels(ax, [str(value) for value in values])
        return
    ax.fill_between(values, low, high, color=style.BAND, linewidth=0, zorder=2)
    ax.plot(values, estimate, color=style.BLUE, linewidth=1.6, zorder=4)
    ax.margins(x=0.01)

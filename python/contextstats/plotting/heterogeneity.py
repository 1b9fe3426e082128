"""Which effects vary, with which context: shares and p-values as dots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from contextstats.errors import OptionError
from contextstats.plotting import style
from contextstats.results.tidy import records

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults

_SMALLEST = 1e-5  # smaller p-values are drawn here, with an arrow


def plot_heterogeneity(
    res: GLMResults,
    *,
    what: Literal["both", "share", "p_value"] = "both",
    caption: bool = True,
    ax: Any = None,
) -> Any:
    """Draw, for each predictor and context, the share of the effect's variance and the p-values.

    Parameters
    ----------
    res : GLMResults
        The fit.
    what : {"both", "share", "p_value"}
        Panels to draw. Where every predictor has a single context all shares are one, and "both" leaves them
        out.
    caption : bool
        Explain the marks in small print (a new figure only).
    ax : Axes or pair of Axes, optional
        Where to draw, one for each panel; default a new figure.

    Returns
    -------
    Figure, or `ax` where it was given

    Raises
    ------
    OptionError
        If no coefficient varies, or `what` is unknown.
    """
    if what not in ("both", "share", "p_value"):
        raise OptionError(f"what must be 'both', 'share' or 'p_value', but is {what!r}.")
    table = shown_rows(res.heterogeneity())
    if table.empty:
        raise OptionError("No coefficient of this model varies, so there is nothing to compare. Fit with a context.")
    several = bool((table["context"] == "any").any())
    draw = {"share": [_shares], "p_value": [_p_values]}.get(what, [_shares, _p_values] if several else [_p_values])
    with style.styled():
        size = (3.9 if len(draw) == 2 else 5.2, 1.25 + 0.27 * len(table))
        figure, axes = style.new_figure(len(draw), panel=size, given=ax)
        for number, (function, panel) in enumerate(zip(draw, axes, strict=True)):
            function(table, panel)
            _names(table, panel, visible=number == 0)
        if figure is None:
            return ax
        if caption:
            style.caption(figure, _explanation(several))
        return figure


def shown_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The table without the rows "any" of predictors that have a single context."""
    several = table["predictor"].value_counts() > 2
    keep = (table["context"] != "any") | table["predictor"].map(several).astype(bool)
    return table[keep].reset_index(drop=True)


def _explanation(several: bool) -> list[str]:
    sentences = [
        "p-values: filled, Wald test that the term is zero; hollow, score test that the effect is constant. "
        "Dashed: 0.05. Arrows: below 0.00001."
    ]
    if several:
        sentences.append("Share: part of the variance of the effect over the rows of the data.")
    return sentences


def _shares(table: pd.DataFrame, ax: Axes) -> None:
    terms = table[table["context"] != "any"]
    places = -terms.index.to_numpy()
    ax.hlines(places, 0, 100 * terms["share"], color=style.BAND, linewidth=4)
    ax.plot(100 * terms["share"], places, "o", color=style.BLUE, markersize=5)
    ax.axvline(0, color=style.PALE, linewidth=0.8)
    ax.set_xlim(min(-2.0, 110 * float(terms["share"].min(skipna=True))), 104)
    ax.set_xlabel("share of the variance of the effect, %")


def _p_values(table: pd.DataFrame, ax: Axes) -> None:
    places = -table.index.to_numpy()
    ax.axvline(0.05, color=style.INK, linewidth=0.9, linestyle=(0, (5, 3)), zorder=1)
    for column, shift, face in (("p_value", 0.1, style.BLUE), ("score_p_value", -0.1, "white")):
        values = table[column].to_numpy(dtype=float)
        tiny = values < _SMALLEST
        for mask, marker in ((~tiny & np.isfinite(values), "o"), (tiny, ">")):
            if not mask.any():
                continue
            ax.plot(
                np.maximum(values[mask], _SMALLEST),
                places[mask] + shift,
                marker,
                markersize=5,
                markerfacecolor=face,
                markeredgecolor=style.BLUE,
                markeredgewidth=1.1,
                clip_on=False,
            )
    ax.set_xscale("log")
    ax.set_xlim(1.3, _SMALLEST)
    ax.set_xticks([1, 0.1, 0.01, 0.001, 0.0001, 0.00001], ["1", "0.1", "0.01", "0.001", "0.0001", "0.00001"])
    ax.minorticks_off()
    ax.set_xlabel("p-value")


def _names(table: pd.DataFrame, ax: Axes, *, visible: bool) -> None:
    labels = [
        f"{style.plain(str(row.predictor), 22)} · "
        + ("any context" if row.context == "any" else style.plain(str(row.context), 22))
        for row in records(table)
    ]
    ax.set_yticks(-table.index.to_numpy(), labels if visible else [""] * len(labels))
    ax.set_ylim(-len(table) + 0.4, 0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.hlines(
        -table.index.to_numpy(),
        0,
        1,
        transform=ax.get_yaxis_transform(),
        color="#eceff2",
        linewidth=0.7,
        zorder=0,
    )

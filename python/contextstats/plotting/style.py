"""One look for all figures: few colours, told apart without colour vision and in print; thin axes."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as _Figure
from numpy.typing import NDArray

from contextstats.errors import OptionError
from contextstats.results.wording import shorten

INK = "#1f2328"
GREY = "#6e7781"
PALE = "#c9ced4"
BLUE = "#0b5e97"
BAND = "#cfe1ee"
ORANGE = "#c4560a"

PANEL = (3.3, 2.7)  # width and height of a panel, inches
SMALL = 8
LARGE = 9.5

_PARAMETERS: dict[Any, Any] = {
    "font.size": LARGE,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": LARGE,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": SMALL + 0.5,
    "axes.unicode_minus": True,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "hatch.linewidth": 0.4,
    "hatch.color": GREY,
    "mathtext.default": "regular",
}


class Figure(_Figure):
    """A figure outside pyplot's list that notebooks show by themselves."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()


def styled() -> Any:
    """Context in which new artists take this look."""
    return mpl.rc_context(_PARAMETERS)


def new_figure(
    panels: int, columns: int | None = None, panel: tuple[float, float] = PANEL, given: Any = None
) -> tuple[Figure | None, list[Axes]]:
    """A figure with so many dressed panels, filled row by row; or no figure and the `given` axes."""
    if given is not None:
        return None, given_axes(given, panels)
    columns = columns or (panels if panels <= 3 else 2 if panels == 4 else 3)
    rows = math.ceil(panels / columns)
    figure = Figure(figsize=(panel[0] * columns, panel[1] * rows), layout="constrained")
    axes = [figure.add_subplot(rows, columns, i + 1) for i in range(panels)]
    for ax in axes:
        dress(ax)
    return figure, axes


def dress(ax: Axes) -> None:
    """Take away what carries no information."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set(linewidth=0.7, color=GREY)
    ax.tick_params(labelsize=SMALL, width=0.7, length=3, color=GREY, labelcolor=INK)


def given_axes(ax: Any, panels: int) -> list[Axes]:
    """The caller's axes as a list, one for each panel.

    Raises
    ------
    OptionError
        If their number is not that of the panels.
    """
    axes = [ax] if isinstance(ax, Axes) else list(np.ravel(np.asarray(ax, dtype=object)))
    if len(axes) != panels:
        raise OptionError(
            f"ax must hold one Axes for each of {panels} panels, but holds {len(axes)}. "
            "Choose panels, or leave ax out for a new figure."
        )
    return axes


def plain(text: str, width: int = 32) -> str:
    """A name as it is to be read: never as mathematics, and not longer than `width`."""
    return shorten(text, width).replace("$", r"\$")


def thinned(values: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """At most so many values at even steps of their order, so that their distribution is kept."""
    ordered = np.sort(values)
    if len(ordered) <= most:
        return ordered
    return np.asarray(ordered[np.linspace(0, len(ordered) - 1, most).round().astype(int)])


def some_rows(n: int, most: int) -> NDArray[np.intp]:
    """At most so many rows out of n, the same ones at every call."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, most, replace=False))


def rug(ax: Axes, values: NDArray[np.float64], most: int = 250) -> None:
    """Short ticks at the data, inside the bottom of the panel."""
    ax.vlines(
        thinned(values, most),
        0,
        0.03,
        transform=ax.get_xaxis_transform(),
        color=GREY,
        alpha=0.6,
        linewidth=0.5,
        zorder=5,
    )


def name_levels(ax: Axes, names: Sequence[str], below: Sequence[str] | None = None) -> None:
    """Names of the levels of a factor at 0, 1, ...: upright where they fit, else turned, and not all if many."""
    if len(names) <= 6 and max(map(len, names)) <= 10:
        labels = [plain(name) if below is None else f"{plain(name)}\n{below[i]}" for i, name in enumerate(names)]
        ax.set_xticks(range(len(names)), labels)
    else:
        step = math.ceil(len(names) / 20)
        labels = [plain(name, 16) for name in names[::step]]
        ax.set_xticks(range(0, len(names), step), labels, rotation=90, fontsize=SMALL - 1.5)
    ax.set_xlim(-0.6, len(names) - 0.4)


def caption(figure: Figure, sentences: Sequence[str]) -> None:
    """A line of small print under the panels, wrapped to the width of the figure."""
    characters = int(figure.get_size_inches()[0] * 15)
    text = "\n".join(textwrap.wrap(" ".join(sentences), characters))
    figure.supxlabel(text.replace("$", r"\$"), x=0.01, ha="left", fontsize=SMALL - 0.5, color=GREY)

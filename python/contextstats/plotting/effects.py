"""Coefficients as functions of context: curves with bands, factor levels with bars, surfaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from contextstats.errors import OptionError
from contextstats.plotting import style
from contextstats.plotting.surface import draw_surface
from contextstats.results.wording import general, linked, shorten

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults


@dataclass(frozen=True)
class Panel:
    """One predictor along one context, or over two."""

    predictor: str
    variables: tuple[str, ...]


@dataclass(frozen=True)
class EffectOptions:
    """What all panels share."""

    level: float
    simultaneous: bool
    n: int
    rug: bool


def plot(
    res: GLMResults,
    predictors: str | Sequence[str] | None = None,
    *,
    context: str | Sequence[str] | None = None,
    level: float = 0.95,
    simultaneous: bool = False,
    n: int = 200,
    rug: bool = True,
    caption: bool = True,
    ax: Any = None,
) -> Any:
    """Draw every varying coefficient along its contexts, the other contexts at their typical values.

    A numeric context gives a curve with its confidence band, a factor gives points with bars, a tensor
    product a filled contour plot of the coefficient. A dashed line marks the average effect, a thin one zero.

    Parameters
    ----------
    res : GLMResults
        The fit.
    predictors : str or sequence of str, optional
        Coefficients to draw; default all that vary.
    context : str or sequence of str, optional
        Contexts to draw along; default all. A surface is drawn if both its contexts are named.
    level : float
        Coverage of the bands.
    simultaneous : bool
        Bands that cover the whole curve at once rather than each point.
    n : int
        Points of a curve.
    rug : bool
        Mark the contexts of the data.
    caption : bool
        Explain the marks in small print (a new figure only).
    ax : Axes or array of Axes, optional
        Where to draw, one for each panel; default a new figure.

    Returns
    -------
    Figure, or `ax` where it was given
        The figure is not registered with pyplot: save it, or show it as the result of a notebook cell.

    Raises
    ------
    OptionError
        If no coefficient varies, a name is unknown, or `ax` does not fit the panels.
    """
    shown = choose_panels(res, predictors, context)
    options = EffectOptions(level, simultaneous, n, rug)
    with style.styled():
        columns = _columns(shown)
        figure, axes = style.new_figure(len(shown), columns, given=ax)
        _draw(res, shown, axes, options)
        if figure is None:
            return ax
        _share_scales(shown, axes, columns)
        if caption:
            style.caption(figure, explanation(res, shown, level, simultaneous))
        return figure


def all_panels(res: GLMResults) -> list[Panel]:
    """One panel for each varying coefficient and each context, or pair of contexts, it varies with.

    A term of more than two contexts has a panel for each of them, the others held at a typical value.
    """
    design = res.design
    found = [
        Panel(design.x_names[block.predictor], shown)
        for block in design.blocks
        if block.term is not None
        for shown in _shown_together(block.term.variables)
    ]
    return list(dict.fromkeys(found))


def _shown_together(variables: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [variables] if len(variables) <= 2 else [(name,) for name in variables]


def choose_panels(
    res: GLMResults, predictors: str | Sequence[str] | None, context: str | Sequence[str] | None
) -> list[Panel]:
    """The panels that were asked for."""
    panels = all_panels(res)
    if not panels:
        raise OptionError("No coefficient of this model varies, so there is no curve to draw. Fit with a context.")
    names = _as_list(predictors) or [panel.predictor for panel in panels]
    variables = _as_list(context) or [name for panel in panels for name in panel.variables]
    chosen = [
        panel for panel in panels if panel.predictor in names and all(name in variables for name in panel.variables)
    ]
    known = ", ".join(f"{panel.predictor} by {' and '.join(panel.variables)}" for panel in panels)
    missing = [name for name in names if name not in {panel.predictor for panel in chosen}]
    if missing or not chosen:
        raise OptionError(f"There is no panel for {missing or variables}. The panels of this model are: {known}.")
    return chosen


def explanation(res: GLMResults, panels: Sequence[Panel], level: float, simultaneous: bool) -> list[str]:
    """What the marks mean, in sentences."""
    kind = "for the whole curve" if simultaneous else "pointwise"
    sentences = [f"Band or bars: {100 * level:g}% confidence, {kind}. Dashed: average effect in the data."]
    if any(len(panel.variables) == 2 for panel in panels):
        sentences.append("Surface, hatched: not distinguishable from the average; white: no data near.")
    if any(name in res.design.context_levels for panel in panels for name in panel.variables):
        sentences.append("In brackets: rows of the level.")
    if len(res.design.context_names) > 1:
        sentences.append("Contexts that are not shown are held at their median or most frequent level.")
    return sentences


def effect_label(res: GLMResults, predictor: str) -> str:
    """The vertical axis in words, "effect of dose on logit(y)", in two lines if it is long."""
    response = linked(res.family.link_name, shorten(res.design.y_name, 18))
    first, second = (
        ("baseline", response)
        if predictor == "Intercept"
        else (f"effect of {shorten(predictor, 20)}", f"on {response}")
    )
    between = "\n" if len(first) + len(second) > 32 else " "
    return f"{first}{between}{second}".replace("$", r"\$")


def _draw(res: GLMResults, panels: Sequence[Panel], axes: Sequence[Axes], options: EffectOptions) -> None:
    averages = res.average_effects().set_index("term")["estimate"]
    for panel, ax in zip(panels, axes, strict=True):
        average = float(averages[panel.predictor])
        label = effect_label(res, panel.predictor)
        if len(panel.variables) == 2:
            draw_surface(res, panel.predictor, panel.variables, ax, average, options.level, label)
        else:
            _draw_one_context(res, panel, ax, average, options)
            ax.set_ylabel(label)
        ax.set_title(style.plain(panel.predictor))
        text = f"average {general(average, 3)}".replace("-", "\N{MINUS SIGN}")
        ax.set_title(text, loc="right", fontsize=style.SMALL, fontweight="normal", color=style.GREY)


def _draw_one_context(res: GLMResults, panel: Panel, ax: Axes, average: float, options: EffectOptions) -> None:
    (variable,) = panel.variables
    design = res.design
    curve = res.curve(panel.predictor, variable, n=options.n, level=options.level, simultaneous=options.simultaneous)
    low, high = curve["conf_low"].to_numpy(), curve["conf_high"].to_numpy()
    _references(ax, low, high, average, panel.predictor)
    column = design.contexts[:, list(design.context_names).index(variable)]
    if variable in design.context_levels:
        _points(ax, curve, column.astype(int))
    else:
        x = curve[variable].to_numpy()
        ax.fill_between(x, low, high, color=style.BAND, linewidth=0, zorder=2)
        ax.plot(x, curve["estimate"], color=style.BLUE, linewidth=1.6, zorder=4)
        ax.margins(x=0.01)
        if options.rug:
            style.rug(ax, column)
    ax.set_xlabel(style.plain(variable))


def _points(ax: Axes, curve: Any, codes: Any) -> None:
    """Estimates with bars at the levels of a factor; the number of rows stands under each name."""
    names = [str(name) for name in curve.iloc[:, 0]]
    places = np.arange(len(names))
    estimate = curve["estimate"].to_numpy()
    bars = np.abs(np.stack([estimate - curve["conf_low"], curve["conf_high"] - estimate]))
    ax.errorbar(places, estimate, bars, fmt="o", color=style.BLUE, markersize=4.5, elinewidth=1.3, zorder=4)
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    style.name_levels(ax, names, [f"({count:,})" for count in counts])


def _references(ax: Axes, low: Any, high: Any, average: float, predictor: str) -> None:
    """The average effect, and zero where it is not far from the band."""
    bottom, top = float(np.nanmin(low)), float(np.nanmax(high))
    reach = 0.5 * (top - bottom)
    if predictor != "Intercept" and bottom - reach <= 0 <= top + reach:
        ax.axhline(0, color=style.PALE, linewidth=0.9, zorder=1)
    ax.axhline(average, color=style.INK, linewidth=0.9, linestyle=(0, (5, 3)), zorder=3)


def _columns(panels: Sequence[Panel]) -> int | None:
    """A row for each predictor where all vary with equally many contexts, two or three."""
    numbers = {sum(panel.predictor == other.predictor for other in panels) for panel in panels}
    number = numbers.pop() if len(numbers) == 1 else 0
    return number if 2 <= number <= 3 else None


def _share_scales(panels: Sequence[Panel], axes: Sequence[Axes], columns: int | None) -> None:
    """One vertical scale for the panels of a coefficient, named once in a row of its own."""
    curves = [(panel.predictor, ax) for panel, ax in zip(panels, axes, strict=True) if len(panel.variables) == 1]
    for predictor in dict.fromkeys(name for name, _ in curves):
        own = [ax for name, ax in curves if name == predictor]
        limits = [ax.get_ylim() for ax in own]
        for i, ax in enumerate(own):
            ax.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
            if i and columns == len(own):
                ax.set_ylabel("")


def _as_list(names: str | Sequence[str] | None) -> list[str]:
    return [] if names is None else [names] if isinstance(names, str) else list(names)

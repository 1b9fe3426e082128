"""Does the model describe the data: quantile residuals and calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from contextstats.plotting import style
from contextstats.plotting.envelope import normal_envelope, plotting_positions

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults

Floats = NDArray[np.float64]
_MOST_POINTS = 1500
_FARTHEST = 8.0  # residuals beyond are drawn at the edge


def plot_diagnostics(res: GLMResults, *, seed: int = 0, caption: bool = True, ax: Any = None) -> Any:
    """Draw a quantile plot, residuals against fit and contexts, and response against fit.

    Residuals are randomized quantile residuals: standard normal if the model is right, whatever the family.
    The quantile plot has an envelope that contains the whole sample in 95% of data sets from a right model.
    Orange marks are means over bins of equally many rows, with two standard errors.

    Parameters
    ----------
    res : GLMResults
        The fit.
    seed : int
        Of the randomization of the residuals.
    caption : bool
        Explain the marks in small print (a new figure only).
    ax : array of Axes, optional
        Where to draw: three and one more for each context; default a new figure.

    Returns
    -------
    Figure, or `ax` where it was given
    """
    design = res.design
    residuals = np.clip(res.resid_quantile(seed).to_numpy(dtype=float), -_FARTHEST, _FARTHEST)
    number = 3 + len(design.context_names)
    with style.styled():
        figure, axes = style.new_figure(number, given=ax)
        quantile_panel(residuals[np.isfinite(residuals)], axes[0])
        calibration_panel(res, axes[1])
        residual_panel(res.linear_predictor.to_numpy(), residuals, axes[2])
        axes[2].set_xlabel("linear predictor")
        axes[2].set_title("Residuals and fit")
        for k, name in enumerate(design.context_names):
            panel, values = axes[3 + k], design.contexts[:, k]
            levels = design.context_levels.get(name)
            if levels is None:
                residual_panel(values, residuals, panel)
            else:
                level_panel(values.astype(int), [str(level) for level in levels], residuals, panel)
            panel.set_xlabel(style.plain(name))
            panel.set_title(f"Residuals and {style.plain(name, 22)}")
        if figure is None:
            return ax
        if caption:
            style.caption(figure, explanation(len(design.y)))
        return figure


def explanation(n: int) -> list[str]:
    """What the marks mean, in sentences."""
    shown = f" (of {_MOST_POINTS:,} random rows of {n:,})" if n > _MOST_POINTS else ""
    return [
        f"Grey: quantile residuals{shown}, standard normal if the model is right.",
        "Orange: means over bins of equally many rows, two standard errors. "
        "Quantile plot: the band contains the whole sample with probability 95%.",
    ]


def quantile_panel(residuals: Floats, ax: Axes) -> None:
    """Ordered residuals against normal quantiles, with a simultaneous envelope."""
    n = len(residuals)
    if n == 0:
        ax.set_title("Normal quantiles")
        return
    positions, theory = plotting_positions(n)
    low, high = normal_envelope(n, positions)
    sample = np.sort(residuals)[positions - 1]
    ax.fill_between(theory, low, high, color=style.BAND, linewidth=0)
    ax.plot(theory, theory, color=style.INK, linewidth=0.8, linestyle=(0, (5, 3)))
    outside = (sample < low) | (sample > high)
    ax.plot(theory[~outside], sample[~outside], ".", color=style.BLUE, markersize=3)
    ax.plot(theory[outside], sample[outside], ".", color=style.ORANGE, markersize=4)
    ax.set(xlabel="normal quantile", ylabel="quantile residual")
    ax.set_title("Normal quantiles")


def residual_panel(values: Floats, residuals: Floats, ax: Axes) -> None:
    """Residuals against a numeric variable, with means over bins."""
    known = np.isfinite(residuals) & np.isfinite(values)
    values, residuals = values[known], residuals[known]
    rows = style.some_rows(len(values), _MOST_POINTS)
    _cloud(ax, values[rows], residuals[rows])
    ax.axhline(0, color=style.INK, linewidth=0.8, linestyle=(0, (5, 3)), zorder=3)
    _bin_means(ax, values, values, residuals)
    ax.set_ylabel("quantile residual")


def level_panel(codes: NDArray[np.intp], levels: list[str], residuals: Floats, ax: Axes) -> None:
    """Residuals of the rows of each level, spread sideways, with their means."""
    known = np.isfinite(residuals) & (codes >= 0)
    codes, residuals = codes[known], residuals[known]
    rows = style.some_rows(len(codes), _MOST_POINTS)
    sideways = np.random.default_rng(0).uniform(-0.22, 0.22, len(rows))
    _cloud(ax, codes[rows] + sideways, residuals[rows])
    ax.axhline(0, color=style.INK, linewidth=0.8, linestyle=(0, (5, 3)), zorder=3)
    for code in range(len(levels)):
        own = residuals[codes == code]
        if len(own) > 1:
            _mean_mark(ax, code, float(own.mean()), 2 * float(own.std(ddof=1)) / np.sqrt(len(own)))
    style.name_levels(ax, levels)
    ax.set_ylabel("quantile residual")


def calibration_panel(res: GLMResults, ax: Axes) -> None:
    """Mean response over bins of the fitted mean, against the fitted mean."""
    fitted, y = res.fittedvalues.to_numpy(), res.design.y
    many_values = len(np.unique(y[:5000])) > 10
    means = _bin_means(ax, fitted, fitted, y)
    if many_values:
        rows = style.some_rows(len(y), _MOST_POINTS)
        _cloud(ax, fitted[rows], y[rows])
        ax.set_ylim(*_central(y[rows], means))
    ends = np.quantile(fitted, [0.0005, 0.9995])
    room = 0.03 * float(ends[1] - ends[0]) or 1.0
    ax.set_xlim(ends[0] - room, ends[1] + room)
    ax.plot(ends, ends, color=style.INK, linewidth=0.8, linestyle=(0, (5, 3)), zorder=3)
    ax.set(
        xlabel="fitted mean",
        ylabel=style.plain(f"mean of {res.design.y_name}" if not many_values else res.design.y_name),
    )
    ax.set_title("Response and fit")


def bins(values: Floats) -> list[NDArray[np.intp]]:
    """Rows in groups of about equally many, in the order of `values`; equal values stay together."""
    n = len(values)
    number = int(np.clip(n // 20, 2, 20))
    edges = np.unique(np.quantile(values, np.linspace(0, 1, number + 1)[1:-1]))
    place = np.searchsorted(edges, values, side="right")
    return [np.flatnonzero(place == i) for i in range(len(edges) + 1)]


def _bin_means(ax: Axes, by: Floats, x: Floats, y: Floats) -> Floats:
    means = []
    for rows in bins(by):
        if len(rows) > 1:
            mean, error = float(y[rows].mean()), 2 * float(y[rows].std(ddof=1)) / np.sqrt(len(rows))
            _mean_mark(ax, float(x[rows].mean()), mean, error)
            means += [mean - error, mean + error]
    return np.array(means)


def _mean_mark(ax: Axes, x: float, mean: float, error: float) -> None:
    ax.errorbar([x], [mean], [error], fmt="o", color=style.ORANGE, markersize=3, elinewidth=1.1, zorder=4)


def _cloud(ax: Axes, x: Floats, y: Floats) -> None:
    ax.plot(x, y, ".", color=style.GREY, alpha=0.35, markersize=3, markeredgewidth=0, rasterized=True, zorder=1)


def _central(y: Floats, means: Floats) -> tuple[float, float]:
    """Limits that leave out far responses, so that the means can be seen."""
    low, high = np.quantile(y, [0.005, 0.975])
    low, high = min(low, means.min(initial=low)), max(high, means.max(initial=high))
    room = 0.05 * (high - low) or 1.0
    return float(low - room), float(high + room)

"""A coefficient over two contexts, as a filled contour plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from contextstats.plotting import style

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults

_GRID = 50
_TOO_FAR = 0.1  # in units of the range of the data
_COLOURS = "PuOr_r"


def typical_contexts(res: GLMResults, n: int) -> pd.DataFrame:
    """So many rows of all contexts at their median or most frequent level."""
    design = res.design
    columns: dict[str, Any] = {}
    for k, name in enumerate(design.context_names):
        values = design.contexts[:, k]
        levels = design.context_levels.get(name)
        columns[name] = np.median(values) if levels is None else levels[np.bincount(values.astype(int)).argmax()]
    return pd.DataFrame({name: [value] * n for name, value in columns.items()})


def draw_surface(
    res: GLMResults,
    predictor: str,
    variables: tuple[str, ...],
    ax: Axes,
    average: float,
    level: float,
    label: str,
) -> None:
    """Fill a panel with the coefficient: hatched where the band contains the average, white far from data."""
    first, second = variables
    rows = np.column_stack([_column(res, first), _column(res, second)])
    across = np.linspace(rows[:, 0].min(), rows[:, 0].max(), _GRID)
    up = np.linspace(rows[:, 1].min(), rows[:, 1].max(), _GRID)
    grid = np.stack([part.ravel() for part in np.meshgrid(across, up)], axis=1)
    contexts = typical_contexts(res, len(grid)).assign(**{first: grid[:, 0], second: grid[:, 1]})
    table = res.coefficients(contexts, level=level, terms=[predictor])
    far = _far(grid, rows)
    estimate = np.ma.masked_array(table["estimate"].to_numpy(), far).reshape(_GRID, _GRID)
    inside = (table["conf_low"] <= average) & (average <= table["conf_high"])
    unclear = np.ma.masked_array(inside.to_numpy().astype(float), far).reshape(_GRID, _GRID)

    spread = max(float(np.abs(estimate - average).max()), 1e-12)
    levels = MaxNLocator(11, symmetric=False).tick_values(average - spread, average + spread)
    filled = ax.contourf(across, up, estimate, levels=levels, cmap=_COLOURS)
    filled.set_clim(average - spread, average + spread)
    hatched = ax.contourf(across, up, unclear, levels=[0.5, 1.5], colors="none", hatches=["////"])
    hatched.set_edgecolor("#9aa3ac")
    hatched.set_linewidth(0)
    lines = ax.contour(across, up, estimate, levels=levels, colors=style.INK, linewidths=0.4)
    ax.clabel(lines, fontsize=style.SMALL - 1.5, fmt="%g")
    shown = rows[style.some_rows(len(rows), 300)]
    ax.plot(shown[:, 0], shown[:, 1], ".", color=style.INK, markersize=1.2, alpha=0.5)
    ax.set(xlabel=style.plain(first), ylabel=style.plain(second), xlim=across[[0, -1]], ylim=up[[0, -1]])
    bar = ax.figure.colorbar(filled, ax=ax, pad=0.02, aspect=25)
    bar.set_label(label, fontsize=style.SMALL)
    bar.ax.tick_params(labelsize=style.SMALL - 1, width=0.5, length=2)
    bar.outline.set_visible(False)


def _column(res: GLMResults, name: str) -> NDArray[np.float64]:
    column: NDArray[np.float64] = res.design.contexts[:, list(res.design.context_names).index(name)]
    return column


def _far(grid: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    low, width = rows.min(axis=0), np.maximum(np.ptp(rows, axis=0), 1e-300)
    distance, _ = cKDTree((rows - low) / width).query((grid - low) / width)
    return np.asarray(distance > _TOO_FAR)

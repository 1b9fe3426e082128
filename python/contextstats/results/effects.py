"""The coefficients as functions of context: values, bands, curves, averages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from contextstats import _core
from contextstats.algorithms.blas import single_threaded_blas
from contextstats.algorithms.joint import Floats
from contextstats.design import Block, Design
from contextstats.design.matrix import Matrix
from contextstats.errors import DataError
from contextstats.inference.average_effects import average_effects as average
from contextstats.inference.bands import band as confidence_band
from contextstats.inference.distributions import two_sided_tail, upper_point
from contextstats.results.chunks import chunks

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults
    from contextstats.results.predictor import Fitted


def blocks_of(design: Design, predictor: int) -> list[Block]:
    """All blocks of a predictor, the constant one first."""
    return [block for block in design.blocks if block.predictor == predictor]


def context_rows(design: Design, predictor: int, contexts: Floats) -> Floats:
    """Rows r with beta_j(c) = r theta_j, over the coefficients of predictor j's blocks in order."""
    parts = []
    for block in blocks_of(design, predictor):
        if block.term is None:
            parts.append(np.ones((len(contexts), 1)))
        else:
            parts.append(_core.basis_matrix(block.term.basis.to_dict(), contexts) @ block.term.transform)
    return np.hstack(parts)


def coefficient_columns(design: Design, predictor: int) -> Any:
    """Positions in theta of the coefficients of predictor j's blocks in order."""
    return np.concatenate([np.arange(block.start, block.stop) for block in blocks_of(design, predictor)])


def chosen_predictors(design: Design, terms: Sequence[str] | None) -> list[int]:
    """Positions of the named predictors, or of all."""
    if terms is None:
        return list(range(len(design.x_names)))
    unknown = [term for term in terms if term not in design.x_names]
    if unknown:
        raise DataError(f"terms must name predictors ({', '.join(design.x_names)}), but {unknown} do not.")
    return [list(design.x_names).index(term) for term in terms]


def coefficient_array(res: Fitted, contexts: Matrix) -> Floats:
    """beta_j(c_i), shape (n, p)."""
    design = res.design
    out = np.empty((len(contexts), len(design.x_names)))
    for j in range(out.shape[1]):
        theta = res.theta[coefficient_columns(design, j)]
        for rows in chunks(len(contexts)):
            out[rows, j] = context_rows(design, j, np.asfortranarray(contexts[rows])) @ theta
    return out


def band_at(
    res: Fitted, predictor: int, contexts: Matrix, *, level: float, simultaneous: bool
) -> tuple[Floats, Floats, Floats, Floats]:
    """Estimate, standard error, lower and upper limit of beta_j at some contexts."""
    if not 0 < level < 1:
        raise DataError(f"level must lie between 0 and 1, but is {level}.")
    columns = coefficient_columns(res.design, predictor)
    theta = res.theta[columns]
    covariance = res.natural_covariance[np.ix_(columns, columns)]
    residual_df = res.residual_df
    if simultaneous:
        rows = context_rows(res.design, predictor, np.asfortranarray(contexts))
        band = confidence_band(rows, theta, covariance, alpha=1 - level, residual_df=residual_df, simultaneous=True)
        return band.estimate, band.standard_error, band.lower, band.upper
    estimate, error = np.empty(len(contexts)), np.empty(len(contexts))
    for part in chunks(len(contexts)):
        rows = context_rows(res.design, predictor, np.asfortranarray(contexts[part]))
        estimate[part] = rows @ theta
        error[part] = np.sqrt(np.maximum(np.einsum("ij,ij->i", rows @ covariance, rows), 0.0))
    critical = upper_point((1 - level) / 2, residual_df)
    return estimate, error, estimate - critical * error, estimate + critical * error


@single_threaded_blas
def coefficients_table(
    res: Fitted,
    contexts: Matrix,
    labels: Any,
    *,
    level: float,
    simultaneous: bool,
    terms: Sequence[str] | None,
) -> pd.DataFrame:
    """Tidy frame: row, term, estimate, std_error, conf_low, conf_high."""
    frames = []
    for j in chosen_predictors(res.design, terms):
        estimate, error, low, high = band_at(res, j, contexts, level=level, simultaneous=simultaneous)
        frames.append(
            pd.DataFrame(
                {
                    "row": labels,
                    "term": res.design.x_names[j],
                    "estimate": estimate,
                    "std_error": error,
                    "conf_low": low,
                    "conf_high": high,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def typical_contexts(design: Design, n: int) -> Floats:
    """n copies of the typical context: medians, and for factors the most frequent level."""
    typical = np.empty(design.contexts.shape[1])
    for k, name in enumerate(design.context_names):
        column = design.contexts[:, k]
        if name in design.context_levels:
            typical[k] = np.bincount(column.astype(int)).argmax()
        else:
            typical[k] = np.median(column)
    return np.asfortranarray(np.tile(typical, (n, 1)))


@single_threaded_blas
def curve(res: GLMResults, predictor: str, context: str, *, n: int, level: float, simultaneous: bool) -> pd.DataFrame:
    """beta of one predictor along one context, the others at their typical values."""
    design = res.design
    (j,) = chosen_predictors(design, [predictor])
    if context not in design.context_names:
        raise DataError(f"context must be one of {', '.join(design.context_names)}, but is {context!r}.")
    k = list(design.context_names).index(context)
    levels = design.context_levels.get(context)
    if levels is None:
        column = design.contexts[:, k]
        values: Any = np.linspace(column.min(), column.max(), n)
        codes = values
    else:
        values, codes = list(levels), np.arange(len(levels), dtype=float)
    contexts = typical_contexts(design, len(codes))
    contexts[:, k] = codes
    estimate, error, low, high = band_at(res, j, contexts, level=level, simultaneous=simultaneous)
    return pd.DataFrame({context: values, "estimate": estimate, "std_error": error, "conf_low": low, "conf_high": high})


@single_threaded_blas
def average_effects_table(res: GLMResults, level: float) -> pd.DataFrame:
    """Average of each beta_j(c) over the rows of the fit, with its standard error given their contexts."""
    design, moments = res.design, res.context_moments
    rows = []
    for j, name in enumerate(design.x_names):
        columns = coefficient_columns(design, j)
        mean_row = moments.mean[moments.columns(blocks_of(design, j))]
        effect = average(mean_row[None, :], res.theta[columns], res.natural_covariance[np.ix_(columns, columns)])
        rows.append([name, float(effect.estimate[0]), float(effect.standard_error[0])])
    table = pd.DataFrame(rows, columns=["term", "estimate", "std_error"])
    table = with_inference(table, res.residual_df, level)
    return table if design.is_honest else table.assign(p_value=np.nan)


def with_inference(table: pd.DataFrame, residual_df: float | None, level: float) -> pd.DataFrame:
    """Add statistic, p_value, conf_low and conf_high to estimates and standard errors."""
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = table["estimate"] / table["std_error"]
    half = upper_point((1 - level) / 2, residual_df) * table["std_error"]
    return table.assign(
        statistic=statistic,
        p_value=two_sided_tail(statistic.to_numpy(), residual_df),
        conf_low=table["estimate"] - half,
        conf_high=table["estimate"] + half,
    )


def new_contexts(res: Fitted, context: Mapping[str, Any] | Any | None) -> tuple[Matrix, Any]:
    """Contexts of the rows of the fit, or of new data, with the labels of the rows."""
    if context is None:
        return res.design.contexts, np.asarray(res.design.row_labels)
    applied = res.design.recipe.apply_contexts(context)
    return applied.contexts, applied.row_labels

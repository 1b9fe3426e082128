"""Predictions for new data, with standard errors and a flag for contexts outside the training range."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from contextstats import _core
from contextstats.algorithms.joint import Floats, core_loss
from contextstats.design.matrix import Matrix
from contextstats.errors import DataError, ExtrapolationWarning, OptionError
from contextstats.inference.distributions import upper_point
from contextstats.options import resolve_threads
from contextstats.results.effects import coefficient_columns, context_rows
from contextstats.results.estimates import mean_slope

if TYPE_CHECKING:
    from contextstats.results.predictor import Fitted


@dataclass(frozen=True, eq=False)
class Prediction:
    """Predicted means with their uncertainty.

    Attributes
    ----------
    linear_predictor, se_linear : (n,) array
        On the scale of the link, offset included.
    predicted_mean, se_mean : (n,) array
        On the scale of the response; the standard error by the delta method.
    outside : (n,) array of bool
        True where a context lies outside the range, or the levels, of the data the model was fitted to.
    """

    linear_predictor: Floats
    se_linear: Floats
    predicted_mean: Floats
    se_mean: Floats
    outside: Any
    row_labels: Any
    inverse_link: Any
    residual_df: float | None

    def conf_int(self, alpha: float = 0.05) -> Floats:
        """Interval for the mean, shape (n, 2): made on the link scale, so it respects the support."""
        half = upper_point(alpha / 2, self.residual_df) * self.se_linear
        ends = [self.inverse_link(np.ascontiguousarray(self.linear_predictor + sign * half)) for sign in (-1, 1)]
        return np.sort(np.column_stack(ends), axis=1)

    def summary_frame(self, alpha: float = 0.05) -> pd.DataFrame:
        """Columns mean, mean_se, mean_ci_lower, mean_ci_upper, outside."""
        interval = self.conf_int(alpha)
        return pd.DataFrame(
            {
                "mean": self.predicted_mean,
                "mean_se": self.se_mean,
                "mean_ci_lower": interval[:, 0],
                "mean_ci_upper": interval[:, 1],
                "outside": self.outside,
            },
            index=self.row_labels,
        )


def design_of_new_data(
    res: Fitted, newdata: Any, offset: Any, exposure: Any
) -> tuple[Matrix, Matrix, Floats, Any, Any]:
    """x, contexts, offset, outside and row labels of new data, or of the rows of the fit."""
    design = res.design
    if newdata is None:
        shift = design.offset if offset is None and exposure is None else _offset(res, offset, exposure, len(design.y))
        outside = np.zeros(len(design.y), dtype=bool)
        return design.x, design.contexts, shift, outside, design.row_labels
    applied = design.recipe.apply(newdata)
    n = len(applied.x)
    shift = _offset(res, offset, exposure, n)
    if offset is None and exposure is None and applied.offset is not None:
        shift = applied.offset
    elif offset is None and exposure is None and res.has_offset:
        warnings.warn(
            "The model was fitted with an offset, but none was given for the new data: it is taken as zero. "
            "Pass offset= (or exposure=) to predict.",
            UserWarning,
            stacklevel=4,
        )
    outside = np.asarray(applied.outside, dtype=bool)
    if outside.any():
        names = ", ".join(applied.outside_names) or "a context"
        warnings.warn(
            f"{int(outside.sum())} of {n} rows have a context outside the range of the fit ({names}): effects are "
            "continued along straight lines there, with standard errors that do not know whether this is right. "
            "The column 'outside' of the summary frame marks them.",
            ExtrapolationWarning,
            stacklevel=4,
        )
    return applied.x, applied.contexts, shift, outside, applied.row_labels


def _offset(res: Fitted, offset: Any, exposure: Any, n: int) -> Floats:
    total = np.zeros(n)
    if offset is not None:
        total = total + np.broadcast_to(np.asarray(offset, dtype=float), (n,))
    if exposure is not None:
        if res.family.link_name != "log":
            raise OptionError(f"exposure needs the log link, but the link is {res.family.link_name!r}. Use offset.")
        values = np.broadcast_to(np.asarray(exposure, dtype=float), (n,))
        if not (values > 0).all():
            raise DataError(f"exposure must be positive, but {int((~(values > 0)).sum())} of {n} values are not.")
        total = total + np.log(values)
    if not np.isfinite(total).all():
        raise DataError(f"offset must be finite, but {int((~np.isfinite(total)).sum())} of {n} values are not.")
    return total


def predict_link(res: Fitted, x: Matrix, contexts: Matrix, offset: Floats) -> Floats:
    """Linear predictor of new rows."""
    core_design = _core.Design(*res.design.core_layout(), x.shape[1])
    eta = _core.linear_predictor(core_design, x, contexts, res.theta, resolve_threads(None))
    return np.asarray(eta) + offset


def design_matrix(res: Fitted, newdata: Any) -> pd.DataFrame:
    """Rows z with z'params the linear predictor without its offset, in the user's coordinates."""
    design = res.design
    applied = design if newdata is None else design.recipe.apply(newdata)
    x, contexts = applied.x, np.asfortranarray(applied.contexts)
    rows = np.empty((len(x), design.n_coefficients))
    for j in range(len(design.x_names)):
        rows[:, coefficient_columns(design, j)] = x[:, [j]] * context_rows(design, j, contexts)
    names = list(design.coef_names)
    return pd.DataFrame(np.linalg.solve(design.user_map.T, rows.T).T, index=applied.row_labels, columns=names)


def get_prediction(res: Fitted, newdata: Any, offset: Any, exposure: Any) -> Prediction:
    """Predictions with standard errors from the covariance of the results."""
    x, contexts, shift, outside, labels = design_of_new_data(res, newdata, offset, exposure)
    core_design = _core.Design(*res.design.core_layout(), x.shape[1])
    threads = resolve_threads(None)
    eta = np.asarray(_core.linear_predictor(core_design, x, contexts, res.theta, threads)) + shift
    variance = np.asarray(
        _core.quadratic_form(core_design, x, contexts, np.asfortranarray(res.natural_covariance), threads)
    )
    se = np.sqrt(np.maximum(variance, 0.0))
    loss = core_loss(res.family)
    mean = np.asarray(loss.mean(eta, threads))
    return Prediction(
        linear_predictor=eta,
        se_linear=se,
        predicted_mean=mean,
        se_mean=np.abs(mean_slope(res.family.link_name, eta)) * se,
        outside=outside,
        row_labels=labels,
        inverse_link=partial(loss.mean, threads=1),
        residual_df=res.residual_df,
    )


def predict(res: Fitted, newdata: Any, kind: str, offset: Any, exposure: Any) -> pd.Series:
    """Means or linear predictors, without standard errors."""
    if kind not in ("response", "link"):
        raise OptionError(f"type must be 'response' or 'link', but is {kind!r}.")
    x, contexts, shift, _, labels = design_of_new_data(res, newdata, offset, exposure)
    eta = predict_link(res, x, contexts, shift)
    values = eta if kind == "link" else core_loss(res.family).mean(eta, resolve_threads(None))
    return pd.Series(values, index=labels)

"""Fits as data frames with the column names of R's broom (dots as underscores), and for maketables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from contextstats.errors import OptionError

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults

_RESIDUALS = ("deviance", "pearson", "response", "working")


def tidy(
    res: GLMResults,
    *,
    conf_int: bool = True,
    level: float = 0.95,
    parametric: bool = True,
    exponentiate: bool = False,
) -> pd.DataFrame:
    """One row for each coefficient, or for each varying effect.

    Parameters
    ----------
    res : GLMResults
        The fit.
    conf_int : bool
        Add conf_low and conf_high.
    level : float
        Coverage of the intervals.
    parametric : bool
        True: the coefficients of the first block of the summary. False: one row for each predictor and
        context term.
    exponentiate : bool
        Take exp of estimates and limits (odds ratios, rate ratios); standard errors stay as they are.

    Returns
    -------
    DataFrame
        parametric: term, estimate, std_error, statistic, p_value, conf_low, conf_high. Otherwise: term,
        predictor, context, edf, ref_df, statistic, p_value, share, score_statistic, score_p_value.

    Raises
    ------
    OptionError
        If `level` is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise OptionError(f"level must lie between 0 and 1, but is {level}.")
    if not parametric:
        table = res.heterogeneity()
        table.insert(0, "term", table["context"] + ":" + table["predictor"])
        return table
    interval = res.conf_int(1 - level)
    table = pd.DataFrame(
        {
            "term": res.params.index,
            "estimate": res.params.to_numpy(),
            "std_error": res.bse.to_numpy(),
            "statistic": res.tvalues.to_numpy(),
            "p_value": res.pvalues.to_numpy(),
            "conf_low": interval["lower"].to_numpy(),
            "conf_high": interval["upper"].to_numpy(),
        }
    )
    if exponentiate:
        scaled = ["estimate", "conf_low", "conf_high"]
        table[scaled] = np.exp(table[scaled])
    kept = table if conf_int else table.drop(columns=["conf_low", "conf_high"])
    return kept[~np.asarray(res.is_smooth_coef)].reset_index(drop=True)


def glance(res: GLMResults) -> pd.DataFrame:
    """One row for the model.

    Returns
    -------
    DataFrame
        null_deviance, df_null, logLik, AIC, BIC, deviance, df_residual, nobs as in broom, then edf, scale,
        deviance_explained and converged.
    """
    return pd.DataFrame(
        [
            {
                "null_deviance": res.null_deviance,
                "df_null": res.nobs - 1,
                "logLik": res.llf,
                "AIC": res.aic,
                "BIC": res.bic,
                "deviance": res.deviance,
                "df_residual": res.df_resid,
                "nobs": res.nobs,
                "edf": res.edf,
                "scale": res.scale,
                "deviance_explained": res.deviance_explained,
                "converged": res.converged,
            }
        ]
    )


def augment(
    res: GLMResults,
    *,
    type_predict: Literal["link", "response"] = "link",
    type_residuals: Literal["deviance", "pearson", "response", "working"] = "deviance",
) -> pd.DataFrame:
    """The rows of the fit with what the model says of each.

    Parameters
    ----------
    res : GLMResults
        The fit.
    type_predict : {"link", "response"}
        Scale of .fitted and .se_fit; the default is broom's.
    type_residuals : {"deviance", "pearson", "response", "working"}
        Kind of .resid and .std_resid.

    Returns
    -------
    DataFrame
        Response, predictors (as they entered the model), contexts, then .fitted, .se_fit, .resid, .std_resid
        (the residual over sqrt(scale (1 - .hat))) and .hat (the leverage). Indexed by the rows' labels.

    Raises
    ------
    OptionError
        If a type is none of those listed.
    """
    if type_predict not in ("link", "response"):
        raise OptionError(f"type_predict must be 'link' or 'response', but is {type_predict!r}.")
    if type_residuals not in _RESIDUALS:
        raise OptionError(f"type_residuals must be one of {', '.join(_RESIDUALS)}, but is {type_residuals!r}.")
    prediction = res.get_prediction()
    on_link = type_predict == "link"
    residuals = getattr(res, f"resid_{type_residuals}")
    leverage = res.hat_diag
    room = (1 - leverage).clip(lower=0.0)
    table = data_frame(res)
    table[".fitted"] = prediction.linear_predictor if on_link else prediction.predicted_mean
    table[".se_fit"] = prediction.se_linear if on_link else prediction.se_mean
    table[".resid"] = residuals
    table[".std_resid"] = residuals / np.sqrt(res.scale * room.where(room > 0))
    table[".hat"] = leverage
    return table


def data_frame(res: GLMResults) -> pd.DataFrame:
    """Response, predictors and contexts of the rows of the fit; factors by their levels."""
    design = res.design
    columns: dict[str, Any] = {design.y_name: design.y}
    for j, name in enumerate(design.x_names):
        if name != "Intercept":
            columns.setdefault(name, design.x[:, j])
    for k, name in enumerate(design.context_names):
        values: Any = design.contexts[:, k]
        levels = design.context_levels.get(name)
        if levels is not None:
            values = pd.Categorical.from_codes(values.astype(int), categories=pd.Index(levels))
        columns.setdefault(name, values)
    return pd.DataFrame(columns, index=pd.Index(design.row_labels))


def records(table: pd.DataFrame) -> Iterator[Any]:
    """Rows of a table, cells by the names of the columns."""
    return iter(table.itertuples(index=False))


def maketables_coef_table(res: GLMResults) -> pd.DataFrame:
    """Coefficients in the columns the package maketables reads: b, se, t, p, ci95l, ci95u."""
    table = tidy(res).set_index("term")
    table.index.name = "Coefficient"
    return table.set_axis(["b", "se", "t", "p", "ci95l", "ci95u"], axis="columns")


def maketables_stat(res: GLMResults, key: str) -> Any:
    """A statistic of the model by the key maketables uses; None where there is none."""
    if key == "N":
        return int(res.nobs) if res.nobs == int(res.nobs) else res.nobs
    if key == "se_type":
        return res.cov_type
    name = {"ll": "llf", "df_residual": "df_resid"}.get(key, key)
    known = ("aic", "bic", "llf", "deviance", "edf", "df_resid", "deviance_explained")
    return float(getattr(res, name)) if name in known else None


def maketables_depvar(res: GLMResults) -> str:
    """Name of the response."""
    return str(res.design.y_name)

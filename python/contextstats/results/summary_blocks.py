"""The tables of a summary as plain text cells, before any format is chosen."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from contextstats.results.wording import count, family_name, fixed, general, p_value, percent, places, shorten

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults

WIDTH = 78  # characters of a table in text
_NAME = 24  # characters a name may always have
_NAMES = 34  # characters for predictor and context together in the varying block


@dataclass(frozen=True)
class Block:
    """One table of a summary.

    Attributes
    ----------
    title : str
        Its heading; empty for none.
    header : tuple of str
        Column headings; empty for none.
    rows : tuple of tuple of str
        Cells, as printed.
    labels : int
        Number of leading columns that hold names; the others hold numbers.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    labels: int = 1


def header_pairs(res: GLMResults) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Left and right column of the header as (label, value) pairs, equally many."""
    smoothing = [("Smoothing", _smoothing(res))]
    if not math.isnan(res.criterion):
        smoothing.append((f"{res.criterion_name} score", places(res.criterion, 3)))
    left = [
        ("Dep. Variable", shorten(res.design.y_name, 20)),
        ("Family", _family(res)),
        ("Link", res.family.link_name),
        ("Scale", "1 (known)" if res.family.scale_known else general(res.scale, 5)),
        *smoothing,
        ("Converged", "yes" if res.converged else "NO"),
        ("Iterations", f"{res.fit.iterations}"),
        ("Covariance", res.cov_type),
        ("Information", res.estimates.information),
    ]
    right = [
        ("No. Observations", general(res.nobs, 10)),
        ("Df Residuals", _degrees(res.df_resid)),
        ("Df Model", _degrees(res.df_model)),
        ("Effective df (edf)", _degrees(res.edf)),
        ("Log-Likelihood", places(res.llf)),
        ("AIC", places(res.aic)),
        ("BIC", places(res.bic)),
        ("Deviance", places(res.deviance)),
        ("Pearson chi2", places(res.pearson_chi2)),
        ("Deviance explained", percent(res.deviance_explained)),
    ]
    left += [("", "")] * (len(right) - len(left))
    return left, right


def parametric_block(res: GLMResults, alpha: float, title: str = "Parametric coefficients") -> Block:
    """Coefficients that stand for themselves, with Wald tests and intervals."""
    letter = "t" if res.use_t else "z"
    header = ("", "coef", "std err", letter, f"P>|{letter}|", f"[{alpha / 2:.4g}", f"{1 - alpha / 2:.4g}]")
    columns = [column.to_numpy()[:, None] for column in (res.params, res.bse, res.tvalues, res.pvalues)]
    own = np.flatnonzero(~np.asarray(res.is_smooth_coef))
    names = res.params.index[own]
    numbers = np.hstack([*columns, res.conf_int(alpha).to_numpy()])[own].tolist()
    rows = [_parametric_row(str(name), *row) for name, row in zip(names, numbers, strict=True)]
    taken = sum(1 + max(len(row[i]) for row in [header, *rows]) for i in range(1, len(header)))
    room = max(_NAME, WIDTH - taken)
    return Block(title, header, tuple((shorten(name, room), *cells) for name, *cells in rows))


def varying_block(res: GLMResults) -> Block:
    """One row for each predictor and context term; "any" where a predictor has several."""
    table = {name: column.tolist() for name, column in res.heterogeneity().items()}
    predictors, contexts = table["predictor"], table["context"]
    several = {name for name, rows in Counter(predictors).items() if rows > 2}
    pairs = zip(predictors, contexts, strict=True)
    keep = [i for i, (name, context) in enumerate(pairs) if context != "any" or name in several]
    shown = (table[name] for name in ("edf", "ref_df", "statistic", "p_value", "share", "score_p_value"))
    numbers = list(zip(*shown, strict=True))
    letter = "Chi.sq" if res.family.scale_known else "F"
    header = ("", "context", "edf", "Ref.df", letter, "p-value", "share", "score p")
    names = _fit_names([(str(predictors[i]), str(contexts[i])) for i in keep])
    rows = tuple(
        (
            *pair,
            places(edf, 2, 7),
            places(ref_df, 2, 7),
            places(statistic, 2, 9),
            p_value(p),
            percent(share),
            p_value(score_p),
        )
        for pair, (edf, ref_df, statistic, p, share, score_p) in zip(names, (numbers[i] for i in keep), strict=True)
    )
    return Block("Varying effects", header, rows, labels=2)


def _parametric_row(
    name: str, estimate: float, error: float, statistic: float, p: float, low: float, high: float
) -> tuple[str, ...]:
    if math.isnan(estimate):
        return (name, "aliased", "", "", "", "", "")
    return (
        name,
        fixed(estimate),
        fixed(error, 8),
        fixed(statistic, 8, 3),
        p_value(p),
        fixed(low, 9, 3),
        fixed(high, 9, 3),
    )


def _fit_names(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Shorten predictors and contexts until the two columns fit side by side, the wider one first."""
    widths = [min(_NAME, max((len(pair[i]) for pair in pairs), default=0)) for i in (0, 1)]
    while sum(widths) > _NAMES:
        widths[int(widths[1] > widths[0])] -= 1
    return [(shorten(predictor, widths[0]), shorten(context, widths[1])) for predictor, context in pairs]


def _family(res: GLMResults) -> str:
    name = family_name(res.family.core_name)
    if res.family.core_name == "negative_binomial":
        return f"Neg. binomial({res.family.parameter:.4g})"
    if res.family.core_name == "tweedie":
        return f"{name}({res.family.parameter:.4g})"
    return name


def _smoothing(res: GLMResults) -> str:
    number = len(res.design.penalty_names)
    if number == 0:
        return "none"
    return f"{res.criterion_name}, {count(number, 'parameter')}"


def _degrees(value: float) -> str:
    return f"{value:.0f}" if abs(value - round(value)) < 1e-8 * max(1.0, abs(value)) else f"{value:.2f}"

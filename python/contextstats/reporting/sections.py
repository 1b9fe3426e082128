"""The sections of a report, each from the results to HTML."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from contextstats.plotting import plot, plot_diagnostics, plot_heterogeneity
from contextstats.plotting.diagnostics import explanation as diagnostics_explanation
from contextstats.plotting.effects import all_panels, explanation
from contextstats.plotting.heterogeneity import shown_rows
from contextstats.reporting import data_summary, html
from contextstats.reporting.code import program
from contextstats.reporting.findings import effect_sentences, population_sentence, ratio_name
from contextstats.results.summary import blocks
from contextstats.results.summary_blocks import header_pairs
from contextstats.results.summary_notes import has_context, notes
from contextstats.results.tidy import records
from contextstats.results.wording import count, decimals_for, general, p_value, percent, places

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults


def summary(res: GLMResults) -> str:
    """Header and tables of the printed summary."""
    left, right = header_pairs(res)
    parts = [html.pairs((*first, *second) for first, second in zip(left, right, strict=True))]
    parts += [
        html.table(block.header, block.rows, labels=block.labels, caption=block.title or "Coefficients")
        for block in blocks(res)
        if block.rows
    ]
    return html.section("summary", "Summary", *parts)


def effects(res: GLMResults) -> str:
    """A drawing of each varying coefficient under a sentence on it; the intercept last."""
    if not has_context(res):
        return ""
    panels = all_panels(res)
    predictors = sorted(dict.fromkeys(panel.predictor for panel in panels), key=lambda name: name == "Intercept")
    sentences = effect_sentences(res)
    cards = []
    for predictor in predictors:
        own = [panel for panel in panels if panel.predictor == predictor]
        drawing = plot(res, predictor, caption=False)
        for ax in drawing.axes:
            ax.set_title("", loc="left")
        along = ", ".join(" and ".join(panel.variables) for panel in own)
        what = f"{_name(predictor)} by {along}, with 95% confidence"
        text = f"<h3>{html.escape(_name(predictor))}</h3>\n{html.paragraph(sentences.get(predictor, ''))}"
        cards.append(f'<div class="effect{" wide" if len(own) > 1 else ""}">{text}{html.figure(drawing, what)}</div>')
    together = "\n".join(cards)
    reading = html.paragraph(" ".join(explanation(res, panels, 0.95, False)), "soft")
    return html.section(
        "effects", "Coefficients as functions of context", reading, f'<div class="effects">{together}</div>'
    )


def heterogeneity(res: GLMResults) -> str:
    """Which effects vary: the omnibus test, the table and its drawing."""
    if not has_context(res):
        return ""
    table = shown_rows(res.heterogeneity())
    statistic = "Chi-square" if res.family.scale_known else "F"
    header = (
        "Predictor",
        "Context",
        "edf",
        "Ref. df",
        statistic,
        "p (Wald)",
        "Share of variance",
        "p (score)",
    )
    rows = [
        (
            str(row.predictor),
            str(row.context),
            places(row.edf, 2),
            places(row.ref_df, 2),
            places(row.statistic, 2),
            p_value(row.p_value),
            percent(row.share),
            p_value(row.score_p_value),
        )
        for row in records(table)
    ]
    reading = (
        "edf: effective degrees of freedom, 1 for a straight line. Wald: test that the term is "
        "zero. Score: test that the "
        "effect does not vary with the context. Share: part of the variance of the effect over the "
        "rows of the data. "
        "The p-values are not adjusted for their number."
    )
    drawing = html.figure(plot_heterogeneity(res), "Shares and p-values of the varying effects as dots")
    return html.section(
        "heterogeneity",
        "Does the effect vary?",
        html.paragraph(population_sentence(res)),
        html.table(header, rows, labels=2),
        html.paragraph(reading, "soft"),
        drawing,
    )


def average_effects(res: GLMResults) -> str:
    """Average of each coefficient over the rows, and as a ratio where that has a name.

    Without context these are the coefficients of the summary: the section is left out unless it adds ratios.
    """
    varying = has_context(res)
    table = res.average_effects()
    letter = "t" if res.use_t else "z"
    ratio = ratio_name(res)
    header: tuple[str, ...] = ("Predictor", "Average effect", "Std. error", letter, "p", "95% interval")
    rows: list[tuple[str, ...]] = []
    for row in records(table):
        digits = decimals_for(row.std_error)
        numbers = [f"{value:.{digits}f}" for value in (row.estimate, row.std_error)]
        interval = _interval(row.conf_low, row.conf_high, digits)
        cells = (str(row.term), *numbers, places(row.statistic, 2), p_value(row.p_value), interval)
        rows.append((*cells, _as_ratio(row)) if ratio else cells)
    if not (varying or ratio):
        return ""
    reading = "Averages of the coefficients over the rows of the data, at their observed contexts." if varying else ""
    if ratio:
        header = (*header, f"{ratio[0].upper()}{ratio[1:]} (95% interval)")
    heading = "Average effects" if varying else "Effects"
    return html.section(
        "averages", heading, html.table(header, rows), html.paragraph(reading, "soft") if reading else ""
    )


def diagnostics(res: GLMResults) -> str:
    """Residual plots, and checks of the bases and of concurvity."""
    caption = " ".join(diagnostics_explanation(len(res.design.y)))
    drawing = html.figure(plot_diagnostics(res, caption=False), "Residual and calibration plots", caption)
    return html.section("diagnostics", "Diagnostics", drawing, _basis_table(res), _concurvity_table(res))


def data(res: GLMResults) -> str:
    """A line for each variable."""
    factors = data_summary.factor_rows(res)
    levels = html.table(("Categorical", "Rows", "Missing", "Levels (rows)"), factors, labels=4) if factors else ""
    counted = [f"{name}: {number:,}" for name, number in res.design.n_missing.items() if number]
    dropped = "Rows dropped, by cause: " + ", ".join(counted) + "." if counted else "No row was dropped."
    numeric = html.table(data_summary.HEADER, data_summary.numeric_rows(res), labels=2)
    return html.section("data", "Data", numeric, levels, html.paragraph(dropped))


def all_notes(res: GLMResults) -> str:
    """The notes of the summary as a list."""
    items = "\n".join(f"<li>{html.escape(note)}</li>" for note in notes(res))
    return html.section("notes", "Notes", f'<ol class="sentences">\n{items}\n</ol>' if items else "")


def reproducibility(res: GLMResults) -> str:
    """The model and the options as they were written, and the versions."""
    design = res.design
    termination = res.fit.termination.replace("_", " ")
    options = {
        "Formula": res.formula_text,
        "Context": res.context_text or "none",
        "Family and link": f"{res.family.core_name}, {res.family.link_name}",
        "Smoothing": res.criterion_name,
        "Smoothing parameters": ", ".join(f"{name} = {value:.6g}" for name, value in res.smoothing_parameters.items()),
        "Covariance": f"{res.cov_type}, {res.estimates.information} information",
        "Optimizer": ", ".join([res.fit.solver, count(res.fit.iterations, "iteration"), termination]),
        "Offset": "yes" if np.any(design.offset != 0) else "",
        "Frequency weights": "yes" if np.any(design.freq_weights != 1) else "",
        "Variance weights": "yes" if np.any(design.var_weights != 1) else "",
        "Fitted by": f"contextstats {res.version}",
        "Report by": ", ".join(
            [f"contextstats {_version('contextstats', res.version)}", f"Python {platform.python_version()}"]
            + [f"{name} {_version(name)}" for name in ("numpy", "scipy", "pandas", "matplotlib")]
        ),
    }
    lines = [f"<dt>{html.escape(key)}</dt><dd>{html.escape(value)}</dd>" for key, value in options.items() if value]
    return html.section(
        "reproducibility",
        "How to reproduce",
        html.code(program(res)),
        f'<dl class="options">{"".join(lines)}</dl>',
    )


def _basis_table(res: GLMResults) -> str:
    table = res.k_check()
    if table.empty:
        return ""
    rows = [
        (str(r.term), general(float(r.k_prime)), places(r.edf, 2), places(r.k_index, 3), p_value(r.p_value))
        for r in records(table)
    ]
    reading = (
        "Is the basis rich enough? k' is the number of coefficients of a smooth; a k-index below 1 "
        "with a small p and "
        "an edf close to k' says that residuals which are neighbours in context resemble each other: raise k."
    )
    head = html.table(("Smooth", "k'", "edf", "k-index", "p"), rows, caption="Basis check")
    return head + "\n" + html.paragraph(reading, "soft")


def _concurvity_table(res: GLMResults) -> str:
    table: pd.DataFrame = res.concurvity()
    if len(table) < 2:
        return ""
    rows = [(str(r.term), places(r.worst, 3), places(r.observed, 3), places(r.estimate, 3)) for r in records(table)]
    reading = "How far each term can be imitated by the others, from 0 (not at all) to 1 (entirely)."
    head = html.table(("Term", "Worst", "Observed", "Estimate"), rows, caption="Concurvity")
    return head + "\n" + html.paragraph(reading, "soft")


def _interval(low: float, high: float, digits: int) -> str:
    return f"{low:.{digits}f} to {high:.{digits}f}"


def _as_ratio(row: Any) -> str:
    """An average effect as a ratio with its interval; nothing for the intercept, which compares nothing."""
    if row.term == "Intercept":
        return ""
    ratio, low, high = (float(np.exp(value)) for value in (row.estimate, row.conf_low, row.conf_high))
    digits = decimals_for((high - low) / 4)
    return f"{ratio:.{digits}f} ({_interval(low, high, digits)})"


def _name(predictor: str) -> str:
    return "Baseline (Intercept)" if predictor == "Intercept" else predictor


def _version(package: str, otherwise: str = "unknown") -> str:
    try:
        return version(package)
    except ModuleNotFoundError:
        return otherwise

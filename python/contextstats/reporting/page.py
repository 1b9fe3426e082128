"""One page from the sections."""

from __future__ import annotations

import datetime
import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from contextstats.reporting import html, sections
from contextstats.reporting.findings import model_in_words, warnings_in_words
from contextstats.results.summary_notes import has_context
from contextstats.results.wording import general, p_phrase, percent, rounded

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults

_CONTENTS = {
    "summary": "Summary",
    "effects": "Coefficients",
    "heterogeneity": "Heterogeneity",
    "averages": "Effects",
    "diagnostics": "Diagnostics",
    "data": "Data",
    "notes": "Notes",
    "reproducibility": "Reproduce",
}


def report(res: GLMResults, path: str | os.PathLike[str], title: str | None = None) -> Path:
    """Write one HTML page that needs nothing else: no network, no scripts, no other files.

    It has the model in words, the summary, a drawing of every varying coefficient with a sentence on it, the
    tests of heterogeneity, average effects, diagnostics, a description of the data, the notes of the fit, and
    what is needed to reproduce it. It prints on A4.

    Parameters
    ----------
    res : GLMResults
        The fit.
    path : path-like
        The file to write; it is replaced if it exists.
    title : str, optional
        Heading of the page; the default names the response.

    Returns
    -------
    Path
        The file written.
    """
    target = Path(path)
    target.write_text(render(res, title, date=datetime.date.today()), encoding="utf-8")
    return target


def render(res: GLMResults, title: str | None = None, *, date: datetime.date | None = None) -> str:
    """The page as text; without a date, equal fits give equal pages."""
    kind = "contextual GLM" if has_context(res) else "generalized linear model"
    heading = title or f"A {kind} of {res.design.y_name}"
    body = "\n".join(
        part
        for part in (
            sections.summary(res),
            sections.effects(res),
            sections.heterogeneity(res),
            sections.average_effects(res),
            sections.diagnostics(res),
            sections.data(res),
            sections.all_notes(res),
            sections.reproducibility(res),
        )
        if part
    )
    links = "".join(f'<a href="#{key}">{name}</a>' for key, name in _CONTENTS.items() if f'id="{key}"' in body)
    alerts = "\n".join(html.alert(sentence) for sentence in warnings_in_words(res))
    written = f" on {date.isoformat()}" if date else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="contextstats {html.escape(res.version)}">
<title>{html.escape(heading)}</title>
<style>
{files("contextstats.reporting").joinpath("style.css").read_text(encoding="utf-8")}</style>
</head>
<body>
<header>
<h1>{html.escape(heading)}</h1>
{html.paragraph(model_in_words(res), "lead")}
</header>
<nav aria-label="Contents">{links}</nav>
<main>
{alerts}
{_facts(res)}
{body}
</main>
<footer>Written by contextstats {html.escape(res.version)}{written}.</footer>
</body>
</html>
"""


def _facts(res: GLMResults) -> str:
    """The few numbers most readers look for first."""
    facts = {
        "Observations": f"{res.nobs:,.0f}" if res.nobs == round(res.nobs) else general(res.nobs),
        "Deviance explained": percent(res.deviance_explained),
        "Effective df": general(res.edf, 4),
        "AIC": rounded(res.aic, 1),
    }
    if has_context(res):
        p = res.test_population().p_value
        facts["All effects constant"] = p_phrase(p) if p == p else "not available"
    items = "".join(
        f"<div><dt>{html.escape(key)}</dt><dd>{html.escape(value)}</dd></div>" for key, value in facts.items()
    )
    return f'<dl class="facts">{items}</dl>'

"""The summary of a fit as a statsmodels Summary, and as HTML, LaTeX and Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contextstats.algorithms.blas import single_threaded_blas
from contextstats.errors import OptionError
from contextstats.results.markup import escape_markdown
from contextstats.results.summary_blocks import Block, header_pairs, parametric_block, varying_block
from contextstats.results.summary_notes import has_context, notes

if TYPE_CHECKING:
    from statsmodels.iolib.summary import Summary

    from contextstats.results.glm import GLMResults


@single_threaded_blas
def summary(res: GLMResults, alpha: float = 0.05) -> Summary:
    """Tabulate a fit: header, parametric coefficients, varying effects, notes.

    A function of the results alone: no date, no time, no version, so equal fits print equal text.

    Parameters
    ----------
    res : GLMResults
        The fit.
    alpha : float
        One minus the level of the intervals.

    Returns
    -------
    statsmodels.iolib.summary.Summary
        With `as_text`, `as_html`, `as_latex`, `as_csv` and `tables`.
    """
    from contextstats.results.summary_tables import ContextualSummary

    return ContextualSummary(title(res), header_pairs(res), blocks(res, alpha), notes(res))


def title(res: GLMResults) -> str:
    """The first line of a summary."""
    return "Contextual GLM Results" if has_context(res) else "Generalized Linear Model Results"


def blocks(res: GLMResults, alpha: float = 0.05) -> list[Block]:
    """The tables below the header. A model without context has one, without a heading."""
    if not 0 < alpha < 1:
        raise OptionError(f"alpha must lie between 0 and 1, but is {alpha}. For 95% intervals it is 0.05.")
    if not has_context(res):
        return [parametric_block(res, alpha, "")]
    return [parametric_block(res, alpha), varying_block(res)]


def to_html(res: GLMResults, alpha: float = 0.05) -> str:
    """The summary as HTML tables, with a list of notes."""
    return str(summary(res, alpha).as_html())


def to_latex(res: GLMResults, alpha: float = 0.05) -> str:
    """The summary as LaTeX; the document needs the package booktabs."""
    return str(summary(res, alpha).as_latex())


def to_markdown(res: GLMResults, alpha: float = 0.05) -> str:
    """The summary as Markdown tables, with a list of notes."""
    left, right = header_pairs(res)
    pairs = [(*first, *second) for first, second in zip(left, right, strict=True)]
    parts = [f"## {title(res)}", _markdown_table(("", "", "", ""), pairs, (0, 2))]
    for block in blocks(res, alpha):
        if block.title:
            parts.append(f"### {block.title}")
        parts.append(_markdown_table(block.header, block.rows, tuple(range(block.labels))))
    if found := notes(res):
        parts.append("\n".join(f"{i}. {escape_markdown(note)}" for i, note in enumerate(found, 1)))
    return "\n\n".join(parts) + "\n"


def _markdown_table(header: tuple[str, ...], rows: Any, left: tuple[int, ...]) -> str:
    rule = [":--" if i in left else "--:" for i in range(len(header))]
    lines = [[escape_markdown(cell) for cell in header], rule]
    lines += [[escape_markdown(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

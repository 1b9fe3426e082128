"""Pieces of HTML. Every text that comes from outside goes through `escape`."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Sequence

import matplotlib as mpl
from matplotlib.figure import Figure

from contextstats.results.markup import escape_html as escape
from contextstats.results.wording import minus

__all__ = ["alert", "code", "escape", "figure", "pairs", "paragraph", "section", "table"]


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text."""
    return f"<p{_class(kind)}>{escape(text)}</p>"


def alert(text: str) -> str:
    """A sentence that must not be overlooked."""
    return f'<p class="alert" role="note">{escape(text)}</p>'


def section(anchor: str, heading: str, *parts: str) -> str:
    """A part of the page with its heading; nothing if it is empty."""
    body = "\n".join(part for part in parts if part)
    return f'<section id="{anchor}">\n<h2>{escape(heading)}</h2>\n{body}\n</section>' if body else ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, labels: int = 1, caption: str = "") -> str:
    """A table of plain texts; the first `labels` columns hold names, the others numbers."""
    head = "".join(f'<th scope="col"{_side(i, labels)}>{escape(cell)}</th>' for i, cell in enumerate(header))
    body = "\n".join(f"<tr>{''.join(_cell(cell, i, labels) for i, cell in enumerate(row))}</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>\n" if caption else ""
    inside = f"{title}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>"
    return f'<div class="table"><table>\n{inside}\n</table></div>'


def pairs(rows: Iterable[tuple[str, str, str, str]]) -> str:
    """Two columns of names and values side by side."""
    lines = []
    for row in rows:
        cells = "".join(
            f'<th scope="row">{escape(name)}</th><td>{escape(minus(value))}</td>' for name, value in (row[:2], row[2:])
        )
        lines.append(f"<tr>{cells}</tr>")
    body = "\n".join(lines)
    return f'<div class="table pairs"><table>\n<tbody>\n{body}\n</tbody>\n</table></div>'


def code(text: str) -> str:
    """Lines of a program."""
    return f"<pre><code>{escape(text)}</code></pre>"


def figure(drawing: Figure, alternative: str, caption: str = "") -> str:
    """A drawing as an SVG image inside the page, with a text for those who cannot see it."""
    text = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    width = round(96 * drawing.get_size_inches()[0])
    data = base64.b64encode(svg(drawing)).decode("ascii")
    image = f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(alternative)}" width="{width}">'
    return f"<figure>{image}{text}</figure>"


def svg(drawing: Figure) -> bytes:
    """A drawing as SVG, the same bytes for the same drawing."""
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "contextstats"}):
        drawing.savefig(buffer, format="svg", dpi=160, transparent=True, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def _cell(text: str, column: int, labels: int) -> str:
    if column == 0:
        return f'<th scope="row">{_breakable(text)}</th>'
    return f"<td{_side(column, labels)}>{_breakable(text) if column < labels else escape(minus(text))}</td>"


def _breakable(name: str) -> str:
    """A name that may go on in the next line after an underscore, a dot or a colon."""
    return re.sub(r"(?<=[_.:])(?=\w)", "<wbr>", escape(name))


def _side(column: int, labels: int) -> str:
    return _class("text") if column < labels else ""


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""

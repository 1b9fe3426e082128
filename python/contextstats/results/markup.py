"""Names made safe for HTML, LaTeX and Markdown."""

from __future__ import annotations

import html
import re

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "…": r"\ldots{}",
    "²": r"\textsuperscript{2}",
    "[": r"{[}",
    "]": r"{]}",
}


def escape_html(text: str) -> str:
    """Text for the inside of an HTML element or attribute."""
    return html.escape(text, quote=True)


def escape_latex(text: str) -> str:
    """Text for the body of a LaTeX document."""
    return "".join(_LATEX.get(character, character) for character in text)


def escape_markdown(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$])", r"\\\1", text.replace("\n", " "))


ESCAPES = {"html": escape_html, "latex": escape_latex}
"""By the names statsmodels gives to output formats; text and CSV need none."""

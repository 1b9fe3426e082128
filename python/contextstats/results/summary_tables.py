"""A statsmodels Summary whose tables share one width and escape the names they print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from statsmodels.iolib.summary import Summary
from statsmodels.iolib.table import Cell, SimpleTable

from contextstats.results.markup import ESCAPES, escape_html, escape_latex
from contextstats.results.summary_blocks import Block
from contextstats.results.summary_text import (
    HEADER_ALIGNMENT,
    Header,
    block_alignment,
    column_widths,
    header_rows,
    header_widths,
    summary_text,
    summary_width,
    wrapped_notes,
)


class ContextualSummary(Summary):  # type: ignore[misc]  # statsmodels is untyped
    """Header, blocks and notes of a fit.

    Parameters
    ----------
    title : str
        First line.
    header : pair of lists of (label, value)
        Left and right column of the header.
    blocks : sequence of Block
        Tables below it.
    notes : tuple of str
        Sentences under the tables.
    """

    def __init__(self, title: str, header: Header, blocks: Sequence[Block], notes: tuple[str, ...]) -> None:
        self._tables: list[SimpleTable] = []
        super().__init__()
        self.title, self.header, self.blocks, self.notes = title, header, tuple(blocks), notes
        self.add_extra_txt([wrapped_notes(notes, summary_width(blocks))])

    @property
    def tables(self) -> list[SimpleTable]:
        """The header and the blocks as statsmodels tables, made when they are asked for: the text needs none."""
        if not self._tables:
            width = summary_width(self.blocks)
            header = _header_table(self.title, self.header, width)
            self._tables = [header, *(_table(block, width) for block in self.blocks)]
        return self._tables

    @tables.setter
    def tables(self, tables: list[SimpleTable]) -> None:
        self._tables = tables

    def as_text(self) -> str:
        """Return title, tables and notes as one string."""
        return summary_text(self.title, self.header, self.blocks, self.extra_txt or "")

    def as_html(self) -> str:
        """Return tables and a numbered list of notes."""
        items = "\n".join(f"<li>{escape_html(note)}</li>" for note in self.notes)
        tables = "\n".join(table.as_html() for table in self.tables)
        return f'{tables}\n<ol class="notes">\n{items}\n</ol>' if items else tables

    def as_latex(self) -> str:
        """Return one tabular for each table and an enumeration of notes; needs the package booktabs."""
        parts = []
        for table in self.tables:
            body = table.as_latex_tabular(center=False).rsplit("\n%\\caption", 1)[0]
            heading = f"\\textbf{{{escape_latex(table.title)}}}\n\n\\smallskip\n" if table.title else ""
            parts.append(f"\\begin{{center}}\n{heading}{body}\n\\end{{center}}")
        if self.notes:
            items = "\n".join(f"\\item {escape_latex(note)}" for note in self.notes)
            parts.append(f"\\begin{{enumerate}}\n{items}\n\\end{{enumerate}}")
        return "\n".join(parts)


class _SafeCell(Cell):  # type: ignore[misc]  # statsmodels is untyped
    """A cell that escapes its text for the format it is printed in, and is aligned as its column is."""

    data: Any
    column_align = "r"

    def format(self, width: int, output_format: str = "txt", **fmt_dict: Any) -> str:
        plain = self.data
        escape = ESCAPES.get(output_format)
        self.data = escape(str(plain).strip()) if escape else plain
        try:
            return str(super().format(width, output_format, **fmt_dict))
        finally:
            self.data = plain

    def alignment(self, output_format: str, **fmt_dict: Any) -> str:  # noqa: ARG002  # the signature of Cell
        return self.column_align


def _header_table(title: str, header: Header, width: int) -> SimpleTable:
    table = SimpleTable(
        header_rows(header),
        title=title,
        txt_fmt={"colwidths": header_widths(header, width), "table_dec_below": "="},
        html_fmt={"data_fmts": ["<th>%s</th>", "<td>%s</td>"], "colwidths": 0},
        ltx_fmt={"replacements": {}, "colwidths": 0},
        csv_fmt={"colwidths": 0},
        celltype=_SafeCell,
    )
    return _align(table, HEADER_ALIGNMENT)


def _table(block: Block, width: int) -> SimpleTable:
    table = SimpleTable(
        [list(row) for row in block.rows],
        headers=list(block.header),
        title=block.title,
        txt_fmt={
            "colwidths": column_widths(block, width),
            "title_align": "l",
            "table_dec_above": "-" if block.title else None,
            "table_dec_below": "=",
        },
        html_fmt={"colwidths": 0},
        ltx_fmt={"replacements": {}, "colwidths": 0},
        csv_fmt={"colwidths": 0},
        celltype=_SafeCell,
    )
    return _align(table, block_alignment(block))


def _align(table: SimpleTable, aligns: str) -> SimpleTable:
    for row in table:
        for cell, align in zip(row, aligns, strict=True):
            cell.column_align = align
    return table

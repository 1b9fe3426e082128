"""A statsmodels Summary whose tables share one width and escape the names they print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from statsmodels.iolib.summary import Summary
from statsmodels.iolib.table import Cell, SimpleTable

from contextstats.results.markup import ESCAPES, escape_html, escape_latex
from contextstats.results.summary import wrapped_notes
from contextstats.results.summary_blocks import WIDTH, Block

_Pairs = list[tuple[str, str]]
_GAP = 3  # blanks between the two halves of the header


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

    def __init__(
        self, title: str, header: tuple[_Pairs, _Pairs], blocks: Sequence[Block], notes: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.notes = notes
        width = max([WIDTH, *(sum(_widths(block)) + len(_widths(block)) - 1 for block in blocks)])
        self.tables = [_header_table(title, header, width), *(_table(block, width) for block in blocks)]
        self.add_extra_txt([wrapped_notes(notes, width)])

    def as_text(self) -> str:
        """Return title, tables and notes as one string."""
        lines: list[str] = self.tables[0].as_text().split("\n")
        rule = lines[-1]
        for table in self.tables[1:]:
            lines += [*table.as_text().split("\n")[:-1], rule]
        text = "\n".join(line.rstrip() for line in lines)
        return f"{text}\n\n{self.extra_txt}" if self.extra_txt else text

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


def _header_table(title: str, header: tuple[_Pairs, _Pairs], width: int) -> SimpleTable:
    rows = [[_colon(a), b, " " * (_GAP - 1) + _colon(c), d] for (a, b), (c, d) in zip(*header, strict=True)]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    spare = width - sum(widths) - 3
    widths[1] += spare // 2
    widths[3] += spare - spare // 2
    table = SimpleTable(
        rows,
        title=title,
        txt_fmt={"colwidths": widths, "table_dec_below": "="},
        html_fmt={"data_fmts": ["<th>%s</th>", "<td>%s</td>"], "colwidths": 0},
        ltx_fmt={"replacements": {}, "colwidths": 0},
        csv_fmt={"colwidths": 0},
        celltype=_SafeCell,
    )
    return _align(table, "lrlr")


def _table(block: Block, width: int) -> SimpleTable:
    """A block as a table; room to spare goes between the numbers first, then to the names."""
    widths = _widths(block)
    spare = max(0, width - sum(widths) - len(widths) + 1)
    numbers = range(block.labels, len(widths))
    more = min(2, spare // max(1, len(numbers)))
    for i in numbers:
        widths[i] += more
    widths[block.labels - 1] += spare - more * len(numbers)
    table = SimpleTable(
        [list(row) for row in block.rows],
        headers=list(block.header),
        title=block.title,
        txt_fmt={
            "colwidths": widths,
            "title_align": "l",
            "table_dec_above": "-" if block.title else None,
            "table_dec_below": "=",
        },
        html_fmt={"colwidths": 0},
        ltx_fmt={"replacements": {}, "colwidths": 0},
        csv_fmt={"colwidths": 0},
        celltype=_SafeCell,
    )
    return _align(table, "l" * block.labels + "r" * len(numbers))


def _widths(block: Block) -> list[int]:
    """Characters each column needs."""
    return [max(len(row[i]) for row in [block.header, *block.rows]) for i in range(len(block.header))]


def _align(table: SimpleTable, aligns: str) -> SimpleTable:
    for row in table:
        for cell, align in zip(row, aligns, strict=True):
            cell.column_align = align
    return table


def _colon(label: str) -> str:
    return f"{label}:" if label else ""

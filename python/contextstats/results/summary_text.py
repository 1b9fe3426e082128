"""A summary as lines of text: tables of one width, notes below."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from contextstats.results.summary_blocks import WIDTH, Block

Pairs = list[tuple[str, str]]
Header = tuple[Pairs, Pairs]
HEADER_ALIGNMENT = "lrlr"
_GAP = 3  # blanks between the two halves of the header


def summary_text(title: str, header: Header, blocks: Sequence[Block], below: str) -> str:
    """Title, tables and what stands below them as one string."""
    width = summary_width(blocks)
    rule, thin = "=" * width, "-" * width
    lines = [title.center(width), rule]
    lines += _lines(header_rows(header), header_widths(header, width), HEADER_ALIGNMENT)
    for block in blocks:
        lines += [rule, block.title, thin] if block.title else [rule]
        widths, alignment = column_widths(block, width), block_alignment(block)
        lines += [*_lines([block.header], widths, alignment), thin, *_lines(block.rows, widths, alignment)]
    text = "\n".join(line.rstrip() for line in [*lines, rule])
    return f"{text}\n\n{below}" if below else text


def summary_width(blocks: Sequence[Block]) -> int:
    """Characters in a line of the tables."""
    return max([WIDTH, *(sum(_needed(block)) + len(_needed(block)) - 1 for block in blocks)])


def header_rows(header: Header) -> list[list[str]]:
    """Cells of the header, labels and values of both halves side by side."""
    return [[_colon(a), b, " " * (_GAP - 1) + _colon(c), d] for (a, b), (c, d) in zip(*header, strict=True)]


def header_widths(header: Header, width: int) -> list[int]:
    """Characters of the columns of the header; room to spare goes to the values."""
    widths = [max(map(len, column)) for column in zip(*header_rows(header), strict=True)]
    spare = width - sum(widths) - 3
    widths[1] += spare // 2
    widths[3] += spare - spare // 2
    return widths


def column_widths(block: Block, width: int) -> list[int]:
    """Characters of the columns of a block; room to spare goes between the numbers first, then to the names."""
    widths = _needed(block)
    spare = max(0, width - sum(widths) - len(widths) + 1)
    numbers = range(block.labels, len(widths))
    more = min(2, spare // max(1, len(numbers)))
    for i in numbers:
        widths[i] += more
    widths[block.labels - 1] += spare - more * len(numbers)
    return widths


def block_alignment(block: Block) -> str:
    """Names to the left, numbers to the right, one letter for each column."""
    return "l" * block.labels + "r" * (len(block.header) - block.labels)


def wrapped_notes(found: tuple[str, ...], width: int = WIDTH) -> str:
    """Numbered notes, wrapped."""
    lines = []
    for i, note in enumerate(found, 1):
        mark = f"[{i}] "
        lines += textwrap.wrap(
            note,
            width,
            initial_indent=mark,
            subsequent_indent=" " * len(mark),
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join(["Notes:", *lines]) if lines else ""


def _lines(rows: Iterable[Sequence[str]], widths: Sequence[int], alignment: str) -> list[str]:
    return [
        " ".join(
            cell.ljust(width) if side == "l" else cell.rjust(width)
            for cell, width, side in zip(row, widths, alignment, strict=True)
        )
        for row in rows
    ]


def _needed(block: Block) -> list[int]:
    return [max(map(len, column)) for column in zip(block.header, *block.rows, strict=True)]


def _colon(label: str) -> str:
    return f"{label}:" if label else ""

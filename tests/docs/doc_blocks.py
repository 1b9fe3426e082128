"""Find the code blocks of a Markdown page.

Rules, also told to authors in CONTRIBUTING.md:

- ```` ```python ```` blocks run in order, one namespace for each page.
- ```` ```text ```` directly after a Python block, with `# output` as its first line, is what that block
  prints. `...` matches anything; runs of white space count as one space; numbers may differ by two units in
  their last printed digit, as they do between processors.
- ```` ```bash ```` blocks run if every command in them is `contextstats`.
- ```` ```r ```` blocks run after the Python blocks, in order, in one R session, where R and mgcv are
  installed.
- A block that cannot run here says so: `<!-- not run: reason -->` on the line before its fence.
"""

from __future__ import annotations

import doctest
import re
from dataclasses import dataclass
from pathlib import Path

OUTPUT_MARK = "# output"
NOT_RUN = re.compile(r"<!--\s*not run:\s*(?P<reason>\S.*?)\s*-->")
FENCE = re.compile(r"^```(?P<info>[^`]*)$")
NUMBER = re.compile(r"[-+]?\d+(?:\.(?P<decimals>\d+))?(?:e(?P<exponent>[-+]?\d+))?")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line of its first row (from 1), and why it is not run."""

    language: str
    source: str
    line: int
    not_run: str | None = None
    output: str | None = None


def code_blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page in order; expected outputs are attached to the Python block before them."""
    lines = page.read_text(encoding="utf-8").splitlines()
    blocks: list[Block] = []
    previous_end = -2
    row = 0
    while row < len(lines):
        opening = FENCE.match(lines[row])
        if opening is None:
            row += 1
            continue
        end = _closing_row(lines, row, page)
        body = lines[row + 1 : end]
        language = opening["info"].strip()
        expected = language == "text" and bool(body) and body[0].strip() == OUTPUT_MARK
        if expected:
            adjacent = not any(lines[previous_end + 1 : row])
            blocks[-1] = _with_output(blocks, body[1:], adjacent=adjacent, page=page, row=row)
        else:
            blocks.append(Block(language, "\n".join(body) + "\n", row + 2, _reason(lines, row)))
        previous_end = end
        row = end + 1
    return blocks


def same_output(expected: str, printed: str) -> bool:
    """Whether a block prints what its page says, by the rules above."""
    if doctest.OutputChecker().check_output(expected, printed, FLAGS):
        return True
    old, new = ([line for line in text.splitlines() if line.strip()] for text in (expected, printed))
    return len(old) == len(new) and all(_same_line(a, b) for a, b in zip(old, new, strict=True))


def _same_line(a: str, b: str) -> bool:
    if doctest.OutputChecker().check_output(a, b, FLAGS):
        return True
    old, new = a.split(), b.split()
    return len(old) == len(new) and all(_same_word(c, d) for c, d in zip(old, new, strict=True))


def _same_word(a: str, b: str) -> bool:
    if NUMBER.sub("#", a) != NUMBER.sub("#", b):
        return False
    pairs = zip(NUMBER.finditer(a), NUMBER.finditer(b), strict=True)
    return all(abs(float(old[0]) - float(new[0])) <= 2.001 * _last_digit(old) for old, new in pairs)


def _last_digit(number: re.Match[str]) -> float:
    """One unit in the last printed place; nothing for whole numbers, which are exact."""
    if number["decimals"] is None:
        return 0.0
    return float(10.0 ** (int(number["exponent"] or 0) - len(number["decimals"])))


def _closing_row(lines: list[str], opening: int, page: Path) -> int:
    for row in range(opening + 1, len(lines)):
        if lines[row].rstrip() == "```":
            return row
    raise ValueError(f"{page.name}, line {opening + 1}: the code block is not closed.")


def _reason(lines: list[str], fence: int) -> str | None:
    found = NOT_RUN.search(lines[fence - 1]) if fence > 0 else None
    return found["reason"] if found else None


def _with_output(blocks: list[Block], body: list[str], *, adjacent: bool, page: Path, row: int) -> Block:
    if not blocks or blocks[-1].language != "python" or blocks[-1].output is not None or not adjacent:
        raise ValueError(f"{page.name}, line {row + 1}: an output block must follow a python block directly.")
    before = blocks[-1]
    return Block(before.language, before.source, before.line, before.not_run, "\n".join(body) + "\n")

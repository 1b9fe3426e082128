"""Write what the code of the docs prints today into its `# output` blocks, where they differ.

    python tools/update_doc_outputs.py docs/tutorial.md

Read the difference before you commit it: a changed number needs a reason. Blocks that match, `...` included,
are left as they are; what differs is written in full.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from pathlib import Path

import matplotlib as mpl

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "docs"))
from doc_blocks import OUTPUT_MARK, code_blocks, same_output


def update(page: Path) -> int:
    """Rewrite a page in place; returns how many blocks changed."""
    text = page.read_text(encoding="utf-8")
    namespace: dict[str, object] = {"__name__": "__page__"}
    changed = 0
    try:
        for block in code_blocks(page):
            if block.language != "python" or block.not_run is not None:
                continue
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(block.source, str(page), "exec"), namespace)
            found = printed.getvalue()
            if block.output is None or same_output(block.output, found):
                continue
            code_end = text.index(block.source) + len(block.source)
            old = f"{OUTPUT_MARK}\n{block.output}```"
            start = text.index(old, code_end)
            text = text[:start] + f"{OUTPUT_MARK}\n{found.rstrip()}\n```" + text[start + len(old) :]
            changed += 1
    finally:
        page.write_text(text, encoding="utf-8")
    return changed


def main() -> None:
    """Update the pages named on the command line."""
    mpl.use("Agg")
    pages = [Path(name).resolve() for name in sys.argv[1:]]
    for page in pages:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            print(f"{page.name}: {update(page)} blocks changed")
            os.chdir(page.parent)


if __name__ == "__main__":
    main()

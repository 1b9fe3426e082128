"""The block finder itself."""

from __future__ import annotations

import pytest
from doc_blocks import code_blocks


def page_with(tmp_path, text):
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_output_block_belongs_to_the_block_before_it(tmp_path):
    page = page_with(tmp_path, "```python\nprint(1)\n```\n\n```text\n# output\n1\n```\n")
    (block,) = code_blocks(page)
    assert (block.source, block.output, block.line) == ("print(1)\n", "1\n", 2)


def test_a_text_block_without_the_mark_stands_alone(tmp_path):
    page = page_with(tmp_path, "```python\nprint(1)\n```\n```text\n1\n```\n")
    assert [block.language for block in code_blocks(page)] == ["python", "text"]


def test_an_output_block_away_from_its_code_is_an_error(tmp_path):
    page = page_with(tmp_path, "```python\nprint(1)\n```\nwords\n```text\n# output\n1\n```\n")
    with pytest.raises(ValueError, match="must follow a python block"):
        code_blocks(page)


def test_a_block_may_say_why_it_is_not_run(tmp_path):
    page = page_with(tmp_path, "<!-- not run: needs torch -->\n```python\nimport torch\n```\n")
    (block,) = code_blocks(page)
    assert block.not_run == "needs torch"


def test_an_unclosed_block_is_an_error(tmp_path):
    page = page_with(tmp_path, "```python\nprint(1)\n")
    with pytest.raises(ValueError, match="not closed"):
        code_blocks(page)

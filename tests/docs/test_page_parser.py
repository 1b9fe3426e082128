"""The block finder itself."""

from __future__ import annotations

import pytest
from doc_blocks import code_blocks, same_output


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


@pytest.mark.parametrize(
    ("page", "printed", "same"),
    [
        ("a  1.25\n", "a 1.27\n", True),
        ("a 1.25\n", "a 1.28\n", False),
        ("n 200\n", "n 201\n", False),
        ("p 1.3e-05\n", "p 1.4e-05\n", True),
        ("(0.10, 0.20)\n", "(0.11, 0.20)\n", True),
        ("x ... y\n", "x anything at all y\n", True),
        ("x ... y\n0.5\n", "x 1 y\n0.6\n", True),
        ("<0.001\n", "0.001\n", False),
        ("1.0 2.0\n", "1.0\n", False),
    ],
)
def test_printed_numbers_may_differ_in_their_last_digit(page, printed, same):
    assert same_output(page, printed) is same

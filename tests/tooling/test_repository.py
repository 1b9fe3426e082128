"""The repository keeps the promises its pages make."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import contextstats

ROOT = Path(__file__).parents[2]
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:root|home|Users|work)/\w")


def tracked_files() -> list[Path]:
    """Files git would commit; the sources alone where there is no git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("needs a git checkout")
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def test_the_changelog_begins_with_the_version_of_the_package():
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\d+\.\d+\.\d+)", changes, re.MULTILINE)
    assert newest is not None
    assert newest[1] == contextstats.__version__


def test_no_file_names_a_path_of_somebody_s_machine():
    found = []
    for path in tracked_files():
        if path.suffix in {".gz", ".png", ".json", ".csv"} or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {hit[0]}" for hit in MACHINE_PATH.finditer(text)]
    assert not found


def test_the_targets_named_in_the_pages_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in ["README.md", "CONTRIBUTING.md"]:
        text = (ROOT / page).read_text(encoding="utf-8")
        assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)) <= targets


def test_continuous_integration_can_be_executed():
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_the_package_is_typed():
    assert (Path(contextstats.__file__).parent / "py.typed").exists()

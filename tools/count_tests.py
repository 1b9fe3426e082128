"""Check that no folder of tests has lost tests.

    python tools/count_tests.py            compare with tests/tooling/counts.json, exit 1 if a number fell
    python tools/count_tests.py --update   write the numbers of today

Python tests are counted by `pytest --collect-only`, parametrised cases apart; C++ test cases by the macros in
`cpp/tests`; R tests by the calls of test_that() in `r/tests`. A number that rises is reported and needs no action;
record it with --update when convenient.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "tests" / "tooling" / "counts.json"
R_CASE = re.compile(r"^\s*test_that\(", re.MULTILINE)
CPP_CASE = re.compile(r"^\s*(?:TEST_CASE|TEST_CASE_FIXTURE|TEST_CASE_TEMPLATE|SCENARIO)\(", re.MULTILINE)


def folder_of(node_id: str) -> str:
    """The folder of a collected test: "tests/unit/test_a.py::test_b[1]" is in "tests/unit"."""
    return str(Path(node_id.split("::", 1)[0]).parent.as_posix())


def count_by_folder(node_ids: Iterable[str]) -> dict[str, int]:
    """Number of tests in each folder, sorted by name."""
    return dict(sorted(Counter(folder_of(node_id) for node_id in node_ids).items()))


def python_tests() -> dict[str, int]:
    """Collect with pytest; an error while collecting is an error here."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"pytest could not collect the tests:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    return count_by_folder(line for line in done.stdout.splitlines() if "::" in line)


def cases_in(folder: Path, pattern: str, case: re.Pattern[str]) -> dict[str, int]:
    """Test cases in the sources of a folder, found by how they begin; nothing where there are none."""
    total = sum(len(case.findall(path.read_text(encoding="utf-8"))) for path in folder.rglob(pattern))
    return {folder.relative_to(ROOT).as_posix(): total} if total else {}


def fallen(recorded: dict[str, int], found: dict[str, int]) -> dict[str, tuple[int, int]]:
    """Folders with fewer tests than recorded: name -> (recorded, found)."""
    pairs = {name: (number, found.get(name, 0)) for name, number in recorded.items()}
    return {name: (before, now) for name, (before, now) in pairs.items() if now < before}


def main() -> int:
    """Compare, or update the record; the exit code is 1 if a number fell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="write the numbers of today")
    update = parser.parse_args().update
    cpp, r = ROOT / "cpp" / "tests", ROOT / "r" / "tests"
    found = python_tests() | cases_in(cpp, "*.cpp", CPP_CASE) | cases_in(r, "*.R", R_CASE)
    if update:
        RECORD.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    recorded = json.loads(RECORD.read_text(encoding="utf-8"))
    for name, number in found.items():
        print(f"{name:24s} {number:6d}   recorded {recorded.get(name, 0)}")
    lost = fallen(recorded, found)
    for name, (before, now) in lost.items():
        print(f"{name} has {now} tests, but {before} are recorded. Restore them, or run this with --update.")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())

"""Run every code block of the README and of docs/, page by page."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest
from doc_blocks import Block, code_blocks, same_output
from matplotlib import pyplot as plt

ROOT = Path(__file__).parents[2]
PAGES = [path for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))] if path.exists()]
LANGUAGES = {"python", "bash", "r", "text", "console", "toml", ""}


def blocks_of(page: Path, language: str) -> list[Block]:
    return [block for block in code_blocks(page) if block.language == language and block.not_run is None]


def run_python(page: Path, block: Block, namespace: dict[str, object]) -> None:
    """Execute a block; tracebacks name the page and its line."""
    code = compile("\n" * (block.line - 1) + block.source, str(page), "exec")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, namespace)
    if block.output is not None and not same_output(block.output, printed.getvalue()):
        pytest.fail(
            f"{page.name}, line {block.line}: the printed text differs.\n"
            f"Page:\n{block.output}\nPrinted:\n{printed.getvalue()}",
            pytrace=False,
        )


def run_commands(page: Path, block: Block) -> None:
    for words in commands_of(block):
        program = Path(sys.executable).with_name(words[0])
        done = subprocess.run([str(program), *words[1:]], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{page.name}, line {block.line}: {shlex.join(words)}\n{done.stdout}{done.stderr}"


def only_contextstats(block: Block) -> bool:
    commands = commands_of(block)
    return bool(commands) and all(words[0] == "contextstats" for words in commands)


def commands_of(block: Block) -> list[list[str]]:
    lines = block.source.replace("\\\n", " ").splitlines()
    return [words for words in (shlex.split(line, comments=True) for line in lines) if words]


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """An empty directory, and figures that go nowhere."""
    monkeypatch.chdir(tmp_path)
    mpl.use("Agg")
    yield tmp_path
    plt.close("all")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_of_page_runs(page, workplace, request):
    namespace: dict[str, object] = {"__name__": "__page__"}
    for block in code_blocks(page):
        if block.not_run is not None:
            continue
        if block.language == "python":
            run_python(page, block, namespace)
        elif block.language == "bash" and only_contextstats(block):
            run_commands(page, block)
    r_blocks = blocks_of(page, "r")
    ours = any("library(contextstats)" in block.source for block in r_blocks)
    if r_blocks and r_has("reticulate" if ours else "mgcv"):
        run_r(page, r_blocks, request.getfixturevalue("r_library") if ours else None)


@pytest.fixture(scope="session")
def r_library(tmp_path_factory):
    """A library of R with the package of this repository."""
    library = tmp_path_factory.mktemp("r_library")
    install = ["R", "CMD", "INSTALL", "--no-docs", "--no-test-load", f"--library={library}", str(ROOT / "r")]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return library


def r_has(package: str) -> bool:
    """Whether the R code can run; where CONTEXTSTATS_REQUIRE_R is 1 it must."""
    if os.environ.get("CONTEXTSTATS_REQUIRE_R") == "1":
        return True
    program = shutil.which("Rscript")
    if program is None:
        return False
    probe = [program, "-e", f"quit(status = !requireNamespace('{package}', quietly = TRUE))"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def run_r(page: Path, blocks: list[Block], library: Path | None) -> None:
    script = Path("page.R")
    script.write_text("\n".join(block.source for block in blocks), encoding="utf-8")
    variables = (
        {}
        if library is None
        else {"R_LIBS": f"{library}:{os.environ.get('R_LIBS', '')}", "RETICULATE_PYTHON": sys.executable}
    )
    command = ["Rscript", "--vanilla", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **variables})
    assert done.returncode == 0, f"R code of {page.name}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_is_well_formed(page):
    for block in code_blocks(page):
        assert block.language in LANGUAGES, f"{page.name}, line {block.line}: language {block.language!r}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_to_files_are_not_broken(page):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which does not exist"

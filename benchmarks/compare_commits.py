"""Build two commits and show what moved between them: time, memory, and the numbers of the fit.

python benchmarks/compare_commits.py main HEAD [--sizes 1000 10000] [--models varying] [--responses gaussian logit]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import machine
import simulate
from bench_glm import MODELS, WRITE, Figures, Job, run
from programs import OURS

ROOT = Path(__file__).resolve().parents[1]
CLEARLY = 1.05
HEADER = f"{'':<52}{'base':>9}{'median':>9}{'head':>9}{'median':>9}{'ratio':>8}{'MB':>6}{'MB':>6}  what moved"


def build(ref: str, folder: Path) -> tuple[str, Path]:
    """Install a commit into a folder of its own; dependencies are those of this Python."""
    commit = git("rev-parse", "--short", f"{ref}^{{commit}}")
    tree, target = folder / f"tree-{commit}", folder / f"site-{commit}"
    if not target.exists():
        git("worktree", "add", "--detach", str(tree), commit)
        try:
            print(f"building {ref} ({commit})", flush=True)
            install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", f"--target={target}", str(tree)]
            subprocess.run(install, check=True)
        finally:
            git("worktree", "remove", "--force", str(tree))
    return commit, target


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


def jobs(folder: Path, chosen: argparse.Namespace) -> list[Job]:
    """Write the data and list what both commits fit."""
    found = []
    for n in sorted(chosen.sizes):
        for model in chosen.models:
            data = folder / f"{model}-{n}"
            WRITE[model](data, n, 1)
            known = simulate.RESPONSES if model == "varying" else simulate.RESPONSES[:2]
            found += [Job(model, response, n, (OURS,), data) for response in chosen.responses if response in known]
    return found


def measure(job: Job, sites: list[Path], out: Path, repeats: int) -> list[list[Figures | str]]:
    """Figures of every repeat of both commits, by turns, so that what else the machine does meets both."""
    results: list[list[Figures | str]] = [[], []]
    for _ in range(repeats):
        for site, own in zip(sites, results, strict=True):
            own.append(run(job, OURS, out, limit=600, variables={"PYTHONPATH": str(site)}))
    return results


def line(job: Job, results: list[list[Figures | str]]) -> str:
    """Minimum and median CPU seconds of both commits, the ratio of the minima, and what moved."""
    title = job.title.split(",")[0] + f", n = {job.n:,}, {job.model}"
    problems = [figures for own in results for figures in own if isinstance(figures, str)]
    if problems:
        return f"{title:<52}  {problems[0]}"
    base, head = ([figures for figures in own if isinstance(figures, dict)] for own in results)
    seconds = [[figures["cpu_min"] for figures in own] for own in (base, head)]
    ratio = min(seconds[1]) / min(seconds[0])
    times = "".join(f"{min(own):>9.4f}{statistics.median(own):>9.4f}" for own in seconds)
    memory = "".join(f"{statistics.median(figures['memory'] for figures in own):>6.0f}" for own in (base, head))
    moved = []
    if ratio > CLEARLY and min(seconds[1]) > max(seconds[0]):
        moved.append("slower")
    if ratio < 1 / CLEARLY and max(seconds[1]) < min(seconds[0]):
        moved.append("faster")
    for name in ("deviance", "edf", "rmse", "coverage", "converged"):
        before, after = base[0].get(name, 0.0), head[0].get(name, 0.0)
        if abs(after - before) > 1e-7 * abs(before):
            moved.append(f"{name} {before:.8g} -> {after:.8g}")
    return f"{title:<52}{times}{ratio:>8.3f}{memory}  {', '.join(moved)}".rstrip()


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What moved between two commits.")
    parser.add_argument("base")
    parser.add_argument("head")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000], help="rows")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=["varying", "linear", "plain"])
    parser.add_argument("--responses", nargs="+", choices=simulate.RESPONSES, default=["gaussian", "logit"])
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args()


def main() -> None:
    chosen = options()
    print("\n".join(machine.facts()), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        built = [build(ref, folder) for ref in (chosen.base, chosen.head)]
        print(f"base {built[0][0]}, head {built[1][0]}; CPU seconds, one thread, of {chosen.repeats} repeats each")
        print(f"\n{HEADER}\n{'':<52}{'min':>9}{'':>9}{'min':>9}", flush=True)
        for job in jobs(folder, chosen):
            results = measure(job, [site for _, site in built], folder / "coefficients.f64", chosen.repeats)
            print(line(job, results), flush=True)
    print(f"\n{machine.load('at the end')}")


if __name__ == "__main__":
    main()

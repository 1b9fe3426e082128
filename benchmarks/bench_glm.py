"""Time, memory and accuracy of GLM fits beside other programs on the same data; see README.md in this folder.

python benchmarks/bench_glm.py [--sizes 10000 100000] [--models varying linear plain additive] [--quick]
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import machine
import numpy as np
import simulate
import two_processes
from programs import (
    BAM,
    BAM_ALL,
    CONTEXTUALIZED,
    EVERY_PROGRAM,
    GAM,
    GAMFIT,
    GLMGAM,
    GLUM,
    GLUM_ALL,
    OURS,
    OURS_ALL,
    PYGAM,
    R_GLM,
    SKLEARN,
    STATSMODELS,
    Program,
    version_of,
)

HERE = Path(__file__).resolve().parent
MODELS = ("varying", "linear", "plain", "additive")
SLOW_UP_TO = 10_000
MEDIUM_UP_TO = 100_000
WRITE = {
    "varying": simulate.write_varying,
    "additive": simulate.write_varying,
    "linear": simulate.write_linear,
    "plain": simulate.write_plain,
}
Figures = dict[str, float]


@dataclass(frozen=True)
class Job:
    """One model, response and size, and who fits it."""

    model: str
    response: str
    n: int
    programs: tuple[Program, ...]
    data: Path = field(compare=False)

    @property
    def title(self) -> str:
        what = {
            "varying": "varying coefficients, p = 5, two contexts, k = 10, REML",
            "linear": "linear encoder, 100 interactions",
            "plain": f"no context, {simulate.PLAIN_P} coefficients",
            "additive": "additive, penalties given",
        }[self.model]
        return f"{self.response}, n = {self.n:,}: {what}"


def programs_for(model: str, response: str, n: int) -> tuple[Program, ...]:
    """Who can fit a model in reasonable time."""
    if model == "varying":
        others: tuple[Program, ...] = ()
        if n <= MEDIUM_UP_TO:
            others += (BAM_ALL, GAMFIT) + (() if response == "negative_binomial" else (PYGAM,))
        if n <= SLOW_UP_TO:
            others += (GAM,) + ((CONTEXTUALIZED,) if response in ("gaussian", "logit") else ())
        return (OURS, OURS_ALL, BAM, *others)
    if model == "additive":
        return (OURS, GLMGAM)
    others = (SKLEARN, STATSMODELS) if model == "plain" or n <= MEDIUM_UP_TO else (SKLEARN,)
    others += (R_GLM,) if model == "plain" and n <= MEDIUM_UP_TO else ()
    return (OURS, OURS_ALL, GLUM, GLUM_ALL, *others)


def jobs(folder: Path, chosen: argparse.Namespace) -> list[Job]:
    """Write the data and list what is to be fitted."""
    found = []
    for n in sorted(chosen.sizes):
        for model in chosen.models:
            if model == "additive" and n > SLOW_UP_TO:
                continue
            data = folder / f"{'varying' if model == 'additive' else model}-{n}"
            if not data.exists():
                WRITE[model](data, n, chosen.seed)
            known = simulate.RESPONSES if model == "varying" else simulate.RESPONSES[:2]
            for response in (r for r in chosen.responses if r in known):
                programs = tuple(
                    p for p in programs_for(model, response, n) if not chosen.only or p.package in chosen.only
                )
                found.append(Job(model, response, n, programs, data))
    return found


def run(
    job: Job, program: Program, out: Path, limit: float, variables: Mapping[str, str] = MappingProxyType({})
) -> Figures | str:
    """Figures of one child process, or a word on why there are none."""
    command = [*program.command(), f"data={job.data}", f"response={job.response}", f"model={job.model}", f"out={out}"]
    out.unlink(missing_ok=True)
    try:
        done = subprocess.run(
            command, env={**program.environment(), **variables}, capture_output=True, text=True, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return f"stopped after {limit:.0f} s"
    if done.returncode:
        sys.stderr.write(done.stderr)
        return "failed: " + (done.stderr.strip().splitlines() or ["no message"])[-1][:80]
    pairs = (line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    figures = {name: float(value) for name, value in pairs}
    return figures | (accuracy(job, np.fromfile(out)) if out.exists() else {})


def accuracy(job: Job, written: np.ndarray) -> Figures:
    """Root mean square error of the coefficients, and the share of 95% intervals that hold the truth."""
    truth = simulate.linear_coefficients() if job.model == "linear" else simulate.truth(job.response)
    estimates, errors = (part.reshape(truth.shape, order="F") for part in np.split(written, 2))
    covered = np.abs(estimates - truth) <= 1.959964 * errors
    return {
        "rmse": float(np.sqrt(np.mean((estimates - truth) ** 2))),
        "coverage": float(covered.mean()) if np.isfinite(errors).all() else math.nan,
    }


HEADER = (
    f"{'':<33}{'CPU s':>9}{'wall s':>9}{'CPU':>8}{'wall':>8}{'MB':>8}{'deviance':>14}{'edf':>7}{'RMSE':>9}{'cover':>7}"
)
UNDER = f"{'':<33}{'':>9}{'':>9}{'/ best':>8}{'/ best':>8}"


def table(job: Job, results: dict[Program, Figures | str]) -> list[str]:
    """Lines for one job. Ratios are to the fastest other program that does the same job, by the same clock."""
    others = [
        figures
        for program, figures in results.items()
        if not program.ours and not program.lacks and isinstance(figures, dict) and figures["converged"]
    ]
    best = {clock: min((figures[clock] for figures in others), default=math.nan) for clock in ("cpu", "wall")}
    lines = ["", job.title]
    for program, figures in results.items():
        if isinstance(figures, str):
            lines.append(f"  {program.name:<31}  {figures}")
            continue
        times = f"{figures['cpu']:>9.3f}{figures['wall']:>9.3f}"
        times += "".join(f"{figures[clock] / best[clock]:>8.3f}" for clock in ("cpu", "wall"))
        fit = (
            f"{figures['memory']:>8.0f}" + _blank("{:>14.2f}", figures["deviance"]) + _blank("{:>7.1f}", figures["edf"])
        )
        fit += _blank("{:>9.4f}", figures.get("rmse", math.nan)) + _blank("{:>7.3f}", figures.get("coverage", math.nan))
        note = program.lacks if figures["converged"] else "did not converge"
        lines.append(f"  {program.name:<31}{times}{fit}  {note}".rstrip())
    own = [results.get(program) for program in (OURS, OURS_ALL)]
    if all(isinstance(figures, dict) for figures in own):
        one, every = (figures["wall"] for figures in own)
        lines.append(f"  contextstats, wall s of 1 thread over those of all: {one / every:.2f}")
    return lines


def _blank(form: str, value: float) -> str:
    text = form.format(value)
    return " " * len(text) if math.isnan(value) else text


def versions() -> list[str]:
    """One line with the version of every program, or that it is missing."""
    found = [f"{program.package} {version_of(program) or 'missing'}" for program in EVERY_PROGRAM]
    return ["Programs: " + ", ".join(found)]


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time, memory and accuracy of GLM fits beside other programs.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="rows")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--responses", nargs="+", choices=simulate.RESPONSES, default=list(simulate.RESPONSES))
    parser.add_argument("--only", nargs="+", default=[], metavar="PACKAGE", help="run these programs alone")
    parser.add_argument("--quick", action="store_true", help="2000 rows; nothing is written")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds that one program may take for one job")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=HERE / "results" / "glm.txt")
    chosen = parser.parse_args()
    chosen.sizes = [2000] if chosen.quick else chosen.sizes
    return chosen


def main() -> None:
    chosen = options()
    lines = [*machine.facts(), two_processes.line(two_processes.gains()), *versions(), "", HEADER, UNDER]
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for job in jobs(folder, chosen):
            out = folder / "coefficients.f64"
            results = {program: program.missing() or run(job, program, out, chosen.limit) for program in job.programs}
            lines += (part := table(job, results))
            print("\n".join(part), flush=True)
            if not chosen.quick:
                chosen.output.write_text("\n".join(lines) + "\n")
    lines += ["", machine.load("at the end")]
    print("\n".join(lines[-2:]))
    if not chosen.quick:
        chosen.output.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

"""Time and memory of GLM fits beside mgcv, R's glm and statsmodels; see README.md in this folder.

python benchmarks/bench_glm.py [--sizes 10000 100000] [--quick]
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import machine
import numpy as np
import simulate

HERE = Path(__file__).resolve().parent
LARGEST_FOR_GAM = 10_000
LARGEST_FOR_ALL_RESPONSES = 100_000
PLAIN_ROWS = 100_000
LIMIT_SECONDS = 600
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Peer:
    """A program and how it is called."""

    label: str
    script: str
    options: tuple[str, ...] = ()
    ours: bool = False

    @property
    def in_r(self) -> bool:
        return self.script.endswith(".R")

    @property
    def blas_on_one_thread(self) -> bool:
        return "threads=0" not in self.options or "blas=1" in self.options


ONE = Peer("contextstats, 1 thread", "fit_contextstats.py", ("threads=1",), ours=True)
ALL = Peer("contextstats, all threads", "fit_contextstats.py", ("threads=0",), ours=True)
CORE = Peer("contextstats, all, BLAS 1", "fit_contextstats.py", ("threads=0", "blas=1"), ours=True)
BAM = Peer("mgcv bam, discrete", "fit_r.R", ("method=bam",))
GAM = Peer("mgcv gam, REML", "fit_r.R", ("method=gam",))
R_GLM = Peer("R glm", "fit_r.R", ("method=glm",))
STATSMODELS = Peer("statsmodels GLM", "fit_statsmodels.py")
GLMGAM = Peer("statsmodels GLMGam", "fit_statsmodels.py")


@dataclass(frozen=True)
class Job:
    """One model, response and size, and who fits it."""

    model: str
    response: str
    n: int
    peers: tuple[Peer, ...]
    data: Path = field(compare=False)

    @property
    def title(self) -> str:
        what = {
            "varying": "varying coefficients, REML",
            "plain": f"no context, {simulate.PLAIN_P} coefficients",
            "additive": "additive, penalties given",
        }[self.model]
        return f"{self.response}, n = {self.n:,}: {what}"


def jobs(folder: Path, sizes: list[int], responses: list[str], seed: int) -> list[Job]:
    """Write the data and list what is to be fitted."""
    found = []
    for n in sizes:
        data = folder / f"varying-{n}"
        simulate.write_varying(data, n, seed)
        peers = (ONE, ALL, CORE, BAM, GAM) if n <= LARGEST_FOR_GAM else (ONE, ALL, CORE, BAM)
        of_size = responses if n <= LARGEST_FOR_ALL_RESPONSES else [r for r in responses if r == "logit"]
        found += [Job("varying", response, n, peers, data) for response in of_size]
        if n <= LARGEST_FOR_GAM:
            found += [Job("additive", response, n, (ONE, GLMGAM), data) for response in responses]
    n = min(PLAIN_ROWS, max(sizes))
    data = folder / f"plain-{n}"
    simulate.write_plain(data, n, seed)
    return found + [Job("plain", response, n, (ONE, ALL, CORE, STATSMODELS, R_GLM), data) for response in responses]


def run(job: Job, peer: Peer, out: Path) -> dict[str, float] | str:
    """Figures of one child process, or a word on why there are none."""
    program = "Rscript" if peer.in_r else sys.executable
    command = [program, str(HERE / "peers" / peer.script), f"data={job.data}", f"response={job.response}"]
    command += [f"model={job.model}", f"out={out}", *peer.options]
    environment = dict(os.environ)
    for name in THREAD_VARIABLES:
        environment.pop(name, None)
        if peer.blas_on_one_thread:
            environment[name] = "1"
    out.unlink(missing_ok=True)
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        return f"stopped after {LIMIT_SECONDS} s"
    if done.returncode:
        sys.stderr.write(done.stderr)
        return "failed: " + (done.stderr.strip().splitlines() or ["no message"])[-1][:80]
    pairs = (line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    figures = {name: float(value) for name, value in pairs}
    if job.model == "varying":
        curves = np.fromfile(out).reshape(5, -1).T
        errors = np.sqrt(np.mean((curves - simulate.truth(job.response)) ** 2, axis=0))
        figures |= {f"rmse{j + 1}": float(error) for j, error in enumerate(errors)}
    return figures


def missing(peer: Peer) -> str:
    """Word on a peer that cannot run here, or nothing."""
    if peer.in_r and (shutil.which("Rscript") is None or not machine.r_version("mgcv")):
        return "missing: R with mgcv is not installed"
    if "statsmodels" in peer.label and not machine.python_version("statsmodels"):
        return "missing: statsmodels is not installed"
    return ""


HEADER = (
    f"{'':<29}{'CPU s':>8}{'wall s':>8}{'CPU':>8}{'wall':>8}{'MB':>7}{'deviance':>13}{'edf':>7}"
    "   RMSE of beta_1 ... beta_5"
)
UNDER = f"{'':<29}{'':>8}{'':>8}{'/ peer':>8}{'/ peer':>8}"


def table(job: Job, results: dict[Peer, dict[str, float] | str]) -> list[str]:
    """Lines for one job; ratios are to the fastest peer, by the same clock."""
    others = [r for peer, r in results.items() if not peer.ours and isinstance(r, dict) and r["converged"]]
    best = {clock: min((r[clock] for r in others), default=math.nan) for clock in ("cpu", "wall")}
    lines = ["", job.title]
    for peer, r in results.items():
        if isinstance(r, str):
            lines.append(f"  {peer.label:<27}  {r}")
            continue
        times = f"{r['cpu']:>8.3f}{r['wall']:>8.3f}{r['cpu'] / best['cpu']:>8.2f}{r['wall'] / best['wall']:>8.2f}"
        rmse = "".join(f"{r[f'rmse{j}']:>7.4f}" for j in range(1, 6)) if "rmse1" in r else ""
        note = "" if r["converged"] else "  did not converge"
        fit = f"{r['memory']:>7.0f}{r['deviance']:>13.2f}{r['edf']:>7.1f}  {rmse}{note}"
        lines.append(f"  {peer.label:<27}{times}{fit}".rstrip())
    return lines


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time and memory of GLM fits beside other programs.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="rows; above 1e5 logit only")
    parser.add_argument("--responses", nargs="+", choices=simulate.RESPONSES, default=list(simulate.RESPONSES))
    parser.add_argument("--quick", action="store_true", help="2000 rows, without mgcv's gam; nothing is written")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=HERE / "results" / "glm.txt")
    return parser.parse_args()


def main() -> None:
    chosen = options()
    sizes = [2000] if chosen.quick else sorted(chosen.sizes)
    lines = [*machine.facts(), "", HEADER, UNDER]
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for job in jobs(folder, sizes, chosen.responses, chosen.seed):
            peers = [peer for peer in job.peers if not (chosen.quick and peer is GAM)]
            results = {peer: missing(peer) or run(job, peer, folder / "curves.f64") for peer in peers}
            lines += (part := table(job, results))
            print("\n".join(part), flush=True)
    lines += ["", machine.load("at the end")]
    print("\n".join(lines[-2:]))
    if not chosen.quick:
        chosen.output.parent.mkdir(exist_ok=True)
        chosen.output.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

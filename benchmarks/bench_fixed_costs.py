"""Where the time of a small and of a large fit goes: import, formula, design, iterations, inference, summary.

python benchmarks/bench_fixed_costs.py [--sizes 1000 10000 100000 1000000]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import machine
import numpy as np
import pandas as pd
import simulate
from threadpoolctl import threadpool_limits

import contextstats as cs
from contextstats import _core
from contextstats.design import build
from contextstats.models import contextual_glm

HERE = Path(__file__).resolve().parent
FAMILIES = {"gaussian": "gaussian", "logit": "binomial", "poisson": "poisson", "gamma": cs.families.Gamma(link="log")}
FORMULA, CONTEXT = "y ~ x2 + x3 + x4 + x5", "s(c1) + s(c2)"
STAGES = ("formula", "design", "iterations", "inference", "rest of fit", "summary", "together")
IMPORTS = {
    "numpy, scipy, pandas": "import numpy, scipy, pandas",
    "and contextstats": "import numpy, scipy, pandas, contextstats",
    "and statsmodels.api": "import numpy, scipy, pandas, statsmodels.api",
}
ENOUGH_SECONDS = 3.0
Times = dict[str, float]


@contextlib.contextmanager
def timed(owner: Any, name: str, times: Times, stage: str) -> Iterator[None]:
    """Add the CPU time of a function, wherever it is called from, to a stage."""
    function = getattr(owner, name)

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        start = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            times[stage] += time.process_time() - start

    setattr(owner, name, wrapper)
    try:
        yield
    finally:
        setattr(owner, name, function)


def one_fit(frame: pd.DataFrame, family: Any) -> Times:
    """CPU seconds of the stages of one fit with its summary."""
    times: Times = defaultdict(float)
    start = time.process_time()
    with contextlib.ExitStack() as stack:
        for owner, name, stage in (
            (build, "read_formula", "formula"),
            (build, "read_context", "formula"),
            (build, "fit_formula", "formula"),
            (_core, "fit", "iterations"),
            (contextual_glm, "estimate", "inference"),
            (contextual_glm, "row_values", "inference"),
        ):
            stack.enter_context(timed(owner, name, times, stage))
        model = cs.glm(FORMULA, CONTEXT, frame, family=family)
        made = time.process_time()
        result = model.fit(threads=1)
        fitted = time.process_time()
        assert str(result.summary())
        end = time.process_time()
    times["design"] = made - start - times["formula"]
    times["rest of fit"] = fitted - made - times["iterations"] - times["inference"]
    times["summary"], times["together"] = end - fitted, end - start
    return times


def data(n: int, response: str) -> pd.DataFrame:
    rng = np.random.default_rng([1, n])
    x, c = simulate.correlated_normal(n, len(simulate.PREDICTORS), rng), rng.uniform(size=(n, 2))
    eta = (np.column_stack([np.ones(n), x]) * simulate.coefficients(c[:, 0], c[:, 1])).sum(axis=1)
    columns = dict(zip(simulate.PREDICTORS, x.T, strict=True)) | {"c1": c[:, 0], "c2": c[:, 1]}
    return pd.DataFrame(columns | {"y": simulate.draw(response, eta, rng)})


def profile(frame: pd.DataFrame, family: Any) -> Times:
    """Medians over repeats, after one fit of the first 1000 rows."""
    one_fit(frame[:1000], family)
    runs, start = [], time.process_time()
    while len(runs) < 3 or (len(runs) < 25 and time.process_time() - start < ENOUGH_SECONDS):
        runs.append(one_fit(frame, family))
    return {stage: statistics.median(run[stage] for run in runs) for stage in STAGES}


def import_times() -> list[str]:
    """CPU seconds of imports in fresh interpreters, the shortest of nine."""
    lines = ["", "Import, CPU seconds of a fresh interpreter, byte code at hand:"]
    with tempfile.TemporaryDirectory() as cache:
        bytecode = {"PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
        for label, code in IMPORTS.items():
            seconds = [_seconds(code, os.environ | bytecode) for _ in range(10)][1:]
            lines.append(f"  {label:<24}{min(seconds):>8.2f}")
    return lines


def _seconds(code: str, environment: dict[str, str]) -> float:
    """CPU seconds of a fresh interpreter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description="Where the time of a fit goes.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000, 1_000_000], help="rows")
    parser.add_argument("--output", type=Path, default=HERE / "results" / "fixed_costs.txt")
    chosen = parser.parse_args()
    lines = [*machine.facts(), *import_times(), ""]
    lines.append("Fit with summary, p = 5, two contexts, k = 10, REML, one thread: CPU milliseconds, medians")
    lines += ["", f"{'':<22}" + "".join(f"{stage:>13}" for stage in STAGES)]
    print("\n".join(lines), flush=True)
    with threadpool_limits(1):
        for n in chosen.sizes:
            for response, family in FAMILIES.items():
                times = profile(data(n, response), family)
                name = f"{response}, n = {n:,}"
                lines.append(f"{name:<22}" + "".join(f"{1e3 * times[stage]:>13.1f}" for stage in STAGES))
                print(lines[-1], flush=True)
    lines += [
        "",
        "formula: the two formulas and the matrix of predictors. iterations: the core's search, all passes over",
    ]
    lines += [
        "the data. inference: covariances, degrees of freedom, values of the rows. summary: all tests, the text.",
        "",
    ]
    lines.append(machine.load("at the end"))
    print("\n".join(lines[-4:]))
    chosen.output.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

"""Wall time of a fit with its summary on one processor and on two, beside what two processes gain on this machine.

python benchmarks/bench_threads.py [--n 1000000] [--rounds 10] [--responses gaussian logit]

Rounds alternate and the shortest times are shown: moments in which a machine is quiet are enough. Needs Linux.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import machine
import pandas as pd
import two_processes
from bench_fixed_costs import CONTEXT, FAMILIES, FORMULA, data
from threadpoolctl import threadpool_limits

import contextstats as cs
from contextstats import _core

HERE = Path(__file__).resolve().parent
CLOCKS = ("wall", "search", "cpu")
Times = dict[str, float]


def one_fit(frame: pd.DataFrame, response: str, processors: set[int]) -> Times:
    """Seconds of a fit with its summary by the wall, those of them in the core's search, and CPU seconds."""
    search, inside = _core.fit, []

    def timed(*arguments: object) -> object:
        start = time.perf_counter()
        found = search(*arguments)
        inside.append(time.perf_counter() - start)
        return found

    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)  # threads are as many as the processors a process may use
    _core.fit = timed
    try:
        wall, cpu = time.perf_counter(), time.process_time()
        assert str(cs.glm(FORMULA, CONTEXT, frame, family=FAMILIES[response]).fit().summary())
        return {"wall": time.perf_counter() - wall, "search": sum(inside), "cpu": time.process_time() - cpu}
    finally:
        _core.fit = search
        os.sched_setaffinity(0, everywhere)


def shortest(frame: pd.DataFrame, response: str, rounds: int) -> list[Times]:
    """The shortest times on one processor and on two."""
    two = set(sorted(os.sched_getaffinity(0))[:2])
    places = [{min(two)}, two]
    for place in places:
        one_fit(frame[:1000], response, place)
    runs = [[one_fit(frame, response, place) for place in places] for _ in range(rounds)]
    return [{clock: min(run[i][clock] for run in runs) for clock in CLOCKS} for i in range(2)]


def main() -> None:
    parser = argparse.ArgumentParser(description="What a second thread gains.")
    parser.add_argument("--n", type=int, default=1_000_000, help="rows")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--responses", nargs="+", choices=list(FAMILIES), default=["gaussian", "logit"])
    parser.add_argument("--output", type=Path, default=HERE / "results" / "threads.txt")
    chosen = parser.parse_args()
    lines = [*machine.facts(), two_processes.line(two_processes.gains()), ""]
    lines.append(f"Fit with summary, n = {chosen.n:,}, p = 5, two contexts, k = 10, REML: milliseconds")
    lines += ["", f"{'':<12}{'wall':>22}{'':>10}{'in the search':>22}{'':>10}{'CPU':>20}"]
    lines.append(
        f"{'':<12}" + f"{'1 thread':>12}{'2 threads':>10}{'ratio':>10}" * 2 + f"{'1 thread':>10}{'2 threads':>10}"
    )
    print("\n".join(lines), flush=True)
    for response in chosen.responses:
        with threadpool_limits(1):
            one, both = shortest(data(chosen.n, response), response, chosen.rounds)
        row = f"{response:<12}"
        for clock in ("wall", "search"):
            row += f"{1e3 * one[clock]:>12.1f}{1e3 * both[clock]:>10.1f}{one[clock] / both[clock]:>10.2f}"
        lines.append(row + f"{1e3 * one['cpu']:>10.1f}{1e3 * both['cpu']:>10.1f}")
        print(lines[-1], flush=True)
    lines += ["", two_processes.line(two_processes.gains()), machine.load("at the end")]
    print("\n".join(lines[-3:]))
    chosen.output.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

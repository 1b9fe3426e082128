"""How much more two processes do at once than one alone: what this machine can give to a second thread.

Processors of a virtual machine may share a core, other guests may use it, and memory is shared by all: the ratio for
work in the cache and that for copies of memory bound what threads can gain. python benchmarks/two_processes.py
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable

import numpy as np

SECONDS = 0.4


def products(seconds: float) -> float:
    """Matrix products in the cache, a second."""
    a = np.random.default_rng(0).normal(size=(160, 160))
    out = np.empty_like(a)
    return _rate(lambda: np.matmul(a, a, out=out), seconds)


def copies(seconds: float) -> float:
    """Copies of an array that no cache holds, a second."""
    source = np.ones(8 << 20)
    target = source.copy()
    return _rate(lambda: np.copyto(target, source), seconds)


def _rate(work: Callable[[], object], seconds: float) -> float:
    start, count = time.perf_counter(), 0
    while (passed := time.perf_counter() - start) < seconds:
        work()
        count += 1
    return count / passed


def gains(rounds: int = 3) -> dict[str, float]:
    """The largest ratio seen of what two processes do to what one does, by kind of work."""
    found = {}
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")  # for the processes started here
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for work in (products, copies):
            pool.map(work, [0.05, 0.05], chunksize=1)
            ratios = []
            for _ in range(rounds):
                alone = pool.apply(work, (SECONDS,))
                ratios.append(sum(pool.map(work, [SECONDS] * 2, chunksize=1)) / alone)
            found[work.__name__] = max(ratios)
    return found


def line(found: dict[str, float]) -> str:
    """The ratios in words."""
    return (
        f"Two processes at once make {found['products']:.2f} times as many matrix products in the cache as one, and "
        f"{found['copies']:.2f} times as many copies of memory"
    )


if __name__ == "__main__":
    print(line(gains()))

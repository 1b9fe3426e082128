"""Time and accuracy of contextual networks: python benchmarks/bench_networks.py [--quick] -> results/networks.txt."""

from __future__ import annotations

import argparse
import resource
import sys
import time
import warnings
from pathlib import Path

import machine
import numpy as np

import contextstats as cs

GRID = np.linspace(0.02, 0.98, 49)


def precision(t: np.ndarray, p: int) -> np.ndarray:
    """A chain: every other edge moves with t, the others stand still."""
    out = np.broadcast_to(np.eye(p), (len(t), p, p)).copy()
    for j in range(p - 1):
        edge = 0.3 * np.sin(2 * np.pi * t + j) if j % 2 == 0 else np.full(len(t), -0.25)
        out[:, j, j + 1] = out[:, j + 1, j] = edge
    return out


def draw(n: int, p: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    t = rng.uniform(0, 1, n)
    x = np.empty((n, p))
    for start in range(0, n, 2000):
        rows = slice(start, start + 2000)
        noise = rng.standard_normal((len(t[rows]), p, 1))
        root = np.linalg.cholesky(precision(t[rows], p))
        x[rows] = np.linalg.solve(np.swapaxes(root, 1, 2), noise)[:, :, 0]
    return x, t


def timed(work):
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def row(label: str, model, threads: int, truth: np.ndarray, new, **options) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        res, wall, cpu = timed(lambda: model.fit(threads=threads, **options))
        found = res.partial_correlations({"t": GRID}) if "Markov" in res.title else res.correlations({"t": GRID})
        score = -res.loglike(*new).mean()
    rmse = np.sqrt(np.mean((found - truth) ** 2))
    return f"{label:<44} {wall:7.2f} {cpu:7.2f}   {rmse:.4f}   {score:.4f}"


def neighborhoods(n: int, p: int) -> list[str]:
    """All regressions with their standard errors: fixed, shared and separate smoothing parameters."""
    x, t = draw(n, p, 1)
    lines = [f"p = {p} variables, n = {n}, s(t, k=10): {p + 1} x 10 coefficients in each of {p} regressions, 1 thread"]
    model, _, cpu = timed(lambda: cs.MarkovNetwork(x, t, method="neighborhood"))
    lines.append(f"{'reading and checking the data':<44} {'':7} {cpu:7.2f}")
    for label, smoothing in (
        ("smoothing given", 10.0),
        ("REML, shared", "reml_shared"),
        ("REML, each edge for itself", "reml"),
    ):
        _, wall, cpu = timed(lambda smoothing=smoothing: model.fit(smoothing=smoothing, threads=1))
        lines.append(f"{label:<44} {wall:7.2f} {cpu:7.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines.append(f"peak memory of the process {peak:.0f} MB; an n x p x p array needs {n * p * p * 8 / 2**20:.0f} MB")
    return lines


def networks(n: int, p: int) -> list[str]:
    x, t = draw(n, p, 2)
    new_x, new_t = draw(5000, p, 3)
    new = (new_x, {"t": new_t})
    omega = precision(GRID, p)
    root = np.sqrt(np.einsum("ijj->ij", omega))
    partial = -omega / root[:, :, None] / root[:, None, :]
    np.einsum("ijj->ij", partial)[...] = 1.0
    sigma = np.linalg.inv(omega)
    root = np.sqrt(np.einsum("ijj->ij", sigma))
    correlation = sigma / root[:, :, None] / root[:, None, :]
    lines = [f"p = {p}, n = {n}, s(t), 1 thread; RMSE of all edges at 49 contexts; NLL of a row of 5,000 new ones"]
    lines.append(f"{'':<44} {'seconds':>7} {'CPU':>7}   {'RMSE':<6}   NLL")
    fits = [
        ("Markov, cholesky", cs.MarkovNetwork(x, {"t": t}), partial, {}),
        ("Markov, cholesky, select", cs.MarkovNetwork(x, {"t": t}), partial, {"select": True}),
        ("Markov, neighborhood", cs.MarkovNetwork(x, {"t": t}, method="neighborhood"), partial, {}),
        (
            "Markov, neighborhood, lasso by BIC",
            cs.MarkovNetwork(x, {"t": t}, method="neighborhood"),
            partial,
            {"sparsity": "bic"},
        ),
        ("correlation, pairwise", cs.CorrelationNetwork(x, {"t": t}), correlation, {}),
        ("correlation, joint", cs.CorrelationNetwork(x, {"t": t}, method="joint"), correlation, {}),
    ]
    lines += [row(label, model, 1, truth, new, **options) for label, model, truth, options in fits]
    score = -cs.MarkovNetwork(x).fit().loglike(new_x).mean()
    lines.append(f"{'population network':<44} {'':7} {'':7}   {'':6}   {score:.4f}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing written")
    quick = parser.parse_args().quick
    lines = ["Contextual networks", "", *machine.facts(), machine.load("before"), ""]
    lines += [*networks(1000 if quick else 10_000, 6 if quick else 20), ""]
    lines += neighborhoods(2000 if quick else 100_000, 8 if quick else 50)
    text = "\n".join([*lines, "", machine.load("after"), ""])
    sys.stdout.write(text)
    if not quick:
        (Path(__file__).parent / "results" / "networks.txt").write_text(text)


if __name__ == "__main__":
    main()

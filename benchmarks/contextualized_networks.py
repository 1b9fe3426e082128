"""Contextual networks beside contextualized-ml: the same data, one thread each, errors on the same held-out rows.

BENCH_PYTHON_CONTEXTUALIZED=/path/to/venv/bin/python python benchmarks/contextualized_networks.py [--quick]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402  # BLAS reads the variables above when it is loaded

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "networks"))
import bench_networks  # noqa: E402
import machine  # noqa: E402
import programs  # noqa: E402
from structural_equations import random_sem  # noqa: E402

import contextstats as cs  # noqa: E402

SETTINGS = {
    "its defaults, at most 3 epochs": ("max_epochs=3",),
    "batches of 64, patience 5": ("train_batch_size=64", "es_patience=5"),
}


@dataclass(frozen=True)
class Network:
    """What a program says at new contexts: x_i is predicted by weights[i] x + offsets[i].

    Attributes
    ----------
    weights, offsets : (n, p, p), (n, p) or (n, p, p) array
    edges : (n, p, p) array
        In the units of the truth.
    variances : (n, p) array
        Residual variances.
    """

    weights: np.ndarray
    offsets: np.ndarray
    edges: np.ndarray
    variances: np.ndarray


@dataclass(frozen=True)
class Task:
    """Data of one kind of network, and the truth at the held-out rows."""

    kind: str
    x: np.ndarray
    c: np.ndarray
    new_x: np.ndarray
    new_c: np.ndarray
    truth: np.ndarray


def unit_diagonal(matrices: np.ndarray) -> np.ndarray:
    root = np.sqrt(np.einsum("ijj->ij", matrices))
    return matrices / root[:, :, None] / root[:, None, :]


def no_diagonal(matrices: np.ndarray) -> np.ndarray:
    out = matrices.copy()
    np.einsum("ijj->ij", out)[...] = 0.0
    return out


def tasks(n: int, p: int, n_new: int) -> list[Task]:
    (x, t), (new_x, new_t) = bench_networks.draw(n, p, 2), bench_networks.draw(n_new, p, 3)
    omega = bench_networks.precision(new_t, p)
    correlation, partial = no_diagonal(unit_diagonal(np.linalg.inv(omega))), no_diagonal(-unit_diagonal(omega))
    every, c, _, weights = random_sem(p, 2, n + n_new, 1)
    return [
        Task("correlation", x, t, new_x, new_t, correlation),
        Task("markov", x, t, new_x, new_t, partial),
        Task("bayesian", every[:n], c[:n], every[n:], c[n:], weights[n:]),
    ]


# ---- contextstats ------------------------------------------------------------------------------------------------


def neighborhood(x: np.ndarray, c: dict, **options) -> cs.MarkovNetwork:
    return cs.MarkovNetwork(x, c, method="neighborhood", **options)


def fits(kind: str) -> dict:
    """How a model of this kind is made and fitted."""
    if kind == "correlation":
        return {
            "pairwise, s(c)": lambda x, c: cs.CorrelationNetwork(x, c).fit(threads=1),
            "joint, s(c)": lambda x, c: cs.CorrelationNetwork(x, c, method="joint").fit(threads=1),
        }
    if kind == "markov":
        return {
            "neighborhood, s(c)": lambda x, c: neighborhood(x, c).fit(threads=1),
            "neighborhood, s(c), reml_shared": lambda x, c: neighborhood(x, c).fit(smoothing="reml_shared", threads=1),
            "neighborhood, s(c, k=6)": lambda x, c: neighborhood(x, c, encoder=cs.Additive(k=6)).fit(threads=1),
            "cholesky, s(c)": lambda x, c: cs.MarkovNetwork(x, c).fit(threads=1),
        }
    return {
        "linear": lambda x, c: cs.BayesianNetwork(x, c, encoder=cs.Linear()).fit(threads=1),
        "s(c)": lambda x, c: cs.BayesianNetwork(x, c).fit(threads=1),
    }


def ours(kind: str, res, contexts: np.ndarray) -> Network:
    context = {"c": contexts}
    if kind == "bayesian":
        edges = res.adjacency(context)
        zero = np.zeros((len(contexts), edges.shape[1]))
        weights = np.swapaxes(edges, 1, 2)
        offsets = res.predict(zero, context).to_numpy()
        variances = np.broadcast_to(res.equations.variances * res.data.scale**2, zero.shape)
        return Network(weights, offsets, edges, variances)
    means = res.means(context)
    if kind == "markov":
        omega = res.precisions(context)
        diagonal = np.einsum("ijj->ij", omega)
        weights = no_diagonal(-omega / diagonal[:, :, None])
        edges, variances = no_diagonal(-unit_diagonal(omega)), 1 / diagonal
        return Network(weights, means - np.einsum("nij,nj->ni", weights, means), edges, variances)
    sigma = res.covariances(context)
    diagonal = np.einsum("ijj->ij", sigma)
    weights = no_diagonal(sigma / diagonal[:, None, :])
    offsets = means[:, :, None] - weights * means[:, None, :]
    return Network(weights, offsets, no_diagonal(unit_diagonal(sigma)), diagonal)


# ---- contextualized-ml -------------------------------------------------------------------------------------------


def theirs(task: Task, settings: tuple[str, ...]) -> tuple[Network, np.ndarray] | str:
    """Its network with residual variances of the rows of the fit, and CPU seconds, seconds and epochs."""
    program = programs.interpreter("contextualized")
    if subprocess.run([program, "-c", "import contextualized"], capture_output=True).returncode != 0:
        return "missing: not installed"
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder) / "data.npz", Path(folder) / "out.npz"
        np.savez(data, x=task.x, contexts=task.c[:, None], new_contexts=task.new_c[:, None])
        script = str(HERE / "peers" / "networks_contextualized.py")
        subprocess.run([program, script, str(data), str(out), f"kind={task.kind}", *settings], check=True)
        found = dict(np.load(out))
    weights = found["new"]
    offsets = found["new_offsets"].reshape(found["new_offsets"].shape[:3])
    edges = weights
    if task.kind == "correlation":  # its own trainer's definition
        back = np.swapaxes(weights, 1, 2)
        edges = no_diagonal(np.sign(weights) * np.sqrt(np.maximum(weights * back, 0.0)))
    if task.kind == "bayesian":
        edges = np.swapaxes(weights, 1, 2)
    rows = len(weights)
    left = residuals(task.kind, task.x[:rows], found["old"], found["old_offsets"])
    variances = np.broadcast_to((left**2).mean(axis=0), weights.shape[:-1]) if task.kind != "correlation" else left
    return Network(weights, offsets, edges, variances), found["time"]


# ---- errors ------------------------------------------------------------------------------------------------------


def residuals(kind: str, x: np.ndarray, weights: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """x_i minus its prediction: from all others (its parents) together, or for correlations from each one alone."""
    if kind == "correlation":
        return x[:, :, None] - weights * x[:, None, :] - offsets
    return x - np.einsum("nij,nj->ni", weights, x) - offsets


def likelihood(task: Task, network: Network) -> str:
    """Gaussian negative log-likelihood of a held-out row, where the network is a distribution."""
    left = residuals(task.kind, task.new_x, network.weights, network.offsets)
    if task.kind == "bayesian":
        terms = np.log(2 * np.pi * network.variances) + left**2 / network.variances
        return f"{0.5 * terms.sum(axis=1).mean():.4f}"
    if task.kind == "correlation":
        return ""
    p = task.x.shape[1]
    omega = (np.eye(p) - network.weights) / network.variances[:, :, None]
    omega = (omega + np.swapaxes(omega, 1, 2)) / 2
    least = np.linalg.eigvalsh(omega)[:, 0]
    if least.min() <= 0:
        return f"not positive definite in {np.mean(least <= 0):.0%}"
    deviation = np.linalg.solve(np.eye(p) - network.weights, network.offsets[:, :, None])[:, :, 0]
    deviation = task.new_x - deviation
    form = np.einsum("ni,nij,nj->n", deviation, omega, deviation)
    return f"{0.5 * (p * np.log(2 * np.pi) - np.linalg.slogdet(omega)[1] + form).mean():.4f}"


def line(label: str, task: Task, network: Network, cpu: float, wall: float, note: str = "") -> str:
    left = residuals(task.kind, task.new_x, network.weights, network.offsets)
    if task.kind == "correlation":
        left = left[:, ~np.eye(left.shape[1], dtype=bool)]
    off = ~np.eye(task.x.shape[1], dtype=bool)
    rmse = np.sqrt(np.mean((network.edges - task.truth)[:, off] ** 2))
    return (
        f"  {label:<46}{cpu:>9.2f}{wall:>10.2f}{np.mean(left**2):>14.4f}{rmse:>12.4f}  "
        f"{likelihood(task, network):<12}{note}"
    ).rstrip()


def compare(task: Task) -> list[str]:
    lines, best = [], np.inf
    for label, fit in fits(task.kind).items():
        fit(task.x[:1000], {"c": task.c[:1000]})  # code is loaded
        wall, cpu = time.perf_counter(), time.process_time()
        res = fit(task.x, {"c": task.c})
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        best = min(best, cpu)
        lines.append(line(f"contextstats, {label}", task, ours(task.kind, res, task.new_c), cpu, wall))
    for label, settings in SETTINGS.items():
        found = theirs(task, settings)
        name = f"contextualized-ml, {label}"
        if isinstance(found, str):
            lines.append(f"  {name:<46}{found}")
            continue
        network, (cpu, wall, epochs) = found
        note = f"{epochs:.0f} epochs, {cpu / best:.0f} times the CPU time of the fastest above"
        lines.append(line(name, task, network, cpu, wall, note))
        print(lines[-1], flush=True)
    return lines


WHAT = {
    "correlation": "Correlation networks: each variable from each other one; RMSE of correlations",
    "markov": "Markov networks: each variable from all others; RMSE of partial correlations; NLL of a row",
    "bayesian": "Bayesian networks: each variable from its parents; RMSE of weights; NLL of a row",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small, nothing is written")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    n, p = (1000, 5) if quick else (10_000, 20)
    version = programs.version_of(programs.CONTEXTUALIZED) or "missing"
    lines = [
        "Contextual networks beside contextualized-ml. Written by benchmarks/contextualized_networks.py.",
        *machine.facts(),
        f"contextualized-ml {version}",
        "",
        f"p = {p} variables, n = {n} rows, one context, one thread; errors on 2,000 new rows of known networks.",
        f"{'':<48}{'CPU s':>9}{'seconds':>10}{'squared error':>14}{'RMSE edges':>12}  NLL",
    ]
    for task in tasks(n, p, 2000):
        lines += ["", WHAT[task.kind], *compare(task)]
    lines += ["", machine.load("at the end")]
    print(*lines, sep="\n")
    if not quick:
        (HERE / "results" / "contextualized_networks.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

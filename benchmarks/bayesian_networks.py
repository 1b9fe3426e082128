"""Bayesian networks: contextualized-ml's demonstrations, and how well graphs are found.

Every number is a mean over simulated data sets with its Monte-Carlo standard error; none depends on the machine.
Written to results/bayesian_networks.txt.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import contextstats as cs

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "networks"))
from structural_equations import draw_sem, four_nodes, hamming_distance, is_acyclic, random_sem  # noqa: E402

LATENT = "s(c1, k=5) + s(c2, k=5) + s(c3, k=5) + ti(c1, c2, k=4) + ti(c1, c3, k=4) + ti(c2, c3, k=4)"


def with_error(values: list[float], digits: int = 2) -> str:
    """Mean and its standard error."""
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{np.mean(values):.{digits}g} ({error:.1g})"


def unit(c: np.ndarray) -> np.ndarray:
    return (c - c.min()) / (c.max() - c.min())


def observed(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return draw_sem(weights, rng.uniform(-0.1, 0.1, weights.shape[:2]))


def network_error(res, weights: np.ndarray, context=None) -> float:
    estimate = res.adjacency(context)
    assert is_acyclic(estimate)
    return float(np.mean((estimate - weights) ** 2))


def high_resolution(rng: np.random.Generator) -> dict[str, float]:
    c = unit(rng.choice([1.0, 5.0, 10.0], 10000))
    weights = four_nodes(c)
    x = observed(weights, rng)
    found = {"C(c), three networks": cs.BayesianNetwork(x, {"c": c}, encoder="C(c)").fit()}
    found["constant"] = cs.BayesianNetwork(x).fit()
    return {name: network_error(res, weights) for name, res in found.items() if name != "constant"} | {
        "constant": float(np.mean((found["constant"].adjacency()[:1] - weights) ** 2))
    }


def latent_process(rng: np.random.Generator) -> dict[str, float]:
    c = rng.normal(1, 1, (10000, 3))
    z = c @ [1.5, -1.5, 0.5] + 0.5
    weights = np.zeros((10000, 4, 4))
    weights[:, 0, 1], weights[:, 2, 1], weights[:, 3, 1], weights[:, 3, 2] = z - 1, z**2, z**2 + 1, z
    x, context = observed(weights, rng), pd.DataFrame(c, columns=["c1", "c2", "c3"])
    archetypes = cs.Archetypes(k=3, starts=1)
    return {
        "smooths and tensor products": network_error(cs.BayesianNetwork(x, context, encoder=LATENT).fit(), weights),
        "3 archetypes": network_error(cs.BayesianNetwork(x, context, encoder=archetypes).fit(), weights),
        "constant": float(np.mean((cs.BayesianNetwork(x).fit().adjacency()[:1] - weights) ** 2)),
    }


def unseen_contexts(rng: np.random.Generator) -> dict[str, float]:
    c = unit(np.concatenate([rng.normal(1.5, 0.2, 2500), rng.normal(5.5, 0.5, 5000), rng.normal(3.5, 0.7, 2500)]))
    weights = four_nodes(c)
    x = observed(weights, rng)
    res = cs.BayesianNetwork(x[:7500], {"c": c[:7500]}).fit()
    return {
        "s(c)": network_error(res, weights, {"c": c}),
        "s(c), unseen rows only": network_error(res, weights[7500:], {"c": c[7500:]}),
        "constant": float(np.mean((cs.BayesianNetwork(x[:7500]).fit().adjacency()[:1] - weights) ** 2)),
    }


def notmad(rng: np.random.Generator) -> dict[str, float]:
    c = np.linspace(1, 2, 500)
    weights = four_nodes(c)
    x = observed(weights, rng)
    parts = {"train": (c < 1.7) | (c >= 1.9), "validation": (c >= 1.7) & (c < 1.8), "test": (c >= 1.8) & (c < 1.9)}
    kinds = {
        "s(c)": {},
        "6 archetypes": {"encoder": cs.Archetypes(k=6, starts=2)},
        "s(c), per sample": {"acyclicity": "per_sample"},
    }
    out = {}
    for kind, options in kinds.items():
        rows = parts["train"]
        res = cs.BayesianNetwork(x[rows], {"c": c[rows]}, **options).fit()
        for part, rows in parts.items():
            out[f"{kind}, {part}: W"] = network_error(res, weights[rows], {"c": c[rows]})
            out[f"{kind}, {part}: X"] = float(res.squared_errors(x[rows], {"c": c[rows]}).mean())
    return out


DEMONSTRATIONS: list[tuple[str, Callable[[np.random.Generator], dict[str, float]], str]] = [
    ("High resolution (its figure 0.024, its constant model 0.071)", high_resolution, "a third: 0.008"),
    ("Latent process (its figure 1.2, its constant model 16)", latent_process, "a third: 0.4"),
    ("Unseen contexts (its figure 0.014, its constant model 0.033)", unseen_contexts, "a third: 0.0047"),
    ("NOTMAD's test (W below 0.1, X below 0.01)", notmad, "noise in X: 0.0033"),
]


def demonstrations(replicates: int) -> list[str]:
    lines = ["Mean squared error of W (and of X) in contextualized-ml's demonstrations", ""]
    for title, run, goal in DEMONSTRATIONS:
        results = [run(np.random.default_rng(seed)) for seed in range(replicates)]
        lines.append(f"{title}; {goal}")
        for name in results[0]:
            values = [result[name] for result in results]
            lines.append(f"  {name:<34}{with_error(values):>20}   worst {max(values):.2g}")
        lines.append("")
    return lines


METHODS: dict[str, tuple[bool, dict, dict]] = {  # contextual or not, options of the model, options of the fit
    "free variances": (True, {"variances": "free"}, {}),
    "equal variances": (True, {"variances": "equal"}, {}),
    "equal, threshold 0.3": (True, {"variances": "equal"}, {"threshold": 0.3}),
    "constant, equal": (False, {}, {}),
    "constant, NOTEARS": (False, {}, {"threshold": 0.3, "strategy": "augmented_lagrangian"}),
}
DATA = {
    "unit noise": {},
    "unit noise, standardised": {"standardise": True},
    "noise sd 0.5 to 2": {"unequal": True},
    "effects constant, unit noise": {"vary": 0.0},
    "effects constant, standardised": {"vary": 0.0, "standardise": True},
}


def recovery(replicates: int, sizes: list[int], p: int) -> list[str]:
    lines = [
        f"Graphs of {p} variables, 2 parents on average, weights +-(0.5 to 1.5) plus a slope in c from (-1, 1):",
        "structural Hamming distance / F1 of directed edges",
        "",
        f"  {'':<32}{'method':<24}" + "".join(f"{f'n = {n}':>26}" for n in sizes),
    ]
    for label, options in DATA.items():
        plain = {key: value for key, value in options.items() if key != "standardise"}
        for method, (contextual, model, fit) in METHODS.items():
            cells = []
            for n in sizes:
                distances, scores = [], []
                for seed in range(replicates):
                    x, c, graph, _ = random_sem(p, 2, n, seed, **plain)
                    x = x / x.std(axis=0) if "standardise" in options else x
                    model_in = {"encoder": cs.Linear(), **model} if contextual else model
                    network = cs.BayesianNetwork(x, {"c": c} if contextual else None, **model_in)
                    found = network.fit(**fit).adjacency()[0] != 0
                    distances.append(hamming_distance(graph, found))
                    scores.append(2 * (graph & found).sum() / max(1, graph.sum() + found.sum()))
                cells.append(f"{with_error(distances)} / {np.mean(scores):.2f}")
            lines.append(f"  {label:<32}{method:<24}" + "".join(f"{cell:>26}" for cell in cells))
        lines.append("")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=50, help="simulated graphs; the demonstrations take a fifth")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "bayesian_networks.txt")
    args = parser.parse_args()
    warnings.simplefilter("ignore", cs.ExtrapolationWarning)
    warnings.simplefilter("ignore", cs.ConvergenceWarning)
    started = time.process_time()
    lines = [
        "Bayesian networks. Written by benchmarks/bayesian_networks.py.",
        f"contextstats {cs.__version__}; {args.replicates} graphs, {max(2, args.replicates // 5)} data sets for each "
        "demonstration; standard errors in brackets.",
        "",
        *demonstrations(max(2, args.replicates // 5)),
        *recovery(args.replicates, [250, 1000, 4000], 8),
    ]
    args.output.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    print(*lines, f"{time.process_time() - started:.0f} s of CPU", sep="\n")


if __name__ == "__main__":
    main()

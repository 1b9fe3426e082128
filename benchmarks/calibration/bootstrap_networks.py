"""Do bootstrap intervals of Bayesian networks cover where there is no formula: README.md here.

python benchmarks/calibration/bootstrap_networks.py [--sets 40] [--refits 30] [--rows 500 2000]
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402  # BLAS reads the variables above when it is loaded

import contextstats as cs  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "networks"), str(ROOT / "benchmarks")]
import machine  # noqa: E402
from structural_equations import draw_sem  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results" / "bootstrap_networks.txt"
GRID = np.array([-0.8, 0.8])


def turning(c: np.ndarray, last: float = 0.9) -> np.ndarray:
    """x1 acts on x2 in one group and x2 on x1 in the other, both act on x3."""
    late = c > 0
    weights = np.zeros((len(c), 3, 3))
    weights[late, 0, 1], weights[~late, 1, 0] = 0.9, -0.7
    weights[:, 0, 2], weights[:, 1, 2] = 0.8, np.where(late, last, -last)
    return weights


def in_doubt(c: np.ndarray) -> np.ndarray:
    """That with a last effect so weak that 500 rows often put x3 before x2."""
    return turning(c, 0.5)


def groups(c: np.ndarray) -> dict[str, np.ndarray]:
    """A graph that turns cannot be a straight line in c: a product of two of them is zero nowhere but at a point."""
    return {"c": np.where(c > 0, "late", "early")}


def numbers(c: np.ndarray) -> dict[str, np.ndarray]:
    return {"c": c}


def mixture(c: np.ndarray) -> np.ndarray:
    """Two networks of four variables, mixed by a softmax weight."""
    weights = np.zeros((2, 4, 4))
    weights[0, 0, 1], weights[0, 1, 2], weights[0, 0, 3], weights[0, 2, 3] = 1.2, -0.8, 0.6, 0.9
    weights[1, 0, 1], weights[1, 1, 2], weights[1, 0, 3], weights[1, 2, 3] = -0.6, 0.9, 0.6, -0.5
    share = 1 / (1 + np.exp(-3 * c))
    return share[:, None, None] * weights[0] + (1 - share)[:, None, None] * weights[1]


@dataclass(frozen=True)
class Kind:
    """A truth and the model that is fitted to it."""

    truth: Callable[[np.ndarray], np.ndarray]
    context: Callable[[np.ndarray], dict[str, np.ndarray]]
    options: dict[str, object]

    def measure(self, n: int, refits: int, seed: int) -> np.ndarray:
        """Estimate, standard error and whether the interval covers, for every effect that is there: (3, effects)."""
        rng = np.random.default_rng((seed, n))
        c = rng.uniform(-1, 1, n)
        weights = self.truth(c)
        x = draw_sem(weights, rng.normal(size=weights.shape[:2]))
        model = cs.BayesianNetwork(x, self.context(c), **self.options)
        table = model.bootstrap(self.context(GRID), n=refits, seed=seed, threads=1)
        true = self.truth(GRID)
        place = {name: j for j, name in enumerate(model.data.names)}
        out = np.zeros((3, *true.shape))
        for row in table.itertuples():
            where, i, j = row.row, place[row.source], place[row.target]
            out[:, where, i, j] = row.estimate, row.std_error, row.conf_low <= true[where, i, j] <= row.conf_high
        return out[:, true != 0]


KINDS = {
    "graphs of their own": Kind(turning, groups, {"acyclicity": "per_sample"}),
    "the same, in doubt": Kind(in_doubt, groups, {"acyclicity": "per_sample"}),
    "archetypes": Kind(mixture, numbers, {"encoder": cs.Archetypes(k=2, starts=2)}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=40)
    parser.add_argument("--refits", type=int, default=30)
    parser.add_argument("--rows", type=int, nargs="+", default=[500, 2000])
    chosen = parser.parse_args()
    lines = [line for line in machine.facts() if not line.startswith("Load")]
    lines += ["", f"{'':<26}{'n':>6}{'sets':>6}{'refits':>8}{'coverage':>16}{'mean error / sd':>18}"]
    print(*lines, sep="\n", flush=True)
    for n in chosen.rows:
        for name, kind in KINDS.items():
            found = np.array([kind.measure(n, chosen.refits, seed) for seed in range(chosen.sets)])
            covered = found[:, 2].mean(axis=1)
            ratio = np.sqrt((found[:, 1] ** 2).mean(axis=0)) / found[:, 0].std(axis=0, ddof=1)
            cover = f"{covered.mean():.3f} ({covered.std(ddof=1) / np.sqrt(len(covered)):.3f})"
            spread = f"{np.median(ratio):.2f} ({1 / np.sqrt(2 * chosen.sets):.2f})"
            lines.append(f"{name:<26}{n:>6}{chosen.sets:>6}{chosen.refits:>8}{cover:>16}{spread:>18}")
            print(lines[-1], flush=True)
            RESULTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

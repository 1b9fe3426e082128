"""Does the test that no edge of a network varies keep its level, and find what varies a little: README.md here.

python benchmarks/calibration/omnibus.py [--sets 1000]
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402  # BLAS reads the variables above when it is loaded

import contextstats as cs  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "networks"), str(ROOT / "benchmarks")]
import machine  # noqa: E402
from gaussian_networks import NothingVaries, sine  # noqa: E402
from structural_equations import Equations  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results" / "omnibus.txt"
CELLS = ((5, 1000, 1), (10, 1000, 1), (20, 1000, 2), (5, 10_000, 2), (10, 10_000, 2), (20, 10_000, 2))
"""Variables, rows, and by how much fewer data sets there are."""
AMPLITUDE = 0.12


class SomethingVaries(NothingVaries):
    """As that, but every other edge of the chain varies a little."""

    def precision(self, t):
        out = super().precision(t)
        root = np.sqrt(np.einsum("ijj->ij", out))
        for j in range(0, self.p - 1, 2):
            out[:, j, j + 1] += AMPLITUDE * sine(j, t) * root[:, j] * root[:, j + 1]
            out[:, j + 1, j] = out[:, j, j + 1]
        return out


def markov(x, t) -> float:
    """The test asks nothing of the fit, so that the cheapest will do."""
    return cs.MarkovNetwork(x, {"t": t}, method="neighborhood").fit(smoothing="reml_shared").test_population().p_value


def correlation(x, t) -> float:
    return cs.CorrelationNetwork(x, {"t": t}).fit().test_population().p_value


def bayesian(x, t) -> float:
    """Each variable is regressed on all before it, as it is where the graph is not known."""
    order = [f"x{j + 1}" for j in range(x.shape[1])]
    return cs.BayesianNetwork(x, {"t": t}, order=order).fit(threshold=0).test_population().p_value


KINDS: dict[str, tuple[Callable, Callable, Callable | None]] = {
    "Markov": (markov, NothingVaries, SomethingVaries),
    "correlation": (correlation, NothingVaries, SomethingVaries),
    "Bayesian": (bayesian, lambda p: Equations(p, vary=False), None),
}


def rejections(test: Callable, truth, n: int, seeds: range) -> np.ndarray:
    """p-values over data sets."""
    return np.array([test(*truth.draw(n, (seed, truth.p, n))) for seed in seeds])


def share(p_values: np.ndarray, level: float) -> str:
    """Share below a level and its Monte-Carlo standard error."""
    hits = p_values < level
    return f"{hits.mean():.4f} ({hits.std() / np.sqrt(len(hits)):.4f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=1000, help="data sets of five variables and 1000 rows")
    sets = parser.parse_args().sets
    lines = [line for line in machine.facts() if not line.startswith("Load")]
    lines += ["", f"{'':<13}{'p':>3}{'n':>7}{'sets':>6}{'size at 5%':>18}{'size at 1%':>18}{'power at 5%':>18}"]
    print(*lines, sep="\n", flush=True)
    for p, n, fewer in CELLS:
        for kind, (test, null, alternative) in KINDS.items():
            slow = kind == "Bayesian" and p == 20
            number = max(sets // (2 * fewer if slow else fewer), 2)
            found = rejections(test, null(p), n, range(number))
            line = f"{kind:<13}{p:>3}{n:>7}{number:>6}{share(found, 0.05):>18}{share(found, 0.01):>18}"
            if alternative is not None and (p, n) == (5, 1000):
                power = rejections(test, alternative(p), n, range(number))
                line += f"{share(power, 0.05):>18}"
            lines.append(line)
            print(line, flush=True)
    RESULTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

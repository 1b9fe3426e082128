"""Do bands of edges cover, do tests of edges keep their level, how do errors fall: see README.md in this folder.

python benchmarks/calibration/networks.py [--sets 400] [--only cholesky pairwise] [--report-only]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402  # BLAS reads the variables above when it is loaded
import pandas as pd  # noqa: E402

import contextstats as cs  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "networks"), str(ROOT / "benchmarks")]
import machine  # noqa: E402
from gaussian_networks import LinearPrecision, NothingVaries, Pairs, Truth  # noqa: E402
from structural_equations import Equations, is_acyclic  # noqa: E402

STORE = ROOT / "benchmarks" / "output" / "calibration"
RESULTS = Path(__file__).resolve().parent / "results" / "networks.txt"
GRID = np.linspace(0.02, 0.98, 25)
FAR = np.linspace(-1, 2, 31)
SIZES = {5: 1, 10: 2, 20: 4}
"""Variables, and by how much fewer data sets there are: every one says more."""
ROWS = (1000, 10_000)


@dataclass(frozen=True)
class Cell:
    """A truth and the model that is fitted to it.

    Attributes
    ----------
    method : str
    label : str
        Of the truth.
    truth : callable
        Makes it from the number of variables.
    encoder : Encoder
    most : int
        Variables beyond which the method is not used.
    """

    method: str
    label: str
    truth: Callable
    encoder: cs.Linear | cs.Additive
    most: int = 20

    def name(self, p: int, n: int) -> str:
        return f"network-{self.method}-{self.label}-{p}-{n}".replace(" ", "_")

    def fit(self, x, t, truth):
        context = {"encoder": self.encoder}
        if self.method == "bayesian":
            return cs.BayesianNetwork(x, {"t": t}, **truth.rules(), **context).fit(threads=1)
        kind = cs.CorrelationNetwork if self.method in ("pairwise", "joint") else cs.MarkovNetwork
        return kind(x, {"t": t}, method=self.method, **context).fit(threads=1)

    def edges(self, truth) -> np.ndarray:
        """True edges over the grid."""
        if self.method == "bayesian":
            return truth.weights(GRID)[(slice(None), *np.nonzero(truth.graph))]
        matrix = truth.correlations if self.method in ("pairwise", "joint") else truth.partial_correlations
        return matrix(GRID)[(slice(None), *np.triu_indices(truth.p, 1))]


LINE, SMOOTH = cs.Linear(), cs.Additive()
CELLS = (
    Cell("cholesky", "linear", lambda p: Truth(p, smooth=False), LINE),
    Cell("cholesky", "smooth", Truth, SMOOTH),
    Cell("neighborhood", "linear", LinearPrecision, LINE),
    Cell("neighborhood", "smooth", Truth, SMOOTH),
    Cell("likelihood", "linear", LinearPrecision, LINE, most=5),
    Cell("pairwise", "linear", lambda p: Pairs(p, smooth=False), LINE),
    Cell("pairwise", "smooth", Pairs, SMOOTH),
    Cell("joint", "linear", lambda p: Truth(p, smooth=False), LINE),
    Cell("joint", "smooth", Pairs, SMOOTH),
    Cell("bayesian", "linear", lambda p: Equations(p, smooth=False), LINE),
    Cell("bayesian", "smooth", Equations, SMOOTH),
    Cell("cholesky", "constant", NothingVaries, SMOOTH),
    Cell("bayesian", "constant", lambda p: Equations(p, vary=False), SMOOTH),
)


def record(cell: Cell, p: int, n: int, seed: int) -> dict[str, float]:
    """What one fit says, and whether it is true."""
    truth = cell.truth(p)
    x, t = truth.draw(n, (seed, p, n))
    res = cell.fit(x, t, truth)
    edges = cell.edges(truth)
    constant = np.ptp(edges, axis=0) < 1e-9
    table = res.edges({"t": GRID})
    low, high, found = (table[name].to_numpy().reshape(edges.shape) for name in ("conf_low", "conf_high", "estimate"))
    inside = ((low <= edges) & (edges <= high)).mean(axis=0)
    tests = res.heterogeneity()
    if cell.method == "bayesian":  # by target there, by source here
        tests = tests[tests["context"] == "any"].sort_values(
            ["source", "target"], key=lambda names: names.str[1:].astype(int)
        )
    p_values = tests["score_p_value" if cell.method == "bayesian" else "p_value"].to_numpy()
    out = {
        "seed": seed,
        "covered": inside.mean(),
        "squared": np.mean((found - edges) ** 2),
        "valid": float(is_valid(res, cell.method)),
        "omnibus": res.test_population().p_value,
    }
    if (~constant).any():
        out |= {"covered_varying": inside[~constant].mean(), "power": (p_values[~constant] < 0.05).mean()}
    if constant.any():
        out |= {"covered_constant": inside[constant].mean(), "size": (p_values[constant] < 0.05).mean()}
    return {name: float(value) for name, value in out.items()}


def is_valid(res, method: str) -> bool:
    """At contexts in the range and a range beyond it on both sides: positive definite, or without a cycle."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.ExtrapolationWarning)
        if method == "bayesian":
            return is_acyclic(res.adjacency({"t": FAR}))
        matrices = res.precisions({"t": FAR}) if hasattr(res, "precisions") else res.correlations({"t": FAR})
    root = np.sqrt(np.einsum("ijj->ij", matrices))
    return bool((np.linalg.eigvalsh(matrices / root[:, :, None] / root[:, None, :]) > 0).all())


def stored(path: Path) -> pd.DataFrame:
    lines = path.read_text().splitlines() if path.exists() else []
    return pd.DataFrame([json.loads(line) for line in lines])


def run(cell: Cell, p: int, n: int, sets: int) -> None:
    """Add the data sets that are missing to the records of a cell."""
    path = STORE / f"{cell.name(p, n)}.jsonl"
    known = stored(path)
    with path.open("a") as file:
        for seed in range(len(known), sets):
            file.write(json.dumps(record(cell, p, n, seed)) + "\n")
            file.flush()
    print(cell.name(p, n), sets, flush=True)


def mean(found: pd.DataFrame, column: str, digits: int = 3) -> str:
    """Mean over data sets and its Monte-Carlo standard error."""
    if column not in found:
        return "-"
    values = found[column]
    return f"{values.mean():.{digits}f} ({values.std(ddof=1) / np.sqrt(len(values)):.{digits}f})"


def report() -> list[str]:
    heads = ("all edges", "varying", "constant", "size", "power", "omnibus")
    lines = [
        "",
        f"{'':<26}{'p':>3}{'n':>7}{'sets':>6}" + "".join(f"{head:>15}" for head in heads) + f"{'RMSE':>9}{'valid':>7}",
    ]
    for cell in CELLS:
        for p in SIZES:
            ratio = {}
            for n in ROWS:
                found = stored(STORE / f"{cell.name(p, n)}.jsonl")
                if found.empty:
                    continue
                found["omnibus"] = found["omnibus"] < 0.05
                columns = ("covered", "covered_varying", "covered_constant", "size", "power", "omnibus")
                cells = "".join(f"{mean(found, column):>15}" for column in columns)
                ratio[n] = found["squared"]
                rmse, valid = np.sqrt(found["squared"].mean()), f"{found['valid'].mean():.0%}"
                label = f"{cell.method}, {cell.label}"
                lines.append(f"{label:<26}{p:>3}{n:>7}{len(found):>6}{cells}{rmse:>9.4f}{valid:>7}")
            if len(ratio) == 2:
                lines[-1] += f"   {fall(*ratio.values())}"
    return lines


def fall(few: pd.Series, many: pd.Series) -> str:
    """Ratio of the root mean squared errors and its standard error."""
    ratio = np.sqrt(few.mean() / many.mean())
    error = ratio / 2 * np.sqrt(sum(one.var() / one.mean() ** 2 / len(one) for one in (few, many)))
    return f"{ratio:.2f} ({error:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=400, help="data sets of five variables; of ten half as many")
    parser.add_argument("--only", nargs="+", default=sorted({cell.method for cell in CELLS}))
    parser.add_argument("--report-only", action="store_true")
    chosen = parser.parse_args()
    STORE.mkdir(parents=True, exist_ok=True)
    for n in () if chosen.report_only else ROWS:
        for p, fewer in SIZES.items():
            for cell in CELLS:
                if cell.method in chosen.only and p <= cell.most:
                    run(cell, p, n, max(chosen.sets // fewer, 2))
    head = [line for line in machine.facts() if not line.startswith("Load")]
    lines = [*head, *report()]
    print(*lines, sep="\n")
    if not chosen.report_only or RESULTS.exists():
        RESULTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

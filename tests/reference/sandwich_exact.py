"""Writes sandwich_exact.json: robust covariances in 50-digit arithmetic, where R's own digits run out.

Run with: python tests/reference/sandwich_exact.py (needs mpmath). R's sandwich forms crossproducts in the raw columns;
on the nearly collinear Longley and star98 data its diagonals are right to 3e-8 and 8e-8 only.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import mpmath as mp

mp.mp.dps = 50
HERE = Path(__file__).parent


def read(case: str):
    rows = list(csv.DictReader((HERE / "data" / f"ds_{case}.csv").open()))
    columns = json.loads((HERE / "glm" / f"statsmodels_{case}.json").read_text())["columns"]
    x = mp.matrix([[mp.mpf(row[name]) for name in columns] for row in rows])
    return x, rows


def scaled(x: mp.matrix, factors: list) -> mp.matrix:
    out = x.copy()
    for i in range(x.rows):
        for j in range(x.cols):
            out[i, j] = x[i, j] * factors[i]
    return out


def gaussian(x: mp.matrix, rows: list[dict]):
    y = mp.matrix([mp.mpf(row["y"]) for row in rows])
    residual = y - x * mp.lu_solve(x.T * x, x.T * y)
    return list(residual), [mp.mpf(1)] * x.rows


def binomial(x: mp.matrix, rows: list[dict]):
    successes = [mp.mpf(row["y0"]) for row in rows]
    trials = [mp.mpf(row["y0"]) + mp.mpf(row["y1"]) for row in rows]
    beta = mp.zeros(x.cols, 1)
    for _ in range(30):
        mean = [1 / (1 + mp.exp(-eta)) for eta in x * beta]
        weight = [t * m * (1 - m) for t, m in zip(trials, mean, strict=True)]
        score = [s - t * m for s, t, m in zip(successes, trials, mean, strict=True)]
        beta += mp.lu_solve(x.T * scaled(x, weight), x.T * mp.matrix(score))
    return score, weight


def covariances(case: str, solve) -> dict[str, list[float]]:
    x, rows = read(case)
    score, weight = solve(x, rows)
    bread = (x.T * scaled(x, weight)) ** -1
    n, k = x.rows, x.cols
    leverage = [weight[i] * (x[i, :] * bread * x[i, :].T)[0] for i in range(n)]
    factors = {
        "HC0": [mp.mpf(1)] * n,
        "HC1": [mp.mpf(n) / (n - k)] * n,
        "HC2": [1 / (1 - h) for h in leverage],
        "HC3": [1 / (1 - h) ** 2 for h in leverage],
    }
    out = {}
    for kind, factor in factors.items():
        meat = x.T * scaled(x, [s * s * f for s, f in zip(score, factor, strict=True)])
        out[kind] = diagonal(bread * meat * bread)
    groups = sorted({row["cluster"] for row in rows})
    sums = mp.zeros(len(groups), k)
    for i, row in enumerate(rows):
        g = groups.index(row["cluster"])
        for j in range(k):
            sums[g, j] += score[i] * x[i, j]
    g = mp.mpf(len(groups))
    out["CL_HC1"] = diagonal(bread * (sums.T * sums) * bread * (g / (g - 1) * (n - 1) / (n - k)))
    return out


def diagonal(matrix: mp.matrix) -> list[float]:
    return [float(matrix[i, i]) for i in range(matrix.rows)]


if __name__ == "__main__":
    result = {
        "made_by": f"mpmath {mp.__version__}, 50 digits",
        "longley_gaussian": covariances("longley_gaussian", gaussian),
        "star98_binomial": covariances("star98_binomial", binomial),
    }
    (HERE / "sandwich_exact.json").write_text(json.dumps(result, indent=1) + "\n")

"""Held-out likelihood of networks of stock returns: python benchmarks/stock_networks.py -> results/stock_networks.txt.

Daily log-returns of the first 20 stocks of huge::stockdata (R package huge, GPL-2, Debian r-cran-huge), which R reads
and which does not ship with contextstats. Every fifth day is held out; returns are standardised on the other days; the
context is time.
"""

from __future__ import annotations

import subprocess
import tempfile
import warnings
from pathlib import Path

import machine
import numpy as np

import contextstats as cs

READ = """suppressMessages(library(huge)); data(stockdata)
write.table(diff(log(stockdata$data[, 1:20])), "{path}", row.names = FALSE, col.names = FALSE)"""


def returns() -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "returns.txt"
        subprocess.run(["Rscript", "-e", READ.format(path=path)], check=True)
        return np.loadtxt(path)


def main() -> None:
    x = returns()
    t = np.arange(len(x)) / len(x)
    held_out = np.arange(len(x)) % 5 == 0
    train, new = x[~held_out], x[held_out]
    mean, sd = train.mean(axis=0), train.std(axis=0)
    train, new = (train - mean) / sd, (new - mean) / sd
    context, new_context = {"t": t[~held_out]}, {"t": t[held_out]}
    periods = {"t": np.floor(8 * context["t"]).astype(int).astype(str)}
    lines = ["Gaussian negative log-likelihood of a held-out day, 20 stocks, 1,257 days", "", *machine.facts(), ""]
    fits = {
        "population": (cs.MarkovNetwork(train), {}),
        "8 periods": (cs.MarkovNetwork(train, periods), {}),
        "cholesky, s(t, k=10)": (cs.MarkovNetwork(train, context), {}),
        "cholesky, s(t, k=20)": (cs.MarkovNetwork(train, context, encoder=cs.Additive(k=20)), {}),
        "cholesky, s(t, k=10), average of 5 orders": (cs.MarkovNetwork(train, context), {"order": "average"}),
        "neighborhood, s(t, k=10)": (cs.MarkovNetwork(train, context, method="neighborhood"), {}),
        "neighborhood, s(t, k=10), reml_shared": (
            cs.MarkovNetwork(train, context, method="neighborhood"),
            {"smoothing": "reml_shared"},
        ),
    }
    for label, (model, options) in fits.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            res = model.fit(**options)
            at = {"t": np.floor(8 * new_context["t"]).astype(int).astype(str)} if label == "8 periods" else new_context
            score = -res.loglike(new, at if res.data.context_names else None).mean()
        lines.append(f"{label:<44} {score:8.4f}   edf {res.edf:7.1f}   AIC {res.aic:9.1f}")
    text = "\n".join([*lines, ""])
    print(text)
    (Path(__file__).parent / "results" / "stock_networks.txt").write_text(text)


if __name__ == "__main__":
    main()

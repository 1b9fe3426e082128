"""Write the data sets of the R package, r/data/*.rda: those of the Python package, and macroeconomic series.

Run with `python tools/make_r_datasets.py`; needs R and rpy2.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from statsmodels.datasets import macrodata

import contextstats as cs
from contextstats.integrations.r import to_r

TARGET = Path(__file__).parents[1] / "r" / "data"


def us_macro() -> pd.DataFrame:
    """Growth rates in percent a year and changes by quarter, as in docs/networks.md."""
    source = macrodata.load_pandas().data
    macro = 400 * np.log(source[["realgdp", "realcons", "realinv", "m1", "cpi"]]).diff()
    macro = macro.assign(interest=source["tbilrate"].diff(), unemployment=source["unemp"].diff())
    macro.columns = pd.Index(["gdp", "consumption", "investment", "money", "inflation", "interest", "unemployment"])
    macro["year"] = source["year"] + (source["quarter"] - 1) / 4
    macro["decade"] = pd.Categorical((macro["year"] // 10 * 10).clip(1960, 1990).astype(int).astype(str))
    return macro.dropna().reset_index(drop=True)


def main() -> None:
    """Copy each data set into R and save it there."""
    from rpy2.robjects import globalenv, r

    frames = {"rand_hie": cs.datasets.load_rand_hie(), "anes96": cs.datasets.load_anes96(), "us_macro": us_macro()}
    for name, frame in frames.items():
        globalenv[name] = to_r(frame)
        path = TARGET / f"{name}.rda"
        r["save"](name, file=str(path), version=3, compress="xz")
        print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

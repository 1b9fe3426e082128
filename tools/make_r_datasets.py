"""Write the data sets of the Python package as data sets of the R package, r/data/*.rda.

Run with `python tools/make_r_datasets.py`; needs R and rpy2.
"""

from __future__ import annotations

from pathlib import Path

import contextstats as cs
from contextstats.integrations.r import to_r

TARGET = Path(__file__).parents[1] / "r" / "data"


def main() -> None:
    """Copy each data set into R and save it there."""
    from rpy2.robjects import globalenv, r

    for name in ["rand_hie", "anes96"]:
        globalenv[name] = to_r(getattr(cs.datasets, f"load_{name}")())
        path = TARGET / f"{name}.rda"
        r["save"](name, file=str(path), version=3, compress="xz")
        print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

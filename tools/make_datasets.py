"""Derive the data sets that ship with contextstats from the copies in statsmodels.

Run with `python tools/make_datasets.py`. The same data in statsmodels give the same bytes.

Both sources are in the public domain, as statsmodels states in the data modules `randhie` and `anes96`.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.datasets.anes96

SOURCE = Path(statsmodels.datasets.__file__).parent
TARGET = Path(__file__).parents[1] / "python" / "contextstats" / "datasets"

RAND_COLUMNS = {
    "zper": "person",
    "year": "year",
    "site": "site",
    "mdvis": "visits",
    "time": "years_eligible",
    "coins": "coinsurance",
    "idp": "individual_deductible",
    "lpi": "log_incentive",
    "fmde": "log_expenditure_limit",
    "female": "female",
    "xage": "age",
    "income": "income",
    "num": "family_size",
    "educdec": "education",
    "physlm": "physical_limitation",
    "disea": "chronic_disease_score",
}

ANES_COLUMNS = {
    "vote": "vote_dole",
    "selfLR": "left_right",
    "ClinLR": "clinton_left_right",
    "DoleLR": "dole_left_right",
    "PID": "party",
    "age": "age",
    "educ": "education",
    "income": "income",
    "TVnews": "tv_news",
    "popul": "population",
}


def rand_hie() -> pd.DataFrame:
    """One row for each person and study year, persons numbered from 1 in the order of the source."""
    source = pd.read_csv(SOURCE / "randhie" / "src" / "randhie.csv")
    table = source[list(RAND_COLUMNS)].rename(columns=RAND_COLUMNS)
    table["person"] = pd.factorize(table["person"])[0] + 1
    dummies = source[["hlthg", "hlthf", "hlthp"]].to_numpy()
    if dummies.sum(axis=1).max() > 1:
        raise ValueError("the health dummies overlap: a row has two self-rated health categories")
    code = dummies @ np.array([1, 2, 3])
    table["health"] = np.array(["excellent", "good", "fair", "poor"])[code]
    return table


def anes96() -> pd.DataFrame:
    """One row for each respondent."""
    source = statsmodels.datasets.anes96.load_pandas().data
    table = source[list(ANES_COLUMNS)].rename(columns=ANES_COLUMNS)
    return table.astype(np.int64)


def write(table: pd.DataFrame, name: str) -> None:
    """Write a gzipped CSV without a time stamp, so that the bytes depend on the data only."""
    text = table.to_csv(index=False, lineterminator="\n")
    path = TARGET / f"{name}.csv.gz"
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    print(f"{path.name}: {len(table)} rows, {table.shape[1]} columns, {path.stat().st_size} bytes")


if __name__ == "__main__":
    write(rand_hie(), "rand_hie")
    write(anes96(), "anes96")

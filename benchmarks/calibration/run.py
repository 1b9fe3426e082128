"""Do bands cover and do tests keep their level: the study behind docs/calibration.md; see README.md in this folder.

python benchmarks/calibration/run.py [--sets 400] [--test-sets 1200] [--mgcv-sets 100] [--k 10 25] [--jobs 1]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import design  # noqa: E402  # BLAS reads the variables above when it is loaded
import pandas as pd  # noqa: E402
import report  # noqa: E402

HERE = Path(__file__).resolve().parent
STORE = HERE.parent / "output" / "calibration"
MGCV_K = 10
"""mgcv needs 1.4 s for a fit with k = 10, and 10 s with k = 25."""


def stored(path: Path) -> list[dict[str, float]]:
    """Records written before, a line each."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def run_ours(family: str, scenario: str, k: int, sets: int, test_sets: int, jobs: int) -> None:
    """Add what is missing to the records of one family, scenario and k: all of them, then tests without bands."""
    import measure

    path = STORE / f"{family}-{scenario}-{k}.jsonl"
    known = {int(line["seed"]) for line in stored(path)}
    with path.open("a") as file, ProcessPoolExecutor(jobs) as pool:
        for record, seeds in ((measure.record, range(sets)), (measure.tests_only, range(sets, test_sets))):
            missing = [seed for seed in seeds if seed not in known]
            arguments = ([family] * len(missing), [scenario] * len(missing), [k] * len(missing), missing)
            for line in pool.map(record, *arguments):
                file.write(json.dumps(line) + "\n")
                file.flush()
            print(f"{family}, {scenario}, k = {k}: {len(missing)} new by {record.__name__}", flush=True)


def run_mgcv(family: str, scenario: str, sets: int) -> None:
    """The first data sets with mgcv."""
    data, truth = STORE / "data.csv", STORE / "truth.csv"
    pd.concat([design.draw(family, scenario, seed).assign(seed=seed) for seed in range(sets)]).to_csv(data, index=False)
    grid = design.grid()
    true = pd.DataFrame(design.truth(family, scenario, grid), columns=list(design.TERMS))
    pd.concat([grid, true], axis=1).to_csv(truth, index=False)
    out = STORE / f"mgcv-{family}-{scenario}-{MGCV_K}.csv"
    command = ["Rscript", str(HERE / "mgcv.R"), f"data={data}", f"truth={truth}", f"family={family}", f"k={MGCV_K}"]
    subprocess.run([*command, f"out={out}"], check=True)
    print(f"mgcv: {family}, {scenario}", flush=True)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Coverage of bands, size and power of tests, by simulation.")
    parser.add_argument("--sets", type=int, default=400, help="data sets for each family and scenario")
    parser.add_argument("--test-sets", type=int, default=1200, help="data sets for the size of tests of terms")
    parser.add_argument("--mgcv-sets", type=int, default=100, help="how many of them mgcv fits as well")
    parser.add_argument("--k", type=int, nargs="+", default=[10, 25])
    parser.add_argument("--families", nargs="+", choices=design.FAMILIES, default=list(design.FAMILIES))
    parser.add_argument("--scenarios", nargs="+", choices=design.SCENARIOS, default=list(design.SCENARIOS))
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--report-only", action="store_true", help="tables from the records there are")
    return parser.parse_args()


def main() -> None:
    chosen = options()
    STORE.mkdir(parents=True, exist_ok=True)
    if not chosen.report_only:
        for k in chosen.k:
            for scenario in chosen.scenarios:
                more = chosen.sets if scenario == "weak" else chosen.test_sets
                for family in chosen.families:
                    run_ours(family, scenario, k, chosen.sets, more, chosen.jobs)
        if shutil.which("Rscript") is None:
            print("Rscript is missing: no figures of mgcv.", file=sys.stderr)
        else:
            for scenario in ("mixed", "weak"):
                for family in chosen.families:
                    run_mgcv(family, scenario, chosen.mgcv_sets)
    records = {path.stem: pd.DataFrame(stored(path)) for path in sorted(STORE.glob("*.jsonl"))}
    peers = {path.stem: pd.read_csv(path) for path in sorted(STORE.glob("mgcv-*.csv"))}
    (HERE / "results").mkdir(exist_ok=True)
    for title, lines in report.tables(records, peers).items():
        text = "\n".join(lines) + "\n"
        (HERE / "results" / f"{title}.txt").write_text(text)
        print(text)


if __name__ == "__main__":
    main()

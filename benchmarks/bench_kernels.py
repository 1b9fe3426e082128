"""Gradient and information matrix against two limits of this machine: reading the data, multiplying matrices.

python benchmarks/bench_kernels.py [--n 1000000]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from importlib.metadata import distribution
from pathlib import Path

import machine
import numpy as np
from threadpoolctl import threadpool_limits

HERE = Path(__file__).resolve().parent
FLAGS = ("-std=c++17", "-O3", "-DNDEBUG", "-fno-math-errno", "-DEIGEN_DONT_PARALLELIZE", "-pthread")
LEVELS = {"v2": ("-march=x86-64-v2",), "v3": ("-march=x86-64-v3",), "base": ()}
MATRIX_SIDE = 1200

# Multiplications and additions for one row. Dense: p = m = 10, and the m (m + 1) / 2 distinct products of basis
# functions times the p (p + 1) / 2 of predictors. Splines: p = 5, and the 1 + 4 + 4 functions that are not zero.
FLOPS = {
    ("dense", "gradient"): 2 * 10 * 10,
    ("dense", "value_and_gradient"): 4 * 10 * 10,
    ("dense", "information"): 2 * 55 * 55,
    ("spline", "gradient"): 2 * 5 * 9,
    ("spline", "value_and_gradient"): 4 * 5 * 9,
    ("spline", "information"): 2 * 15 * 45,
}
TITLES = {
    "dense": "dense basis, p = 10 predictors, m = 10 functions",
    "spline": "cubic B-splines of two contexts, k = 10, p = 5 predictors",
}


def eigen_includes() -> str:
    """Folder of Eigen's headers, of the package cmeel-eigen or of the system."""
    try:
        files = distribution("cmeel-eigen").files or []
        found = next(Path(str(f.locate())).resolve() for f in files if f.name == "Eigen3Config.cmake")
        return str(found.parents[3] / "include" / "eigen3")
    except (ImportError, StopIteration):
        return "/usr/include/eigen3"


def build(folder: Path, level: str) -> Path:
    """Compile kernels.cpp for the instruction set the package uses here."""
    program = folder / "kernels"
    core = HERE.parent / "cpp" / "include"
    command = [os.environ.get("CXX", "c++"), *FLAGS, *LEVELS[level], f"-I{core}", "-isystem", eigen_includes()]
    subprocess.run([*command, str(HERE / "kernels.cpp"), "-o", str(program)], check=True)
    return program


def matrix_product_flops() -> float:
    """Operations in a second of a product of two matrices with numpy's BLAS on one thread."""
    a, b = np.random.default_rng(0).normal(size=(2, MATRIX_SIDE, MATRIX_SIDE))
    seconds = []
    with threadpool_limits(1):
        for _ in range(5):
            start = time.process_time()
            a @ b
            seconds.append(time.process_time() - start)
    return 2 * MATRIX_SIDE**3 / min(seconds)


def table(times: dict[str, float], n: int, rate: float) -> list[str]:
    """A block of lines for each design."""
    lines = []
    for design, title in TITLES.items():
        read = times[f"{design}.read"]
        lines += [
            "",
            f"{title}; n = {n:,}",
            f"  {'':<34}{'ms':>8}{'GFLOP':>8}{'limit ms':>10}{'ratio':>8}  the limit is",
        ]
        lines.append(f"  {'reading the data once':<34}{1e3 * read:>8.1f}")
        lines.append(f"  {'sorting the rows, once in a fit':<34}{1e3 * times[f'{design}.sort']:>8.1f}")
        for key, kind, label in (
            ("gradient", "gradient", "gradient Z'v"),
            ("information", "information", "information Z'WZ"),
            ("gaussian.value_and_gradient", "value_and_gradient", "value and gradient, Gaussian"),
            ("logit.value_and_gradient", "value_and_gradient", "value and gradient, logit"),
            ("gaussian.all_three", "information", "with information, Gaussian"),
            ("logit.all_three", "information", "with information, logit"),
        ):
            flops = FLOPS[design, kind] * n
            if key.endswith("all_three"):
                flops += FLOPS[design, "value_and_gradient"] * n
            limit, what = max((read, "reading"), (flops / rate, "arithmetic"))
            seconds = times[f"{design}.{key}"]
            numbers = f"{1e3 * seconds:>8.1f}{1e-9 * flops:>8.2f}{1e3 * limit:>10.1f}{seconds / limit:>8.2f}"
            lines.append(f"  {label:<34}{numbers}  {what}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description="The passes of a fit against the limits of this machine.")
    parser.add_argument("--n", type=int, default=1_000_000, help="rows")
    parser.add_argument("--output", type=Path, default=HERE / "results" / "kernels.txt")
    chosen = parser.parse_args()
    lines = machine.facts()
    level = lines[3].rsplit(" ", 1)[-1]
    with tempfile.TemporaryDirectory() as name:
        program = build(Path(name), level)
        before = matrix_product_flops()
        done = subprocess.run([str(program), str(chosen.n)], capture_output=True, text=True, check=True)
        rate = max(before, matrix_product_flops())
    times = {key: float(value) for key, value in (line.split("=") for line in done.stdout.splitlines())}
    lines.append(f"Matrix product of side {MATRIX_SIDE} with numpy's BLAS, one thread: {1e-9 * rate:.1f} GFLOP/s")
    lines += [
        *table(times, chosen.n, rate),
        "",
        "Seconds of CPU time, one thread, the shortest of seven.",
        machine.load("at the end"),
    ]
    print("\n".join(lines))
    chosen.output.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

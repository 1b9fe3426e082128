"""What every Python child process does: read its task, time the fit, print the figures."""

from __future__ import annotations

import gc
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

WARM_UP_ROWS = 1000
MAX_REPEATS = 5
ENOUGH_SECONDS = 2.0


def task() -> dict[str, str]:
    """Arguments of the form key=value."""
    return dict(argument.split("=", 1) for argument in sys.argv[1:])


def load(folder: str) -> dict[str, np.ndarray]:
    """Columns of the data, by name."""
    return {path.stem: np.fromfile(path) for path in sorted(Path(folder).glob("*.f64"))}


def kronecker(columns: dict[str, np.ndarray], rows: int | None) -> np.ndarray:
    """Columns 1, x_j, c_k and x_j c_k: the design of a linear encoder for programs that need it written out."""
    x = np.column_stack([values[:rows] for name, values in columns.items() if name.startswith("x")])
    c = np.column_stack([values[:rows] for name, values in columns.items() if name.startswith("c")])
    x, c = (np.column_stack([np.ones(len(part)), part]) for part in (x, c))
    return np.asfortranarray((x[:, :, None] * c[:, None, :]).reshape(len(x), -1))


def plain(columns: dict[str, np.ndarray], rows: int | None) -> np.ndarray:
    """A column of ones and the predictors."""
    x = [values[:rows] for name, values in columns.items() if name.startswith("x")]
    matrix = np.ones((len(x[0]), 1 + len(x)), order="F")
    for j, values in enumerate(x):
        matrix[:, 1 + j] = values
    return matrix


def memory_mb(field: str) -> float:
    """VmRSS (memory now) or VmHWM (its maximum) of this process; nan where the system does not tell."""
    try:
        found = re.search(rf"^{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    except OSError:
        return float("nan")
    return int(found[1]) / 1024 if found else float("nan")


def reset_peak() -> None:
    """Make VmHWM start again from the present memory (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        sys.stderr.write("The peak of memory cannot be reset here: figures are upper bounds.\n")


def measure(fit: Callable[[int | None], Any], warm_up: bool = True) -> tuple[Any, dict[str, float]]:
    """Fit the first 1000 rows, so that code is loaded, then all rows: up to five times if that is quick."""
    gc.collect()
    reset_peak()
    before = memory_mb("VmRSS")
    if warm_up:
        fit(WARM_UP_ROWS)
    wall, cpu, peak, result = [], [], float("nan"), None
    while len(wall) < MAX_REPEATS and sum(wall) < ENOUGH_SECONDS:
        result = None
        gc.collect()
        start_wall, start_cpu = time.perf_counter(), time.process_time()
        result = fit(None)
        cpu.append(time.process_time() - start_cpu)
        wall.append(time.perf_counter() - start_wall)
        peak = memory_mb("VmHWM") if len(wall) == 1 else peak
    figures = {"cpu": statistics.median(cpu), "cpu_min": min(cpu), "wall": statistics.median(wall)}
    return result, figures | {"memory": peak - before, "repeats": len(wall)}


def report(figures: dict[str, float]) -> None:
    """Print key=value lines for the parent."""
    for name, value in figures.items():
        sys.stdout.write(f"{name}={value:.10g}\n")


def write_coefficients(path: str, estimates: np.ndarray, errors: np.ndarray | None = None) -> None:
    """Estimates, and standard errors where there are any, column by column, to be compared with the truth."""
    errors = np.full_like(estimates, np.nan) if errors is None else errors
    np.concatenate([estimates.ravel(order="F"), errors.ravel(order="F")]).tofile(path)

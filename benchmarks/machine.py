"""What the figures were measured on: processor, versions, and how busy the machine was."""

from __future__ import annotations

import datetime
import functools
import os
import platform
import re
import shutil
import subprocess
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def python_version(package: str) -> str:
    """Version of an installed Python package, or nothing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


@functools.cache
def r_version(package: str = "base") -> str:
    """Version of R or of an R package, or nothing."""
    return _r(f"cat(as.character(packageVersion('{package}')))")


def r_blas() -> str:
    """File name of the BLAS that R uses."""
    return _r("cat(basename(extSoftVersion()[['BLAS']]))")


def _r(code: str) -> str:
    if shutil.which("Rscript") is None:
        return ""
    done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    found = {
        key: re.search(rf"^{key}\s*:\s*(.+)$", text, re.MULTILINE) for key in ("model name", "cpu family", "model")
    }
    name, *numbers = (match[1] if match else "unknown" for match in found.values())
    return f"{name} (family {numbers[0]}, model {numbers[1]})"


def load(when: str) -> str:
    """Load average of the last minute."""
    return f"Load average {when}: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def facts() -> list[str]:
    """Lines at the head of a table of results."""
    contextstats = import_module("contextstats")
    core = import_module("contextstats._core")
    python = [f"{name} {python_version(name) or 'missing'}" for name in ("numpy", "pandas", "statsmodels")]
    r = f"R {r_version()} with {r_blas()}, mgcv {r_version('mgcv') or 'missing'}" if r_version() else "R: missing"
    return [
        f"Date: {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}",
        f"Processor: {processor()}, {os.cpu_count()} cores",
        f"System: {platform.system()}, Python {platform.python_version()}, {', '.join(python)}",
        f"contextstats {contextstats.__version__}, core built for {core.instruction_set}",
        r,
        load("at the start"),
    ]

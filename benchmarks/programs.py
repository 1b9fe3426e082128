"""The programs compared, how each is called, and whether it is here."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import machine

HERE = Path(__file__).resolve().parent
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")


@dataclass(frozen=True)
class Program:
    """A program and how it is called.

    Attributes
    ----------
    label : str
        As printed.
    script : str
        The child process, in peers/.
    package : str
        What must be importable (or, in R, installed).
    options : tuple of str
        Further arguments of the child, key=value.
    threads : int
        1, or 0 for all.
    lacks : str
        What it does not do of the job; such a program is shown, and is not what ratios are taken to.
    """

    label: str
    script: str
    package: str
    options: tuple[str, ...] = ()
    threads: int = 1
    lacks: str = ""

    @property
    def ours(self) -> bool:
        return self.package == "contextstats"

    @property
    def in_r(self) -> bool:
        return self.script.endswith(".R")

    @property
    def name(self) -> str:
        return f"{self.label}, {'1 thread' if self.threads == 1 else 'all threads'}"

    def command(self) -> list[str]:
        """What starts the child process."""
        program = "Rscript" if self.in_r else interpreter(self.package)
        return [program, str(HERE / "peers" / self.script), f"threads={self.threads}", *self.options]

    def environment(self) -> dict[str, str]:
        """One thread for every library, or whatever the libraries choose."""
        own = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES}
        return own | (dict.fromkeys(THREAD_VARIABLES, "1") if self.threads == 1 else {})

    def missing(self) -> str:
        """Say that the program is not here, or nothing."""
        return "" if version_of(self) else "missing: not installed"


def interpreter(package: str) -> str:
    """The Python that has a package: BENCH_PYTHON_<PACKAGE> in the environment, or this one."""
    return os.environ.get(f"BENCH_PYTHON_{package.upper()}", sys.executable)


@functools.cache
def version_of(program: Program) -> str:
    """Version of the program, or nothing."""
    if program.in_r:
        return machine.r_version(program.package) if shutil.which("Rscript") else ""
    code = f"from importlib.metadata import version; import {program.package}; print(version({program.package!r}))"
    code = code.replace("version('contextualized')", "version('contextualized-ml')")
    code = code.replace("version('sklearn')", "version('scikit-learn')")
    if program.ours:
        code = "import contextstats; print(contextstats.__version__)"
    done = subprocess.run([interpreter(program.package), "-c", code], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


OURS = Program("contextstats", "fit_contextstats.py", "contextstats")
OURS_ALL = Program("contextstats", "fit_contextstats.py", "contextstats", threads=0)
BAM = Program("mgcv bam, discrete", "fit_r.R", "mgcv", ("method=bam",))
BAM_ALL = Program("mgcv bam, discrete", "fit_r.R", "mgcv", ("method=bam",), threads=0)
GAM = Program("mgcv gam, REML", "fit_r.R", "mgcv", ("method=gam",))
R_GLM = Program("R glm", "fit_r.R", "stats", ("method=glm",))
STATSMODELS = Program("statsmodels GLM", "fit_statsmodels.py", "statsmodels")
GLMGAM = Program("statsmodels GLMGam", "fit_statsmodels.py", "statsmodels")
GLUM = Program("glum", "fit_glum.py", "glum")
GLUM_ALL = Program("glum", "fit_glum.py", "glum", threads=0)
SKLEARN = Program("scikit-learn", "fit_sklearn.py", "sklearn", lacks="no standard errors")
PYGAM = Program("pygam", "fit_pygam.py", "pygam", lacks="penalties at their default")
GAMFIT = Program("gamfit", "fit_gamfit.py", "gamfit")
CONTEXTUALIZED = Program(
    "contextualized-ml", "fit_contextualized.py", "contextualized", lacks="no standard errors, effects not additive"
)
EVERY_PROGRAM = (OURS, BAM, STATSMODELS, GLUM, SKLEARN, PYGAM, GAMFIT, CONTEXTUALIZED)

"""R in this process, for tests that compare with it live."""

from __future__ import annotations

import os
from typing import Any

import pytest

from contextstats.errors import MissingPackageError
from contextstats.integrations.r.frames import start_r


def live_r(*packages: str) -> Any:
    """Return rpy2.robjects.r with packages installed; else skip, or fail if CONTEXTSTATS_REQUIRE_R is 1."""
    missing = _missing(packages)
    if missing and os.environ.get("CONTEXTSTATS_REQUIRE_R") == "1":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    from rpy2.robjects import r

    return r


def _missing(packages: tuple[str, ...]) -> str:
    try:
        ri = start_r()
    except MissingPackageError as error:
        return str(error)
    installed = ri.evalr("function(package) nzchar(system.file(package = package))")
    absent = [name for name in packages if not installed(ri.StrSexpVector([name]))[0]]
    return f"needs the R packages {', '.join(absent)}" if absent else ""

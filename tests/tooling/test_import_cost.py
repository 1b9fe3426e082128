"""What importing the package, and fitting a model, loads besides numpy, scipy and pandas."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ("scipy.stats", "scipy.optimize", "scipy.spatial", "scipy.integrate", "statsmodels", "matplotlib", "polars")
FIT = """
frame = pandas.DataFrame({"y": numpy.arange(60.0) % 7, "x": numpy.arange(60.0) % 5, "c": numpy.arange(60.0)})
fit = contextstats.glm("y ~ x", "s(c, k=5)", frame, family="poisson").fit()
fit.heterogeneity()
"""


def loaded(code: str) -> set[str]:
    """Heavy packages that a fresh interpreter holds after some code, and not before it."""
    program = f"""
import json, sys
import numpy, scipy, pandas
before = set(sys.modules)
import contextstats
{code}
print(json.dumps(sorted(set(sys.modules) - before)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout)) & set(HEAVY)


@pytest.mark.parametrize("code", ["", FIT], ids=["import", "fit"])
def test_nothing_heavy_is_loaded_before_it_is_needed(code):
    assert loaded(code) == set()


def test_a_summary_loads_statsmodels():
    """The test above can fail."""
    assert "statsmodels" in loaded(FIT + "fit.summary()")

"""What importing the package, and fitting a model, loads besides numpy, scipy and pandas."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = ("scipy.stats", "scipy.optimize", "scipy.spatial", "scipy.integrate", "statsmodels", "matplotlib", "polars")
READERS = ("formulaic", "narwhals", "xml", "urllib.request")  # of formulas, data frames and files
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
    return set(json.loads(done.stdout)) & {*HEAVY, *READERS}


def test_the_import_loads_nothing_heavy():
    assert loaded("") == set()


def test_a_fit_loads_the_readers_of_its_formula_and_data_alone():
    assert loaded(FIT) & set(HEAVY) == set()
    assert {"formulaic", "narwhals"} <= loaded(FIT)


def test_a_fit_to_arrays_loads_no_formulas():
    code = """
x = numpy.column_stack([numpy.ones(60), numpy.arange(60.0) % 5])
contextstats.ContextualGLM(numpy.arange(60.0) % 7, x, numpy.arange(60.0)).fit()
"""
    assert "formulaic" not in loaded(code)


def test_a_summary_loads_statsmodels():
    """The test above can fail."""
    assert "statsmodels" in loaded(FIT + "fit.summary()")

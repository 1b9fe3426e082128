"""The held-out likelihood of stock returns, on data that R reads from its package huge."""

from __future__ import annotations

import subprocess
import warnings

import numpy as np
import pytest
from live_r import live_r
from numpy.testing import assert_allclose

import contextstats as cs

READ = """suppressMessages(library(huge)); data(stockdata)
write.table(diff(log(stockdata$data[, 1:20])), "{path}", row.names = FALSE, col.names = FALSE)"""


@pytest.fixture(scope="module")
def returns(tmp_path_factory):
    path = tmp_path_factory.mktemp("stocks") / "returns.txt"
    live_r("huge")
    subprocess.run(["Rscript", "-e", READ.format(path=path)], capture_output=True, check=True)
    x = np.loadtxt(path)
    held_out = np.arange(len(x)) % 5 == 0
    x = (x - x[~held_out].mean(axis=0)) / x[~held_out].std(axis=0)
    return x, np.arange(len(x)) / len(x), held_out


@pytest.mark.reference
def test_the_population_network_has_the_reference_value(returns):
    x, _, held_out = returns
    res = cs.MarkovNetwork(x[~held_out]).fit()
    assert_allclose(-res.loglike(x[held_out]).mean(), 30.0397, atol=5e-5)


@pytest.mark.reference
def test_context_beats_the_best_reference_value(returns):
    """29.557 is a modified Cholesky factor with 20 basis functions and a hand-chosen penalty."""
    x, t, held_out = returns
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.ExtrapolationWarning)
        for method in ("cholesky", "neighborhood"):
            res = cs.MarkovNetwork(x[~held_out], {"t": t[~held_out]}, method=method).fit()
            assert -res.loglike(x[held_out], {"t": t[held_out]}).mean() < 29.557

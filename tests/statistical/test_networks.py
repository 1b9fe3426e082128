"""Networks of a known precision: bands, tests, and how errors fall with the number of rows."""

from __future__ import annotations

import os

import numpy as np
import pytest
from gaussian_networks import NothingVaries, Truth
from scipy import stats

import contextstats as cs

FULL = os.environ.get("CONTEXTSTATS_FULL") == "1"
GRID = np.linspace(0.02, 0.98, 25)
P, ROWS = 4, 800
pytestmark = pytest.mark.statistical


TRUTH = Truth(P)
FIRST, SECOND = np.triu_indices(P, 1)
CONSTANT = np.array([(b - a != 1) or (a % 2 == 1) for a, b in zip(FIRST, SECOND, strict=True)])


def _true_edges(kind: str) -> np.ndarray:
    edges = TRUTH.correlations(GRID) if kind == "correlation" else TRUTH.partial_correlations(GRID)
    return edges[:, FIRST, SECOND]


def _fit(method: str, x: np.ndarray, t: np.ndarray):
    kind = cs.CorrelationNetwork if method in ("pairwise", "joint") else cs.MarkovNetwork
    return kind(x, {"t": t}, method=method).fit(threads=1)


@pytest.fixture(scope="module")
def experiments():
    """Coverage of each band, and p-values of the tests of each edge, by method."""
    replicates = 400 if FULL else 40
    found = {}
    for method in ("cholesky", "neighborhood", "pairwise", "joint"):
        truth = _true_edges("correlation" if method in ("pairwise", "joint") else "partial")
        covered, p_values = [], []
        for seed in range(replicates):
            res = _fit(method, *TRUTH.draw(ROWS, 1000 + seed))
            table = res.edges({"t": GRID})
            low, high = (table[name].to_numpy().reshape(truth.shape) for name in ("conf_low", "conf_high"))
            covered.append(((low <= truth) & (truth <= high)).mean(axis=0))
            p_values.append(res.heterogeneity()["p_value"].to_numpy())
        found[method] = np.array(covered), np.array(p_values)
    return found


@pytest.mark.parametrize("method", ["cholesky", "neighborhood", "pairwise", "joint"])
def test_bands_of_edges_cover(experiments, method):
    """Average coverage over the curve and over edges lies within 93 to 97%, up to Monte-Carlo error."""
    covered, _ = experiments[method]
    by_replicate = covered.mean(axis=1)
    error = 3 * by_replicate.std(ddof=1) / np.sqrt(len(by_replicate))
    assert 0.93 - error <= by_replicate.mean() <= 0.97 + error


@pytest.mark.parametrize("method", ["cholesky", "neighborhood"])
def test_the_test_of_a_constant_edge_keeps_its_level(experiments, method):
    _, p_values = experiments[method]
    null = p_values[:, CONSTANT]
    rejected = (null < 0.05).mean(axis=1)
    error = 3 * rejected.std(ddof=1) / np.sqrt(len(rejected))
    assert 0.035 - error <= rejected.mean() <= 0.065 + error
    assert (p_values[:, ~CONSTANT] < 0.05).all()


def test_errors_fall_with_the_root_of_the_number_of_rows():
    """A model that is linear in the contexts: 16 times the rows, a quarter of the error."""
    truth = Truth(P, smooth=False)
    expected = truth.partial_correlations(GRID)[:, FIRST, SECOND]

    def rmse(n: int, seeds: range) -> float:
        errors = []
        for seed in seeds:
            x, t = truth.draw(n, seed)
            found = cs.MarkovNetwork(x, {"t": t}, encoder=cs.Linear()).fit(threads=1)
            errors.append(np.mean((found.adjacency({"t": GRID})[:, FIRST, SECOND] - expected) ** 2))
        return float(np.sqrt(np.mean(errors)))

    ratio = rmse(500, range(20)) / rmse(8000, range(50, 62))
    assert 3.2 < ratio < 5.0


@pytest.mark.parametrize(("p", "n"), [(5, 400), (20, 1000)])
def test_the_omnibus_test_keeps_its_level(p, n):
    """No edge varies, means and variances do. The test asks nothing of the fit, so that the cheapest will do."""
    replicates = 500 if FULL else 60
    truth = NothingVaries(p)
    rejected = 0
    for seed in range(replicates):
        x, t = truth.draw(n, (seed, p, n))
        model = cs.MarkovNetwork(x, {"t": t}, method="neighborhood")
        rejected += model.fit(smoothing="reml_shared", threads=1).test_population().p_value < 0.05
    assert stats.binomtest(rejected, replicates, 0.05).pvalue > 0.001

"""Does any edge vary with context? One test for the whole network, from a fit in which none does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contextstats.algorithms.blas import single_threaded_blas
from contextstats.algorithms.networks.nodes import fit_margins
from contextstats.algorithms.networks.problem import NetworkProblem
from contextstats.design.columns import Floats
from contextstats.design.networks import NetworkData
from contextstats.inference.networks import heterogeneity as tests
from contextstats.inference.networks.pairs import node_pairs
from contextstats.results.heterogeneity import PopulationTest
from contextstats.results.networks.heterogeneity import ROWS_AT_ONCE, context_tests, require_context, wiggliness

if TYPE_CHECKING:
    from contextstats.results.networks.markov import GaussianResults

_ROWS_FOR_SPREAD = 4000


@single_threaded_blas
def test_population(res: GaussianResults) -> PopulationTest:
    """Score test that no edge varies, all edges and context terms together.

    If no partial correlation varies, no correlation does, and the reverse: the hypothesis is that of variables with
    means and variances that vary, and one correlation matrix. That model is fitted here, whatever `res` was fitted by.
    """
    data = res.data
    require_context(data)
    z, mean_df = standardised_by_context(data)
    residuals, opposite = z, None
    if res.partial:
        residuals, opposite = given_all_others(z)
    total: tests.EdgeSums | None = None
    for start in range(0, data.n_rows, ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        part = tests.edge_sums(data.basis(data.contexts[rows]), residuals[rows], opposite)
        total = part if total is None else total + part
    assert total is not None
    some = np.linspace(0, data.n_rows - 1, min(data.n_rows, _ROWS_FOR_SPREAD)).astype(int)
    product, square = tests.pair_scores(residuals[some], opposite)
    spread = tests.edge_spread((product - total.rho * square) / np.sqrt(total.scale))
    term = context_tests(data)[-1]
    statistic, p_value = tests.test_all_edges(total, spread, mean_df, wiggliness(data), term.groups)
    df = len(term.tested) * float(spread.sum() ** 2 / (spread**2).sum())
    return PopulationTest(statistic=statistic, df=df, p_value=p_value, method="Score test against constant edges")


test_population.__test__ = False  # type: ignore[attr-defined]  # not a test of ours


def standardised_by_context(data: NetworkData) -> tuple[Floats, float]:
    """Variables with mean zero and variance one at every context, and the mean effective df of their means."""
    margins = fit_margins(NetworkProblem.of(data, threads=1))
    z = np.empty_like(data.z)
    for start in range(0, data.n_rows, ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        basis = data.basis(data.contexts[rows])
        for j, node in enumerate(margins):
            z[rows, j] = (data.z[rows, j] - basis @ node.mean[0]) * np.exp(-0.5 * (basis @ node.log_variance))
    return z, float(np.mean([node.mean_edf for node in margins]))


def given_all_others(z: Floats) -> tuple[Floats, Floats]:
    """Each variable given all others, with variance one, and the correlations of those residuals, (1, E)."""
    precision = np.linalg.inv(z.T @ z / len(z))
    root = np.sqrt(np.diag(precision))
    first, second = node_pairs(len(precision))
    opposite = precision[first, second] / (root[first] * root[second])
    return z @ precision / root, opposite[None, :]

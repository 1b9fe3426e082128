"""Which edges vary with context: a table by edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contextstats.algorithms.blas import single_threaded_blas
from contextstats.design.columns import Floats
from contextstats.design.networks import NetworkData
from contextstats.errors import DataError
from contextstats.inference.networks import heterogeneity as tests
from contextstats.inference.networks.gaussian import partial_correlations, scaled_to_unit_diagonal
from contextstats.inference.networks.pairs import node_pairs, q_values

if TYPE_CHECKING:
    from contextstats.results.networks.markov import GaussianResults

COLUMNS = ["source", "target", "context", "statistic", "p_value", "q_value", "sd"]
ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class ContextTest:
    """Functions of context that are tested together.

    Attributes
    ----------
    label : str
        The context term, or "any".
    tested : (t,) array of int
        Their positions in the basis.
    groups : (t,) array of int
        The term of each.
    """

    label: str
    tested: NDArray[np.intp]
    groups: NDArray[np.intp]


@single_threaded_blas
def heterogeneity_table(res: GaussianResults) -> pd.DataFrame:
    """One row for each edge and context term, and with several terms one with context "any" for each edge."""
    sums, spread = res.sums_for_tests
    terms = context_tests(res.data)
    names = np.asarray(res.names, dtype=object)
    first, second = node_pairs(len(names))
    frames = []
    for term in terms:
        found = tests.test_edges(sums, wiggliness(res.data), term.tested, term.groups)
        columns = (
            names[first],
            names[second],
            term.label,
            found.statistic,
            found.p_value,
            q_values(found.p_value),
            spread,
        )
        frames.append(pd.DataFrame(dict(zip(COLUMNS, columns, strict=True))))
    table = pd.concat(frames, keys=range(len(frames)), names=["term", "edge"])
    return table.sort_index(level=["edge", "term"]).reset_index(drop=True)


def require_context(data: NetworkData) -> None:
    """Refuse tests of variation where there is nothing to vary with.

    Raises
    ------
    DataError
        If the network has no context.
    """
    if data.n_basis == 1:
        raise DataError("Without context no edge can vary. Fit with a context.")


def sums_for_tests(res: GaussianResults) -> tuple[tests.EdgeSums, Floats]:
    """Sums for the tests, and the standard deviation of each edge over the rows of the fit."""
    data = res.data
    require_context(data)
    total: tests.EdgeSums | None = None
    moments = np.zeros((2, data.n_variables * (data.n_variables - 1) // 2))
    for start in range(0, data.n_rows, ROWS_AT_ONCE):
        rows = np.arange(start, min(start + ROWS_AT_ONCE, data.n_rows))
        residuals, opposite, estimates = _residuals(res, rows)
        part = tests.edge_sums(data.basis(data.contexts[rows]), residuals, opposite)
        total = part if total is None else total + part
        moments += np.array([estimates.sum(axis=0), (estimates**2).sum(axis=0)]) / data.n_rows
    assert total is not None
    return total, np.sqrt(np.maximum(moments[1] - moments[0] ** 2, 0.0))


def _residuals(res: GaussianResults, rows: NDArray[np.intp]) -> tuple[Floats, Floats | None, Floats]:
    """Residuals of variance one, for partial correlations their own correlations, and the fitted edges."""
    data = res.data
    basis = data.basis(data.contexts[rows])
    deviation = data.z[rows] - res.estimate.mean(basis)
    first, second = node_pairs(data.n_variables)
    if not res.partial:
        covariance = res.estimate.covariance(basis)
        residual = deviation / np.sqrt(np.einsum("ijj->ij", covariance))
        return residual, None, scaled_to_unit_diagonal(covariance)[:, first, second]
    precision = res.estimate.precision(basis)
    residual = np.einsum("ijk,ik->ij", precision, deviation) / np.sqrt(np.einsum("ijj->ij", precision))
    edges = partial_correlations(precision)[:, first, second]
    return residual, -edges, edges


def context_tests(data: NetworkData) -> list[ContextTest]:
    """Each context term, and all of them together if there are several."""
    blocks = [block for block in data.blocks if block.term is not None]
    terms = []
    for block in blocks:
        assert block.term is not None
        tested = np.arange(block.start, block.stop)
        terms.append(ContextTest(block.term.label, tested, np.zeros(len(tested), dtype=np.intp)))
    if len(terms) > 1:
        groups = np.repeat(np.arange(len(terms)), [len(term.tested) for term in terms])
        terms.append(ContextTest("any", np.concatenate([term.tested for term in terms]), groups))
    return terms


def wiggliness(data: NetworkData) -> Floats:
    """Diagonal of the penalties on wiggliness; a penalty on straight lines (`select`) has no say in the tests."""
    out = np.zeros(data.n_basis)
    for block in data.blocks:
        if block.term is None:
            continue
        out[block.start : block.stop] = block.term.penalties.sum(axis=0)
        if block.term.kind in ("smooth", "neural"):
            out[block.start : block.start + block.term.null_dim] = 0.0
    return out

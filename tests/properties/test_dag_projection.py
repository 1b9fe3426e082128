"""Whatever the weights, a projected graph has no cycle and no edge that could still be added."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from contextstats import _core

STACKS = st.integers(1, 7).flatmap(
    lambda p: hnp.arrays(
        np.float64,
        st.tuples(st.integers(0, 3), st.just(p), st.just(p)),
        elements=st.one_of(st.sampled_from([0.0, 1.0, -1.0, 1e-300, 1e300]), st.floats(-2, 2)),
    )
)


def reachable(graph: np.ndarray) -> np.ndarray:
    """reachable[i, j]: a path of at least one edge leads from i to j (Warshall)."""
    reach = graph.copy()
    for k in range(len(graph)):
        reach |= np.outer(reach[:, k], reach[k])
    return reach


@given(STACKS, st.sampled_from([0.0, 0.3]))
@settings(max_examples=300, deadline=None)
def test_projection_has_no_cycle_and_leaves_out_only_what_would_close_one(weights, threshold):
    projected = _core.project_to_dag(weights, threshold)
    assert projected.shape == weights.shape
    for before, after in zip(weights, projected, strict=True):
        kept = after != 0
        reach = reachable(kept)
        assert not reach.diagonal().any()
        np.testing.assert_array_equal(after[kept], before[kept])
        left_out = (np.abs(before) > threshold) & ~kept & ~np.eye(len(before), dtype=bool)
        assert reach.T[left_out].all()  # j leads to i, so that i -> j would close a cycle


@given(STACKS)
@settings(max_examples=100, deadline=None)
def test_projection_changes_no_graph_that_is_acyclic(weights):
    once = _core.project_to_dag(weights, 0.0)
    np.testing.assert_array_equal(_core.project_to_dag(once, 0.0), once)

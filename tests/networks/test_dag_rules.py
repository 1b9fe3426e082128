"""Orders of graphs."""

from __future__ import annotations

import numpy as np
import pytest

from contextstats.algorithms.networks.dag_rules import topological_order


@pytest.mark.parametrize("seed", range(20))
def test_every_edge_points_forward_and_the_first_free_node_is_taken(seed):
    rng = np.random.default_rng(seed)
    p = int(rng.integers(1, 9))
    names = rng.permutation(p)
    graph = np.triu(rng.uniform(size=(p, p)) < 0.4, 1)[np.ix_(names, names)]
    order = topological_order(graph)
    left = list(range(p))
    for node in order:
        assert node == next(j for j in left if not graph[left, j].any())
        left.remove(node)
    assert left == []


def test_a_cycle_has_no_order():
    with pytest.raises(ValueError, match="cycle"):
        topological_order(np.array([[0, 1, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]], dtype=bool))

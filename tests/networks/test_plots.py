"""Drawings of networks."""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import FancyArrowPatch
from numpy.testing import assert_allclose

import contextstats as cs
from contextstats.results.networks.grid import context_labels, contexts_along


@pytest.fixture(scope="module")
def res(sample):
    x, t = sample
    context = pd.DataFrame({"t": t, "site": np.where(np.arange(len(t)) % 2, "north", "south")})
    return cs.MarkovNetwork(pd.DataFrame(x, columns=["a", "b", "c$", "d"]), context).fit()


def test_a_graph_has_an_edge_for_each_clear_one(res):
    context = {"t": [0.25, 0.75], "site": ["north", "south"]}
    figure = res.plot(context)
    table = res.edges(context)
    for row, ax in zip((0, 1), figure.axes, strict=True):
        expected = ((table["row"] == row) & (table["q_value"] <= 0.05)).sum()
        drawn = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
        assert len(drawn) == expected
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["t = 0.25, site = north", "t = 0.75, site = south"]
    assert len(res.plot(q_max=1.0).axes[0].patches) == 6


def test_a_heatmap_shows_the_adjacency(res):
    figure = res.plot_heatmap({"t": [0.25], "site": ["north"]})
    shown = np.asarray(figure.axes[0].images[0].get_array())
    expected = res.adjacency({"t": [0.25], "site": ["north"]})[0]
    off = ~np.eye(4, dtype=bool)
    assert_allclose(shown[off], expected[off])


def test_panels_for_each_level_of_a_factor(res):
    assert [ax.get_title(loc="left") for ax in res.plot(along="site").axes] == ["site = north", "site = south"]


def test_edge_curves_are_the_edges(res):
    figure = res.plot_edges([("a", "b"), ("d", "c$")], n=20)
    frame = pd.DataFrame({"t": np.linspace(res.data.contexts[:, 0].min(), res.data.contexts[:, 0].max(), 20)})
    frame["site"] = "south" if res.data.typical_context()[0, 1] else "north"
    table = res.edges(frame)
    own = table[(table["source"] == "a") & (table["target"] == "b")]
    assert_allclose(figure.axes[0].lines[-1].get_ydata(), own["estimate"], atol=1e-12)
    assert len(res.plot_edges(most=3).axes) == 3
    assert len(res.plot_edges(along="site", most=2).axes) == 2
    _, ax = plt.subplots()
    assert res.plot_edges([("a", "b")], ax=ax) is ax
    plt.close("all")


def test_unknown_names_are_refused(res):
    with pytest.raises(cs.OptionError, match="must name pairs of nodes"):
        res.plot_edges([("a", "z")])
    with pytest.raises(cs.OptionError, match="along must be one of 't', 'site'"):
        res.plot(along="x")


def test_a_network_without_context_has_one_panel(sample):
    res = cs.CorrelationNetwork(sample[0]).fit()
    assert len(res.plot().axes) == 1
    with pytest.raises(cs.OptionError, match="no context"):
        res.plot_edges()


def test_whole_numbers_are_named_as_such():
    assert context_labels(pd.DataFrame({"grade": [1.0, 4.0, 7.0]})) == ["grade = 1", "grade = 4", "grade = 7"]
    assert context_labels(pd.DataFrame({"t": [1.0, 1.5]})) == ["t = 1.00", "t = 1.50"]


def test_contexts_end_where_the_data_do():
    low, high = -1.009618183538736, 1.4934311452207607
    assert low + (high - low) > high  # in doubles
    data = SimpleNamespace(
        context_names=("t",),
        context_levels={},
        contexts=np.array([[low], [0.2], [high]]),
        typical_context=lambda: np.array([[0.2]]),
    )
    along = contexts_along(data, None, 7)["t"]
    assert (along.iloc[0], along.iloc[-1]) == (low, high)
    assert along.between(low, high).all()
    assert contexts_along(data, None, 1)["t"].tolist() == [low / 2 + high / 2]
    assert contexts_along(data, None, 1, quantiles=True)["t"].tolist() == [0.2]

"""Tables, graphs and files of a fitted network."""

from __future__ import annotations

import igraph
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.stats.multitest import multipletests

import contextstats as cs
from contextstats.results.wording import p_phrase, p_value

METHODS = ["cholesky", "neighborhood", "likelihood"]
GRID = {"t": np.linspace(0.05, 0.95, 7)}


@pytest.fixture(scope="module", params=METHODS)
def res(request, sample):
    x, t = sample
    frame = pd.DataFrame(x, columns=["a", "b & c", "d<e", "f"])
    return cs.MarkovNetwork(frame, pd.DataFrame({"t": t}), method=request.param).fit()


def test_edges_are_tidy(res):
    table = res.edges(GRID)
    assert list(table.columns[:6]) == ["row", "source", "target", "estimate", "std_error", "statistic"]
    assert len(table) == 7 * 6
    first, second = np.triu_indices(4, 1)
    assert_allclose(table["estimate"].to_numpy().reshape(7, 6), res.adjacency(GRID)[:, first, second])
    assert (table["conf_low"] < table["estimate"]).all()
    assert (table["estimate"] < table["conf_high"]).all()
    for _, rows in table.groupby("row"):
        assert_allclose(rows["q_value"], multipletests(rows["p_value"], method="fdr_bh")[1])


def test_matrices_agree_with_each_other(res):
    precision, covariance = res.precisions(GRID), res.covariances(GRID)
    assert_allclose(precision @ covariance, np.broadcast_to(np.eye(4), (7, 4, 4)), atol=1e-9)
    partial = res.partial_correlations(GRID)
    assert_allclose(partial[:, 0, 1], -precision[:, 0, 1] / np.sqrt(precision[:, 0, 0] * precision[:, 1, 1]))
    assert_allclose(partial, np.swapaxes(partial, 1, 2))
    assert (np.einsum("ijj->ij", partial) == 1).all()
    assert np.linalg.eigvalsh(precision).min() > 0


def test_likelihood_of_new_data_is_the_normal_density(res, truth):
    x, t = truth.draw(20, 5)
    frame = pd.DataFrame(x, columns=list(res.names)).assign(t=t)
    expected = [
        stats.multivariate_normal(mean, covariance).logpdf(row)
        for mean, covariance, row in zip(res.means(frame), res.covariances(frame), x, strict=True)
    ]
    assert_allclose(res.loglike(frame), expected, rtol=1e-9)
    assert_allclose(res.loglike(x, t), expected, rtol=1e-9)
    assert_allclose(res.aic, -2 * res.llf + 2 * res.edf)


def test_units_and_order_of_rows_do_not_matter(res, sample):
    x, t = sample
    turned = pd.DataFrame(x[::-1] * 1000 + 5, columns=list(res.names))
    again = cs.MarkovNetwork(turned, pd.DataFrame({"t": t[::-1]}), method=res.method).fit()
    assert_allclose(again.edges(GRID)["estimate"], res.edges(GRID)["estimate"], atol=1e-5)
    assert_allclose(again.llf, res.llf - len(x) * 4 * np.log(1000), rtol=1e-6)


def test_threads_give_the_same_bits(res, sample):
    x, t = sample
    frame, context = pd.DataFrame(x, columns=list(res.names)), pd.DataFrame({"t": t})
    fits = [cs.MarkovNetwork(frame, context, method=res.method).fit(threads=threads) for threads in (1, 3)]
    assert (fits[0].precisions(GRID) == fits[1].precisions(GRID)).all()


def test_graphs_carry_the_edges(res, tmp_path):
    table = res.edges({"t": [0.25]}).set_index(["source", "target"])
    graph = res.to_networkx({"t": [0.25]})
    assert graph["a"]["f"]["weight"] == table.loc[("a", "f"), "estimate"]
    assert res.to_igraph({"t": [0.25]}).es["q_value"] == table["q_value"].tolist()
    res.to_graphml(tmp_path / "net.graphml", {"t": [0.25]}, q_max=0.05)
    read = nx.read_graphml(tmp_path / "net.graphml")
    assert set(read.nodes) == set(res.names)
    assert read.number_of_edges() == (table["q_value"] <= 0.05).sum()
    assert igraph.Graph.Read_GraphML(str(tmp_path / "net.graphml")).vs["name"] == list(res.names)
    with pytest.raises(cs.OptionError, match="one context"):
        res.to_networkx(GRID)


def test_a_saved_network_is_the_same(res, tmp_path):
    res.save(tmp_path / "net.json")
    again = cs.load(tmp_path / "net.json")
    pd.testing.assert_frame_equal(again.edges(GRID), res.edges(GRID))
    assert again.summary().as_text() == res.summary().as_text()
    assert again.llf == res.llf


def test_simulated_data_have_the_moments_of_the_network(res):
    context = {"t": np.full(40_000, 0.3)}
    drawn = res.simulate(context, seed=1)
    assert list(drawn.columns) == list(res.names)
    assert_allclose(drawn.corr().to_numpy(), res.correlations({"t": [0.3]})[0], atol=0.02)
    assert_allclose(drawn.mean(), res.means({"t": [0.3]})[0], atol=5 * drawn.std().max() / 200)


def test_the_summary_names_what_was_fitted(res):
    text = res.summary().as_text()
    for piece in ("Contextual Markov Network Results", res.method, "s(t)", "The typical context is t = 0."):
        assert piece in text


def test_the_summary_says_which_edges_vary(res):
    block = res.summary().blocks[1]
    tests = res.heterogeneity().sort_values(["p_value", "source", "target"])
    assert [row[:2] for row in block.rows] == list(zip(tests["source"], tests["target"], strict=True))
    assert [row[4] for row in block.rows] == [p_value(found) for found in tests["p_value"]]
    assert p_phrase(res.test_population().p_value) in res.summary().notes[-1]


def test_a_network_without_context_has_no_table_of_variation(sample):
    assert len(cs.MarkovNetwork(sample[0]).fit().summary().blocks) == 1

"""What the results of a Bayesian network say of themselves."""

from __future__ import annotations

import warnings
from unittest.mock import Mock

import networkx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats
from structural_equations import draw_sem, four_nodes, is_acyclic, random_sem

import contextstats as cs
from contextstats.algorithms.networks.dag_archetypes import ArchetypeSolution


def turning(n: int = 600, seed: int = 2):
    """Two variables whose direction turns with context, and a third that depends on both."""
    rng = np.random.default_rng(seed)
    c = rng.uniform(-1, 1, n)
    weights = np.zeros((n, 3, 3))
    weights[:, 0, 1] = np.where(c > 0, 1.5 * c, 0)
    weights[:, 1, 0] = np.where(c < 0, 1.5 * c, 0)
    weights[:, 0, 2] = 0.8
    return draw_sem(weights, rng.normal(size=(n, 3))), c, weights


@pytest.fixture(scope="module")
def fitted():
    x, c, _, _ = random_sem(4, 2, 800, 8)
    frame = pd.DataFrame(x, columns=["a", "b", "d", "e"], index=[f"r{i}" for i in range(800)])
    model = cs.BayesianNetwork(frame, pd.DataFrame({"c": c}, index=frame.index))
    return model.fit(), frame, c


@pytest.fixture(scope="module", params=["union", "per_sample", "archetypes", "low rank", "archetypes per sample"])
def any_kind(request):
    x, c, _ = turning()
    options = {
        "union": {},
        "per_sample": {"acyclicity": "per_sample"},
        "archetypes": {"encoder": cs.Archetypes(k=3, starts=2)},
        "low rank": {"encoder": cs.Archetypes(k=2, starts=2, gates="linear", encoder="s(c, k=6)")},
        "archetypes per sample": {"encoder": cs.Archetypes(k=2, starts=1), "acyclicity": "per_sample"},
    }[request.param]
    return cs.BayesianNetwork(x, {"c": c}, **options).fit(), x, c


def test_every_graph_is_acyclic_at_old_and_new_contexts(any_kind):
    res, _, _ = any_kind
    assert is_acyclic(res.adjacency())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.ExtrapolationWarning)
        assert is_acyclic(res.adjacency({"c": np.linspace(-3, 3, 500)}))


def test_likelihood_is_that_of_the_implied_normal_distribution(any_kind):
    res, x, c = any_kind
    ours = res.loglike(x, {"c": c})
    assert_allclose(ours.sum(), res.llf, rtol=1e-10)
    weights = res.adjacency()
    for i in (0, 17, 400):
        inverse = np.linalg.inv(np.eye(3) - weights[i].T)
        variances = np.mean((x - res.predict()) ** 2, axis=0)
        mean = inverse @ (res.predict().iloc[i].to_numpy() - weights[i].T @ x[i])
        law = stats.multivariate_normal(mean, inverse @ np.diag(variances) @ inverse.T)
        assert_allclose(ours[i], law.logpdf(x[i]), rtol=1e-7)
    assert_allclose(res.aic, -2 * res.llf + 2 * res.edf)


def test_predictions_and_squared_errors_fit_together(any_kind):
    res, x, c = any_kind
    predicted = res.predict(x[:50], {"c": c[:50]})
    assert_allclose(((predicted - x[:50]) ** 2).mean(axis=1), res.squared_errors(x[:50], {"c": c[:50]}))
    assert_allclose(res.squared_errors()[:50], res.squared_errors(x[:50], {"c": c[:50]}), rtol=1e-9)


def test_saved_results_are_the_same(any_kind, tmp_path):
    res, _, _ = any_kind
    res.save(tmp_path / "fit.json")
    again = cs.load(tmp_path / "fit.json")
    np.testing.assert_array_equal(again.adjacency({"c": [-0.5, 0.5]}), res.adjacency({"c": [-0.5, 0.5]}))
    assert str(again.summary()) == str(res.summary())
    assert again.llf == res.llf


def test_simulated_data_have_the_covariance_of_the_network(any_kind):
    res, _, _ = any_kind
    drawn = res.simulate({"c": np.full(20000, 0.7)}, seed=1).to_numpy()
    weights = res.adjacency({"c": [0.7]})[0]
    inverse = np.linalg.inv(np.eye(3) - weights.T)
    residual = drawn - drawn @ weights
    assert_allclose(np.corrcoef(residual.T), np.eye(3), atol=0.03)
    assert_allclose(np.cov(drawn.T), inverse @ np.diag(residual.var(axis=0)) @ inverse.T, rtol=0.05, atol=0.05)


def test_per_sample_graphs_turn_with_context_and_one_graph_cannot():
    x, c, truth = turning(2000)
    free = cs.BayesianNetwork(x, {"c": c}, acyclicity="per_sample").fit()
    one = cs.BayesianNetwork(x, {"c": c}).fit()
    left, right = free.adjacency({"c": [-0.8, 0.8]})
    assert abs(left[1, 0]) > 0.8 > 0.3 > abs(left[0, 1])
    assert abs(right[0, 1]) > 0.8 > 0.3 > abs(right[1, 0])
    assert np.mean((free.adjacency() - truth) ** 2) < 0.5 * np.mean((one.adjacency() - truth) ** 2)


def test_edges_have_units_labels_and_false_discovery_rates(fitted):
    res, frame, _ = fitted
    table = res.edges({"c": [-0.5, 0.5]})
    pairs = [(i, child) for child, parents in res.parents.items() for i in parents]
    assert sorted(zip(table["source"], table["target"], strict=True)) == sorted(pairs * 2)
    matrix = res.adjacency({"c": [-0.5, 0.5]})
    for row in table.itertuples():
        place = [list(frame.columns).index(name) for name in (row.source, row.target)]
        assert row.estimate == matrix[row.row, place[0], place[1]]
        assert row.conf_low < row.estimate < row.conf_high
        assert row.q_value >= row.p_value * (1 - 1e-12)


def test_tables_name_what_varies(fitted):
    res, _, _ = fitted
    table = res.heterogeneity()
    assert set(table["context"]) == {"s(c)", "any"}
    assert list(table.columns[:3]) == ["source", "target", "context"]
    both = table.groupby("context")["q_value"].max()
    assert (both >= table.groupby("context")["p_value"].max() - 1e-15).all()
    assert not table["source"].eq("Intercept").any()


def test_the_omnibus_test_of_one_linear_effect_is_the_drop_of_the_residual_sum_of_squares():
    rng = np.random.default_rng(4)
    c, a = rng.uniform(-1, 1, 300), rng.normal(size=300)
    b = (0.5 + 0.2 * c) * a + rng.normal(size=300)
    model = cs.BayesianNetwork({"a": a, "b": b}, {"c": c}, encoder=cs.Linear(), required=[("a", "b")])
    found = model.fit().test_population()
    null = np.column_stack([np.ones(300), c, a])
    squares = [np.linalg.lstsq(x, b, rcond=None)[1][0] for x in (null, np.column_stack([null, c * a]))]
    expected = (squares[0] - squares[1]) / (squares[0] / 297)
    assert_allclose(found.statistic, expected, rtol=1e-9)
    assert_allclose(found.p_value, stats.chi2.sf(expected, 1), rtol=1e-6)
    assert "given graph" in found.method


def test_the_omnibus_test_does_not_depend_on_a_graph_that_was_chosen(fitted):
    res, frame, c = fitted
    found = res.test_population()
    order = [*frame.columns]
    full = cs.BayesianNetwork(frame, pd.DataFrame({"c": c}, index=frame.index), order=order).fit(threshold=0)
    assert full.known_graph
    assert_allclose(found.p_value, full.test_population().p_value)
    assert "given all before it" in found.method


def test_the_order_is_one_of_the_graph(fitted):
    res, _, _ = fitted
    for child, parents in res.parents.items():
        for parent in parents:
            assert res.order.index(parent) < res.order.index(child)


def test_evidence_of_directions_is_a_difference_of_likelihoods():
    rng = np.random.default_rng(5)
    c = rng.uniform(-1, 1, 500)
    a, e, f = rng.normal(size=(3, 500))
    x = {"a": a, "b": 2 * c * a + e, "d": 0.8 * a + f}
    free = cs.BayesianNetwork(x, {"c": c}, encoder=cs.Linear()).fit()
    table = free.directions().set_index(["source", "target"])["evidence"]
    assert table["a", "b"] > 50
    faint = table[[pair for pair in table.index if set(pair) == {"a", "d"}]]
    assert faint.item() < 3  # a constant effect can be turned around where variances are free

    pair = {"a": x["a"], "d": x["d"]}
    ours = cs.BayesianNetwork(pair, {"c": c}, encoder=cs.Linear()).fit()
    first, second = (ours.edges()[end].item() for end in ("source", "target"))
    given = [
        cs.BayesianNetwork(pair, {"c": c}, encoder=cs.Linear(), order=order).fit(threshold=0.0)
        for order in ([first, second], [second, first])
    ]
    assert_allclose(ours.directions()["evidence"], given[0].llf - given[1].llf, rtol=1e-6)
    assert np.isinf(cs.BayesianNetwork(pair, order=["a", "d"]).fit().directions()["evidence"]).all()


def test_networkx_gets_a_directed_graph_without_cycles(fitted):
    res, _, _ = fitted
    graph = res.to_networkx({"c": [0.5]})
    assert networkx.is_directed_acyclic_graph(graph)
    assert set(graph.edges) == {(i, child) for child, parents in res.parents.items() for i in parents}


def test_the_summary_says_that_inference_is_conditional(fitted):
    res, _, _ = fitted
    text = str(res.summary())
    assert "conditional on the graph" in " ".join(text.split())
    assert "one graph, free variances" in text


def test_a_given_graph_has_no_such_note():
    x, c, _, _ = random_sem(3, 2, 300, 1)
    res = cs.BayesianNetwork(x, {"c": c}, order=["x1", "x2", "x3"]).fit(threshold=0.0)
    assert res.known_graph
    assert "conditional on the graph" not in " ".join(str(res.summary()).split())


def test_required_edges_stay_and_forbidden_ones_never_come():
    x, c, graph, _ = random_sem(4, 2, 500, 4)
    source, target = (f"x{k + 1}" for k in np.argwhere(graph)[0])
    absent = next((f"x{i + 1}", f"x{j + 1}") for i, j in np.argwhere(~graph & ~graph.T & ~np.eye(4, dtype=bool)))
    for threshold in (None, 0.3):
        res = cs.BayesianNetwork(x, {"c": c}, required=[absent], forbidden=[(source, target)]).fit(threshold=threshold)
        assert absent[0] in res.parents[absent[1]]
        assert source not in res.parents[target]


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_no_data_lead_to_a_cycle(seed):
    rng = np.random.default_rng(seed)
    p = int(rng.integers(2, 6))
    x = rng.standard_t(3, size=(80, p)) @ rng.normal(size=(p, p))
    kind = ["union", "per_sample"][seed % 2]
    res = cs.BayesianNetwork(x, {"c": rng.normal(size=80)}, encoder=cs.Linear(), acyclicity=kind).fit()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.ExtrapolationWarning)
        assert is_acyclic(res.adjacency({"c": rng.normal(scale=10, size=200)}))


def test_a_threshold_leaves_out_what_is_weaker():
    x, c, graph, _ = random_sem(4, 2, 800, 14)
    for variances in ("equal", "free"):
        model = cs.BayesianNetwork(x, {"c": c}, encoder=cs.Linear(), variances=variances)
        np.testing.assert_array_equal(model.fit(threshold=0.3).adjacency()[0] != 0, graph)
        everything = model.fit(threshold=0.0)
        assert sum(map(len, everything.parents.values())) == 6  # all pairs, one direction each
        strength = np.sqrt(np.mean(everything.adjacency() ** 2, axis=0))
        cut = np.sort(strength[strength > 0])[3:5].mean()
        assert sum(map(len, model.fit(threshold=cut).parents.values())) <= 3


def test_stability_is_high_for_clear_edges_and_names_rivals():
    x, c, graph, _ = random_sem(4, 2, 800, 14)
    table = cs.BayesianNetwork(x, {"c": c}, encoder=cs.Linear()).stability(20, seed=1)
    top = table.head(int(graph.sum()))
    assert {(a, b) for a, b in zip(top["source"], top["target"], strict=True)} == {
        (f"x{i + 1}", f"x{j + 1}") for i, j in np.argwhere(graph)
    }
    turned = table.query("source == 'x2' and target == 'x3'")  # the other direction of an edge that is there
    assert 0 < turned["frequency"].item() < turned["either"].item()
    assert (table["either"] >= table["frequency"]).all()
    again = cs.BayesianNetwork(x, {"c": c}, encoder=cs.Linear()).stability(20, seed=1)
    pd.testing.assert_frame_equal(again, table)


def test_the_bootstrap_of_a_given_graph_agrees_with_the_formula():
    rng = np.random.default_rng(9)
    c, a = rng.uniform(-1, 1, 800), rng.normal(size=800)
    b = (0.5 + 0.4 * c) * a + rng.normal(size=800)
    model = cs.BayesianNetwork({"a": a, "b": b}, {"c": c}, encoder=cs.Linear(), order=["a", "b"], required=[("a", "b")])
    found = model.bootstrap({"c": [-0.8, 0.0, 0.8]}, n=100, seed=1, threads=1)
    expected = model.fit().edges({"c": [-0.8, 0.0, 0.8]})
    assert_allclose(found["estimate"], expected["estimate"], rtol=1e-10)
    assert_allclose(found["std_error"], expected["std_error"], rtol=0.28)  # four Monte-Carlo standard errors
    assert (found["frequency"] == 1).all()


def _mixed(n: int):
    """Two networks of three variables, mixed by a weight that depends on context."""
    rng = np.random.default_rng(4)
    c = rng.uniform(-1, 1, n)
    weights = np.zeros((n, 3, 3))
    weights[:, 0, 1], weights[:, 0, 2], weights[:, 1, 2] = np.tanh(2 * c), 0.8, -0.9 * np.tanh(2 * c)
    return draw_sem(weights, rng.normal(size=(n, 3))), c, weights


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (turning, {"acyclicity": "per_sample", "encoder": cs.Linear()}),
        (_mixed, {"encoder": cs.Archetypes(k=2, starts=1), "order": ["x1", "x2", "x3"]}),
    ],
)
def test_networks_without_a_formula_have_bootstrap_errors_and_frequencies(data, options):
    x, c, _ = data(400)
    model = cs.BayesianNetwork(x, {"c": c}, **options)
    found = model.bootstrap({"c": [-0.8, 0.8]}, n=15, seed=2, threads=1)
    pd.testing.assert_frame_equal(found, model.bootstrap({"c": [-0.8, 0.8]}, n=15, seed=2, threads=1))
    strong = found[(found["source"] == "x1") & (found["target"] == "x3")]
    assert (strong["frequency"] == 1).all()
    assert strong["std_error"].between(0.02, 0.3).all()
    assert (abs(strong["estimate"] - 0.8) < 4 * strong["std_error"]).all()
    shares = model.stability(8, seed=1, threads=1).set_index(["source", "target"])
    assert shares.loc[("x1", "x3"), "frequency"] > 0.9
    assert (shares["either"] <= 1 + 1e-12).all()


def test_archetypes_that_no_context_mixes_are_one_network():
    """Where nothing varies no gate is left; there is nothing to test, and the summary says nothing about it."""
    rng = np.random.default_rng(3)
    a = rng.normal(size=300)
    variables = {"a": a, "b": 0.8 * a + rng.normal(size=300)}
    model = cs.BayesianNetwork(variables, {"c": np.repeat([0.0, 1.0], 150)}, encoder=cs.Archetypes(k=1, starts=1))
    res = model.fit()
    assert len(res.heterogeneity()) == 0
    assert len(res.summary().blocks) == 1


@pytest.mark.parametrize(("size", "kept"), [(1.0, []), (300.0, [0])])
def test_a_gate_counts_by_what_it_moves(size, kept):
    """Weights within 1e-4 of a constant: of archetypes that differ by 300 they move an edge by 0.03."""
    c = np.linspace(-1, 1, 101)[:, None]
    z = np.column_stack([0.5 + 1e-4 * c, 0.5 - 1e-4 * c])
    gating = Mock(return_value=z, softmax=True)
    archetypes = np.zeros((2, 2, 2))
    archetypes[1, 0, 1] = size
    solution = ArchetypeSolution(gating, archetypes, h=0.0, loss=0.0, converged=True)
    assert solution.independent_gates() == kept


def test_progress_hears_every_stage():
    x, c, _, _ = random_sem(3, 2, 300, 1)
    heard = []
    cs.BayesianNetwork(x, {"c": c}, variances="equal").fit(progress=lambda *stage: heard.append(stage))
    assert [stage[0] for stage in heard] == [1, 2, 3, 4, 5]
    assert heard[-1][2] <= heard[0][2]


def test_threads_do_not_change_the_numbers():
    rng = np.random.default_rng(1)
    c = rng.uniform(1, 2, 8192)  # two chunks of rows
    x = draw_sem(four_nodes(c), rng.uniform(-0.1, 0.1, (8192, 4)))
    for options in ({}, {"acyclicity": "per_sample", "encoder": cs.Linear()}):
        fits = [cs.BayesianNetwork(x, {"c": c}, **options).fit(threads=t, tol=0.1) for t in (1, 3)]
        np.testing.assert_array_equal(fits[0].adjacency({"c": [1.5]}), fits[1].adjacency({"c": [1.5]}))

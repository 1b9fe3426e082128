"""Bayesian networks between factors: the model, its limits, and what the results say at both levels."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from factor_networks import GROUPS, NAMES, Factors
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy import stats
from structural_equations import is_acyclic

import contextstats as cs
from contextstats.algorithms.networks.dag_problem import StructuralProblem
from contextstats.algorithms.networks.factor_groups import read_groups
from contextstats.algorithms.networks.factor_scores import canonical_weights, deviance, likeliest_weights

GRID = {"c": np.linspace(-0.9, 0.9, 7)}
FAR = {"c": np.linspace(-4, 4, 41)}


def draw(n, seed, *, smooth=True):
    truth = Factors(smooth=smooth)
    x, c = truth.draw(n, seed)
    return truth, pd.DataFrame(x, columns=list(NAMES)), {"c": c}


@pytest.fixture(scope="module")
def sample():
    return draw(1500, 1)


@pytest.fixture(scope="module")
def fit(sample):
    _, x, context = sample
    return cs.BayesianNetwork(x, context, factors=GROUPS).fit()


def test_graph_effects_weights_and_loadings_are_found(sample, fit):
    truth = sample[0]
    assert fit.parents == {"one": (), "two": ("one",), "three": ("one", "two")}
    assert np.abs(fit.adjacency(GRID) - truth.weight_matrices(GRID["c"])).max() < 0.15  # of effects up to 1.3
    spread = np.sqrt(np.mean(truth.weight_matrices(GRID["c"]) ** 2))
    assert np.sqrt(np.mean((fit.adjacency(GRID) - truth.weight_matrices(GRID["c"])) ** 2)) < 0.15 * spread
    in_units = fit.equations.score_weights / fit.data.scale[:, None]
    for f in range(3):
        assert abs(np.corrcoef(sample[1] @ in_units[:, f], sample[1] @ truth.weights()[:, f])[0, 1]) > 0.995


def test_errors_of_effects_fall_with_the_root_of_the_rows():
    errors = []
    for n in (400, 6400):
        total = 0.0
        for seed in range(6):
            truth, x, context = draw(n, seed, smooth=False)
            order = ["one", "two", "three"]
            res = cs.BayesianNetwork(x, context, factors=GROUPS, order=order, encoder=cs.Linear()).fit(threads=1)
            total += np.mean((res.adjacency(GRID) - truth.weight_matrices(GRID["c"])) ** 2)
        errors.append(np.sqrt(total))
    assert 3.0 < errors[0] / errors[1] < 5.3  # 4


@pytest.mark.parametrize("factors", [GROUPS, 3, 5])
def test_every_graph_is_acyclic_at_both_levels_and_its_rank_below_the_number_of_factors(sample, factors):
    _, x, context = sample
    res = cs.BayesianNetwork(x, context, factors=factors).fit(restarts=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.ExtrapolationWarning)
        variables, between = res.adjacency(FAR), res.factor_network.adjacency(FAR)
    assert is_acyclic(variables)
    assert is_acyclic(between)
    assert np.linalg.matrix_rank(variables, tol=1e-9).max() < len(res.factors)
    assert is_acyclic(res.adjacency())
    inside = res.equations.groups.membership.astype(float)
    assert np.abs(variables[:, (inside @ inside.T) > 0]).max() == 0  # no edge joins variables of one factor


def test_one_variable_a_factor_is_the_network_of_the_variables(sample):
    _, x, context = sample
    plain = cs.BayesianNetwork(x, context).fit()
    for factors in (8, {f"f_{name}": [name] for name in NAMES}):
        res = cs.BayesianNetwork(x, context, factors=factors).fit()
        assert_allclose(res.adjacency(GRID), plain.adjacency(GRID), rtol=1e-10, atol=1e-12)
        assert_allclose(res.factor_network.adjacency(GRID), plain.adjacency(GRID), rtol=1e-10, atol=1e-12)
        assert_frame_equal(res.edges(GRID), plain.edges(GRID), rtol=1e-10)
        assert_allclose([res.llf, res.edf, res.aic], [plain.llf, plain.edf, plain.aic], rtol=1e-10)
        assert_allclose(res.loglike(x, context), plain.loglike(x, context), rtol=1e-10, atol=1e-10)
        assert_allclose(res.predict().to_numpy(), plain.predict().to_numpy(), rtol=1e-10, atol=1e-12)
        assert_allclose(res.test_population().p_value, plain.test_population().p_value, rtol=1e-8)
    assert list(res.factors) == [f"f_{name}" for name in NAMES]


def test_the_likelihood_is_that_of_the_normal_distribution_the_equations_imply(sample, fit):
    _, x, context = sample
    rows = np.arange(0, 1500, 97)
    z, contexts = fit.data.z[rows], fit.data.contexts[rows]
    equations = fit.equations
    noise = (equations.loadings * equations.scores.variances) @ equations.loadings.T
    noise = noise + (equations.within.axes * equations.within.variance) @ equations.within.axes.T
    assert_allclose(np.diag(noise), equations.variances, rtol=1e-10)
    expected = []
    for row, w, mu in zip(z, equations.weights(contexts), equations.intercepts(contexts), strict=True):
        system = np.linalg.inv(np.eye(8) - w.T)
        expected.append(stats.multivariate_normal(system @ mu, system @ noise @ system.T).logpdf(row))
    ours = fit.loglike(x.iloc[rows], {"c": context["c"][rows]})
    assert_allclose(ours, np.array(expected) - np.log(fit.data.scale).sum(), rtol=1e-9)
    assert_allclose(fit.loglike(x, context).sum(), fit.llf, rtol=1e-12)


def test_scores_weights_and_loadings_belong_together(sample, fit):
    _, x, context = sample
    equations = fit.equations
    assert_allclose(equations.score_weights.T @ equations.loadings, np.eye(3), atol=1e-10)
    assert_allclose(equations.score_weights.T @ equations.within.axes, 0, atol=1e-10)
    scores = fit.scores()
    assert_allclose(scores.std(ddof=0), 1, rtol=1e-10)
    assert_allclose(fit.scores(x.iloc[:5], {"c": context["c"][:5]}), scores.iloc[:5], rtol=1e-10)
    table = fit.loadings
    assert table.columns.tolist() == ["factor", "variable", "weight", "loading"]
    assert (table.groupby("factor", sort=False)["loading"].first() > 0).all()
    rest = x.sub(fit.predict())  # what the parents leave is uncorrelated with what they say
    assert_allclose(np.corrcoef(rest["x4"], scores["one"])[0, 1], 0, atol=0.05)
    again = cs.BayesianNetwork(scores, context).fit()
    assert_allclose(again.adjacency(GRID), fit.factor_network.adjacency(GRID), rtol=1e-9, atol=1e-12)


def test_weights_are_those_of_the_largest_likelihood(sample):
    _, x, context = sample
    problem = StructuralProblem.of(cs.BayesianNetwork(x, context).data, 1)
    groups, graph = read_groups(GROUPS, NAMES), np.triu(np.ones((3, 3), dtype=bool), 1)
    start = canonical_weights(problem, groups)
    best = likeliest_weights(problem, groups, graph, start)
    assert deviance(problem, graph, best)[0] < deviance(problem, graph, start)[0]
    assert np.abs(deviance(problem, graph, best)[1][groups.membership]).max() < 1e-5
    moved = start + 0.1 * np.random.default_rng(1).normal(size=start.shape) * groups.membership
    _, slope = deviance(problem, graph, moved)
    for i, f in np.argwhere(groups.membership):
        step = np.zeros_like(moved)
        step[i, f] = 1e-5
        ahead, behind = (deviance(problem, graph, moved + sign * step)[0] for sign in (1, -1))
        assert_allclose(slope[i, f], (ahead - behind) / 2e-5, rtol=1e-5, atol=1e-8)


def test_units_and_the_order_of_variables_do_not_matter(sample, fit):
    _, x, context = sample
    units = np.array([1, 100, 0.01, 3, 7, 1, 0.2, 50.0])
    other = x[list(NAMES[::-1])] * units + 10
    res = cs.BayesianNetwork(other, context, factors=GROUPS).fit()
    back = res.adjacency(GRID)[:, ::-1, ::-1] * units[::-1][:, None] / units[::-1][None, :]
    assert_allclose(back, fit.adjacency(GRID), rtol=1e-4, atol=1e-5)
    between = [one.factor_network.edges(GRID).set_index(["row", "source", "target"]) for one in (res, fit)]
    assert_allclose(between[0]["std_error"], between[1].reindex(between[0].index)["std_error"], rtol=1e-3)


def test_new_data_have_the_moments_of_the_fit(fit):
    new = fit.simulate({"c": np.full(40000, 0.3)}, seed=1)
    contexts = fit.data.contexts_of({"c": [0.3]})[0]
    equations = fit.equations
    system = np.linalg.inv(np.eye(8) - equations.weights(contexts)[0].T)
    noise = (equations.loadings * equations.scores.variances) @ equations.loadings.T
    noise = noise + (equations.within.axes * equations.within.variance) @ equations.within.axes.T
    sigma = system @ noise @ system.T * fit.data.scale * fit.data.scale[:, None]
    assert_allclose(np.cov(new.T), sigma, atol=0.03 * np.abs(sigma).max())
    assert_allclose(
        new.mean(), fit.data.center + fit.data.scale * (system @ equations.intercepts(contexts)[0]), atol=0.04
    )


def test_clusters_of_correlated_variables_are_the_factors():
    rng = np.random.default_rng(2)
    center = rng.normal(size=(400, 3))
    x = pd.DataFrame(np.repeat(center, [3, 2, 1], axis=1) * [1, -1, 1, 1, 1, 1], columns=list("abcdef"))
    x += 0.4 * rng.normal(size=x.shape)
    order = ["d", "a", "f", "b", "e", "c"]
    res = cs.BayesianNetwork(x[order], {"t": rng.uniform(size=400)}, factors=3).fit(restarts=1)
    assert {name: set(own) for name, own in res.factors.items()} == {
        "factor1": {"d", "e"},
        "factor2": {"a", "b", "c"},
        "f": {"f"},
    }


def test_files_and_graphs(fit, tmp_path):
    fit.save(tmp_path / "factors.json")
    again = cs.load(tmp_path / "factors.json")
    assert str(again.summary()) == str(fit.summary())
    assert_frame_equal(again.edges(GRID), fit.edges(GRID))
    assert_frame_equal(again.loadings, fit.loadings)
    fit.factor_network.to_graphml(tmp_path / "factors.graphml")
    text = (tmp_path / "factors.graphml").read_text()
    assert 'source="one" target="two"' in text
    assert len(fit.to_networkx().edges) == 3 * 2 + 3 * 3 + 2 * 3


def test_effects_between_factors_may_be_neural(sample, tmp_path):
    truth, x, context = sample
    res = cs.BayesianNetwork(x, context, factors=GROUPS, order=list(GROUPS), encoder=cs.MLP(width=6)).fit()
    assert "hidden layers" in " ".join(res.notes) + " ".join(res.data.notes)
    assert res.parents == {"one": (), "two": ("one",), "three": ("one", "two")}
    assert np.abs(res.adjacency(GRID) - truth.weight_matrices(GRID["c"])).max() < 0.3  # half of the rows; up to 1.3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.ExtrapolationWarning)
        assert is_acyclic(res.adjacency(FAR))
        assert is_acyclic(res.factor_network.adjacency(FAR))
    res.save(tmp_path / "fit.json")
    assert (cs.load(tmp_path / "fit.json").adjacency(GRID) == res.adjacency(GRID)).all()


def test_the_summary_shows_both_levels(fit):
    text = str(fit.summary())
    assert "Factors:" in text
    shown = [line.split()[:2] for line in text.splitlines()]
    assert all(pair in shown for pair in (["one", "two"], ["two", "three"], ["three", "x8"]))
    assert "weight   loading" in text
    assert "which variable belongs to which factor" in " ".join(text.split())
    assert "That no edge varies: p < 0.001" in " ".join(text.split())


def test_stability_and_bootstrap_are_of_the_factors(sample):
    _, x, context = sample
    model = cs.BayesianNetwork(x[:500], {"c": context["c"][:500]}, factors=GROUPS, order=list(GROUPS))
    stable = model.stability(4, seed=1)
    assert set(stable["source"]) <= set(GROUPS)
    assert stable["frequency"].max() == 1
    table = model.bootstrap({"c": [0.5]}, n=8, seed=1)
    assert set(table["source"]) <= set(GROUPS)
    strong = table.set_index(["source", "target"]).loc[("one", "two")]
    given = model.fit().factor_network.edges({"c": [0.5]}).set_index(["source", "target"]).loc[("one", "two")]
    assert strong["estimate"] == given["estimate"]
    assert 0.2 < strong["std_error"] / given["std_error"] < 5


def test_a_known_order_and_edges_are_between_factors(sample):
    _, x, context = sample
    order = ["three", "two", "one"]
    res = cs.BayesianNetwork(x, context, factors=GROUPS, order=order, forbidden=[("three", "one")]).fit(threshold=0)
    assert res.parents == {"one": ("two",), "two": ("three",), "three": ()}
    assert res.order == tuple(order)
    assert np.isinf(res.directions()["evidence"]).all()
    without = cs.BayesianNetwork(x, factors=GROUPS, order=order).fit()
    assert without.edges().query("source == 'x6' and target == 'x4'")["std_error"].notna().all()


@pytest.mark.parametrize("context", [True, False])
def test_plots_show_both_levels(fit, context):
    pytest.importorskip("matplotlib").use("Agg")
    at = {"c": [0.2]} if context else None
    for res in (fit, fit.factor_network):
        assert len(res.plot(at).axes) == (1 if context else 3)
    assert fit.factor_network.plot_edges().axes
    assert fit.plot_edges(most=2).axes

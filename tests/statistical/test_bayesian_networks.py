"""Bayesian networks over many data sets: bands of edges, tests of heterogeneity, graphs.

More of the search for graphs is in benchmarks/results/bayesian_networks.txt.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from factor_networks import GROUPS, Factors
from structural_equations import Equations, draw_sem, hamming_distance, is_acyclic, random_sem

import contextstats as cs

pytestmark = pytest.mark.statistical
NAMES = ["x1", "x2", "x3", "x4"]
CURVES = {(0, 1): lambda c: np.sin(2 * c + 1), (1, 2): lambda c: 0.7 + 0 * c, (2, 3): lambda c: 1 - np.cos(3 * c)}
CONSTANT = ("x2", "x3")
GRID = np.linspace(-0.95, 0.95, 21)


def weights_at(c: np.ndarray) -> np.ndarray:
    out = np.zeros((len(c), 4, 4))
    for (i, j), curve in CURVES.items():
        out[:, i, j] = curve(c)
    return out


def one_data_set(seed: int, n: int, **model) -> dict[str, float]:
    """Coverage of 95% bands over a grid, squared errors, and p-values of the edge that does not vary."""
    rng = np.random.default_rng((seed, n))
    c = rng.uniform(-1, 1, n)
    x = pd.DataFrame(draw_sem(weights_at(c), rng.normal(size=(n, 4)) * [1, 0.5, 2, 1]), columns=NAMES)
    res = cs.BayesianNetwork(x, {"c": c}, **model).fit(threads=1)
    table, truth = res.edges({"c": GRID}), weights_at(GRID)
    i, j = (table[end].map(NAMES.index).to_numpy() for end in ("source", "target"))
    true = truth[table["row"].to_numpy(), i, j]
    tests = res.heterogeneity().set_index(["source", "target", "context"])
    constant = tests.loc[(*CONSTANT, "any")] if (*CONSTANT, "any") in tests.index else {}
    found = res.adjacency({"c": [0.1]})[0] != 0
    return {
        "covered": ((table["conf_low"] <= true) & (true <= table["conf_high"])).mean(),
        "squared error": ((table["estimate"] - true) ** 2).mean(),
        "p": constant.get("p_value", np.nan),
        "score p": constant.get("score_p_value", np.nan),
        "right graph": float((found == (weights_at(np.array([0.1]))[0] != 0)).all()),
        "acyclic": float(is_acyclic(res.adjacency({"c": GRID}))),
    }


@cache
def known_graph(count: int, n: int) -> pd.DataFrame:
    edges = [(NAMES[i], NAMES[j]) for i, j in CURVES]
    others = [(a, b) for a in NAMES for b in NAMES if a != b and (a, b) not in edges]
    return pd.DataFrame([one_data_set(seed, n, required=edges, forbidden=others) for seed in range(count)])


def test_bands_of_edges_cover_given_the_graph(repeat, assert_mean):
    for n in (400, 1600):
        assert_mean(known_graph(repeat(30, 1000), n)["covered"], 0.93, 0.97, name=f"bands of edges, n = {n}")


def test_the_test_of_a_constant_edge_has_its_size(repeat, assert_mean):
    for n in (400, 1600):
        study = known_graph(repeat(30, 1000), n)
        assert_mean(study["p"] < 0.05, 0.035, 0.065, name=f"Wald test, n = {n}")
        assert_mean(study["score p"] < 0.05, 0.035, 0.065, name=f"score test, n = {n}")


def test_edges_converge_at_the_rate_of_smooth_functions(repeat):
    """Four times the rows: squared errors fall by 4 where an edge is constant, by 4^(8/9) = 3.4 where it is smooth."""
    studies = [known_graph(repeat(30, 1000), n)["squared error"] for n in (400, 1600)]
    ratio = np.log(studies[0].mean() / studies[1].mean())
    error = np.sqrt(sum(study.var() / study.mean() ** 2 / len(study) for study in studies))
    assert np.log(3.0) - 4 * error < ratio < np.log(4.2) + 4 * error
    assert error < 0.3  # thirty data sets can tell 3 from 1


def test_graphs_are_found_and_their_bands_cover(repeat, assert_mean):
    study = pd.DataFrame([one_data_set(seed, 800, forbidden=[("x3", "x2")]) for seed in range(repeat(30, 400))])
    assert study["acyclic"].eq(1).all()
    assert study["right graph"].mean() > 0.85
    right = study[study["right graph"] == 1]
    assert_mean(right["covered"], 0.93, 0.97, name="bands where the graph was found")


def test_free_variances_find_directions_that_equal_variances_miss_in_standardised_data(repeat):
    distance: dict[str, list[int]] = {"free": [], "equal": []}
    for seed in range(repeat(15, 200)):
        x, c, graph, _ = random_sem(6, 2, 1000, seed)
        for variances, values in distance.items():
            res = cs.BayesianNetwork(x / x.std(axis=0), {"c": c}, encoder=cs.Linear(), variances=variances).fit()
            values.append(hamming_distance(graph, res.adjacency()[0] != 0))
    assert np.mean(distance["free"]) < 0.5
    assert np.mean(distance["equal"]) > 2


def test_the_omnibus_test_keeps_its_level_though_the_graph_is_chosen(repeat, assert_mean):
    """No effect varies, the means do, and the search is free to choose what seems to vary."""
    p_values = []
    for seed in range(repeat(60, 1000)):
        truth = Equations(5, vary=False)
        x, t = truth.draw(300, (seed, 11))
        p_values.append(cs.BayesianNetwork(x, {"t": t}).fit(threads=1).test_population().p_value)
    assert_mean(np.array(p_values) < 0.05, 0.035, 0.065, name="omnibus test, graph chosen")


def test_bands_of_factors_and_of_their_variables_cover(repeat, assert_mean):
    """The groups and the order are given; weights, loadings and effects are estimates."""
    names, truth = list(GROUPS), Factors()
    variables = [name for own in GROUPS.values() for name in own]
    many = truth.draw(200_000, 0)[0] @ truth.weights()  # scores of the results have variance one
    units = many.std(axis=0)[None, :] / many.std(axis=0)[:, None]
    true = {"factors": truth.effects(GRID) / units, "variables": truth.weight_matrices(GRID)}
    covered: dict[str, list[float]] = {"factors": [], "variables": []}
    for seed in range(repeat(30, 400)):
        x, c = truth.draw(800, seed)
        model = cs.BayesianNetwork(dict(zip(variables, x.T, strict=True)), {"c": c}, factors=GROUPS, order=names)
        res = model.fit(threshold=0, threads=1)
        for level, fit, nodes in (("factors", res.factor_network, names), ("variables", res, variables)):
            table = fit.edges({"c": GRID})
            i, j = (table[end].map(nodes.index).to_numpy() for end in ("source", "target"))
            value = true[level][table["row"].to_numpy(), i, j]
            covered[level].append(((table["conf_low"] <= value) & (value <= table["conf_high"])).mean())
    for level, shares in covered.items():
        assert_mean(np.array(shares), 0.93, 0.97, name=f"bands of {level}")

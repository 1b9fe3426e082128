"""Networks whose functions of context are neural."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import contextstats as cs


def weight(contexts):
    return np.tanh(3 * (contexts[:, 0] - contexts[:, 1] + contexts[:, 2]))


def simulated(n, seed):
    """a -> b with a weight that is no sum of curves, b -> c, and d alone."""
    rng = np.random.default_rng(seed)
    contexts = rng.uniform(-1, 1, (n, 3))
    a, noise = rng.normal(size=n), rng.normal(size=(n, 3))
    b = weight(contexts) * a + noise[:, 0]
    return {"a": a, "b": b, "c": 0.5 * b + noise[:, 1], "d": noise[:, 2]}, contexts


@pytest.fixture(scope="module")
def data():
    return simulated(1600, 1)


NEW = np.random.default_rng(5).uniform(-1.5, 1.5, (400, 3))
INSIDE = np.random.default_rng(6).uniform(-1, 1, (400, 3))
MODELS = {
    "pairwise": (cs.CorrelationNetwork, {}),
    "joint": (cs.CorrelationNetwork, {"method": "joint"}),
    "cholesky": (cs.MarkovNetwork, {}),
    "neighborhood": (cs.MarkovNetwork, {"method": "neighborhood"}),
    "union": (cs.BayesianNetwork, {}),
    "per sample": (cs.BayesianNetwork, {"acyclicity": "per_sample"}),
}


def correlation_of_a_and_b(res, contexts):
    return res.correlations(contexts)[:, 0, 1]


@pytest.mark.parametrize("method", ["pairwise", "joint"])
def test_correlations_that_are_no_sum_of_curves_are_found(data, method):
    truth = weight(INSIDE) / np.sqrt(1 + weight(INSIDE) ** 2)
    error = {}
    for encoder in (cs.MLP(width=8), cs.Additive()):
        res = cs.CorrelationNetwork(*data, encoder=encoder, method=method).fit()
        error[type(encoder)] = np.sqrt(np.mean((correlation_of_a_and_b(res, INSIDE) - truth) ** 2))
    assert error[cs.MLP] < 0.6 * error[cs.Additive]


def test_effects_that_are_no_sum_of_curves_are_found(data):
    error = {}
    for encoder in (cs.MLP(width=8), cs.Additive()):
        res = cs.BayesianNetwork(*data, encoder=encoder).fit()
        assert ("a", "b") in set(zip(res.edges()["source"], res.edges()["target"], strict=True))
        error[type(encoder)] = np.sqrt(np.mean((res.adjacency(INSIDE)[:, 0, 1] - weight(INSIDE)) ** 2))
    assert error[cs.MLP] < 0.6 * error[cs.Additive]


@pytest.mark.filterwarnings("ignore::contextstats.ExtrapolationWarning")
@pytest.mark.parametrize("method", ["joint", "cholesky", "neighborhood"])
@pytest.mark.parametrize("encoder", [cs.MLP(width=6), cs.NeuralAdditive(width=4)], ids=["mlp", "additive"])
def test_matrices_are_positive_definite_at_every_context(data, method, encoder):
    model, options = MODELS[method]
    res = model(*data, encoder=encoder, **options).fit()
    for contexts in (data[1], NEW):
        matrices = res.correlations(contexts) if method == "joint" else res.precisions(contexts)
        assert np.linalg.eigvalsh(matrices).min() > 0


@pytest.mark.filterwarnings("ignore::contextstats.ExtrapolationWarning")
@pytest.mark.parametrize(
    "options",
    [
        {"encoder": cs.MLP(width=6)},
        {"encoder": cs.MLP(width=6), "acyclicity": "per_sample"},
        {"encoder": cs.Archetypes(k=2, encoder=cs.MLP(width=4), starts=1), "acyclicity": "per_sample"},
    ],
    ids=["one graph", "a graph per context", "archetypes"],
)
def test_graphs_have_no_cycle_at_any_context(data, options):
    res = cs.BayesianNetwork(*data, **options).fit()
    for contexts in (data[1], NEW):
        present = (res.adjacency(contexts) != 0).astype(float)
        assert present.any()
        assert not np.linalg.matrix_power(present, 4).any()


@pytest.mark.parametrize("name", MODELS)
def test_threads_files_and_notes(data, tmp_path, name):
    model, options = MODELS[name]
    first, other = (model(*data, encoder="mlp(c1, c2, c3, width=4)", **options).fit(threads=k) for k in (1, 7))
    first.save(tmp_path / "fit.json")
    loaded = cs.load(tmp_path / "fit.json")
    matrices = [
        res.adjacency(INSIDE) if "adjacency" in dir(res) else res.correlations(INSIDE) for res in (first, other, loaded)
    ]
    assert_array_equal(matrices[0], matrices[1])
    assert_array_equal(matrices[0], matrices[2])
    assert first.nobs == 800
    text = " ".join(str(first.summary()).split())
    assert "The hidden layers of mlp(c1,c2,c3) were learned from 800 rows drawn at random (seed 0)" in text


def test_refits_keep_the_hidden_layers(data):
    model = cs.BayesianNetwork(*data, encoder=cs.MLP(width=4))
    table = model.bootstrap(n=3, seed=1)
    assert table["std_error"].gt(0).any()
    assert {"source", "target"} <= set(model.stability(n=3).columns)
    markov = cs.MarkovNetwork(*data, encoder=cs.MLP(width=4), method="neighborhood")
    assert len(markov.stability_selection(n=2, seed=1)) == 6


def test_hidden_layers_from_the_same_rows_are_refused(data):
    with pytest.raises(cs.OptionError, match="Leave out honest=False"):
        cs.MarkovNetwork(*data, encoder=cs.MLP(honest=False)).fit()

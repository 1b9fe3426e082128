"""Models with neural encoders: what they find, and what they have in common with all others."""

from __future__ import annotations

import os
import signal

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal

import contextstats as cs
from contextstats import _core
from contextstats.algorithms import hidden_layers


def ridge_functions(contexts):
    u = (contexts[:, 0] + contexts[:, 1] - contexts[:, 2]) / np.sqrt(3)
    v = (contexts[:, 3] - contexts[:, 0]) / np.sqrt(2)
    return np.sin(3 * u) + 0.5 * np.tanh(4 * v)


def sums_of_curves(contexts):
    return np.sin(2 * contexts[:, 0]) + contexts[:, 1] ** 2


def simulated(truth, n, d, seed, family="gaussian"):
    rng = np.random.default_rng(seed)
    contexts = rng.uniform(-1, 1, (n, d))
    x = rng.normal(size=n)
    eta = 0.5 * contexts[:, 0] + truth(contexts) * x
    y = eta + rng.normal(size=n) if family == "gaussian" else rng.binomial(1, 1 / (1 + np.exp(-eta))).astype(float)
    return y, np.column_stack([np.ones(n), x]), contexts


def error(truth, d, encoder, seed, family="gaussian", n=1000):
    y, x, contexts = simulated(truth, n, d, seed, family)
    res = cs.ContextualGLM(y, x, contexts, encoder=encoder, family=family).fit(threads=1)
    new = np.random.default_rng(10_000 + seed).uniform(-1, 1, (1000, d))
    return np.mean((res.coefficient_array(new)[:, 1] - truth(new)) ** 2)


@pytest.mark.parametrize(("family", "n", "ratio"), [("gaussian", 1000, 0.3), ("binomial", 3000, 0.5)])
def test_a_surface_that_is_no_sum_of_curves_is_found_where_an_additive_encoder_cannot(family, n, ratio):
    encoders = (cs.MLP(), cs.Additive())
    errors = np.array([[error(ridge_functions, 5, e, s, family, n) for e in encoders] for s in range(6)])
    excess = errors[:, 0] - ratio * errors[:, 1]
    assert excess.mean() + 2 * excess.std(ddof=1) / np.sqrt(len(excess)) < 0


@pytest.mark.parametrize("encoder", [cs.NeuralAdditive(honest=False), cs.MLP(honest=False)], ids=["additive", "mlp"])
def test_a_sum_of_curves_costs_a_network_little(encoder):
    """Mean squared errors of an effect whose variance is about 0.6; splines reach 0.012."""
    errors = np.array([[error(sums_of_curves, 2, e, s) for e in (encoder, cs.Additive())] for s in range(6)])
    excess = errors[:, 0] - errors[:, 1]
    assert excess.mean() + 2 * excess.std(ddof=1) / np.sqrt(len(excess)) < 0.03


def test_effects_of_an_additive_network_are_sums():
    y, x, contexts = simulated(ridge_functions, 400, 3 + 1, 1)
    res = cs.ContextualGLM(y, x, contexts, encoder=cs.NeuralAdditive(width=4)).fit()
    base, moved = np.zeros((2, 4)), np.zeros((2, 4))
    base[1, 1], moved[:, 0], moved[1, 1] = 0.7, 0.4, 0.7
    difference = res.coefficient_array(moved) - res.coefficient_array(base)
    assert_allclose(difference[0], difference[1], atol=1e-10)


@pytest.mark.parametrize("encoder", [cs.MLP(width=5, layers=2), "mlp(c1, c2) + s(c3)", "mlp(c1) + c2"])
def test_formula_and_arrays_threads_files_and_new_data(tmp_path, encoder):
    y, x, contexts = simulated(ridge_functions, 9000, 4, 2)
    fits = [cs.ContextualGLM(y, x, contexts, encoder=encoder).fit(threads=threads) for threads in (1, 2, 7)]
    for other in fits[1:]:
        assert_array_equal(other.fit.theta, fits[0].fit.theta)
    fits[0].save(tmp_path / "fit.json")
    loaded = cs.load(tmp_path / "fit.json")
    new = (x[:20], contexts[:20])
    assert_array_equal(loaded.predict(new), fits[0].predict(new))
    assert_frame_equal(loaded.heterogeneity(), fits[0].heterogeneity())
    assert str(loaded.summary()) == str(fits[0].summary())


def test_a_formula_gives_the_numbers_of_arrays():
    y, x, contexts = simulated(ridge_functions, 600, 2 + 2, 3)
    frame = pd.DataFrame(contexts, columns=list("abcd")).assign(y=y, x=x[:, 1])
    by_formula = cs.glm("y ~ x", "mlp(a, b, c, d, width=4, seed=7)", frame).fit()
    by_arrays = cs.ContextualGLM(y, x, frame[list("abcd")], encoder=cs.MLP(width=4, seed=7)).fit()
    assert_array_equal(by_formula.fit.theta, by_arrays.fit.theta)
    assert by_formula.nobs == 300
    assert "learned from 300 rows drawn at random (seed 7)" in " ".join(str(by_formula.summary()).split())


def test_only_the_predictors_that_ask_use_the_network():
    y, x, contexts = simulated(ridge_functions, 600, 4, 3)
    frame = pd.DataFrame(contexts, columns=list("abcd")).assign(y=y, x=x[:, 1])
    res = cs.glm("y ~ x", {"x": "mlp(a, b, c, d)", "Intercept": "a"}, frame).fit()
    table = res.heterogeneity()
    assert list(zip(table["predictor"], table["context"], strict=True))[0::2] == [
        ("Intercept", "a"),
        ("x", "mlp(a,b,c,d)"),
    ]


def test_a_seed_decides_everything_and_units_next_to_nothing():
    """The search ends a little elsewhere in other units, as its steps are rounded otherwise."""
    y, x, contexts = simulated(ridge_functions, 600, 4, 4)
    first, again, other = (cs.ContextualGLM(y, x, contexts, encoder=cs.MLP(seed=s)).fit() for s in (1, 1, 2))
    assert_array_equal(first.fit.theta, again.fit.theta)
    assert not np.array_equal(first.fittedvalues.index, other.fittedvalues.index)
    moved = cs.ContextualGLM(y, x * [1, 8], 4 * contexts + 16, encoder=cs.MLP(seed=1)).fit()
    assert_allclose(moved.fittedvalues, first.fittedvalues, atol=0.02)


def test_contexts_outside_the_range_of_the_fit_are_flagged():
    y, x, contexts = simulated(ridge_functions, 400, 4, 5)
    res = cs.ContextualGLM(y, x, contexts, encoder=cs.MLP(width=3)).fit()
    with pytest.warns(cs.ExtrapolationWarning):
        res.predict((x[:1], np.full((1, 4), 3.0)))


def test_without_honesty_all_rows_are_used_and_no_test_is_shown():
    y, x, contexts = simulated(ridge_functions, 400, 4, 6)
    res = cs.ContextualGLM(y, x, contexts, encoder=cs.MLP(width=3, honest=False)).fit()
    assert res.nobs == 400
    assert res.heterogeneity()[["statistic", "p_value", "score_statistic", "score_p_value"]].isna().all(axis=None)
    assert np.isnan(res.test_population().p_value)
    assert res.pvalues.isna().all()
    assert res.average_effects()["p_value"].isna().all()
    for test in (res.t_test, res.wald_test):
        with pytest.raises(cs.OptionError, match="honest is False"):
            test("x1 = 0")
    assert "learned from the same rows" in " ".join(str(res.summary()).split())


def test_clusters_are_not_divided_between_learning_and_estimation():
    y, x, contexts = simulated(ridge_functions, 600, 4, 7)
    groups = np.repeat(np.arange(100), 6)
    res = cs.ContextualGLM(y, x, contexts, encoder=cs.MLP(width=3)).fit(cov_type="cluster", cov_kwds={"groups": groups})
    kept = set(groups[res.design.kept_rows])
    assert all(np.isin(np.flatnonzero(groups == g), res.design.kept_rows).all() for g in kept)


def test_a_training_run_reaches_what_scikit_learn_reaches(monkeypatch):
    """scikit-learn's network of one tanh layer, with the same penalty per row, has no lower loss to show."""
    neural_network = pytest.importorskip("sklearn.neural_network")
    rng = np.random.default_rng(8)
    n, width, decay = 400, 6, 0.01
    z = rng.normal(size=(n, 2))
    y = np.tanh(2 * z[:, 0] * z[:, 1]) + 0.3 * rng.normal(size=n)
    term = hidden_layers.Network(cs.encoders.terms.Neural(("a", "b"), width=width), [0, 1], [(0, 0)])
    starts = np.column_stack([term.start(rng) for _ in range(5)])
    ones, none = np.ones((n, 1), order="F"), np.zeros((n, 1), order="F")
    found = _core.learn_features(
        [term.to_dict()], _core.Loss("gaussian", "identity", 0.0), ones, np.asfortranarray(z), y[:, None], none,
        np.ones(n), 1.0, starts, [decay], n - 1, 2000, 1, None,
    )  # fmt: skip
    losses = []
    for seed in range(5):
        network = neural_network.MLPRegressor(
            hidden_layer_sizes=(width,),
            activation="tanh",
            solver="lbfgs",
            alpha=decay * n,
            max_iter=3000,
            random_state=seed,
            tol=1e-9,
        ).fit(z, y)
        penalty = sum(float((w**2).sum()) for w in network.coefs_)
        losses.append(np.mean((y - network.predict(z)) ** 2) / 2 + decay * penalty / 2)
    assert min(found["objectives"]) < 1.03 * min(losses)


def test_ctrl_c_stops_the_learning():
    """The signal comes from inside the first run, long before all runs can be done."""
    y, x, contexts = simulated(ridge_functions, 40_000, 4, 9)
    calls: list[int] = []

    def interrupt(*_):
        calls.append(1)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            cs.ContextualGLM(y, x, contexts, encoder=cs.MLP(width=40, layers=2)).fit(progress=interrupt)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(calls) == 1

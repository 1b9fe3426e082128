"""Data and options that no network can use."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import contextstats as cs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4))
T = RNG.uniform(size=200)
MODELS = [cs.MarkovNetwork, cs.CorrelationNetwork]


@pytest.mark.parametrize("model", MODELS)
def test_a_constant_variable_is_named(model):
    frame = pd.DataFrame(X, columns=list("abcd")).assign(c=3.5)
    with pytest.raises(cs.DataError, match=r"must vary, but 1 of 4 do not \(first: c, 3.5 in all 200 rows\)"):
        model(frame)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("factor", [1.0, -2.0])
def test_copies_are_named(model, factor):
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["d"] = factor * frame["b"] + 1
    with pytest.raises(cs.DataError, match="variables b and d must differ"):
        model(frame)


def test_dependent_variables_are_named_with_the_rank():
    frame = pd.DataFrame(X, columns=list("abcd")).assign(e=lambda d: d["a"] + d["c"])
    with pytest.raises(cs.DataError, match="rank of the 5 variables is 4: a, c, e add up"):
        cs.MarkovNetwork(frame)
    with pytest.raises(cs.DataError, match="rank of the 5 variables is 4"):
        cs.CorrelationNetwork(frame, method="joint")
    assert_allclose(cs.CorrelationNetwork(frame).fit().correlations()[0], np.corrcoef(frame.T), atol=1e-10)


def test_too_few_rows_name_the_rank():
    few = RNG.normal(size=(8, 12))
    with pytest.raises(cs.DataError, match="8 rows give 12 variables a rank of 7"):
        cs.MarkovNetwork(few)
    with pytest.raises(cs.DataError, match=r"4 variables times 12 functions .* are 48, so that the rank"):
        cs.MarkovNetwork(X[:40], {"g": np.resize([f"g{i:02d}" for i in range(12)], 40)})


def test_groups_that_are_too_small_are_told():
    """Nine rows of one group cannot carry regressions on eleven variables with coefficients of their own."""
    x = RNG.normal(size=(200, 12))
    groups = np.where(np.arange(200) < 9, "small", "large")
    with pytest.raises(cs.DataError, match="must have a unique solution"):
        cs.MarkovNetwork(x, groups).fit()


@pytest.mark.parametrize("model", MODELS)
def test_missing_values_are_dropped_and_counted_or_refused(model):
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame.loc[3, "b"] = np.nan
    context = pd.DataFrame({"t": T})
    context.loc[7, "t"] = np.nan
    res = model(frame, context).fit()
    assert res.nobs == 198
    assert "2 rows left out for missing values (b: 1, t: 1)" in res.summary().as_text()
    with pytest.raises(cs.DataError, match=r"b .*first: row 3"):
        model(frame, context, missing="raise")
    frame.loc[3, "b"] = np.inf
    with pytest.raises(cs.DataError, match=r"b .*first: row 3"):
        model(frame, context)


@pytest.mark.parametrize("model", MODELS)
def test_names_must_be_unique(model):
    frame = pd.DataFrame(X, columns=["a", "b", "a", "c"])
    with pytest.raises(cs.DataError, match="a stands"):
        model(frame)
    with pytest.raises(cs.DataError, match="variable of the network cannot be its context, but a"):
        model(pd.DataFrame(X, columns=list("abcd")), pd.DataFrame({"a": T}))


@pytest.mark.parametrize("model", MODELS)
def test_other_shapes_and_types_are_refused(model):
    with pytest.raises(cs.DataError, match="at least two variables, but X has 1"):
        model(X[:, :1])
    with pytest.raises(cs.DataError, match="X has 200, context has 150"):
        model(X, T[:150])
    with pytest.raises(cs.DataError, match="X must hold numbers, but its column g holds levels"):
        model(pd.DataFrame(X, columns=list("abcd")).assign(g="u"))
    with pytest.raises(cs.DataError, match="needs the context 'age', but the contexts are t"):
        model(X, {"t": T}, encoder="s(age)")
    with pytest.raises(cs.OptionError, match="names contexts, but context is missing"):
        model(X, encoder="s(age)")
    with pytest.raises(cs.OptionError, match="method must be one of"):
        model(X, method="magic")


def test_contexts_outside_the_range_of_the_fit_are_flagged():
    res = cs.MarkovNetwork(X, {"t": T}).fit()
    with pytest.warns(cs.ExtrapolationWarning, match=r"1 of 2 contexts lie outside the range of the fit \(t\)"):
        found = res.precisions({"t": [0.5, 30.0]})
    assert np.linalg.eigvalsh(found).min() > 0
    with pytest.warns(cs.ExtrapolationWarning):
        res.loglike(X[:1], {"t": [-1.0]})
    with pytest.raises(cs.DataError, match=r"t .*1 of 2 rows"):
        res.edges({"t": [0.5, np.nan]})


def test_levels_that_were_not_seen_are_named():
    res = cs.CorrelationNetwork(X, {"g": np.resize(["a", "b"], 200)}).fit()
    with pytest.raises(cs.DataError, match=r"g must have a level seen in the fit \('a', 'b'\)"):
        res.correlations({"g": ["c"]})


def test_new_data_must_be_complete():
    res = cs.MarkovNetwork(X, {"t": T}).fit()
    bad = X[:3].copy()
    bad[1, 2] = np.nan
    with pytest.raises(cs.DataError, match=r"1 of 3 rows have a missing one \(first: row 1\)"):
        res.loglike(bad, {"t": T[:3]})


@pytest.mark.parametrize("smoothing", ["gcv", -1.0, [1.0, 2.0], {"other": 1.0}])
def test_smoothing_must_have_a_meaning(smoothing):
    with pytest.raises(cs.OptionError, match="smoothing must"):
        cs.MarkovNetwork(X, {"t": T}).fit(smoothing=smoothing)


def test_shared_smoothing_is_for_neighborhoods():
    with pytest.raises(cs.OptionError, match="reml_shared"):
        cs.CorrelationNetwork(X, {"t": T}).fit(smoothing="reml_shared")


def test_tests_need_a_context():
    res = cs.CorrelationNetwork(X).fit()
    with pytest.raises(cs.DataError, match="Without context no edge can vary"):
        res.heterogeneity()


def test_a_fit_that_stops_early_says_so():
    with pytest.warns(cs.ConvergenceWarning, match="did not converge in 1 iterations"):
        res = cs.MarkovNetwork(X, {"t": T}).fit(maxiter=1)
    assert "NO" in res.summary().as_text()

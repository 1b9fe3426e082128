"""The Python side of networks in R: what R sends, and what it receives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import contextstats as cs
from contextstats.integrations import reticulate
from contextstats.integrations.reticulate.networks import without_rows
from contextstats.integrations.reticulate.transport import array, packed

N = 150


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"age": rng.uniform(20, 80, N), "a": rng.normal(size=N)})
    frame["b"] = np.sin(frame["age"] / 20) * frame["a"] + rng.normal(size=N)
    return frame


def request_for(data, kind, **more):
    return {
        "x": packed(data[["a", "b"]].to_numpy()),
        "x_names": ["a", "b"],
        "labels": {"text": None},
        "contexts": [{"name": "age", "values": packed(data["age"])}],
        "kind": kind,
        "context": "s(age)",
        "model": [],
        "fit": {},
        "tests": True,
    } | more


def answer(action, request):
    found = reticulate.call(action, request)
    assert "error" not in found
    return found["value"]


def test_what_a_saved_network_says_does_not_need_the_rows_of_its_fit(data):
    res = cs.MarkovNetwork(data[["a", "b"]], data[["age"]], encoder="s(age)").fit()
    value = answer("fit_network", request_for(data, "markov"))
    assert value["llf"] == res.llf
    assert array(value["heterogeneity"]["p_value"]) == res.heterogeneity()["p_value"].to_numpy()
    assert len(value["state"]) < 60_000
    assert without_rows(res).data.n_rows == 0

    at = {"state": value["state"], "n": 2, "labels": {"text": None}}
    at["contexts"] = [{"name": "age", "values": packed(np.array([30.0, 70.0]))}]
    frame = pd.DataFrame({"age": [30.0, 70.0]})
    edges = answer("network_edges", at)
    assert_array_equal(np.tanh(array(edges["value"])).ravel(), res.edges(frame)["estimate"])
    matrices = answer("network_matrices", at | {"what": "precisions", "options": []})
    assert_array_equal(array(matrices["values"]), res.precisions(frame))

    rows = request_for(data, "markov", state=value["state"])
    assert_array_equal(array(answer("network_log_density", rows)["values"]).sum(), res.llf)
    tests = answer("network_heterogeneity", rows)
    assert_allclose(array(tests["heterogeneity"]["p_value"]), res.heterogeneity()["p_value"], rtol=1e-12)


def test_a_network_of_archetypes_is_saved_without_rows(data):
    request = request_for(data, "bayesian", archetypes={"k": 2, "starts": 1, "gates": "softmax"}, context="age")
    value = answer("fit_network", request)
    assert len(value["state"]) < 60_000
    assert sorted(value["order"]) == ["a", "b"]
    predicted = array(answer("network_predict", request | {"state": value["state"]})["values"])
    encoder = cs.Archetypes(k=2, starts=1, encoder="age")
    res = cs.BayesianNetwork(data[["a", "b"]], data[["age"]], encoder=encoder).fit()
    assert_allclose(predicted, res.predict(), rtol=1e-12)


def test_stability_is_refused_where_it_has_no_meaning(data):
    request = request_for(data, "correlation", options={"n": 2})
    found = reticulate.call("network_stability", request)
    assert found["error"]["type"] == "OptionError"
    assert "neighborhood" in found["error"]["message"]

"""The Python side of the R package: what R sends, and what it receives."""

from __future__ import annotations

import json
import signal

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

import contextstats as cs
from contextstats.integrations import reticulate
from contextstats.integrations.reticulate.transport import array, packed

N = 200


def sent(values, kind="double"):
    """An array as R packs it."""
    values = np.asarray(values, dtype={"double": "<f8", "integer": "<i4"}[kind])
    return {"bytes": bytearray(values.tobytes(order="F")), "shape": list(values.shape), "type": kind}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {"dose": rng.normal(size=N), "age": rng.uniform(20, 80, N), "center": rng.choice(["a", "b"], N)}
    )
    frame["y"] = rng.poisson(np.exp(0.3 + 0.01 * frame["age"] * frame["dose"]))
    return frame


@pytest.fixture
def request_(data):
    return {
        "x": sent(np.column_stack([np.ones(N), data["dose"]])),
        "x_names": ["(Intercept)", "dose"],
        "labels": {"text": None},
        "contexts": [
            {"name": "age", "values": sent(data["age"])},
            {"name": "center", "values": sent((data["center"] == "b").astype(int), "integer"), "levels": ["a", "b"]},
        ],
        "y": sent(data["y"]),
        "y_name": "y",
        "context": "s(age) + center",
        "family": {"name": "poisson", "link": "log"},
        "smoothing": "reml",
        "cov_type": "bayes",
        "information": "expected",
        "select": False,
        "options": {"method": "auto", "maxiter": 100, "tol": 1e-9, "threads": None, "progress": None},
    }


def test_a_fit_answers_with_the_numbers_of_the_public_names(data, request_):
    answer = reticulate.call("fit", request_)
    assert answer["warnings"] == []
    res = cs.glm("y ~ dose", context="s(age) + center", data=data, family="poisson").fit()
    value = answer["value"]

    assert_array_equal(array(value["coefficients"]), res.params)
    assert_array_equal(array(value["vcov"]), res.cov_params())
    assert_array_equal(array(value["fitted"]), res.fittedvalues)
    assert_array_equal(array(value["heterogeneity"]["p_value"]), res.heterogeneity()["p_value"])
    assert value["heterogeneity"]["predictor"][0] == "(Intercept)"
    assert value["names"][0] == "(Intercept)"
    assert value["names"][1].startswith("s(age)")
    assert [block["kind"] for block in value["blocks"]] == ["constant", "smooth", "factor"] * 2


def test_an_answer_holds_nothing_but_plain_values(request_):
    def check(value):
        if isinstance(value, dict):
            assert all(type(key) is str for key in value)
            for item in value.values():
                check(item)
        elif isinstance(value, list):
            for item in value:
                check(item)
        else:
            assert value is None or type(value) in (str, bool, int, float, bytearray), type(value)

    check(reticulate.call("fit", request_))


def test_what_new_data_need_is_small_and_answers_as_the_results(data, request_):
    state = reticulate.call("fit", request_)["value"]["state"]
    res = cs.glm("y ~ dose", context="s(age) + center", data=data, family="poisson").fit()
    assert len(state) < 100_000
    json.loads(state)

    asked = {**request_, "state": state, "se": True, "offset": None}
    found = reticulate.call("predict", asked)["value"]
    assert_array_equal(array(found["link"]), res.get_prediction().linear_predictor)
    assert_array_equal(array(found["se_link"]), res.get_prediction().se_linear)

    matrix = array(reticulate.call("design_matrix", asked)["value"]["matrix"])
    np.testing.assert_allclose(matrix @ res.params, res.linear_predictor, rtol=1e-12)

    asked = {**asked, "n": N, "level": 0.9, "simultaneous": False, "terms": ["dose"]}
    table = reticulate.call("coefficients", asked)["value"]["table"]
    expected = res.coefficients(level=0.9, terms=["dose"])
    assert_array_equal(array(table["conf_low"]), expected["conf_low"])
    assert table["term"] == ["dose"] * N


def test_errors_and_warnings_are_part_of_the_answer_and_name_rows_by_rs_numbers(data, request_):
    y = data["y"].to_numpy(dtype=float).copy()
    y[4] = -1
    answer = reticulate.call("fit", {**request_, "y": sent(y)})
    assert answer["error"]["type"] == "DataError"
    assert answer["error"]["bases"] == ["DataError", "ContextstatsError", "ValueError"]
    assert "row 5, value -1" in answer["error"]["message"]

    labels = {"text": "\x1f".join(f"p{i}" for i in range(N)).encode()}
    assert "row p4" in reticulate.call("fit", {**request_, "y": sent(y), "labels": labels})["error"]["message"]
    labels = {"text": None, "numbers": sent(np.arange(N) * 2, "integer")}
    assert "row 8" in reticulate.call("fit", {**request_, "y": sent(y), "labels": labels})["error"]["message"]

    options = {**request_["options"], "maxiter": 1}
    warned = reticulate.call("fit", {**request_, "context": "", "options": options})["warnings"]
    assert [one["type"] for one in warned] == ["ConvergenceWarning"]


def test_an_interrupt_stops_a_request_and_the_handlers_are_as_before(request_, monkeypatch):
    def asked(sig, frame):
        raise RuntimeError("not while a request runs")

    def interrupted(request):
        signal.raise_signal(signal.SIGINT)
        pytest.fail("the request went on")

    monkeypatch.setitem(reticulate._ACTIONS, "fit", interrupted)
    before = signal.signal(signal.SIGINT, asked)
    try:
        assert reticulate.call("fit", request_) == {"interrupted": True, "warnings": []}
        assert signal.getsignal(signal.SIGINT) is asked
    finally:
        signal.signal(signal.SIGINT, before)


def test_arrays_survive_the_way_there_and_back():
    matrix = np.arange(6.0).reshape(2, 3)
    assert_array_equal(array(packed(matrix)), matrix)
    assert packed(matrix)["bytes"][:16] == np.array([0.0, 3.0]).tobytes()
    assert packed(np.array([True, False]))["type"] == "integer"


def test_an_interrupt_while_r_prints_the_progress_stops_the_fit_as_an_interrupt(request_):
    request_["options"]["progress"] = lambda *_: signal.raise_signal(signal.SIGINT)
    assert reticulate.call("fit", request_)["interrupted"]

"""The part of a fit that new data need."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal, assert_series_equal

import contextstats as cs


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "dose": rng.normal(size=300),
            "age": rng.uniform(20, 80, 300),
            "bmi": rng.normal(25, 4, 300),
            "center": rng.choice(["a", "b", "c"], 300),
        }
    )
    frame["y"] = 1 + frame["dose"] * np.sin(frame["age"] / 15) + rng.normal(size=300)
    return frame


@pytest.fixture(scope="module")
def results(data):
    return cs.glm("y ~ dose", context="te(age, bmi, k=4) + center", data=data).fit()


def test_it_predicts_to_the_bit_before_and_after_saving(results, data, tmp_path):
    predictor = results.predictor()
    predictor.save(tmp_path / "predictor.json")
    results.save(tmp_path / "results.json")
    loaded = cs.load(tmp_path / "predictor.json")
    new = data.iloc[::7]

    for one in (predictor, loaded):
        assert_series_equal(one.predict(new), results.predict(new))
        assert_frame_equal(one.get_prediction(new).summary_frame(), results.get_prediction(new).summary_frame())
        assert_frame_equal(
            one.coefficients(new, simultaneous=True, level=0.9),
            results.coefficients(new, simultaneous=True, level=0.9),
        )
    assert (tmp_path / "predictor.json").stat().st_size < (tmp_path / "results.json").stat().st_size / 2


def test_it_holds_no_row_of_the_data(results):
    design = results.predictor().design
    for name in ("y", "x", "contexts", "offset", "freq_weights", "var_weights", "row_labels", "kept_rows"):
        assert len(getattr(design, name)) == 0


def test_it_warns_where_the_fit_had_an_offset(data):
    results = cs.glm("y ~ dose", context="s(age)", data=data, offset=np.full(300, 0.5)).fit()
    with pytest.warns(UserWarning, match="fitted with an offset"):
        results.predictor().predict(data)


@pytest.mark.parametrize("context", ["te(age, bmi, k=4) + center", "age + s(bmi, k=6)"])
def test_the_design_matrix_times_the_coefficients_is_the_linear_predictor(data, context):
    results = cs.glm("y ~ dose", context=context, data=data).fit()
    matrix = results.design_matrix()
    assert list(matrix.columns) == list(results.params.index)
    assert_allclose(matrix @ results.params, results.linear_predictor, rtol=1e-10)
    variance = np.einsum("ij,jk,ik->i", matrix, results.cov_params(), matrix)
    assert_allclose(np.sqrt(variance), results.get_prediction().se_linear, rtol=1e-8)
    assert_frame_equal(results.predictor().design_matrix(data), matrix)


def test_contexts_of_arrays_are_given_by_a_formula_as_in_the_formula_entry(data):
    x = pd.DataFrame({"Intercept": 1.0, "dose": data["dose"]})
    context = {"dose": "s(age)", "Intercept": "s(bmi, k=6) + center"}
    by_formula = cs.glm("y ~ dose", context=context, data=data).fit()
    by_arrays = cs.ContextualGLM(data["y"], x, data, encoder=context).fit()
    assert_series_equal(by_arrays.params, by_formula.params)
    assert_series_equal(by_arrays.predict((x, data)), by_formula.predict(data))
    common = cs.ContextualGLM(data["y"], x, data[["age", "center"]], encoder="s(age)").fit()
    assert_series_equal(common.params, cs.glm("y ~ dose", context="s(age)", data=data).fit().params)
    assert common.context_text == "s(age)"


def test_a_context_formula_for_arrays_must_name_columns_and_predictors(data):
    with pytest.raises(cs.FormulaError, match=r"needs the variable 'agee'.*Did you mean 'age'"):
        cs.ContextualGLM(data["y"], data[["dose"]], data, encoder="s(agee)")
    with pytest.raises(cs.FormulaError, match="'dosis' does not"):
        cs.ContextualGLM(data["y"], data[["dose"]], data, encoder={"dosis": "s(age)"})


def test_an_intercept_by_rs_name_is_the_intercept(data):
    x = pd.DataFrame({"(Intercept)": 1.0, "dose": data["dose"]})
    ours = cs.ContextualGLM(data["y"], x, data, encoder="s(age)").fit()
    named = cs.glm("y ~ dose", context="s(age)", data=data).fit()
    assert_allclose(ours.cov_params(), named.cov_params(), rtol=0, atol=0)
    assert ours.params.index[1] == "s(age).1"

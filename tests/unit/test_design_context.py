"""Contexts: which predictor varies with what, and contexts that cannot be used."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from contextstats.design import build_design_from_arrays, build_design_from_formula
from contextstats.encoders import Additive, Constant, Linear
from contextstats.errors import DataError, DataWarning, FormulaError
from contextstats.families import Gaussian

N = 80


@pytest.fixture
def data():
    rng = np.random.default_rng(11)
    return pd.DataFrame(
        {
            "y": rng.normal(size=N),
            "dose": rng.normal(size=N),
            "sex": rng.choice(["f", "m", "x"], N),
            "age": rng.uniform(20, 80, N),
            "bmi": rng.normal(25, 3, N),
            "center": rng.choice(list("abc"), N),
            "year": rng.integers(2001, 2005, N),
            "flag": rng.random(N) < 0.5,
        }
    )


def design(context, data, formula="y ~ dose + sex", **options):
    return build_design_from_formula(formula, context, data, Gaussian(), **options)


def terms(found):
    """Labels of the terms of each predictor."""
    return {
        name: [block.term.label for block in found.blocks if block.predictor == j and block.term is not None]
        for j, name in enumerate(found.x_names)
    }


def test_a_string_applies_to_every_predictor(data):
    found = terms(design("s(age, k=5) + center", data))
    assert list(found) == ["Intercept", "dose", "sex[T.m]", "sex[T.x]"]
    assert all(labels == ["s(age)", "center"] for labels in found.values())


@pytest.mark.parametrize("context", [None, "1", {}, {"dose": "1"}, {"dose": None}])
def test_no_context_is_an_ordinary_model(data, context):
    found = design(context, data)
    assert found.coef_names == found.x_names
    assert found.contexts.shape == (N, 0)
    assert found.penalties.shape == (0, 4)


def test_a_dict_names_predictors_or_terms(data):
    found = design({"sex": "age", "sex[T.x]": "center", "Intercept": "s(bmi, k=5)"}, data)
    assert terms(found) == {"Intercept": ["s(bmi)"], "dose": [], "sex[T.m]": ["age"], "sex[T.x]": ["center"]}
    assert found.context_names == ("bmi", "age", "center")


def test_a_dict_may_name_an_expression(data):
    found = design({"np.log(age)": "bmi", "poly(bmi, 2)": "center"}, data, "y ~ np.log(age) + poly(bmi, 2)")
    assert [len(labels) for labels in terms(found).values()] == [0, 1, 1, 1]


def test_bare_names_are_lines_or_factors(data):
    found = design({"dose": "age + center + flag + C(year)"}, data)
    kinds = [block.term.kind for block in found.blocks if block.term is not None]
    assert kinds == ["linear", "factor", "factor", "factor"]
    assert found.context_levels == {
        "center": ("a", "b", "c"),
        "flag": (False, True),
        "year": (2001, 2002, 2003, 2004),
    }
    assert found.coef_names[1:9] == (
        "dose",
        "dose:age",
        "dose:center[T.b]",
        "dose:center[T.c]",
        "dose:flag[T.True]",
        "dose:year[T.2002]",
        "dose:year[T.2003]",
        "dose:year[T.2004]",
    )


def test_a_context_may_also_be_a_predictor(data):
    found = design("age", data, "y ~ age")
    assert found.coef_names == ("Intercept", "Intercept:age", "age", "age:age")


def test_terms_are_fitted_once_and_shared(data):
    found = design("s(age, k=6)", data)
    fitted = {id(block.term) for block in found.blocks if block.term is not None}
    assert len(fitted) == 1


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (
            {"doze": "age"},
            r"keys of context must name predictors \(Intercept, dose, .*'doze' does not.*mean 'dose'",
        ),
        ("agee", "The context formula needs the variable 'agee'.*Did you mean 'age'"),
        ("age + s(age)", "both contain the effect of age"),
        ("s(age) + s(age)", "stands twice"),
        ("s(age) + te(age, bmi)", "both contain the effect of age"),
        (
            {"dose": "C(year)", "Intercept": "s(year, k=4)"},
            r"used by its levels in C\(year\) and as a number in s\(year\)",
        ),
        (["age"], "context must be a context formula .* but is of type list"),
    ],
)
def test_contexts_that_are_refused(data, context, message):
    with pytest.raises(FormulaError, match=message):
        design(context, data)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ("s(center)", r"s\(center\) needs a numeric context"),
        ("s(year)", "distinct values of year, but there are 4"),
        (
            "te(age, still)",
            r"te\(age,still\) needs contexts that vary, but still is 3 in every row. Write s\(age\)",
        ),
        ("age + twin", "The contexts age and twin must differ, but are the same in every row"),
        ("center + copy", "The contexts center and copy must differ"),
    ],
)
def test_data_that_do_not_suit_the_context(data, context, message):
    data["still"], data["twin"], data["copy"] = 3.0, data["age"], data["center"].str.upper()
    with pytest.raises(DataError, match=message):
        design(context, data)


@pytest.mark.parametrize(
    ("values", "shown"), [(3.0, "3"), (1e8, r"1e\+08"), ("only", "'only'"), (True, "True"), (None, "'a'")]
)
def test_a_context_with_a_single_value_is_left_out_with_a_warning(data, values, shown):
    data["still"] = pd.Categorical(["a"] * N, categories=["a", "b"]) if values is None else values
    with pytest.warns(DataWarning, match=f"The context still is {shown} in every row, .*: still was left out"):
        found = design("still + age", data)
    assert terms(found)["dose"] == ["age"]
    assert found.context_names == ("age",)
    assert len(found.notes) == 1


def test_an_interaction_with_a_constant_context_is_left_out(data):
    data["still"] = 1.0
    with pytest.warns(DataWarning, match=r"still, ti\(age,still\) was left out"):
        found = design("age + still + ti(age, still)", data)
    assert terms(found)["dose"] == ["age"]


def test_a_context_that_is_constant_in_the_rows_used_is_left_out(data):
    data["age"] = np.where(data["center"] == "a", 30.0, data["age"])
    data.loc[data["center"] != "a", "y"] = np.nan
    with pytest.warns(DataWarning, match="age is 30 in every row"):
        assert design("age", data).context_names == ()


def test_a_context_far_from_zero_is_not_constant(data):
    data["age"] += 1e8
    found = design("s(age, k=6)", data)
    near = design("s(age, k=6)", data.assign(age=data["age"] - 1e8))
    term, other = (next(b.term for b in d.blocks if b.term is not None) for d in (found, near))
    assert np.abs(term.evaluate(found.contexts) - other.evaluate(near.contexts)).max() < 1e-5


def test_context_matrix_holds_values_and_codes(data):
    found = design("age + center", data)
    assert all(part.flags.c_contiguous for part in found.contexts.parts)
    assert_array_equal(found.contexts[:, 0], data["age"])
    assert_array_equal(found.contexts[:, 1], np.searchsorted(["a", "b", "c"], data["center"]))


@pytest.mark.parametrize(
    ("encoder", "expected"),
    [
        (None, ["s(age)", "center"]),
        (Additive(k=5, linear=["age"]), ["age", "center"]),
        (Linear(), ["age", "center"]),
        (Constant(), []),
    ],
)
def test_encoders_of_the_array_entry(data, encoder, expected):
    exog = np.column_stack([data["dose"], np.ones(N)])
    found = build_design_from_arrays(data["y"], exog, data[["age", "center"]], encoder, Gaussian())
    assert found.x_names == ("x1", "const")
    assert terms(found) == {"x1": expected, "const": expected}


def test_an_encoder_must_be_one(data):
    with pytest.raises(FormulaError, match=r"encoder must be Constant\(\), Linear\(\), Additive\(\)"):
        build_design_from_arrays(data["y"], data[["dose"]], data[["age"]], 3, Gaussian())

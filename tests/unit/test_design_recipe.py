"""New data: the same predictors and contexts as in the fit, or an error that says why not."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from contextstats.design import Recipe, build_design_from_arrays, build_design_from_formula
from contextstats.encoders import Additive
from contextstats.errors import DataError, FormulaError
from contextstats.families import Gaussian, Poisson

N = 120
FORMULAS = [
    "y ~ dose + age",
    "y ~ dose*sex + C(grade) + treated",
    "y ~ poly(age, 3) + bs(bmi, df=5) + cr(dose, df=4)",
    "y ~ scale(age) + center(bmi) + standardize(dose)",
    "y ~ np.log(age) + I(dose**2) + sex:dose - 1",
    "y ~ C(sex, contr.sum) + C(site, Treatment('b'))",
    "y ~ scale(np.log(age)):sex",
    "y ~ 1",
    "y ~ Q('body mass') + `body mass`:dose",
]
CONTEXT = "s(age, k=5) + site"


@pytest.fixture
def data():
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "y": rng.poisson(3, N),
            "dose": rng.normal(size=N),
            "age": rng.uniform(20, 80, N),
            "bmi": rng.normal(25, 3, N),
            "body mass": rng.normal(70, 9, N),
            "sex": rng.choice(["f", "m"], N),
            "site": pd.Categorical(rng.choice(list("abc"), N), categories=["c", "b", "a"]),
            "grade": rng.integers(1, 4, N),
            "treated": rng.random(N) < 0.5,
        },
        index=[f"p{i}" for i in range(N)],
    )


def through_json(recipe):
    return Recipe.from_dict(json.loads(json.dumps(recipe.to_dict(), allow_nan=False)))


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("saved", [False, True])
def test_rows_of_the_fit_come_back(data, formula, saved):
    design = build_design_from_formula(formula, CONTEXT, data, Gaussian())
    recipe = through_json(design.recipe) if saved else design.recipe
    some = data.iloc[[5, 3, 40]]
    new = recipe.apply(some)
    assert_allclose(new.x, design.x[[5, 3, 40]], rtol=1e-13, atol=1e-14)
    assert_array_equal(new.contexts, design.contexts[[5, 3, 40]])
    assert new.row_labels.tolist() == ["p5", "p3", "p40"]
    assert not new.outside.any()
    assert new.complete.all()
    assert new.x.flags.f_contiguous
    assert new.contexts.flags.f_contiguous


def test_other_frames_give_the_same(data):
    design = build_design_from_formula(FORMULAS[1], CONTEXT, data, Gaussian())
    for other in (
        pl.from_pandas(data),
        {name: data[name].to_numpy() for name in data},
        data.astype({"grade": float}),
    ):
        assert_allclose(design.recipe.apply(other).x, design.x)


def test_a_single_row_and_no_row(data):
    recipe = build_design_from_formula(FORMULAS[1], CONTEXT, data, Gaussian()).recipe
    assert recipe.apply(data.iloc[:1]).x.shape == (1, 7)
    assert recipe.apply(data.iloc[:0]).x.shape == (0, 7)


def test_contexts_outside_the_range_are_flagged(data):
    design = build_design_from_formula("y ~ dose", "s(age, k=5) + bmi + site", data, Gaussian())
    new = data.iloc[:4].copy()
    new["age"] = [19.0, 50.0, 81.0, 50.0]
    new["bmi"] = [25.0, 25.0, 99.0, 25.0]
    applied = design.recipe.apply(new)
    assert_array_equal(applied.outside, [True, False, True, False])
    assert applied.outside_names == ("age", "bmi")
    assert_array_equal(design.recipe.apply_contexts(new[["site", "bmi", "age"]]).outside, applied.outside)


def test_missing_values_give_missing_predictors(data):
    recipe = build_design_from_formula("y ~ dose*sex", CONTEXT, data, Gaussian()).recipe
    new = data.iloc[:4].copy()
    new.loc["p0", "dose"] = np.nan
    new.loc["p1", "age"] = np.nan
    new.loc["p2", "site"] = None
    applied = recipe.apply(new)
    assert_array_equal(applied.complete, [False, False, False, True])
    assert np.isnan(applied.x[:3]).all()
    assert np.isfinite(applied.x[3]).all()
    assert np.isfinite(applied.contexts).all()
    with pytest.raises(DataError, match=r"age must not be missing; 1 of 4 rows .*first: row p1"):
        recipe.apply_contexts(new)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"sex": "x"},
            DataError,
            r"sex must have a level seen in the fit \('f', 'm'\), but 4 of 4 .*row p0, level 'x'",
        ),
        ({"grade": 7}, DataError, r"grade must have a level seen in the fit \(1, 2, 3\), but 4 of 4"),
        ({"site": "z"}, DataError, r"site must have a level seen in the fit \('c', 'b', 'a'\).*level 'z'"),
        ({"dose": np.inf}, DataError, r"dose must be finite; 4 of 4 rows"),
        ({"age": -np.inf}, DataError, r"age must be finite; 4 of 4 rows"),
        ({"dose": "high"}, DataError, "dose was numeric in the fit, but holds levels in the new data"),
        ({"age": "old"}, DataError, "age was numeric in the fit, but holds levels in the new data"),
        ({"sex": 1.0}, DataError, "sex was categorical in the fit, but is numeric in the new data"),
        ({"bmi": -1.0}, DataError, r"np.log\(bmi\) in the formula .* must be finite, but 4 of 4 rows"),
        ({"dose": None}, None, ""),
    ],
)
def test_new_data_that_do_not_fit_the_model(data, change, error, message):
    formula = "y ~ dose*sex + C(grade) + np.log(bmi)"
    recipe = through_json(build_design_from_formula(formula, CONTEXT, data, Gaussian()).recipe)
    new = data.iloc[:4].assign(**change)
    if error is None:
        assert not recipe.apply(new).complete.any()
        return
    with pytest.raises(error, match=message):
        recipe.apply(new)


def test_missing_columns_are_named(data):
    recipe = build_design_from_formula("y ~ dose", CONTEXT, data, Gaussian()).recipe
    with pytest.raises(FormulaError, match="needs the variable 'dose'"):
        recipe.apply(data.drop(columns="dose"))
    with pytest.raises(FormulaError, match="The context of the model needs the variable 'age'"):
        recipe.apply(data.drop(columns="age"))


def test_the_response_is_not_needed(data):
    recipe = build_design_from_formula("np.log(y + 1) ~ dose", None, data, Gaussian()).recipe
    assert recipe.apply(data.drop(columns="y")).x.shape == (N, 2)


def test_splines_of_the_formula_say_where_they_end(data):
    recipe = build_design_from_formula("y ~ bs(bmi, df=5)", None, data, Gaussian()).recipe
    with pytest.raises(DataError, match="extend beyond upper and/or lower bounds"):
        recipe.apply(data.assign(bmi=99.0))


def test_a_saved_model_runs_no_foreign_code(data, tmp_path):
    state = build_design_from_formula("y ~ np.log(age)", None, data, Gaussian()).recipe.to_dict()
    target = tmp_path / "made"
    state["formula"]["text"] = f"y ~ I(open({str(target)!r}, 'w'))"
    with pytest.raises(FormulaError, match="A saved model may not run other code"):
        Recipe.from_dict(state).apply(data)
    assert not target.exists()


def test_functions_of_the_user_predict_but_cannot_be_saved(data):
    design = build_design_from_formula(
        "y ~ double(dose)", None, data, Gaussian(), environment={"double": lambda x: 2 * x}
    )
    assert_allclose(design.recipe.apply(data).x, design.x)
    with pytest.raises(DataError, match=r"The fit cannot be saved: double\(dose\) in the formula"):
        design.recipe.to_dict()


def test_offsets_given_as_columns_come_from_the_new_data(data):
    design = build_design_from_formula("y ~ dose", None, data, Poisson(), offset="bmi", exposure="age")
    applied = through_json(design.recipe).apply(data)
    assert_allclose(applied.offset, data["bmi"] + np.log(data["age"]))
    assert design.recipe.apply(data.drop(columns="age")).offset is None
    with pytest.raises(DataError, match="exposure must be positive; 120 of 120"):
        design.recipe.apply(data.assign(age=0.0))


def test_recipes_of_another_format_are_refused():
    with pytest.raises(DataError, match="A recipe must have format 1, but has 9"):
        Recipe.from_dict({"format": 9})


@pytest.fixture
def of_arrays(data):
    exog = np.column_stack([np.ones(N), data["dose"]])
    design = build_design_from_arrays(data["y"], exog, data[["age", "site"]], Additive(k=5), Gaussian())
    return design, through_json(design.recipe)


def test_array_models_take_arrays_by_position(data, of_arrays):
    design, recipe = of_arrays
    exog, context = np.asarray(design.x), data[["age", "site"]]
    for new in (
        recipe.apply((exog, context)),
        recipe.apply(exog, context),
        recipe.apply(exog.astype(object), context.to_numpy(dtype=object)),
        recipe.apply(data.assign(const=1.0, x1=data["dose"])),
        recipe.apply({"const": np.ones(N), "x1": data["dose"], "age": data["age"], "site": data["site"]}),
        recipe.apply(pd.DataFrame(exog, columns=["u", "v"], index=data.index), context),
    ):
        assert_array_equal(new.x, design.x)
        assert_array_equal(new.contexts, design.contexts)
    one = recipe.apply((exog[0], [data["age"].iloc[0], data["site"].iloc[0]]))
    assert_array_equal(one.x, design.x[:1])
    assert_array_equal(one.contexts, design.contexts[:1])
    assert_array_equal(recipe.apply_contexts(context.to_numpy(dtype=object)).contexts, design.contexts)


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (lambda x, _: x, r"newdata must come with contexts: pass \(exog, context\)"),
        (lambda x, c: (x[:, :1], c), r"newdata must have 2 columns \(const, x1\), as in the fit, but has 1"),
        (
            lambda x, c: (x, c[["age"]]),
            r"context must have 2 columns \(age, site\), as in the fit, but has 1",
        ),
        (lambda x, c: (x, c[:5]), "same number of rows"),
        (lambda x, c: (x, c.assign(site="z")), "site must have a level seen in the fit"),
        (lambda x, c: (x.astype(str), c), "const in newdata must hold numbers"),
        (lambda x, c: (pd.DataFrame(x), c), "The indexes of newdata and context must be the same"),
    ],
)
def test_arrays_that_do_not_fit_the_model(data, of_arrays, new, message):
    design, recipe = of_arrays
    with pytest.raises(DataError, match=message):
        recipe.apply(new(np.asarray(design.x), data[["age", "site"]]))


def test_array_models_without_context(data):
    exog = np.column_stack([np.ones(N), data["dose"]])
    recipe = through_json(build_design_from_arrays(data["y"], exog, None, None, Gaussian()).recipe)
    assert_array_equal(recipe.apply(exog[:7]).x, exog[:7])
    assert_array_equal(recipe.apply([1.0, 2.0]).x, [[1.0, 2.0]])


def test_a_context_left_out_of_the_fit_is_not_needed_by_name(data):
    data["still"] = 1.0
    exog = np.column_stack([np.ones(N), data["dose"]])
    with pytest.warns(UserWarning, match="still is 1 in every row"):
        design = build_design_from_arrays(data["y"], exog, data[["still", "age"]], Additive(k=5), Gaussian())
    assert_array_equal(design.recipe.apply(exog, data[["age"]]).contexts, design.contexts)
    by_position = design.recipe.apply(exog, data[["still", "age"]].to_numpy())
    assert_array_equal(by_position.contexts, design.contexts)

"""Data that cannot be used as they stand: missing, infinite, too few, constant, duplicated, of odd types."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import contextstats as cs

N = 200
LABELS = [f"r{i}" for i in range(N)]


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"x": rng.normal(size=N), "age": rng.uniform(20, 70, N), "center": rng.choice(["A", "B", "C"], N)}, index=LABELS
    )
    frame["y"] = 1 + 0.02 * frame["age"] * frame["x"] + rng.normal(size=N)
    frame["count"] = rng.poisson(np.exp(0.3 * frame["x"]))
    frame["event"] = (rng.uniform(size=N) < 1 / (1 + np.exp(-frame["x"]))).astype(float)
    return frame


def fit(data, formula="y ~ x", context="s(age)", **options):
    return cs.glm(formula, context=context, data=data, **options).fit()


def with_value(data, column, value, row="r3"):
    changed = data.copy()
    changed.loc[row, column] = value
    return changed


def fails(error, *parts, call):
    """The call must end with this error, and its message hold every part."""
    with pytest.raises(error) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)


def arrays(data, **changed):
    """Fit through the array entry."""
    given = {"endog": data["y"], "exog": sm_constant(data[["x"]]), "context": data[["age"]], **changed}
    return cs.ContextualGLM(given.pop("endog"), given.pop("exog"), given.pop("context"), **given).fit()


def sm_constant(frame):
    return pd.DataFrame({"const": 1.0, **{name: frame[name] for name in frame}}, index=frame.index)


# --- missing and infinite ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["y", "x", "age"])
@pytest.mark.parametrize("entry", ["formula", "arrays"])
def test_missing_rows_are_dropped_and_counted_in_the_summary(column, entry, data):
    holes = with_value(with_value(data, column, np.nan), column, np.nan, "r9")
    run = fit if entry == "formula" else arrays
    res = run(holes)
    assert f"2 rows were dropped for missing values or zero weight ({column}: 2)." in str(res.summary())
    assert_allclose(res.params, run(data.drop(["r3", "r9"])).params, rtol=1e-12)
    assert res.nobs == N - 2


def test_causes_are_counted_each(data):
    res = fit(with_value(with_value(data, "x", np.nan), "age", np.nan, "r7"))
    assert "2 rows were dropped for missing values or zero weight (x: 1, age: 1)." in str(res.summary())
    assert "1 row was dropped" in fit(with_value(data, "x", np.nan)).notes[0]


@pytest.mark.parametrize("column", ["y", "x", "age"])
@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinity_is_an_error(column, value, data):
    fails(
        cs.DataError, f"{column} must be finite; 1 of 200 rows", f"first: row r3, value {value:g}", "Recode infinite",
        call=lambda: fit(with_value(data, column, value)),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["freq_weights", "var_weights"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0])
def test_weights_must_be_numbers_that_are_not_negative(name, value, data):
    weights = np.ones(N)
    weights[3] = value
    parts = (f"{name} must be zero or positive, finite and not missing", f"first: row r3, value {value:g}")
    fails(cs.DataError, *parts, "a weight of zero leaves the row out", call=lambda: fit(data, **{name: weights}))
    fails(cs.DataError, *parts, call=lambda: arrays(data, **{name: weights}))


def test_all_weights_zero(data):
    fails(cs.DataError, "No row is left of 200", "zero weight: 200", call=lambda: fit(data, freq_weights=np.zeros(N)))


def test_missing_may_be_an_error(data):
    fails(
        cs.DataError, "x must not be missing; 1 of 200", "row r3", "missing='drop'",
        call=lambda: fit(with_value(data, "x", np.nan), missing="raise"),
    )  # fmt: skip


def test_nothing_left(data):
    fails(cs.DataError, "No row is left of 200", "x: 200", call=lambda: fit(data.assign(x=np.nan)))


@pytest.mark.parametrize(
    ("rows", "context", "parts"),
    [
        (0, "s(age)", ("must have rows, but are empty",)),
        (1, "s(age)", ("at least two usable rows", "only one is left of 1")),
        (4, "s(age, k=4)", ("fewer coefficients without a penalty than rows, but has 4 for 4 rows", "select=True")),
        (8, "s(age)", ("s(age) needs at least k=10 distinct values of age, but there are 8", "Lower k to 8")),
        (3, "age", ("but has 4 for 3 rows", "Leave terms out")),
    ],
)
def test_too_few_rows(rows, context, parts, data):
    fails(cs.DataError, *parts, call=lambda: fit(data.iloc[:rows], context=context))


@pytest.mark.parametrize(
    ("rows", "context", "options"),
    [(4, "age", {}), (12, "s(age)", {"smoothing": 0.0}), (12, "s(age)", {"smoothing": 1e-9})],
)
def test_no_degrees_of_freedom_for_the_scale(rows, context, options, data):
    gaussian = cs.glm("y ~ x", context=context, data=data.iloc[:rows], family="gaussian")
    parts = ("degrees of freedom to estimate the scale", f"are as many as the rows, {rows}", "Leave terms out")
    fails(cs.DataError, *parts, call=lambda: gaussian.fit(**options))


def test_too_few_rows_of_arrays(data):
    fails(cs.DataError, "are empty", call=lambda: arrays(data.iloc[:0]))
    fails(cs.DataError, "at least two usable rows", call=lambda: arrays(data.iloc[:1]))


def test_fewer_distinct_values_than_k(data):
    years = data.assign(age=np.repeat([1.0, 2.0, 3.0, 4.0], N // 4))
    parts = ("s(age) needs at least k=10 distinct values of age, but there are 4", "Lower k to 4 or less", "C(age)")
    fails(cs.DataError, *parts, call=lambda: fit(years))
    assert fit(years, context="s(age, k=4)").converged


# --- contexts and predictors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("context", "value", "shown"), [("s(age)", 40.0, "40"), ("age", 40.0, "40"), ("center", "A", "'A'")]
)
def test_a_constant_context_is_left_out(context, value, shown, data):
    name = re.sub(r"s\((.*)\)", r"\1", context)
    with pytest.warns(cs.DataWarning, match=f"context {name} is {shown} in every row") as caught:
        res = fit(data.assign(**{name: value}), context=context)
    assert len(caught) == 1
    assert f"{context} was left out" in " ".join(str(res.summary()).split())
    assert_array_equal(res.params, fit(data, context=None).params)


@pytest.mark.parametrize("family", ["gaussian", "poisson"])
@pytest.mark.parametrize("context", [None, "s(age)", "age"])
def test_a_duplicated_predictor(context, family, data):
    response = {"gaussian": "y", "poisson": "count"}[family]
    twice = data.assign(z=data["x"])
    effects = None if context is None else {"x": context}

    def run(predictors):
        return cs.glm(f"{response} ~ {predictors}", context=effects, data=twice, family=family).fit()

    with pytest.warns(cs.DataWarning, match=r"not identified by the data: z\b.*Reported as NaN") as caught:
        res = run("x + z")
    assert len(caught) == 1
    assert "predictors x and z are the same" in " ".join(str(res.summary()).split())
    assert list(res.params.index[res.params.isna()]) == ["z"]
    assert np.isnan(res.bse["z"])
    alone = run("x")
    assert_allclose(res.predict(twice), alone.predict(data), rtol=1e-7, atol=1e-9)
    assert_allclose(res.bse.drop("z"), alone.bse, rtol=1e-6)


def test_a_duplicated_context(data):
    fails(
        cs.DataError, "contexts age and years must differ, but are the same in every row", "Leave one of them out",
        call=lambda: fit(data.assign(years=data["age"]), context="s(age) + s(years)"),
    )  # fmt: skip


def test_a_context_that_is_a_line_of_another(data):
    with pytest.warns(cs.DataWarning, match=r"s\(months\)\.1.*not|not identified.*s\(months\)\.1"):
        res = fit(data.assign(months=12 * data["age"] + 1), context="s(age) + s(months)")
    assert list(res.params.index[res.params.isna()]) == ["s(months).1", "x:s(months).1"]
    assert np.isfinite(res.predict()).all()


def test_a_context_used_twice(data):
    parts = ("s(age) and age both contain the effect of age", "Keep one of the two")
    fails(cs.FormulaError, *parts, call=lambda: fit(data, context="s(age) + age"))


def test_duplicated_names(data):
    two = pd.concat([data, data[["x"]]], axis=1)
    fails(cs.DataError, "must have different names, but x stands 2 times", "Rename", call=lambda: fit(two))
    exog = pd.concat([data[["x"]], data[["x"]]], axis=1)
    fails(cs.DataError, "must have different names", "x", "Rename", call=lambda: arrays(data, exog=exog))


def test_a_missing_variable(data):
    parts = ("'dose'", "no such column (there are x, age, center, y, count, event)")
    fails(cs.FormulaError, "The formula 'y ~ dose' needs", *parts, call=lambda: fit(data, "y ~ dose"))
    fails(cs.FormulaError, *parts, call=lambda: fit(data, context="s(dose)"))
    fails(cs.FormulaError, "freq_weights", *parts, call=lambda: fit(data, freq_weights="dose"))


def test_indexes_that_do_not_match(data):
    parts = (
        "indexes of endog and exog must be the same",
        "same labels in another order",
        "r0 against r199",
        ".reindex",
    )
    fails(cs.DataError, *parts, call=lambda: arrays(data, exog=data[["x"]].iloc[::-1]))
    parts = ("indexes of data and offset must be the same", "different labels (first: position 0, r0 against 0)")
    fails(cs.DataError, *parts, call=lambda: fit(data, offset=pd.Series(np.zeros(N))))
    fails(cs.DataError, "same number of rows", "exog has 199", call=lambda: arrays(data, exog=data[["x"]].iloc[:-1]))


def test_object_columns(data):
    for column in ("x", "age", "y"):
        same = fit(data.astype({column: object}))
        assert_array_equal(same.params, fit(data).params)
    mixed = data.assign(x=[1.0] * 5 + ["a"] + [2.0] * (N - 6))
    parts = ("x must hold values of one type", "float (first at position 0), str (first at position 5)", "to_numeric")
    fails(cs.DataError, *parts, call=lambda: fit(mixed))


# --- arrays ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["fortran", "strided", "reversed", "read-only", "lists"])
def test_the_layout_of_arrays_does_not_matter(how, data):
    def laid_out(values):
        if how == "fortran":
            return np.asfortranarray(values)
        if how == "strided":
            wide = np.full((2 * len(values), 3), 9.0) if values.ndim == 2 else np.full(2 * len(values), 9.0)
            view = wide[::2, : values.shape[1]] if values.ndim == 2 else wide[::2]
            view[...] = values
            return view
        if how == "reversed":
            return np.ascontiguousarray(values[::-1])[::-1]
        if how == "lists":
            return values.tolist()
        copied = values.copy()
        copied.flags.writeable = False
        return copied

    y, x, c = data["count"].to_numpy(float), sm_constant(data[["x"]]).to_numpy(), data[["age"]].to_numpy()
    plain = cs.ContextualGLM(y, x, c, family="poisson", offset=0.1 * y, freq_weights=y + 1).fit()
    weights = laid_out(y + 1)
    other = cs.ContextualGLM(
        laid_out(y), laid_out(x), laid_out(c), family="poisson", offset=laid_out(0.1 * y), freq_weights=weights
    ).fit()
    assert_array_equal(other.params, plain.params)
    assert_array_equal(other.cov_params(), plain.cov_params())


@pytest.mark.parametrize("kind", [np.float32, np.float16, np.int64, np.int8])
def test_other_numbers_are_made_double(kind, data):
    x = (4 * data["x"]).to_numpy().astype(kind)
    res, same = fit(data.assign(x=x)), fit(data.assign(x=x.astype(float)))
    assert_array_equal(res.params, same.params)
    assert res.params.dtype == np.float64


def test_float32_everywhere(data):
    small = data[["y", "x", "age"]].astype(np.float32)
    assert_array_equal(fit(small).params, fit(small.astype(float)).params)
    assert_allclose(fit(small).fittedvalues, fit(data).fittedvalues, rtol=1e-4, atol=1e-4)


# --- scales ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("response", [("y", "gaussian"), ("count", "poisson"), ("event", "binomial")])
@pytest.mark.parametrize("entry", ["none", "age", "s(age)"])
def test_columns_scaled_by_1e12_and_1e_minus_12(entry, response, data):
    name, family = response
    context = None if entry == "none" else {"x": entry}
    scaled = data.assign(x=1e12 * data["x"], z=1e-12 * data["age"])

    def run(frame):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return cs.glm(f"{name} ~ x + z", context=context, data=frame, family=family).fit()

    plain, other = run(data.assign(z=data["age"])), run(scaled)
    # Standard errors of smooths know of the uncertainty of the smoothing parameter, found to its own tolerance.
    linear = ["Intercept", "x", "z"]
    assert_allclose(other.tvalues[linear], plain.tvalues[linear], rtol=1e-9 if entry != "s(age)" else 1e-6)
    assert_allclose(other.params["x"] * 1e12, plain.params["x"], rtol=1e-9)
    assert_allclose(other.params["z"] * 1e-12, plain.params["z"], rtol=1e-9)
    assert_allclose(other.fittedvalues, plain.fittedvalues, rtol=1e-9)


@pytest.mark.parametrize("response", [("y", "gaussian"), ("count", "poisson"), ("event", "binomial")])
@pytest.mark.parametrize("context", ["age", "s(age)", "s(age) + center", "s(age, bs='cr')"])
def test_a_context_shifted_by_1e8(context, response, data):
    name, family = response
    plain = fit(data, f"{name} ~ x", context, family=family)
    shifted = fit(data.assign(age=data["age"] + 1e8), f"{name} ~ x", context, family=family)
    assert_allclose(shifted.fittedvalues, plain.fittedvalues, atol=1e-6)
    assert shifted.params.notna().all()


# --- prediction --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def res(data):
    return fit(data, context="s(age) + center")


@pytest.fixture
def new():
    return pd.DataFrame({"x": [1.0, 1.0, 0.5], "age": [30.0, 90.0, 40.0], "center": ["A", "B", "A"]}, index=list("uvw"))


def test_an_unseen_level(res, new):
    parts = (
        "center must have a level seen in the fit ('A', 'B', 'C')",
        "1 of 3 rows",
        "row v, level 'Z'",
        "drop these",
    )
    fails(cs.DataError, *parts, call=lambda: res.predict(new.assign(center=["A", "Z", "A"])))


def test_a_context_outside_the_range(res, new):
    with pytest.warns(cs.ExtrapolationWarning, match=r"1 of 3 rows have a context outside the range .* \(age\)"):
        table = res.get_prediction(new).summary_frame()
    assert table["outside"].tolist() == [False, True, False]
    assert table["mean_se"]["v"] > table["mean_se"]["u"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        far = res.predict(new.iloc[[1, 1, 1]].assign(age=[90.0, 100.0, 110.0]))
    assert_allclose(np.diff(far, 2), 0, atol=1e-8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not res.get_prediction(new.drop("v")).outside.any()


def test_missing_and_infinite_new_rows(res, new):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        full, holed = res.predict(new), res.predict(new.assign(x=[1.0, 1.0, np.nan]))
    assert_array_equal(holed, [full["u"], full["v"], np.nan])
    fails(cs.DataError, "x must be finite; 1 of 3", "row v", call=lambda: res.predict(new.assign(x=[1, np.inf, 0])))
    fails(cs.FormulaError, "needs the variable 'center'", call=lambda: res.predict(new[["x", "age"]]))

"""Rows: weights, offsets, missing and infinite values, and how many rows are left."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from contextstats.design import build_design_from_arrays, build_design_from_formula
from contextstats.encoders import Linear
from contextstats.errors import DataError, FormulaError, OptionError
from contextstats.families import Gaussian, Poisson

N = 30


@pytest.fixture
def data():
    rng = np.random.default_rng(4)
    frame = {
        "y": rng.poisson(2.0, N).astype(float),
        "dose": rng.normal(size=N),
        "age": rng.uniform(20, 80, N),
        "center": rng.choice(["a", "b", "c"], N),
        "time": rng.uniform(1, 2, N),
    }
    return pd.DataFrame(frame, index=[f"p{i:02d}" for i in range(N)])


def design(data, family=None, context="age + center", **options):
    return build_design_from_formula("y ~ dose", context, data, family or Poisson(), **options)


def test_missing_rows_are_dropped_and_counted_by_variable(data):
    data.loc["p03", "y"] = np.nan
    data.loc[["p04", "p05"], "age"] = np.nan
    data.loc[["p05", "p06"], "center"] = None
    full = design(data)
    assert full.n_missing == {"y": 1, "age": 2, "center": 2}
    assert full.n_dropped == 4
    assert full.n_rows == N - 4
    keep = [i for i in range(N) if i not in (3, 4, 5, 6)]
    assert_array_equal(full.kept_rows, keep)
    assert full.row_labels.tolist() == data.index[keep].tolist()
    clean = design(data.dropna())
    for name in ("y", "x", "contexts", "offset", "user_map"):
        assert_array_equal(getattr(full, name), getattr(clean, name))


def test_columns_that_are_not_used_may_be_missing(data):
    data["time"] = np.nan
    assert design(data).n_missing == {}


def test_missing_raise_names_the_first_row(data):
    data.loc[["p07", "p09"], "age"] = np.nan
    with pytest.raises(DataError, match=r"age must not be missing; 2 of 30 rows break this \(first: row p07\)"):
        design(data, missing="raise")
    with pytest.raises(OptionError, match="missing must be one of"):
        design(data, missing="ignore")


@pytest.mark.parametrize("name", ["y", "dose", "age"])
@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_values_are_refused(data, name, value):
    data.loc["p08", name] = value
    with pytest.raises(DataError, match=rf"{name} must be finite; 1 of 30 rows .*first: row p08, value -?inf"):
        design(data)


@pytest.mark.parametrize("name", ["offset", "exposure"])
def test_missing_offsets_are_dropped_and_counted(data, name):
    data.loc["p02", "time"] = np.nan
    assert design(data, **{name: "time"}).n_missing == {name: 1}


def test_offset_and_exposure_add_up(data):
    full = design(data, offset=data["age"], exposure="time")
    assert_allclose(full.offset, data["age"] + np.log(data["time"]))
    assert_array_equal(design(data, offset=800.0).offset, np.full(N, 800.0))
    assert_array_equal(design(data, offset=-800).offset, np.full(N, -800.0))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"exposure": [0.0] + [1.0] * 29},
            DataError,
            r"exposure must be positive; 1 of 30 .*row p00, value 0",
        ),
        ({"exposure": [np.inf] + [1.0] * 29}, DataError, "exposure must be finite"),
        ({"offset": [np.inf] + [1.0] * 29}, DataError, "offset must be finite"),
        ({"offset": [1.0, 2.0]}, DataError, "offset must have one value for each row, but has 2 for 30 rows"),
        ({"offset": "center"}, DataError, "offset must hold numbers, but holds text"),
        ({"offset": "tme"}, FormulaError, "offset='tme' needs the variable 'tme'.*Did you mean 'time'"),
        ({"offset": pd.Series(np.ones(N))}, DataError, "indexes of data and offset must be the same"),
        (
            {"freq_weights": [-1.0] + [1.0] * 29},
            DataError,
            r"freq_weights must be zero or positive.*row p00, value -1",
        ),
        ({"var_weights": [np.nan] + [1.0] * 29}, DataError, "var_weights must be .* not missing; 1 of 30"),
        ({"var_weights": [np.inf] + [1.0] * 29}, DataError, "var_weights must be .* finite"),
        ({"freq_weights": np.zeros(N)}, DataError, r"No row is left of 30.*zero weight: 30"),
    ],
)
def test_bad_offsets_and_weights_are_refused(data, options, error, message):
    with pytest.raises(error, match=message):
        design(data, **options)


def test_exposure_needs_the_log_link(data):
    with pytest.raises(OptionError, match="exposure needs the log link, but the link is 'identity'"):
        design(data, Gaussian(), exposure="time")


@pytest.mark.parametrize("kind", ["freq_weights", "var_weights"])
def test_zero_weights_are_as_if_the_rows_were_not_there(data, kind):
    data.iloc[4, data.columns.get_loc("age")] = np.inf
    data.iloc[5, data.columns.get_loc("dose")] = np.nan
    weights = np.arange(N, dtype=float) % 3 + 1
    weights[[4, 5, 9]] = 0
    full = design(data, **{kind: weights})
    assert full.n_missing == {"zero weight": 3}
    assert full.n_dropped == 3
    keep = weights > 0
    short = design(data[keep], **{kind: weights[keep]})
    for name in ("y", "x", "contexts", "user_map", "freq_weights", "var_weights"):
        assert_array_equal(getattr(full, name), getattr(short, name))


def test_frequency_weights_centre_as_repeated_rows(data):
    weights = np.arange(N) % 3 + 1
    weighted = design(data, context="s(age, k=5) + center", freq_weights=weights)
    repeated = design(data.loc[data.index.repeat(weights)], context="s(age, k=5) + center")
    terms = [[block.term for block in d.blocks if block.term is not None] for d in (weighted, repeated)]
    for one, other in zip(*terms, strict=True):
        projectors = [term.transform @ np.linalg.pinv(term.transform) for term in (one, other)]
        assert_allclose(projectors[0], projectors[1], atol=1e-8)


def test_fractional_frequency_weights_are_noted(data):
    notes = design(data, freq_weights=np.full(N, 0.5)).notes
    assert notes == ("freq_weights are not all whole numbers; the number of observations is their sum, 15.",)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (0, "The data must have rows, but are empty"),
        (1, "at least two usable rows, but only one is left of 1"),
        (3, "must not have more coefficients than rows, but has 4 for 3 rows"),
    ],
)
def test_too_few_rows(data, rows, message):
    with pytest.raises(DataError, match=message):
        design(data.iloc[:rows], context="age")
    few = data.iloc[:rows]
    exog = np.column_stack([np.ones(rows), few["dose"]])
    with pytest.raises(DataError, match=message):
        build_design_from_arrays(few["y"], exog, few["age"], Linear(), Poisson())


def test_nothing_left(data):
    data["age"] = np.nan
    with pytest.raises(DataError, match=r"No row is left of 30: .* \(age: 30\)"):
        design(data)


def test_arrays_with_different_lengths_or_indexes(data):
    x = np.ones((N, 1))
    with pytest.raises(DataError, match="same number of rows, but endog has 29, exog has 30"):
        build_design_from_arrays(data["y"].to_numpy()[1:], x, None, None, Poisson())
    with pytest.raises(DataError, match="context has 12"):
        build_design_from_arrays(data["y"], x, np.ones(12), None, Poisson())
    with pytest.raises(DataError, match="The indexes of endog and context must be the same"):
        build_design_from_arrays(data["y"], x, data["age"].iloc[::-1], None, Poisson())
    with pytest.raises(DataError, match="The indexes of endog and var_weights must be the same"):
        build_design_from_arrays(data["y"], x, None, None, Poisson(), var_weights=data["time"].reset_index(drop=True))
    with pytest.raises(OptionError, match="offset must be an array when the model is given by arrays"):
        build_design_from_arrays(data["y"], x, None, None, Poisson(), offset="time")

"""However the same data come in, the same numbers come out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import contextstats as cs

FORMULA, CONTEXT = "poisson ~ x", "s(a) + s(b, k=8) + g"


def fit_formula(data, **options) -> cs.GLMResults:
    return cs.glm(FORMULA, context=CONTEXT, data=data, family="poisson", **options).fit()


def assert_same_bits(one: cs.GLMResults, other: cs.GLMResults) -> None:
    assert_array_equal(one.params, other.params)
    assert_array_equal(one.cov_params(), other.cov_params())
    assert_array_equal(one.smoothing_parameters, other.smoothing_parameters)
    assert (one.llf, one.edf, one.criterion) == (other.llf, other.edf, other.criterion)


@pytest.fixture(scope="module")
def from_pandas(frame) -> cs.GLMResults:
    return fit_formula(frame, offset="offset", freq_weights="copies")


CONTAINERS = {
    "polars, Enum": lambda frame: pl.from_pandas(frame).with_columns(pl.col("g").cast(pl.Enum(["low", "mid", "high"]))),
    "polars, Categorical": pl.from_pandas,
    "pyarrow": pa.Table.from_pandas,
    "dict of arrays": lambda frame: {name: frame[name].to_numpy() for name in frame},
    "dict of lists": lambda frame: {name: frame[name].tolist() for name in frame},
    "pandas with text for levels": lambda frame: frame.assign(g=frame["g"].astype(str)),
    "pandas with nullable numbers": lambda frame: frame.convert_dtypes(),
    "pandas with other labels": lambda frame: frame.set_index(pd.Index([f"row {i}" for i in range(len(frame))])),
}
LEVELS_BY_NAME = ("polars, Categorical", "dict of arrays", "dict of lists", "pandas with text for levels")


@pytest.mark.parametrize("container", CONTAINERS)
def test_any_data_frame_gives_the_same_bits(container, frame, from_pandas):
    data = CONTAINERS[container](frame)
    res = fit_formula(data, offset="offset", freq_weights="copies")
    if container in LEVELS_BY_NAME:  # no order of levels is known, so "high" is the reference: another basis, one model
        assert_allclose(res.fittedvalues, from_pandas.fittedvalues, rtol=1e-7)
        assert_allclose([res.llf, res.edf], [from_pandas.llf, from_pandas.edf], rtol=1e-7)
        assert_same_bits(res, fit_formula(CONTAINERS["dict of arrays"](frame), offset="offset", freq_weights="copies"))
    else:
        assert_same_bits(res, from_pandas)


@pytest.mark.parametrize("container", CONTAINERS)
def test_predictions_for_any_data_frame_are_the_same(container, frame, from_pandas):
    data = CONTAINERS[container](frame.iloc[:20])
    expected = from_pandas.predict(frame.iloc[:20], offset=np.zeros(20))
    assert_array_equal(from_pandas.predict(data, offset=np.zeros(20)), expected)


def test_additive_encoder_on_arrays_is_the_formula(frame):
    by_formula = cs.glm("poisson ~ x", context="s(a, k=8) + s(b, k=8) + g", data=frame, family="poisson").fit()
    x = pd.DataFrame({"Intercept": 1.0, "x": frame["x"]})
    encoder = cs.Additive(k=8)
    by_arrays = cs.ContextualGLM(frame["poisson"], x, frame[["a", "b", "g"]], encoder=encoder, family="poisson").fit()
    assert list(by_arrays.params.index) == list(by_formula.params.index)
    assert_same_bits(by_arrays, by_formula)


def test_no_encoder_is_the_additive_one(frame):
    x, contexts = frame[["x", "z"]], frame[["a", "b"]]
    assert_same_bits(
        cs.ContextualGLM(frame["gaussian"], x, contexts).fit(),
        cs.ContextualGLM(frame["gaussian"], x, contexts, encoder=cs.Additive(k=10)).fit(),
    )


def test_one_text_for_all_predictors_is_a_dict_with_that_text_for_each(frame):
    each = {"Intercept": CONTEXT, "x": CONTEXT}
    assert_same_bits(
        cs.glm(FORMULA, context=each, data=frame, family="poisson").fit(),
        cs.glm(FORMULA, context=CONTEXT, data=frame, family="poisson").fit(),
    )


def test_columns_of_the_data_and_arrays_are_the_same_offset_and_weights(frame, from_pandas):
    arrays = fit_formula(frame, offset=frame["offset"].to_numpy(), freq_weights=frame["copies"].tolist())
    assert_same_bits(arrays, from_pandas)


FAMILIES = [("poisson", cs.families.Poisson()), ("Poisson", cs.families.Poisson), ("poisson", "statsmodels")]


@pytest.mark.parametrize(("name", "other"), FAMILIES)
def test_spellings_of_a_family(name, other, frame):
    if other == "statsmodels":
        import statsmodels.api as sm

        other = sm.families.Poisson()
    assert_same_bits(
        cs.glm(FORMULA, context=CONTEXT, data=frame, family=name).fit(),
        cs.glm(FORMULA, context=CONTEXT, data=frame, family=other).fit(),
    )


def strided(values: np.ndarray) -> np.ndarray:
    """The same values in a view with gaps in both directions."""
    wide = np.zeros((2 * values.shape[0], 3 * values.shape[1]))
    wide[::2, 1::3] = values
    return wide[::2, 1::3]


def reversed_view(values: np.ndarray) -> np.ndarray:
    return values[::-1, ::-1].copy()[::-1, ::-1]


def read_only(values: np.ndarray) -> np.ndarray:
    values = np.asfortranarray(values.copy())
    values.flags.writeable = False
    return values


def byte_swapped(values: np.ndarray) -> np.ndarray:
    return values.astype(values.dtype.newbyteorder())


LAYOUTS = {
    "C order": np.ascontiguousarray,
    "strided view": strided,
    "reversed view": reversed_view,
    "read-only": read_only,
    "byte-swapped": byte_swapped,
    "list of lists": lambda values: values.tolist(),
    "object": lambda values: values.astype(object),
    "float32": lambda values: values.astype(np.float32),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layout_does_not_matter(layout, frame):
    """float32 values are exact in float64, so that they give the same bits as well."""
    single = frame[["gaussian", "x", "z", "a", "b", "offset", "precision"]].astype(np.float32).astype(np.float64)
    plain = {
        "endog": single[["gaussian"]].to_numpy(),
        "exog": np.column_stack([np.ones(len(single)), single["x"], single["z"]]),
        "context": single[["a", "b"]].to_numpy(),
        "offset": single[["offset"]].to_numpy(),
        "var_weights": single[["precision"]].to_numpy(),
    }
    expected = cs.ContextualGLM(**{name: np.asfortranarray(values) for name, values in plain.items()}).fit()
    laid_out = {name: LAYOUTS[layout](values) for name, values in plain.items()}
    before = {name: np.array(values, copy=True) for name, values in laid_out.items()}
    assert_same_bits(cs.ContextualGLM(**laid_out).fit(), expected)
    for name, values in laid_out.items():
        assert_array_equal(np.asarray(values), before[name])

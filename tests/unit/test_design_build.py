"""The assembled design: arrays, blocks, names, penalties, coordinates."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from contextstats.design import build_design_from_arrays, build_design_from_formula
from contextstats.encoders import Additive, Linear
from contextstats.encoders.basis import BasisSpec
from contextstats.errors import DataError
from contextstats.families import Gaussian

N = 60


@pytest.fixture
def data():
    rng = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "y": rng.normal(size=N),
            "dose": rng.normal(size=N),
            "age": rng.uniform(20, 80, N),
            "bmi": rng.normal(25, 3, N),
            "center": rng.choice(list("abc"), N),
        }
    )


CONTEXTS = [
    None,
    "age",
    "age + bmi + center",
    "s(age, k=5) + bmi",
    {"dose": "te(age, bmi, k=4)", "Intercept": "s(center, bs='re') + s(age, k=5, bs='cr')"},
    {"dose": "s(age, k=5) + s(bmi, k=5) + ti(age, bmi, k=4)"},
    {"dose": "s(age, bs='re') + bmi", "Intercept": "bmi"},
]


def matrix_from_blocks(design):
    """The explicit model matrix in natural coordinates."""
    parts = []
    for block in design.blocks:
        x = design.x[:, [block.predictor]]
        parts.append(x if block.term is None else x * block.term.evaluate(design.contexts))
    return np.hstack(parts)


def matrix_from_layout(design):
    """The same, from what the core is given."""
    bases, blocks = design.core_layout()
    raw = [BasisSpec.from_dict(basis).evaluate(design.contexts) for basis in bases]
    return np.hstack([design.x[:, [j]] * (raw[basis] @ transform) for j, basis, transform in blocks])


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("select", [False, True])
def test_core_layout_is_the_model(data, context, select):
    design = build_design_from_formula("y ~ dose", context, data, Gaussian(), select=select)
    assert_allclose(matrix_from_layout(design), matrix_from_blocks(design), atol=1e-12)
    bases, blocks = design.core_layout()
    assert bases[0]["kind"] == "dense"
    assert bases[0]["intercept"] is True
    assert [basis["kind"] for basis in bases].count("dense") == 1
    assert all(transform.flags.f_contiguous for _, _, transform in blocks)
    assert [block[0] for block in blocks] == [block.predictor for block in design.blocks]


@pytest.mark.parametrize("context", CONTEXTS)
def test_blocks_cover_the_coefficients_in_order(data, context):
    design = build_design_from_formula("y ~ dose", context, data, Gaussian())
    assert design.blocks[0].start == 0
    assert design.blocks[-1].stop == design.n_coefficients == len(design.coef_names)
    for block, following in zip(design.blocks, design.blocks[1:], strict=False):
        assert block.stop == following.start
        assert (following.term is None) == (following.predictor != block.predictor)
    assert len(set(design.coef_names)) == design.n_coefficients


def test_straight_lines_share_one_basis_with_the_constant(data):
    design = build_design_from_formula("y ~ dose", "age + bmi", data, Gaussian())
    bases, blocks = design.core_layout()
    assert len(bases) == 1
    assert_allclose(bases[0]["centers"], [data["age"].mean(), data["bmi"].mean()])
    assert_allclose(bases[0]["scales"], [data["age"].std(ddof=0), data["bmi"].std(ddof=0)])
    assert [basis for _, basis, _ in blocks] == [0] * 6


def test_user_coordinates_are_those_of_raw_columns(data):
    design = build_design_from_formula("y ~ dose", "age + center + s(bmi, k=5)", data, Gaussian())
    theta = np.random.default_rng(0).normal(size=design.n_coefficients)
    params = pd.Series(design.user_map @ theta, design.coef_names)
    smooth = [name for name in params.index if "s(bmi)" in name]
    assert_array_equal(params[smooth], theta[[design.coef_names.index(name) for name in smooth]])
    without = np.where([name in smooth for name in params.index], 0.0, theta)
    b, c = data["center"] == "b", data["center"] == "c"
    expected = (
        params["Intercept"]
        + params["age"] * data["age"]
        + params["center[T.b]"] * b
        + params["center[T.c]"] * c
        + data["dose"]
        * (
            params["dose"]
            + params["dose:age"] * data["age"]
            + params["dose:center[T.b]"] * b
            + params["dose:center[T.c]"] * c
        )
    )
    assert_allclose(matrix_from_blocks(design) @ without, expected, rtol=1e-12)


def test_penalties_are_one_row_a_block_and_penalty(data):
    context = {"Intercept": "s(age, k=5)", "dose": "te(age, bmi, k=4) + center"}
    design = build_design_from_formula("y ~ dose", context, data, Gaussian(), select=True)
    assert design.penalty_names == (
        "s(age):Intercept",
        "s(age):null:Intercept",
        "te(age,bmi):age:dose",
        "te(age,bmi):bmi:dose",
        "te(age,bmi):null:dose",
    )
    assert design.penalties.shape == (5, design.n_coefficients)
    assert (design.penalties >= 0).all()
    smooth, tensor = (block for block in design.blocks if block.term is not None and len(block.term.penalties))
    for rows, block in (((0, 1), smooth), ((2, 3, 4), tensor)):
        outside = np.ones(design.n_coefficients, dtype=bool)
        outside[block.start : block.stop] = False
        assert not design.penalties[np.ix_(rows, outside)].any()
        assert_array_equal(design.penalties[list(rows), block.start : block.stop], block.term.penalties)


@pytest.mark.parametrize(
    "convert",
    [
        lambda x: x,
        np.asfortranarray,
        lambda x: x.astype(np.float32).astype(float),
        lambda x: np.repeat(x, 2, axis=0)[::2],
        lambda x: x.astype(object),
        lambda x: x.tolist(),
        pd.DataFrame,
        lambda x: pd.DataFrame(x, columns=["const", "x1"]),
        lambda x: pl.DataFrame(x, schema=["const", "x1"]),
        lambda x: np.lib.stride_tricks.as_strided(x, writeable=False),
    ],
)
def test_predictors_come_in_every_layout(data, convert):
    x = np.column_stack([np.ones(N), data["dose"].astype(np.float32)])
    reference = build_design_from_arrays(data["y"].to_numpy(), x, data["age"].to_numpy(), Linear(), Gaussian())
    given = convert(x)
    design = build_design_from_arrays(
        data["y"].to_numpy()[:, None], given, np.asfortranarray(data[["age"]]), Linear(), Gaussian()
    )
    assert_array_equal(design.x, reference.x)
    assert_array_equal(design.contexts, reference.contexts)
    assert all(part.flags.c_contiguous for part in design.x.parts)
    assert not any(np.shares_memory(part, x) for part in design.x.parts)


def test_float32_is_computed_in_double(data):
    x = data[["dose"]].to_numpy(dtype=np.float32)
    design = build_design_from_arrays(data["y"], x, data["age"].astype(np.float32), None, Gaussian())
    assert {part.dtype for part in (*design.x.parts, *design.contexts.parts, design.y)} == {np.dtype(np.float64)}


def test_names_of_arrays_follow_statsmodels(data):
    x = np.column_stack([data["dose"], np.ones(N), data["bmi"]])
    design = build_design_from_arrays(data["y"].to_numpy(), x, data[["age"]].to_numpy(), Linear(), Gaussian())
    assert design.y_name == "y"
    assert design.x_names == ("x1", "const", "x2")
    assert design.coef_names == ("x1", "x1:c1", "const", "c1", "x2", "x2:c1")


def test_names_of_frames_and_series_are_kept(data):
    exog = data[["bmi", "dose"]].assign(const=1.0)
    design = build_design_from_arrays(data["y"].rename("outcome"), exog, data["age"], Linear(), Gaussian())
    assert design.y_name == "outcome"
    assert design.coef_names == ("bmi", "bmi:age", "dose", "dose:age", "const", "age")


def test_array_and_formula_entries_agree(data):
    context = data[["age", "center"]]
    exog = pd.DataFrame({"Intercept": 1.0, "dose": data["dose"]})
    arrays = build_design_from_arrays(data["y"], exog, context, Additive(k=6), Gaussian(), select=True)
    formula = build_design_from_formula("y ~ dose", "s(age, k=6) + center", data, Gaussian(), select=True)
    assert arrays.coef_names == formula.coef_names
    assert arrays.penalty_names == formula.penalty_names
    for name in ("y", "x", "contexts", "penalties", "user_map", "kept_rows"):
        assert_array_equal(getattr(arrays, name), getattr(formula, name))


def test_categorical_and_object_contexts_of_arrays(data):
    mixed = data[["age", "center"]].to_numpy(dtype=object)
    design = build_design_from_arrays(data["y"], data[["dose"]], mixed, Linear(), Gaussian())
    assert design.context_levels == {"c2": ("a", "b", "c")}
    assert design.context_names == ("c1", "c2")


@pytest.mark.parametrize(
    ("exog", "message"),
    [
        (np.ones((N, 1, 1)), r"exog must have one or two dimensions, but has shape \(60, 1, 1\)"),
        (np.empty((N, 0)), "exog must have at least one column"),
        (np.full((N, 1), 1j), "x1 must hold numbers, booleans or levels, but is of type complex128"),
        (np.array([["a"]] * N), r"exog must hold numbers, but its column x1 holds levels \('a'\)"),
        (
            pd.DataFrame(np.ones((N, 2)), columns=["a", "a"]),
            "columns of exog must have different names, but a stands 2",
        ),
    ],
)
def test_predictors_that_are_refused(data, exog, message):
    with pytest.raises(DataError, match=message):
        build_design_from_arrays(data["y"].to_numpy(), exog, None, None, Gaussian())


def test_the_data_of_the_user_are_not_changed(data):
    before = data.copy()
    y, x = data["y"].to_numpy(), data[["dose", "bmi"]].to_numpy()
    y.setflags(write=False)
    x.setflags(write=False)
    design = build_design_from_arrays(y, x, data["age"], None, Gaussian(), freq_weights=np.ones(N))
    build_design_from_formula("y ~ dose + center", "s(age)", data, Gaussian())
    pd.testing.assert_frame_equal(data, before)
    assert not any(np.shares_memory(part, y) for part in (design.y, design.freq_weights))

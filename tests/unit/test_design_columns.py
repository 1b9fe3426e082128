"""Columns before they are a design: their range, and copies of them side by side."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pandas as pd
import pytest

import contextstats as cs
from contextstats import _core
from contextstats.design.columns import Column, lay_out, read_column
from contextstats.design.matrix import Columns
from contextstats.encoders.basis import BasisSpec
from contextstats.encoders.construction import mean_bsplines


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", [0, 4096, 9999])
def test_one_bad_value_is_seen_wherever_it_stands(bad: float, where: int) -> None:
    values = np.random.default_rng(0).normal(size=10_000)
    column = Column("x", values)
    assert column.range == (values.min(), values.max())
    assert column.is_finite
    values = values.copy()
    values[where] = bad
    assert not Column("x", values).is_finite


def test_columns_are_copied_from_frames_slices_and_constants() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"a": rng.normal(size=9001), "b": rng.normal(size=9001)})
    wide = rng.normal(size=(9001, 3))
    parts = [frame["b"].to_numpy(), wide[:, 1], wide[::-1, 2], np.ones(1)]
    x = lay_out(parts, 9001)
    assert x.flags.f_contiguous
    np.testing.assert_array_equal(x, np.column_stack([frame["b"], wide[:, 1], wide[::-1, 2], np.ones(9001)]))
    assert not any(np.shares_memory(x, part) for part in parts)


def frame_of_rows() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"x": rng.normal(size=200), "c": rng.uniform(size=200)})
    return frame.assign(y=frame["x"] * frame["c"] + rng.normal(size=200))


def lies_in(part: np.ndarray, frame: pd.DataFrame, name: str) -> bool:
    return bool(np.shares_memory(part, frame[name].to_numpy()))


@pytest.mark.skipif(int(pd.__version__.split(".")[0]) < 3, reason="pandas copies on writing since version 3")
def test_columns_of_a_data_frame_stay_where_they_are() -> None:
    frame = frame_of_rows()
    design = cs.glm("y ~ x", "s(c)", frame).design()
    assert lies_in(design.x.parts[1], frame, "x")
    assert lies_in(design.contexts.parts[0], frame, "c")
    assert lies_in(design.y, frame, "y")


@pytest.mark.parametrize("given", ["frame", "series", "slice", "array", "polars"])
def test_what_is_done_to_the_data_later_does_not_reach_the_fit(given: str) -> None:
    frame = frame_of_rows()
    data: Any = {
        "frame": frame,
        "series": {name: frame[name].copy() for name in frame},
        "slice": frame.iloc[:150],
        "array": {name: frame[name].to_numpy().copy() for name in frame},
        "polars": frame,
    }[given]
    if given == "polars":
        data = pytest.importorskip("polars").DataFrame(frame.to_dict("list"))
    model = cs.glm("y ~ x", "s(c)", data)
    before = model.fit().params.to_numpy()
    gc.collect()
    for name in ("x", "c", "y"):
        if given in ("frame", "slice"):
            frame.loc[3, name] = 50.0
            frame.iloc[:20, frame.columns.get_loc(name)] = -1.0
            frame[name] += 1.0
        elif given == "series":
            data[name].iloc[:20] = 7.0
        elif given == "array":
            data[name][:20] = 7.0
        else:
            data[0, name] = 7.0
    gc.collect()
    np.testing.assert_array_equal(model.fit().params.to_numpy(), before)


def test_columns_are_indexed_as_an_array_is() -> None:
    matrix = np.asfortranarray(np.random.default_rng(4).normal(size=(40, 3)))
    columns = Columns.of(matrix)
    assert columns.shape == matrix.shape
    some = np.array([3, 1, 1])
    for key in (0, some, slice(5, 9), matrix[:, 0] > 0, (2, 1), (slice(None), 1), (some, 1), (slice(2, 8), [0, 2])):
        np.testing.assert_array_equal(columns[key], matrix[key])
    np.testing.assert_array_equal(np.asarray(columns), matrix)
    np.testing.assert_array_equal(columns.take(some), matrix[some])
    assert np.shares_memory(columns[:, 1], matrix)
    assert Columns((), 40)[some].shape == (3, 0)
    with pytest.raises(ValueError, match="copy"):
        np.asarray(columns, copy=False)


def test_a_packed_record_array_is_read() -> None:
    records = np.zeros(5, dtype=[("flag", "i1"), ("x", "f8")])
    records["x"] = np.arange(5.0)
    column = read_column("x", records["x"])
    assert column.range == (0.0, 4.0)
    np.testing.assert_array_equal(lay_out([column.data], 5)[:, 0], np.arange(5.0))


def test_columns_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one value for each row"):
        _core.lay_out([np.zeros(3)], 4, 1)


def test_means_of_bsplines_are_those_of_the_basis_matrix() -> None:
    rng = np.random.default_rng(2)
    values, weights = rng.uniform(-1.2, 1.2, size=6001), rng.integers(1, 4, size=6001).astype(float)
    basis = BasisSpec("bspline", (0,), knots=tuple(np.linspace(-1.6, 1.6, 12)))
    rows = basis.evaluate(values[:, None])
    np.testing.assert_allclose(mean_bsplines(basis, values, None), rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(mean_bsplines(basis, values, weights), weights @ rows / weights.sum(), rtol=1e-12)

"""Columns before they are a design: their range, and copies of them side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contextstats import _core
from contextstats.design.columns import Column, lay_out, read_column
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

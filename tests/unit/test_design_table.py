"""Reading columns and data frames of every kind."""

import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

from contextstats.design.columns import Column, match_levels, read_column
from contextstats.design.table import common_index, read_table
from contextstats.errors import DataError, FormulaError

FRAME = pd.DataFrame(
    {
        "whole": [1, 2, 3],
        "real": [1.5, np.nan, 3.0],
        "text": ["y", "x", None],
        "kind": pd.Categorical(["b", "a", "b"], categories=["b", "a"]),
        "flag": [True, False, True],
        "maybe": pd.array([True, None, False], dtype="boolean"),
        "small": pd.array([1, None, 3], dtype="Int8"),
    }
)
EXPECTED = {
    "whole": ([1, 2, 3], None),
    "real": ([1.5, np.nan, 3], None),
    "text": ([1, 0, np.nan], ("x", "y")),
    "kind": ([0, 1, 0], ("b", "a")),
    "flag": ([1, 0, 1], (False, True)),
    "maybe": ([1, np.nan, 0], (False, True)),
    "small": ([1, np.nan, 3], None),
}
KINDS = {
    "pandas": lambda: FRAME,
    "pandas on arrow": lambda: FRAME.convert_dtypes(dtype_backend="pyarrow"),
    "polars": lambda: pl.from_pandas(FRAME).with_columns(pl.col("kind").cast(pl.Enum(["b", "a"]))),
    "pyarrow": lambda: pa.Table.from_pandas(FRAME),
    "dict": lambda: {name: FRAME[name].array for name in FRAME},
    "dict of objects": lambda: (
        {name: FRAME[name].astype(object).to_numpy() for name in FRAME if name != "kind"} | {"kind": FRAME["kind"]}
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", EXPECTED)
def test_every_kind_of_frame_gives_the_same_columns(kind, name):
    column = read_table(KINDS[kind]()).column(name, "the test")
    values, levels = EXPECTED[name]
    assert_array_equal(column.data, values)
    assert column.data.dtype == np.float64
    assert column.levels == levels


def test_levels_of_a_polars_categorical_are_sorted_as_text():
    series = pl.Series(["b", "a", None], dtype=pl.Categorical)
    column = read_column("c", series)
    assert column.levels == ("a", "b")
    assert_array_equal(column.data, [1, 0, np.nan])


def test_levels_of_other_types_become_text():
    column = read_column("age", pd.cut(pd.Series([1.0, 5.0]), [0, 2, 6]))
    assert column.levels == ("(0, 2]", "(2, 6]")
    assert read_column("k", pd.Categorical([3, 1])).levels == (1, 3)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([1, 2.5, None], dtype=object), [1, 2.5, np.nan]),
        (np.array([decimal.Decimal("1.5"), 2], dtype=object), [1.5, 2]),
        (np.array([1.5, 2], dtype=np.float32), [1.5, 2]),
        (np.array([[1], [2]], dtype=np.uint8), [1, 2]),
        (np.arange(6.0)[::3], [0, 3]),
        (np.ma.MaskedArray([1, 2], mask=[False, True]), [1, np.nan]),
        ([1, None], [1, np.nan]),
        (pa.chunked_array([[1, None]]), [1, np.nan]),
        (pl.Series([decimal.Decimal("1.5")]), [1.5]),
        (pd.Series([None, None], dtype=object), [np.nan, np.nan]),
        (pd.Index([3, 4]), [3, 4]),
    ],
)
def test_numbers_are_read_from_anything(values, expected):
    column = read_column("x", values)
    assert_array_equal(column.data, expected)
    assert column.levels is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            np.array([1, "a"], dtype=object),
            r"x must hold values of one type, but holds int .*position 0.* str",
        ),
        (np.array([1j]), "x must hold numbers, booleans or levels, but is of type complex128"),
        (pd.date_range("2020", periods=2), "type Datetime.*days since a fixed date"),
        (np.ones((2, 2)), r"x must have one dimension, but has shape \(2, 2\)"),
        ([[1], [1, 2]], "x must be an array, but its rows differ in length"),
        (np.array([{}, {}], dtype=object), "type dict"),
    ],
)
def test_what_is_no_column_is_refused(values, message):
    with pytest.raises(DataError, match=message):
        read_column("x", values)


def test_unused_levels_go():
    column = Column("c", np.array([2.0, np.nan, 0.0]), ("a", "b", "c")).used_levels_only()
    assert column.levels == ("a", "c")
    assert_array_equal(column.data, [1, np.nan, 0])


def test_matching_levels_names_what_was_not_seen():
    new = read_column("center", np.array(["b", "z", None], dtype=object))
    with pytest.raises(
        DataError, match=r"seen in the fit \('a', 'b'\), but 1 of 3 rows .*first: row p2, level 'z'\)\. Drop"
    ):
        match_levels(new, ("a", "b"), fix="Drop it.", row=["p1", "p2", "p3"].__getitem__)
    assert_array_equal(match_levels(new, ("z", "b"), fix="", row=str), [1, 0, np.nan])
    numbers = read_column("k", np.array([2.0, 1.0]))
    assert_array_equal(match_levels(numbers, (1, 2), fix="", row=str), [1, 0])


def test_row_labels_are_the_index_or_the_position():
    assert read_table(FRAME.set_axis(["p", "q", "r"])).labels.tolist() == ["p", "q", "r"]
    assert read_table(pl.from_pandas(FRAME)).labels.tolist() == [0, 1, 2]
    assert read_table({"a": pd.Series([1, 2], index=["u", "v"]), "b": [1, 2]}).labels.tolist() == ["u", "v"]


def test_integer_column_names_are_read_by_position():
    table = read_table(pd.DataFrame(np.array([[1.0, 2.0], [3.0, 4.0]])))
    assert_array_equal(table.column("1", "the test").data, [2, 4])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pd.concat([FRAME, FRAME[["real"]]], axis=1), "must have different names, but real stands 2 times"),
        (pl.from_pandas(FRAME).lazy(), r"Call .collect\(\)"),
        (None, "data is missing"),
        ([1, 2], "must be a data frame .* but is of type builtins.list"),
        ({"a": [1, 2], "b": [1]}, "must have the same length, but have {'a': 2, 'b': 1}"),
        ({"a": [1, 2], "b": 1}, "b in data must be an array, but is 1"),
    ],
)
def test_what_is_no_frame_is_refused(data, message):
    with pytest.raises(DataError, match=message):
        read_table(data)


def test_a_missing_variable_is_answered_with_its_neighbours():
    with pytest.raises(FormulaError, match=r"'rael', but the data have no such column \(there are whole.*mean 'real'"):
        read_table(FRAME).column("rael", "The formula")


def test_misaligned_indexes_are_refused():
    a = pd.Series([1, 2, 3])
    assert common_index({"a": a, "b": np.arange(3), "c": a * 2}).equals(a.index)
    with pytest.raises(DataError, match="a and b must have the same rows, but have 3 and 2"):
        common_index({"a": a, "b": a[:2]})
    with pytest.raises(DataError, match=r"same labels in another order .first: position 0, 0 against 2"):
        common_index({"a": a, "b": a[::-1]})
    with pytest.raises(DataError, match=r"different labels .first: position 2, 2 against 9"):
        common_index({"a": a, "b": a.set_axis([0, 1, 9])})

"""Columns as R stores them: what they mean in pandas, without R."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import narwhals.stable.v1 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

from contextstats.errors import DataError, MissingPackageError
from contextstats.integrations import r
from contextstats.integrations.r.decode import decode, decode_row_names
from contextstats.integrations.r.encode import encode, encode_row_names
from contextstats.integrations.r.vector import NA_INTEGER, NA_REAL, RVector

FRAME_OF_R = Path(__file__).parents[1] / "reference" / "r_frame.rds"


def encoded(values, **options):
    return encode("x", nw.from_native(pd.Series(values, **options), series_only=True))


def integers(*values, classes=(), levels=()):
    return RVector("integer", np.array(values, dtype=np.int32), classes, levels)


def doubles(*values, **attributes):
    return RVector("double", np.array(values, dtype=np.float64), **attributes)


# ---- a file written by R, read without it ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frame():
    return r.read_rds(FRAME_OF_R)


EXPECTED = {
    "flag": pd.array([True, None, False], dtype="boolean"),
    "whole_flag": np.array([True, False, True]),
    "count": pd.array([1, None, -3], dtype="Int32"),
    "whole_count": np.array([7, 8, 9], dtype=np.int32),
    "real": np.array([1.5, np.nan, np.inf]),
    "text": pd.Series(["naïve", None, "café"]).array,
    "kind": pd.Categorical(["u", None, "v"], ["v", "u", "unused"]),
    "grade": pd.Categorical(["low", "high", None], ["low", "high"], ordered=True),
    "missing_is_a_level": pd.Categorical(["a", None, "b"], ["a", "b"]),
    "day": np.array([dt.date(2020, 2, 29), None, dt.date(1899, 12, 31)], dtype=object),
    "instant": pd.to_datetime(["2020-07-01 12:00:00.25", None, "1950-01-01 00:00:00.00"])
    .tz_localize("Europe/Paris")
    .as_unit("us"),
    "local": pd.to_datetime([0, None, 1e9], unit="s", utc=True).as_unit("us"),
    "wait": pd.to_timedelta([90, None, -180], unit="s").as_unit("us"),
    "big": pd.array([2**40 + 1, None, -1], dtype="Int64"),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_column_of_an_rds_file_means_what_it_meant_in_r(frame, name):
    expected = pd.Series(EXPECTED[name], index=["first", "second", "third"], name=name)
    pd.testing.assert_series_equal(frame[name], expected, check_categorical=True)


def test_every_column_of_the_file_is_tested(frame):
    assert list(frame.columns) == list(EXPECTED)


def test_a_file_that_r_did_not_write_is_refused(tmp_path):
    path = tmp_path / "a.rds"
    path.write_bytes(b"not R")
    with pytest.raises(DataError, match=r"a\.rds could not be read as an \.rds file of R"):
        r.read_rds(path)


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "half.rds"
    path.write_bytes(FRAME_OF_R.read_bytes()[:300])
    with pytest.raises(DataError, match="could not be read"):
        r.read_rds(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.rds"):
        r.read_rds(tmp_path / "nothing.rds")


@pytest.mark.parametrize(("package", "extra"), [("rdata", "rds"), ("rpy2", "r")])
def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch, package, extra):
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    use = {"rdata": lambda: r.read_rds(FRAME_OF_R), "rpy2": lambda: r.to_r(pd.DataFrame({"a": [1]}))}[package]
    with pytest.raises(MissingPackageError, match=rf"{package}.*contextstats\[{extra}\]"):
        use()


# ---- to R ----------------------------------------------------------------------------------------------------------


def test_missing_numbers_become_the_na_of_r_and_not_its_nan():
    vector = encoded([1.0, np.nan])
    assert vector.data.view(np.uint64)[1] & 0xFFFFFFFF == 1954


def test_nan_of_polars_is_no_missing_value():
    vector = encode("x", nw.from_native(pl.Series([np.nan, None]), series_only=True))
    assert [bits & 0xFFFFFFFF for bits in vector.data.view(np.uint64).tolist()] == [0, 1954]


@pytest.mark.parametrize(
    ("largest", "storage"), [(2**31 - 1, "integer"), (2**31, "double"), (-(2**31), "double"), (2**53, "double")]
)
def test_whole_numbers_are_integers_where_r_has_room(largest, storage):
    vector = encoded([largest, 1])
    assert vector.storage == storage
    assert vector.data.tolist() == [largest, 1]


@pytest.mark.parametrize("values", [[1, 2**53 + 1], pd.array([1, 2**60], dtype="UInt64"), [1, 10**30]])
def test_whole_numbers_that_a_double_cannot_hold_are_refused_by_row(values):
    with pytest.raises(DataError, match=r"x must lie within 2\^53 of zero.*first: row 1"):
        encoded(values)


def test_labels_of_categories_become_text_and_keep_their_order():
    vector = encoded(pd.Categorical([3, None, 1], [3, 1], ordered=True))
    assert (vector.levels, vector.classes) == (("3", "1"), ("ordered", "factor"))
    assert vector.data.tolist() == [1, NA_INTEGER, 2]


def test_categories_that_read_alike_are_refused():
    with pytest.raises(DataError, match="categories of x must differ as text"):
        encoded(pd.Categorical([1, "1"]))


def test_ordered_dictionaries_of_arrow_stay_ordered():
    dictionary = pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.int8()), ["lo", "hi"], ordered=True)
    vector = encode("x", nw.from_native(pa.chunked_array([dictionary]), series_only=True))
    assert (vector.levels, vector.classes) == (("lo", "hi"), ("ordered", "factor"))
    assert vector.data.tolist() == [2, NA_INTEGER, 1]


def test_levels_of_a_polars_categorical_are_those_of_the_column_in_the_order_of_text():
    vector = encode("x", nw.from_native(pl.Series(["b", "a", None], dtype=pl.Categorical), series_only=True))
    assert vector.levels == ("a", "b")
    assert vector.data.tolist() == [2, 1, NA_INTEGER]


@pytest.mark.parametrize(
    ("values", "storage", "expected"),
    [
        ([True, None], "logical", [1, NA_INTEGER]),
        ([3, None], "integer", [3, NA_INTEGER]),
        (["a", None], "character", ["a", None]),
        ([None, None], "logical", [NA_INTEGER, NA_INTEGER]),
        ([dt.date(1970, 1, 3), dt.date(1, 1, 1)], "double", [2, -719162]),
        ([dt.timedelta(seconds=-1.5)], "double", [-1.5]),
        ([dt.datetime(1970, 1, 1, 1, tzinfo=dt.timezone.utc)], "double", [3600]),
    ],
)
def test_python_objects_are_told_by_their_kind(values, storage, expected):
    vector = encoded(values, dtype=object)
    assert (vector.storage, vector.data.tolist()) == (storage, expected)


@pytest.mark.parametrize("values", [[1, "a"], [b"raw"], [[1], [2]], [pd.Period("2020")], [1 + 2j]])
def test_other_values_are_refused_by_the_name_of_their_column(values):
    with pytest.raises(DataError, match="x must hold booleans, numbers, text"):
        encoded(values)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_count_seconds_in_every_unit(unit):
    vector = encoded(pd.to_datetime(["1969-12-31 23:59:58", None]).as_unit(unit))
    assert vector.data[0] == -2
    assert (vector.classes, vector.time_zone) == (("POSIXct", "POSIXt"), "UTC")


# ---- from R --------------------------------------------------------------------------------------------------------


def test_classes_without_a_counterpart_are_refused():
    with pytest.raises(DataError, match=r"x must be a plain vector.*'haven_labelled'"):
        decode("x", doubles(1.0, classes=("haven_labelled", "vctrs_vctr")))


@pytest.mark.parametrize(
    ("vector", "expected"),
    [
        (doubles(0.5, -0.5, classes=("Date",)), [dt.date(1970, 1, 1), dt.date(1969, 12, 31)]),
        (integers(0, NA_INTEGER, classes=("Date",)), [dt.date(1970, 1, 1), None]),
        (doubles(-719162, 2932896, classes=("Date",)), [dt.date(1, 1, 1), dt.date(9999, 12, 31)]),
    ],
)
def test_dates_are_whole_days_however_r_counts_them(vector, expected):
    assert decode("x", vector).tolist() == expected


@pytest.mark.parametrize("value", [-719163.0, 2932897.0, np.inf])
def test_dates_outside_the_calendar_are_refused_by_row(value):
    with pytest.raises(DataError, match=r"x must hold dates of the years 1 to 9999; 1 of 2.*row 2"):
        decode("x", doubles(0.0, value, classes=("Date",)))


def test_infinite_times_are_refused():
    with pytest.raises(DataError, match="x must hold times"):
        decode("x", doubles(np.inf, classes=("POSIXct", "POSIXt")))


def test_an_unknown_time_zone_is_named():
    with pytest.raises(DataError, match="'Nowhere/Nothing'"):
        decode("x", doubles(0.0, classes=("POSIXct", "POSIXt"), time_zone="Nowhere/Nothing"))


@pytest.mark.parametrize(
    ("units", "seconds"), [("secs", 1), ("mins", 60), ("hours", 3600), ("days", 86400), ("weeks", 604800)]
)
def test_durations_have_units(units, seconds):
    found = decode("x", doubles(2.0, NA_REAL, classes=("difftime",), units=units))
    assert found[0] == pd.Timedelta(seconds=2 * seconds)
    assert found[1] is pd.NaT


# ---- row names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "index", [pd.RangeIndex(3), pd.RangeIndex(0), pd.Index(["a", "b"]), pd.Index([4, 2]), pd.Index([0, 1, 2])]
)
def test_row_names_come_back(index):
    names = encode_row_names(index)
    back = decode_row_names(names)
    assert_array_equal(back, index)


@pytest.mark.parametrize(
    ("index", "found"),
    [
        (pd.Index(["a", "a"]), "'a' repeats"),
        (pd.MultiIndex.from_tuples([(1, 2)]), "labels in several levels"),
        (pd.Index([0.5]), "floating"),
        (pd.date_range("2020", periods=2), "datetime64"),
    ],
)
def test_labels_that_cannot_be_row_names_are_refused_with_a_remedy(index, found):
    with pytest.raises(DataError, match=rf"{found}.*reset_index"):
        encode_row_names(index)

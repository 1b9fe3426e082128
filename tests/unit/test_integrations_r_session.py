"""Data frames into a running R and back."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_r import live_r

from contextstats.errors import DataError
from contextstats.integrations import r

FRAME_OF_R = Path(__file__).parents[1] / "reference" / "r_frame.rds"


@pytest.fixture(scope="module")
def R():
    return live_r()


def says(R, code, *arguments):
    """What R says about data frames: the value of a function of them, as a Python string."""
    return R(f"function(x, y) paste(format({code}), collapse = ' ')")(*arguments)[0]


# ---- round trips -----------------------------------------------------------------------------------------------

N = 4
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
moments = st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2240, 1, 1))
waits = st.timedeltas(dt.timedelta(days=-9999), dt.timedelta(days=9999))


def column_of(values, make):
    return st.lists(st.none() | values, min_size=N, max_size=N).map(make)


def complete_or_masked(dtype, masked):
    return lambda values: pd.array(values, dtype=masked if None in values else dtype)


def categories(values):
    levels = sorted({value for value in values if value is not None}, reverse=True)
    return pd.Categorical(values, pd.Index(levels, dtype=None if levels else object), ordered=len(levels) % 2 == 0)


COLUMNS = {
    "logical": column_of(st.booleans(), complete_or_masked("bool", "boolean")),
    "integer": column_of(st.integers(-(2**31) + 1, 2**31 - 1), complete_or_masked("int32", "Int32")),
    "double": column_of(st.floats(allow_nan=False), lambda values: np.array(values, dtype=np.float64)),
    "character": column_of(texts, lambda values: pd.Series(values, dtype=pd.Series(["a"]).dtype).array),
    "factor": column_of(texts, categories),
    "date": column_of(st.dates(), lambda values: np.array([dt.date(1, 1, 1), *values[1:]], dtype=object)),
    "instant": column_of(
        moments, lambda v: pd.to_datetime(pd.Series(v)).astype("datetime64[us]").dt.tz_localize("UTC")
    ),
    "wait": column_of(waits, lambda values: pd.Series(values, dtype="timedelta64[us]").array),
}


@given(frame=st.fixed_dictionaries(COLUMNS).map(pd.DataFrame))
@settings(max_examples=60, deadline=None)
def test_a_data_frame_comes_back_from_r_as_it_was(R, frame):
    pd.testing.assert_frame_equal(r.from_r(r.to_r(frame)), frame, check_exact=True)


def test_a_frame_of_r_comes_back_to_r_as_it_was(R):
    frame = R("readRDS")(str(FRAME_OF_R))
    back = r.to_r(r.from_r(frame))
    same = "[setdiff(names(x), c('big', 'local', 'wait', 'missing_is_a_level'))]"
    assert says(R, f"identical(x{same}, y{same})", frame, back) == "TRUE"
    assert says(R, "all(x$wait == y$wait, x$local == y$local, na.rm = TRUE)", frame, back) == "TRUE"


def test_reading_a_file_without_r_gives_what_r_gives(R):
    live = r.from_r(R("readRDS")(str(FRAME_OF_R)))
    alone = r.read_rds(FRAME_OF_R)
    live["local"] = live["local"].dt.tz_convert("UTC")  # of the session in R; the file does not name a zone
    pd.testing.assert_frame_equal(alone, live)


# ---- what R sees -----------------------------------------------------------------------------------------------


FRAME = pd.DataFrame(
    {
        "i": pd.array([1, None], dtype="Int64"),
        "b": pd.array([None, True], dtype="boolean"),
        "x": [np.nan, 0.5],
        "s": [None, "é"],
        "f": pd.Categorical(["b", None], ["b", "a"]),
        "d": [dt.date(2020, 2, 29), None],
        "p": pd.to_datetime(["2020-07-01 12:00", None]).tz_localize("Europe/Paris"),
        "w": pd.to_timedelta([None, 90], unit="s"),
    }
)
SEEN = {
    "class(x$i)": "integer",
    "is.na(x$i)": "FALSE  TRUE",
    "class(x$b)": "logical",
    "is.na(x$b)": " TRUE FALSE",
    "is.na(x$x) & !is.nan(x$x)": " TRUE FALSE",
    "is.na(x$s)": " TRUE FALSE",
    "x$s == '\\u00e9'": "  NA TRUE",
    "levels(x$f)": "b a",
    "is.na(x$f)": "FALSE  TRUE",
    "x$d[1] == as.Date('2020-02-29')": "TRUE",
    "format(x$p[1], '%H:%M %Z')": "12:00 CEST",
    "format(x$w)": "NA secs 90 secs",
    "dim(x)": "2 8",
    "rownames(x)": "1 2",
    "nrow(na.omit(x))": "0",
}


@pytest.mark.parametrize("code", SEEN)
@pytest.mark.parametrize("kind", ["pandas", "arrow", "polars"])
def test_r_sees_missing_values_factors_dates_and_times(R, kind, code):
    made = {"pandas": lambda: FRAME, "arrow": lambda: pa.Table.from_pandas(FRAME), "polars": lambda: polars_frame()}
    assert says(R, code, r.to_r(made[kind]())).split() == SEEN[code].split()


def polars_frame():
    return pl.from_pandas(FRAME).with_columns(pl.col("f").cast(pl.Enum(["b", "a"])))


def test_row_names_follow_the_index(R):
    frame = pd.DataFrame({"a": [1.0, 2.0]}, index=["one", "two"])
    assert says(R, "rownames(x)", r.to_r(frame)) == "one two"
    assert r.from_r(R("mtcars")).loc["Fiat 128", "cyl"] == 4
    assert r.from_r(R("data.frame(a = 1:4)[c(2, 4), , drop = FALSE]")).index.tolist() == [2, 4]
    assert isinstance(r.from_r(R("data.frame(a = 1:4)")).index, pd.RangeIndex)


def test_an_empty_frame_has_its_columns(R):
    frame = pd.DataFrame({"a": np.array([], dtype=float), "f": pd.Categorical([], ["u"])})
    assert says(R, "c(dim(x), levels(x$f))", r.to_r(frame)).split() == ["0", "2", "u"]
    pd.testing.assert_frame_equal(r.from_r(r.to_r(frame)), frame)


# ---- what is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("lm(mpg ~ wt, mtcars)", "must be a data frame of R, but is an object of R's class 'lm'"),
        ("1:3", "must be a data frame of R, but is an object of R's class 'integer'"),
        ("data.frame(x = I(list(1, 2)))", "x must be a vector, but is an object of R's class 'AsIs'"),
        ("local({ d <- data.frame(y = 1:2); d$m <- cbind(1:2, 3:4); d })", "m must be a vector, but is a matrix"),
        ("data.frame(z = 1i)", "z must be a vector, but is an object of R's class 'complex'"),
        ("data.frame(a = 1, a = 2, check.names = FALSE)", "different names, but 'a' repeats"),
    ],
)
def test_what_pandas_cannot_hold_is_refused_by_name(R, code, message):
    with pytest.raises(DataError, match=message):
        r.from_r(R(code))


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_text_that_r_cannot_keep_is_refused(R, text):
    with pytest.raises(DataError, match="s must hold text that R can keep"):
        r.to_r(pd.DataFrame({"s": [text]}, dtype=object))


@pytest.mark.parametrize("value", [[1, 2], None, "a.csv"])
def test_what_is_no_data_frame_is_refused(R, value):
    with pytest.raises(DataError, match="frame must be"):
        r.to_r(value)
    with pytest.raises(DataError, match="frame must be a data frame of R"):
        r.from_r(value)


def test_a_million_rows_go_through_in_seconds(R):
    """rpy2's own converter takes 27 s for these numbers (measured with rpy2 3.6.6)."""
    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(1_000_000, 10)), columns=list("abcdefghij"))
    start = time.perf_counter()
    pd.testing.assert_frame_equal(r.from_r(r.to_r(frame)), frame, check_exact=True)
    assert time.perf_counter() - start < 10

"""Saved fits: exact, data only, and clear about files that cannot be read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

import contextstats as cs
from contextstats.errors import DataError
from contextstats.results import serialize


@dataclass(frozen=True, eq=False)
class SavedPart:
    values: np.ndarray
    names: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class SavedWhole:
    part: SavedPart
    extra: Any = None


@dataclass(frozen=True)
class NeverRegistered:
    value: int


serialize.register(SavedPart, SavedWhole)


def back(value: Any) -> Any:
    """Through JSON text and back."""
    text = json.dumps(serialize.to_dict(SavedWhole(SavedPart(np.empty(0)), value)), allow_nan=False)
    return serialize.from_dict(json.loads(text)).extra


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 3, -0.1, 1e-310, float("inf"), "text", "$tag", 2**70),
        *(("a", (1, 2.5)), [1, [None]], {"a": 1}, {1: "b", "$x": (2,)}, frozenset({"a", "b"})),
    ],
)
def test_plain_values_keep_value_and_type(value):
    again = back(value)
    assert again == value
    assert type(again) is type(value)


def test_not_a_number_and_negative_zero_survive():
    assert np.isnan(back(float("nan")))
    assert np.signbit(back(-0.0))


@pytest.mark.parametrize(
    "array",
    [
        np.array([0.1, np.nan, -np.inf, 5e-324]),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(24, dtype=np.int32).reshape(2, 3, 4)[:, ::2],
        np.array([True, False]),
        np.array(3.5),
        np.empty((0, 4)),
        np.array([1.5], dtype=">f8"),
        np.array(["a", "ü"]),
        np.array(["2020-01-01", "NaT"], dtype="datetime64[s]"),
    ],
)
def test_arrays_come_back_bit_by_bit(array):
    again = back(array)
    assert again.shape == array.shape
    assert again.dtype == array.dtype.newbyteorder("=")
    assert again.tobytes() == array.astype(array.dtype.newbyteorder("=")).tobytes()


def test_column_order_of_arrays_is_kept():
    assert back(np.asfortranarray(np.ones((3, 2)))).flags.f_contiguous
    assert back(np.ones((3, 2))).flags.c_contiguous


def test_objects_and_scalars():
    assert back(np.array([1, "a", None], dtype=object)).tolist() == [1, "a", None]
    again = back(np.float32(0.1))
    assert again == np.float32(0.1)
    assert type(again) is np.float32


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(3, 10, 2, name="row"),
        pd.Index([3, 1, 2]),
        pd.Index([0.5, np.nan]),
        pd.Index(["a", "b"], name=("x", 1)),
        pd.Index(["a", 1], dtype=object),
        pd.Index(["a", None], dtype="string"),
        pd.DatetimeIndex(["2020-01-01", "2021-06-01"], tz="Europe/Berlin"),
        pd.DatetimeIndex(["2020-01-01 10:00"]),
        pd.CategoricalIndex(["u", "v", "u"], categories=["v", "u"]),
        pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["k", "l"]),
    ],
)
def test_row_labels_keep_type_and_names(index):
    pd.testing.assert_index_equal(back(index), index)


def test_series_and_frames():
    frame = pd.DataFrame(
        {"a": [1.0, np.nan], "b": pd.Categorical(["x", "y"], ordered=True), "c": ["s", None]},
        index=["r", "q"],
    )
    pd.testing.assert_frame_equal(back(frame), frame)
    pd.testing.assert_series_equal(back(frame["b"]), frame["b"])


def test_nested_dataclasses_are_rebuilt(tmp_path):
    whole = SavedWhole(SavedPart(np.array([1.0, 2.0]), ("a", "b")), {"k": SavedPart(np.zeros(1))})
    serialize.save(whole, tmp_path / "fit.json")
    again = serialize.load(tmp_path / "fit.json")
    assert isinstance(again, SavedWhole)
    assert again.part.names == ("a", "b")
    np.testing.assert_array_equal(again.part.values, [1.0, 2.0])
    assert isinstance(again.extra["k"], SavedPart)
    assert [path.name for path in tmp_path.iterdir()] == ["fit.json"]


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "fit.json"
    serialize.save(SavedPart(np.zeros(1)), path)
    before = path.read_text()
    with pytest.raises(DataError, match="function cannot be saved"):
        serialize.save(SavedWhole(SavedPart(np.zeros(1)), lambda: None), path)
    assert path.read_text() == before


def test_a_class_that_was_not_registered_is_refused_both_ways():
    with pytest.raises(DataError, match="NeverRegistered cannot be saved"):
        serialize.encode(NeverRegistered(1))
    with pytest.raises(DataError, match="holds a Popen, which"):
        serialize.decode({"$class": {"name": "Popen", "fields": {"args": ["true"]}}})


def test_only_dataclasses_with_one_owner_of_a_name_are_registered():
    with pytest.raises(TypeError, match="Only dataclasses"):
        serialize.register(dict)
    impostor = dataclass(type("SavedPart", (), {}))
    with pytest.raises(TypeError, match="Two classes are called SavedPart"):
        serialize.register(impostor)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_cut_short_says_so(tmp_path, share):
    path = tmp_path / "fit.json"
    serialize.save(SavedPart(np.arange(50.0)), path)
    text = path.read_text()
    path.write_text(text[: int(len(text) * share)])
    with pytest.raises(DataError, match=r"fit\.json is not a complete JSON file"):
        serialize.load(path)


def test_other_files_and_other_versions_are_refused(tmp_path):
    path = tmp_path / "fit.json"
    path.write_text('{"a": 1}')
    with pytest.raises(DataError, match="not a saved fit of contextstats"):
        serialize.load(path)
    path.write_bytes(b"\x80\x04\x95pickle")
    with pytest.raises(DataError, match="not a complete JSON file"):
        serialize.load(path)
    state = serialize.to_dict(SavedPart(np.zeros(1)))
    with pytest.raises(DataError, match="format version 99, but this contextstats"):
        serialize.from_dict(state | {"format_version": 99})
    with pytest.raises(FileNotFoundError):
        serialize.load(tmp_path / "none.json")


@pytest.mark.parametrize(
    "content",
    [
        {"$array": {"dtype": "<f8", "shape": [3], "order": "C", "base64": "AAAAAAAA8D8="}},
        {"$array": {"dtype": "<f8", "shape": [1], "order": "C", "base64": "not base64"}},
        {"$array": {"dtype": "object", "shape": [3], "values": [1]}},
        {"$array": {"dtype": "V8", "shape": [1], "order": "C", "base64": "AAAAAAAA8D8="}},
        {"$array": {"shape": [3]}},
        {"$index": {"kind": "range"}},
        {"$code": "print(1)"},
        {"$tuple": [], "other": 1},
        {"$float": "1e3"},
        {"$class": {"name": "SavedPart", "fields": {"values": 1, "new_field": 2}}},
        {"$class": {"name": "SavedPart", "fields": {}}},
        {"$class": []},
    ],
)
def test_damaged_content_is_a_data_error(content):
    state = serialize.to_dict(SavedPart(np.zeros(1))) | {"content": content}
    with pytest.raises(DataError, match=r"saved (fit|SavedPart)"):
        serialize.from_dict(state)


@pytest.mark.parametrize("name", ["smooth_fit", "factor_fit", "surface_fit", "glm_fit"])
def test_fits_come_back_with_the_same_bits(request, tmp_path, table, name):
    fit = request.getfixturevalue(name)
    fit.save(tmp_path / "fit.json")
    again = cs.load(tmp_path / "fit.json")
    assert str(again.summary()) == str(fit.summary())
    new = table.iloc[:50]
    assert again.predict(new).to_numpy().tobytes() == fit.predict(new).to_numpy().tobytes()
    pd.testing.assert_frame_equal(
        again.get_prediction(new).summary_frame(), fit.get_prediction(new).summary_frame(), check_exact=True
    )
    pd.testing.assert_frame_equal(again.cov_params(), fit.cov_params(), check_exact=True)
    pd.testing.assert_series_equal(again.resid_deviance, fit.resid_deviance, check_exact=True)
    assert again.heterogeneity().equals(fit.heterogeneity())


def test_transforms_and_families_with_parameters_come_back(tmp_path, table):
    family = cs.families.Tweedie(link="log", power=1.6)
    data = table.assign(cost=table["count"] * 1.5)
    formula, context = "cost ~ poly(dose, 2) + C(sex) + np.log(bmi)", {"Intercept": "s(age, k=5)"}
    fit = cs.glm(formula, context=context, data=data, family=family).fit()
    fit.save(tmp_path / "fit.json")
    again = cs.load(tmp_path / "fit.json")
    assert again.family == family
    assert again.predict(data.iloc[:9]).tolist() == fit.predict(data.iloc[:9]).tolist()


def test_a_fit_by_arrays_comes_back(tmp_path, table):
    exog = np.column_stack([np.ones(len(table)), table["dose"]])
    fit = cs.ContextualGLM(table["y"], exog, table[["age"]]).fit()
    fit.save(tmp_path / "fit.json")
    again = cs.load(tmp_path / "fit.json")
    assert str(again.summary()) == str(fit.summary())
    assert again.params.equals(fit.params)


def test_a_formula_with_more_than_plain_computations_cannot_be_saved(tmp_path, table):
    fit = cs.glm("y ~ np.nan_to_num(dose)", data=table).fit()
    with pytest.raises(DataError, match=r"cannot be saved: np.nan_to_num\(dose\) in the formula uses more than numpy"):
        fit.save(tmp_path / "fit.json")


def test_a_formula_smuggled_into_a_file_is_not_run(tmp_path, table):
    path, proof = tmp_path / "fit.json", tmp_path / "proof"
    cs.glm("y ~ np.exp(dose)", data=table).fit().save(path)
    assert "np.exp(dose)" in path.read_text()
    path.write_text(path.read_text().replace("np.exp(dose)", f"__import__('pathlib').Path('{proof}').touch()"))
    with pytest.raises(cs.ContextstatsError):
        cs.load(path).predict(table)
    assert not proof.exists()

"""The check that the numbers of tests do not fall."""

from __future__ import annotations

import count_tests
from count_tests import CPP_CASE, R_CASE, cases_in, count_by_folder, fallen


def test_cases_are_counted_by_folder():
    ids = ["tests/unit/test_a.py::test_a[1]", "tests/unit/test_b.py::test_b", "tests/docs/test_c.py::test_c"]
    assert count_by_folder(ids) == {"tests/docs": 1, "tests/unit": 2}


def test_fewer_tests_and_missing_folders_are_reported_and_more_are_not():
    recorded = {"tests/unit": 10, "tests/docs": 3, "tests/gone": 1}
    found = {"tests/unit": 11, "tests/docs": 2}
    assert fallen(recorded, found) == {"tests/docs": (3, 2), "tests/gone": (1, 0)}


def test_cases_of_doctest_and_testthat_are_found_in_sources(tmp_path, monkeypatch):
    monkeypatch.setattr(count_tests, "ROOT", tmp_path)
    (tmp_path / "a.cpp").write_text('TEST_CASE("one") {}\n  TEST_CASE_FIXTURE(F, "two") {}\n// TEST_CASE("no")\n')
    (tmp_path / "test-a.R").write_text('test_that("one", {})\n# test_that("no", {})\n  test_that("two", {})\n')
    assert cases_in(tmp_path, "*.cpp", CPP_CASE) == {".": 2}
    assert cases_in(tmp_path, "*.R", R_CASE) == {".": 2}

"""The check that the numbers of tests do not fall."""

from __future__ import annotations

from count_tests import count_by_folder, cpp_tests, fallen


def test_cases_are_counted_by_folder():
    ids = ["tests/unit/test_a.py::test_a[1]", "tests/unit/test_b.py::test_b", "tests/docs/test_c.py::test_c"]
    assert count_by_folder(ids) == {"tests/docs": 1, "tests/unit": 2}


def test_fewer_tests_and_missing_folders_are_reported_and_more_are_not():
    recorded = {"tests/unit": 10, "tests/docs": 3, "tests/gone": 1}
    found = {"tests/unit": 11, "tests/docs": 2}
    assert fallen(recorded, found) == {"tests/docs": (3, 2), "tests/gone": (1, 0)}


def test_cases_of_doctest_are_found_in_sources(tmp_path):
    source = 'TEST_CASE("one") {}\n  TEST_CASE_FIXTURE(F, "two") {}\n// TEST_CASE("no")\n'
    (tmp_path / "a.cpp").write_text(source)
    assert cpp_tests(tmp_path) == {"cpp/tests": 2}

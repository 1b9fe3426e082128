"""The response of each family."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from contextstats.design.columns import read_column
from contextstats.design.response import read_response
from contextstats.errors import DataError, DataWarning
from contextstats.families import resolve_family


def respond(values, family, *more, weighted=False, name="y"):
    columns = [read_column(name, values), *(read_column("failures", column) for column in more)]
    labels = pd.Index([f"p{i}" for i in range(columns[0].data.size)])
    return read_response(columns, resolve_family(family), labels, weighted=weighted)


@pytest.mark.parametrize(
    ("values", "expected", "note"),
    [
        ([0, 1, 1], [0, 1, 1], None),
        ([False, True, True], [0, 1, 1], None),
        (["no", "yes", "yes"], [0, 1, 1], "y: the event is 'yes', against 'no'."),
        (
            pd.Categorical(["x", "a", "x"], categories=["x", "a"]),
            [0, 1, 0],
            "y: the event is 'a', against 'x'.",
        ),
        (
            pd.Categorical(["x", "c", "x"], categories=["x", "b", "c"]),
            [0, 1, 0],
            "y: the event is 'c', against 'x'.",
        ),
    ],
)
def test_binary_responses(values, expected, note):
    response = respond(values, "binomial")
    assert_array_equal(response.data, expected)
    assert response.trials is None
    assert response.notes == (() if note is None else (note,))


def test_proportions_with_weights():
    response = respond([0.25, 0.5], "binomial", weighted=True)
    assert_array_equal(response.data, [0.25, 0.5])
    assert response.notes == ()


def test_proportions_without_weights_warn():
    with pytest.warns(DataWarning, match="y holds proportions without weights, so each counts as one trial"):
        assert len(respond([0.25, 0.5], "binomial").notes) == 1


def test_successes_and_failures():
    response = respond([1, 0, 3], "binomial", [1, 2, 1])
    assert_array_equal(response.data, [0.5, 0, 0.75])
    assert_array_equal(response.trials, [2, 2, 4])
    assert response.name == "y + failures"


@pytest.mark.parametrize(
    ("values", "family", "message"),
    [
        (
            [1, 2, 2],
            "binomial",
            "y must be 0 or 1 when family='binomial', but is coded 1 and 2. Recode it, .* y == 2",
        ),
        ([-1, 1, 1], "binomial", "coded -1 and 1"),
        ([2, 2, 2], "binomial", "coded 2. Recode"),
        ([0, 1, 3], "binomial", r"proportion between them, .* 1 of 3 rows .*first: row p2, value 3"),
        (
            ["a", "b", "c"],
            "binomial",
            r"y must have two levels when family='binomial', but has 3 \('a', 'b', 'c'\)",
        ),
        (["a", "a", "a"], "binomial", "but has 1 "),
        ([1, -2, 0], "poisson", r"non-negative count when family='poisson'; 1 of 3 .*row p1, value -2"),
        ([1, -2, 0], "negative_binomial", "non-negative count when family='negative_binomial'"),
        ([1, 0, 2], "gamma", r"y must be positive when family='gamma'; 1 of 3 .*row p1, value 0.*tweedie"),
        ([1, -1, 2], "inverse_gaussian", "y must be positive when family='inverse_gaussian'"),
        ([1, -1, 2], "tweedie", "y must not be negative when family='tweedie'"),
        (["a", "b", "a"], "gaussian", "y must be numeric when family='gaussian', but holds levels"),
    ],
)
def test_responses_outside_the_support_are_refused(values, family, message):
    with pytest.raises(DataError, match=message):
        respond(values, family)


@pytest.mark.parametrize(
    ("successes", "failures", "message"),
    [
        (
            [1, -1],
            [1, 1],
            "y must be a non-negative whole number when successes and failures are counted; 1 of 2",
        ),
        ([1, 1], [1, 0.5], "failures must be a non-negative whole number"),
        ([1, 0], [1, 0], r"y \+ failures must be positive; 1 of 2 rows .*row p1"),
        ([1, 0], ["a", "b"], "failures must be a count, but holds levels"),
    ],
)
def test_counts_of_successes_and_failures_are_checked(successes, failures, message):
    with pytest.raises(DataError, match=message):
        respond(successes, "binomial", failures)


def test_two_columns_need_the_binomial_family():
    with pytest.raises(DataError, match="must be one column when family='poisson'"):
        respond([1, 2], "poisson", [1, 2])


@pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
def test_counts_that_are_not_whole_warn_and_go_on(family):
    with pytest.warns(DataWarning, match=r"should be whole numbers .*1 of 2 rows are not .*row p1, value 1.5"):
        response = respond([1, 1.5], family)
    assert_array_equal(response.data, [1, 1.5])
    assert "quasi-likelihood" in response.notes[0]


@pytest.mark.parametrize(
    ("values", "family", "message"),
    [
        ([0, 0], "binomial", "y is 0 in every row: the likelihood has no finite maximum"),
        ([1, 1], "binomial", "y is 1 in every row: the likelihood has no finite maximum"),
        ([False, False], "binomial", "y is 0 in every row"),
        ([0, 0], "poisson", "y is 0 in every row: the likelihood has no finite maximum"),
        ([2, 2], "gaussian", "y is 2 in every row: there is nothing to explain"),
        ([0, 0], "gaussian", "y is 0 in every row: there is nothing to explain"),
    ],
)
def test_a_response_that_does_not_vary_warns(values, family, message):
    with pytest.warns(DataWarning, match=message):
        assert len(respond(values, family).notes) == 1


def test_booleans_are_numbers_for_other_families():
    assert_array_equal(respond([True, False], "gaussian").data, [1, 0])


def test_the_response_is_a_copy():
    given = np.array([1.0, 2.0])
    assert not np.shares_memory(respond(given, "gaussian").data, given)

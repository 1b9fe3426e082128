"""The shipped data are what their documentation says, and what statsmodels has."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.datasets.anes96
import statsmodels.datasets.randhie

from contextstats import datasets


@pytest.fixture(scope="module")
def rand():
    return datasets.load_rand_hie()


def test_rand_has_the_columns_of_the_standard_regression(rand):
    original = statsmodels.datasets.randhie.load_pandas().data
    names = {
        "mdvis": "visits",
        "lncoins": "log_coinsurance",
        "idp": "individual_deductible",
        "lpi": "log_incentive",
        "fmde": "log_expenditure_limit",
        "physlm": "physical_limitation",
        "disea": "chronic_disease_score",
    }
    for theirs, ours in names.items():
        np.testing.assert_allclose(rand[ours], original[theirs], atol=1e-6, err_msg=ours)
    for dummy, level in [("hlthg", "good"), ("hlthf", "fair"), ("hlthp", "poor")]:
        np.testing.assert_array_equal(rand["health"] == level, original[dummy] == 1)


def test_rand_is_typed_and_within_its_documented_ranges(rand):
    assert rand.shape == (20190, 18)
    assert list(rand["health"].cat.categories) == ["excellent", "good", "fair", "poor"]
    assert list(rand["site"].cat.categories) == ["1", "2", "3", "4", "5", "6"]
    assert set(rand["coinsurance"].unique()) == {0, 25, 50, 95, 100}
    assert rand["years_eligible"].between(0.076, 1).all()
    assert (rand["person"].min(), rand["person"].max(), rand["person"].nunique()) == (1, 5912, 5912)
    assert not rand.duplicated(["person", "year"]).any()
    assert rand.isna().sum().to_dict() == {name: 4 if name == "education" else 0 for name in rand.columns}


def test_anes_is_the_table_of_statsmodels():
    ours = datasets.load_anes96()
    theirs = statsmodels.datasets.anes96.load_pandas().data
    assert ours.shape == (944, 10)
    pairs = {"vote_dole": "vote", "left_right": "selfLR", "party": "PID", "education": "educ"}
    for mine, original in pairs.items():
        np.testing.assert_array_equal(ours[mine], theirs[original])


@pytest.mark.parametrize("load", [datasets.load_rand_hie, datasets.load_anes96])
def test_every_column_is_documented(load):
    for column in load().columns:
        assert f"``{column}``" in load.__doc__


def test_a_loaded_table_can_be_changed_without_changing_the_next(rand):
    rand_again = datasets.load_rand_hie()
    rand_again.loc[:, "visits"] = -1
    assert datasets.load_rand_hie()["visits"].min() == 0

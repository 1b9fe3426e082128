"""Data frames with broom's columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import contextstats as cs
from contextstats.errors import OptionError
from contextstats.results import tidy


def test_tidy_repeats_the_parametric_block(smooth_fit):
    table = tidy.tidy(smooth_fit)
    columns = ["term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
    assert table.columns.tolist() == columns
    assert table["term"].tolist() == ["Intercept", "dose", "sex"]
    assert_allclose(table["estimate"], smooth_fit.params[["Intercept", "dose", "sex"]])
    assert_allclose(table["statistic"], table["estimate"] / table["std_error"])


def test_coefficients_of_lines_and_factors_are_listed(factor_fit):
    terms = tidy.tidy(factor_fit)["term"].tolist()
    assert any("center" in term for term in terms)
    assert any("bmi" in term for term in terms)
    assert not any("s(age" in term for term in terms)


def test_levels_and_limits(smooth_fit):
    wide, narrow = tidy.tidy(smooth_fit, level=0.99), tidy.tidy(smooth_fit, level=0.5)
    assert (wide["conf_high"] > narrow["conf_high"]).all()
    assert "conf_low" not in tidy.tidy(smooth_fit, conf_int=False)
    with pytest.raises(OptionError, match="level must lie between 0 and 1, but is 95"):
        tidy.tidy(smooth_fit, level=95)


def test_exponentiate_leaves_standard_errors_and_tests_alone(factor_fit):
    plain, ratio = tidy.tidy(factor_fit), tidy.tidy(factor_fit, exponentiate=True)
    assert_allclose(ratio["conf_low"], np.exp(plain["conf_low"]))
    assert_allclose(ratio[["std_error", "p_value"]], plain[["std_error", "p_value"]])


def test_varying_effects_have_a_row_each(factor_fit):
    table = tidy.tidy(factor_fit, parametric=False)
    assert table.columns[:5].tolist() == ["term", "predictor", "context", "edf", "ref_df"]
    assert "s(age):dose" in table["term"].tolist()


def test_glance_is_one_row_with_brooms_names(smooth_fit):
    row = tidy.glance(smooth_fit)
    names = ["null_deviance", "df_null", "logLik", "AIC", "BIC", "deviance", "df_residual", "nobs"]
    assert row.columns[:8].tolist() == names
    assert row.shape[0] == 1
    assert_allclose(row.loc[0, "df_null"], 299)
    assert_allclose(row.loc[0, "AIC"], smooth_fit.aic)
    assert bool(row.loc[0, "converged"])


def test_augment_has_the_data_and_what_the_model_says(factor_fit, table):
    rows = tidy.augment(factor_fit)
    assert set(rows.columns[:5]) == {"case", "dose", "center", "age", "bmi"}
    assert rows.columns[5:].tolist() == [".fitted", ".se_fit", ".resid", ".std_resid", ".hat"]
    assert rows.index.equals(table.index)
    assert rows["center"].astype(str).tolist() == table["center"].astype(str).tolist()
    assert_allclose(rows[".fitted"], factor_fit.linear_predictor)
    assert_allclose(rows[".std_resid"] ** 2 * (1 - rows[".hat"]) * factor_fit.scale, rows[".resid"] ** 2)
    assert_allclose(rows[".hat"].sum(), factor_fit.edf, rtol=1e-6)


def test_augment_on_the_scale_of_the_response(factor_fit):
    rows = tidy.augment(factor_fit, type_predict="response", type_residuals="response")
    assert_allclose(rows[".fitted"] + rows[".resid"], rows["case"])
    frame = factor_fit.get_prediction().summary_frame()
    assert_allclose(rows[".se_fit"], frame["mean_se"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"type_predict": "terms"}, "type_predict must be"),
        ({"type_residuals": "rank"}, "type_residuals must be one of"),
    ],
)
def test_unknown_types_are_refused(smooth_fit, options, message):
    with pytest.raises(OptionError, match=message):
        tidy.augment(smooth_fit, **options)


def test_a_predictor_that_is_a_context_too_appears_once(table):
    fit = cs.glm("y ~ age", context={"age": "s(age, k=5)"}, data=table).fit()
    assert tidy.augment(fit).columns.tolist().count("age") == 1


def test_maketables(smooth_fit):
    coefficients = tidy.maketables_coef_table(smooth_fit)
    assert coefficients.columns.tolist() == ["b", "se", "t", "p", "ci95l", "ci95u"]
    assert coefficients.index.name == "Coefficient"
    assert_allclose(coefficients.loc["dose", "se"], smooth_fit.bse["dose"])
    assert tidy.maketables_stat(smooth_fit, "N") == 300
    assert tidy.maketables_stat(smooth_fit, "se_type") == "bayes"
    assert tidy.maketables_stat(smooth_fit, "ll") == smooth_fit.llf
    assert tidy.maketables_stat(smooth_fit, "r2") is None
    assert tidy.maketables_depvar(smooth_fit) == "y"


def test_statsmodels_numbers_for_a_model_without_context(glm_fit, table):
    sm = pytest.importorskip("statsmodels.formula.api")
    reference = sm.glm("y ~ dose + sex", table.reset_index(drop=True)).fit()
    assert_allclose(tidy.tidy(glm_fit)["estimate"], reference.params, rtol=1e-8)
    assert_allclose(tidy.tidy(glm_fit)["std_error"], reference.bse, rtol=1e-8)
    assert isinstance(tidy.tidy(glm_fit, parametric=False), pd.DataFrame)

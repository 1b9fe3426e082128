from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from scipy import stats

from contextstats.errors import DataError, FormulaError
from contextstats.inference.hypothesis import parse_hypothesis
from contextstats.inference.wald import conf_int, t_test, wald_test

NAMES = ["Intercept", "x2", "x3", "x2:s(age).1", "C(site)[T.b-2]", "te(a,b).1", "x2:s(age).10", "1", "x 4"]


def coefficients(text: str) -> tuple[list[dict[str, float]], list[float]]:
    """What the parser read, without the zeros."""
    matrix, value = parse_hypothesis(text, NAMES)
    rows = [{NAMES[i]: float(row[i]) for i in np.flatnonzero(row)} for row in matrix]
    return rows, value.tolist()


@pytest.mark.parametrize(
    ("text", "rows", "value"),
    [
        ("x2", [{"x2": 1}], [0]),
        ("x2 = 0, x3 - x2 = 1", [{"x2": 1}, {"x3": 1, "x2": -1}], [0, 1]),
        ("x2 = x3 = 2.5e-1", [{"x2": 1, "x3": -1}, {"x3": 1}], [0, 0.25]),
        ("2*(x2 - x3)/4 + 1 = -x2 + 3", [{"x2": 1.5, "x3": -0.5}], [2]),
        ("x3 * 3 = +.5", [{"x3": 3}], [0.5]),
        ("x2:s(age).1 - x2:s(age).10", [{"x2:s(age).1": 1, "x2:s(age).10": -1}], [0]),
        (
            "C(site)[T.b-2]=te(a,b).1, Intercept",
            [{"C(site)[T.b-2]": 1, "te(a,b).1": -1}, {"Intercept": 1}],
            [0, 0],
        ),
        ("`1` = 1", [{"1": 1}], [1]),
        ("x 4-`x2`", [{"x 4": 1, "x2": -1}], [0]),
    ],
)
def test_reads(text: str, rows: list[dict[str, float]], value: list[float]) -> None:
    assert coefficients(text) == (rows, value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x22 = 0", "coefficient or a number is expected.*at character 1"),
        ("x2 = ", "coefficient or a number is expected"),
        ("x2 x3", "An operator, a comma or the end is expected.*at character 4: 'x3'"),
        ("x2 * x3", "linear in the coefficients"),
        ("1 / x2", "linear in the coefficients"),
        ("x2 / 0", "linear in the coefficients"),
        ("(x2", "closing parenthesis"),
        ("1 = 2", "must involve a coefficient"),
        ("x2 - x2 = 0", "must involve a coefficient"),
        ("`x9` = 0", "between backquotes"),
        ("", "coefficient or a number is expected"),
    ],
)
def test_refuses(text: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message):
        parse_hypothesis(text, NAMES)


@pytest.mark.reference
@pytest.mark.parametrize("use_t", [True, False])
def test_agrees_with_statsmodels(use_t: bool) -> None:
    generator = np.random.default_rng(0)
    x = sm.add_constant(generator.standard_normal((30, 3)))
    fit = sm.OLS(x @ [1, 0.5, 0, -0.3] + generator.standard_normal(30), x).fit()
    matrix, value = np.array([[0, 1, -1, 0], [0, 0, 1.0, 2]]), np.array([0.1, -0.2])
    df = fit.df_resid if use_t else None

    theirs = fit.t_test((matrix, value), use_t=use_t)
    ours = t_test(matrix, fit.params, fit.cov_params(), value=value, residual_df=df, alpha=0.1)
    assert_allclose(ours.effect, theirs.effect)
    assert_allclose(ours.standard_error, theirs.sd)
    assert_allclose(ours.statistic, theirs.tvalue)
    assert_allclose(ours.pvalue, theirs.pvalue)
    assert_allclose(np.column_stack([ours.lower, ours.upper]), theirs.conf_int(0.1))

    joint = fit.wald_test((matrix, value), use_f=use_t, scalar=True)
    ours_joint = wald_test(matrix, fit.params, fit.cov_params(), value=value, residual_df=df)
    assert_allclose([ours_joint.statistic, ours_joint.pvalue], [joint.statistic, joint.pvalue])
    assert (ours_joint.df, ours_joint.df_denominator) == (2, df)
    if use_t:  # statsmodels has no other interval for OLS
        assert_allclose(conf_int(fit.params, fit.bse, alpha=0.1, residual_df=df), fit.conf_int(0.1))


def test_redundant_restrictions_count_once_and_contradictions_are_refused() -> None:
    covariance = np.diag([1e-6, 4.0, 1.0])
    beta = np.array([1e-3, 3.0, -1.0])
    matrix = np.array([[1.0, 0, 0], [0, 1, 0], [1e3, 1, 0]])
    ours = wald_test(matrix, beta, covariance)
    assert ours.df == 2
    assert_allclose(ours.statistic, 1 + 9 / 4)
    assert_allclose(ours.pvalue, stats.chi2.sf(3.25, 2))
    with pytest.raises(DataError, match="3 restrictions must be compatible, but only 2 are independent"):
        wald_test(matrix, beta, covariance, value=np.array([0, 0, 1.0]))
    with pytest.raises(DataError, match="all variances are zero"):
        wald_test(np.eye(3)[:1], beta, np.diag([0, 1.0, 1.0]))


def test_a_coefficient_without_variance_has_no_p_value() -> None:
    ours = t_test(np.eye(2), np.array([0.0, 1.0]), np.diag([0.0, 1.0]))
    assert np.isnan(ours.pvalue[0])
    assert ours.lower[0] == ours.upper[0] == 0

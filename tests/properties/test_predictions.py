"""What a fit predicts, and the coefficients it predicts with, say the same thing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

FAMILY = st.sampled_from(["gaussian", "logit", "counted", "poisson", "gamma", "negative_binomial", "tweedie"])
CONTEXT = st.sampled_from(["none", "linear", "smooth", "mixed", "tensor"])
SEED = st.integers(0, 10_000)


@given(family=FAMILY, context=CONTEXT, seed=SEED, weighted=st.booleans())
def test_predictions_at_the_rows_of_the_fit_are_the_fitted_values(random_model, family, context, seed, weighted):
    random = random_model(family, context, seed, weighted=weighted)
    res = random.fit()
    shift = random.frame["shift"]
    assert_allclose(res.predict(), res.fittedvalues, rtol=1e-12)
    assert_allclose(res.predict(random.frame, offset=shift), res.fittedvalues, rtol=1e-10)
    assert_allclose(res.predict(random.frame, type="link", offset=shift), res.linear_predictor, rtol=1e-10, atol=1e-12)
    assert_allclose(res.get_prediction(random.frame, offset=shift).predicted_mean, res.fittedvalues, rtol=1e-10)


@given(family=FAMILY, context=CONTEXT, seed=SEED)
def test_a_prediction_does_not_depend_on_the_rows_beside_it(random_model, family, context, seed):
    random = random_model(family, context, seed)
    res = random.fit()
    some = random.frame.sample(7, random_state=seed)
    assert_allclose(res.predict(some), res.predict(random.frame).loc[some.index], rtol=1e-12)
    frame = res.get_prediction(random.frame).summary_frame().loc[some.index]
    assert_allclose(res.get_prediction(some).summary_frame()["mean_se"], frame["mean_se"], rtol=1e-9)


@given(family=FAMILY, context=CONTEXT, seed=SEED, weighted=st.booleans())
def test_predictors_times_coefficients_are_the_linear_predictor(random_model, family, context, seed, weighted):
    random = random_model(family, context, seed, weighted=weighted)
    res = random.fit()
    beta = res.coefficient_array()
    assert beta.shape == (len(random.frame), 2)
    eta = beta[:, 0] + random.frame["x"] * beta[:, 1] + random.frame["shift"]
    assert_allclose(eta, res.linear_predictor, rtol=1e-9, atol=1e-11)
    table = res.coefficients()
    for j, term in enumerate(["Intercept", "x"]):
        assert_allclose(table.loc[table["term"] == term, "estimate"], beta[:, j], rtol=1e-10, atol=1e-12)
    assert_allclose(res.coefficient_array(random.frame), beta, rtol=1e-10, atol=1e-12)


@given(family=FAMILY, context=CONTEXT, seed=SEED)
def test_standard_errors_of_predictions_and_of_coefficients_are_one_covariance(random_model, family, context, seed):
    """Where x = 0 the linear predictor is the intercept's coefficient."""
    random = random_model(family, context, seed)
    res = random.fit()
    at_zero = random.frame.head(20).assign(x=0.0)
    table = res.coefficients(at_zero, terms=["Intercept"])
    assert_allclose(res.get_prediction(at_zero).se_linear, table["std_error"], rtol=1e-7, atol=1e-10)


@given(family=FAMILY, context=CONTEXT, seed=SEED, weighted=st.booleans())
def test_average_effects_are_means_of_the_coefficients(random_model, family, context, seed, weighted):
    random = random_model(family, context, seed, weighted=weighted)
    res = random.fit()
    means = np.average(res.coefficient_array(), axis=0, weights=random.frame["copies"])
    table = res.average_effects()
    assert list(table["term"]) == ["Intercept", "x"]
    assert_allclose(table["estimate"], means, rtol=1e-9, atol=1e-11)
    assert (table["conf_low"] <= table["estimate"]).all()
    assert (table["estimate"] <= table["conf_high"]).all()


@given(family=FAMILY, seed=SEED)
def test_a_curve_is_the_coefficient_along_one_context(random_model, family, seed):
    random = random_model(family, "mixed", seed)
    res = random.fit()
    curve = res.curve("x", "b", n=11)
    contexts = random.frame.head(11).assign(a=random.frame["a"].median(), g=random.frame["g"].mode()[0])
    table = res.coefficients(contexts.assign(b=curve["b"].to_numpy()), terms=["x"])
    for column in ("estimate", "std_error", "conf_low", "conf_high"):
        assert_allclose(curve[column], table[column], rtol=1e-8, atol=1e-10)


@given(context=st.sampled_from(["smooth", "mixed", "tensor"]), seed=SEED, level=st.floats(0.5, 0.99))
def test_bands_are_ordered(random_model, context, seed, level):
    """Estimate inside the pointwise band, inside the simultaneous one, inside that of a higher level."""
    res = random_model("poisson", context, seed).fit()
    new = res.design.contexts.shape[0]
    point = res.coefficients(level=level, terms=["x"])
    joint = res.coefficients(level=level, simultaneous=True, terms=["x"])
    wide = res.coefficients(level=0.995, simultaneous=True, terms=["x"])
    assert len(point) == new
    slack = 1e-9 * point["std_error"].max()
    for inner, outer in ((point, joint), (joint, wide)):
        assert (outer["conf_low"] <= inner["conf_low"] + slack).all()
        assert (outer["conf_high"] >= inner["conf_high"] - slack).all()
    assert (point["conf_low"] <= point["estimate"]).all()


@pytest.mark.parametrize("family", ["gaussian", "logit", "poisson", "gamma"])
def test_intervals_of_predictions_stay_in_the_support(family, random_model):
    random = random_model(family, "mixed", 5)
    frame = random.fit().get_prediction(random.frame).summary_frame(alpha=0.001)
    assert (frame["mean_ci_lower"] <= frame["mean"]).all()
    assert (frame["mean"] <= frame["mean_ci_upper"]).all()
    if family != "gaussian":
        assert (frame["mean_ci_lower"] > 0).all()
    if family == "logit":
        assert (frame["mean_ci_upper"] < 1).all()

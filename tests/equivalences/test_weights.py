"""What weights mean: a frequency of two is the row twice, a weight of zero is no row."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import contextstats as cs

pytestmark = pytest.mark.filterwarnings("error::contextstats.ConvergenceWarning")
FAMILIES = {
    "gaussian": "gaussian",
    "binary": "binomial",
    "poisson": "poisson",
    "gamma": cs.families.Gamma("log"),
    "inverse_gaussian": cs.families.InverseGaussian("log"),
    "negative_binomial": cs.families.NegativeBinomial(),
    "tweedie": cs.families.Tweedie(power=1.4),
}
CONTEXTS = {"none": None, "linear": "a + g", "smooth": {"Intercept": "s(a)", "x": "s(b, k=6) + g"}}
COVARIANCES = ("bayes", "bayes_conditional", "nonrobust", "HC0", "HC1", "HC2", "HC3", "cluster")
SHAPE = ("params", "deviance", "edf", "scale", "llf", "aic", "bic", "nobs", "df_resid", "null_deviance", "pearson_chi2")


def fit(response, frame, context, *, kind="bayes", **options) -> cs.GLMResults:
    model = cs.glm(f"{response} ~ x", context=context, data=frame, family=FAMILIES[response], **options)
    keywords = {"groups": frame["center"]} if kind == "cluster" else None
    return model.fit(cov_type=kind, cov_kwds=keywords, tol=1e-10)


def repeated(frame):
    return frame.loc[frame.index.repeat(frame["copies"])].reset_index(drop=True)


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("response", FAMILIES)
def test_a_frequency_of_two_is_the_row_twice(response, context, frame, assert_same_fit):
    weighted = fit(response, frame, CONTEXTS[context], freq_weights="copies")
    rows = fit(response, repeated(frame), CONTEXTS[context])
    # Sums in another order: smoothing parameters agree as far as the flat optimum of the criterion lets them.
    assert_same_fit(weighted, rows, rtol=1e-6 if context == "smooth" else 1e-9)


@pytest.mark.parametrize("kind", COVARIANCES)
@pytest.mark.parametrize("response", ["gaussian", "binary", "gamma"])
def test_every_covariance_counts_frequencies(response, kind, frame):
    """At given smoothing parameters, so that nothing but rounding differs."""
    context = CONTEXTS["smooth"]
    start = fit(response, repeated(frame), context, kind="bayes")

    def refit(data, **options):
        model = cs.glm(f"{response} ~ x", context=context, data=data, family=FAMILIES[response], **options)
        keywords = {"groups": data["center"]} if kind == "cluster" else None
        smoothing = "reml" if kind == "bayes" else start.smoothing_parameters.to_numpy()
        return model.fit(cov_type=kind, cov_kwds=keywords, smoothing=smoothing, tol=1e-10)

    one, other = refit(frame, freq_weights="copies"), refit(repeated(frame))
    assert one.cov_type == other.cov_type == kind
    error = other.bse.to_numpy()
    tolerance = 1e-5 if kind == "bayes" else 1e-8
    assert_allclose(
        one.cov_params() / np.outer(error, error), other.cov_params() / np.outer(error, error), atol=tolerance
    )


@pytest.mark.parametrize("context", CONTEXTS)
def test_prediction_and_curves_count_frequencies(context, frame):
    weighted = fit("poisson", frame, CONTEXTS[context], freq_weights="copies")
    rows = fit("poisson", repeated(frame), CONTEXTS[context])
    new = frame.iloc[:30]
    one, other = weighted.get_prediction(new).summary_frame(), rows.get_prediction(new).summary_frame()
    assert_allclose(one[["mean", "mean_se"]], other[["mean", "mean_se"]], rtol=1e-6)
    if context == "smooth":
        one, other = weighted.coefficients(new, simultaneous=True), rows.coefficients(new, simultaneous=True)
        assert_allclose(one[["estimate", "conf_low"]], other[["estimate", "conf_low"]], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("weights", ["freq_weights", "var_weights"])
@pytest.mark.parametrize("context", CONTEXTS)
def test_a_weight_of_zero_is_no_row(context, weights, frame):
    zero = np.arange(len(frame)) % 4 == 1
    frame = frame.assign(w=np.where(zero, 0.0, frame["copies"]))
    for kind in ("bayes", "HC1", "HC3", "cluster"):
        with_zeros = fit("gamma", frame, CONTEXTS[context], kind=kind, **{weights: "w"})
        without = fit("gamma", frame[~zero], CONTEXTS[context], kind=kind, **{weights: "w"})
        for name in SHAPE:
            assert_array_equal(getattr(with_zeros, name), getattr(without, name), err_msg=name)
        assert_array_equal(with_zeros.cov_params(), without.cov_params())
    assert with_zeros.design.n_missing == {"zero weight": int(zero.sum())}


def test_what_a_row_of_weight_zero_holds_does_not_matter(frame, assert_same_fit):
    zero = np.arange(len(frame)) % 5 == 2
    spoilt = frame.assign(w=np.where(zero, 0.0, 1.0))
    spoilt.loc[zero, ["a", "b", "x", "gaussian"]] = [1e9, np.nan, np.inf, -1e9]
    assert_same_fit(
        fit("gaussian", spoilt, CONTEXTS["smooth"], freq_weights="w"),
        fit("gaussian", frame[~zero], CONTEXTS["smooth"]),
        rtol=1e-14,
    )


@pytest.mark.parametrize("context", CONTEXTS)
def test_weights_of_one_are_no_weights(context, frame, assert_same_fit):
    ones = np.ones(len(frame))
    plain = fit("tweedie", frame, CONTEXTS[context])
    assert_same_fit(fit("tweedie", frame, CONTEXTS[context], freq_weights=ones), plain, rtol=1e-14)
    assert_same_fit(fit("tweedie", frame, CONTEXTS[context], var_weights=ones), plain, rtol=1e-14)


@pytest.mark.parametrize("response", ["gaussian", "gamma"])
def test_variance_weights_up_to_a_factor_change_the_scale_alone(response, frame):
    one = fit(response, frame, CONTEXTS["smooth"], var_weights="precision")
    other = fit(response, frame, CONTEXTS["smooth"], var_weights=8 * frame["precision"])
    assert_allclose(other.params, one.params, rtol=1e-5, atol=1e-6)
    assert_allclose([other.edf, other.deviance], [one.edf, 8 * one.deviance], rtol=1e-6)
    # Fletcher's correction of the scale, as mgcv has it, weights residuals by the root of the weights: not homogeneous.
    tolerance = {"gaussian": 1e-6, "gamma": 0.01}[response]
    assert_allclose(other.bse, one.bse, rtol=tolerance)
    assert_allclose(other.scale, 8 * one.scale, rtol=tolerance)


@pytest.mark.parametrize("kind", ["parametric", "cases"])
def test_the_bootstrap_counts_frequencies(kind, frame):
    """Standard errors of refits, with 9 copies of every row: a third of those for one copy, within 4 sigma."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        res = cs.glm("gaussian ~ x", data=frame.assign(nine=9), freq_weights="nine").fit()
    replicates = 200
    ratio = res.bootstrap(replicates, kind=kind, seed=1).bse / res.bse
    assert_allclose(ratio, 1.0, atol=4 / np.sqrt(2 * replicates))

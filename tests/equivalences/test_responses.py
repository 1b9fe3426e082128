"""One model, several spellings of its response, its family or its offset."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import contextstats as cs

pytestmark = pytest.mark.filterwarnings("error::contextstats.ConvergenceWarning")
CONTEXTS = {"none": None, "linear": "a + g", "smooth": {"Intercept": "s(a)", "x": "s(b, k=6) + g"}}


def fit(formula, frame, context, *, family="binomial", fit_options=None, **options) -> cs.GLMResults:
    model = cs.glm(formula, context=CONTEXTS[context], data=frame, family=family, **options)
    return model.fit(**(fit_options or {}))


BINARY = {
    "booleans": lambda y: y == 1,
    "integers": lambda y: y.astype(int),
    "int8": lambda y: y.astype(np.int8),
    "two levels": lambda y: pd.Categorical(np.where(y == 1, "yes", "no"), ["no", "yes"]),
    "text": lambda y: np.where(y == 1, "yes", "no"),
}


@pytest.mark.parametrize("spelling", BINARY)
@pytest.mark.parametrize("context", CONTEXTS)
def test_zeros_and_ones_in_any_spelling_give_the_same_bits(context, spelling, frame):
    plain = fit("binary ~ x", frame, context)
    other = fit("binary ~ x", frame.assign(binary=BINARY[spelling](frame["binary"])), context)
    assert_array_equal(other.params, plain.params)
    assert_array_equal(other.cov_params(), plain.cov_params())
    assert_array_equal(other.resid_quantile(seed=3), plain.resid_quantile(seed=3))
    assert other.llf == plain.llf


@pytest.mark.parametrize("context", CONTEXTS)
def test_one_trial_each_is_zeros_and_ones(context, frame):
    pairs = frame.assign(yes=frame["binary"], no=1 - frame["binary"])
    plain, other = fit("binary ~ x", frame, context), fit("yes + no ~ x", pairs, context)
    assert_array_equal(other.params, plain.params)
    assert_allclose(other.llf, plain.llf, rtol=1e-14)
    assert_array_equal(other.resid_quantile(seed=3), plain.resid_quantile(seed=3))


@pytest.mark.parametrize("kind", ["bayes", "bayes_conditional", "nonrobust", "HC1", "HC3"])
@pytest.mark.parametrize("context", CONTEXTS)
def test_successes_and_failures_are_proportions_with_trials_as_weights(context, kind, frame):
    shares = frame.assign(share=frame["successes"] / frame["trials"])
    counts = fit("successes + failures ~ x", frame, context, fit_options={"cov_type": kind})
    share = fit("share ~ x", shares, context, var_weights="trials", fit_options={"cov_type": kind})
    assert_array_equal(share.params, counts.params)
    assert_array_equal(share.cov_params(), counts.cov_params())
    for name in ("deviance", "null_deviance", "pearson_chi2", "edf", "nobs", "criterion"):
        assert_array_equal(getattr(share, name), getattr(counts, name), err_msg=name)
    assert_array_equal(share.resid_quantile(seed=1), counts.resid_quantile(seed=1))
    assert_array_equal(share.simulate(3, seed=1), counts.simulate(3, seed=1))
    # Log-likelihoods differ by the binomial coefficients, which statsmodels leaves out where trials are weights.
    assert_allclose(share.llf - share.llnull, counts.llf - counts.llnull, rtol=1e-10)


@pytest.mark.parametrize("context", CONTEXTS)
def test_trials_are_rows_of_zeros_and_ones(context, frame):
    """Sufficiency: coefficients and Bayesian covariances agree, counts of observations do not."""
    each = frame.loc[frame.index.repeat(frame["trials"])].copy()
    order = each.groupby(level=0).cumcount()
    each["one"] = (order < each["successes"]).astype(float)
    # The rows differ in number, so smooths are centred elsewhere: compare what does not depend on that.
    options = {"cov_type": "bayes_conditional"}
    counts = fit("successes + failures ~ x", frame, context, fit_options=options)
    rows = fit("one ~ x", each.reset_index(drop=True), context, fit_options=options)
    new = frame.iloc[:50]
    for column in ("mean", "mean_se"):
        one, other = (res.get_prediction(new).summary_frame()[column] for res in (counts, rows))
        assert_allclose(other, one, rtol=1e-5)
    assert_allclose(rows.edf, counts.edf, rtol=1e-5)


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("link", ["log", "sqrt"])
def test_a_negative_binomial_with_tiny_alpha_is_poisson(link, context, frame):
    F = cs.families
    poisson = fit("poisson ~ x", frame, context, family=F.Poisson(link))
    other = fit("poisson ~ x", frame, context, family=F.NegativeBinomial(link, alpha=1e-10))
    assert_allclose(other.fittedvalues, poisson.fittedvalues, rtol=1e-6)
    assert_allclose(other.average_effects()["std_error"], poisson.average_effects()["std_error"], rtol=1e-6)
    assert_allclose([other.deviance, other.edf], [poisson.deviance, poisson.edf], rtol=1e-6)
    # gammaln(y + 1/alpha) - gammaln(1/alpha) cancels ten digits of 2e11: what is left is some 1e-4 a row.
    assert_allclose(other.llf, poisson.llf, atol=0.05)


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("family", ["poisson", "negative_binomial", cs.families.Gamma("log")])
def test_an_exposure_is_the_offset_of_its_logarithm(family, context, frame):
    response = family if isinstance(family, str) else "gamma"
    frame = frame.assign(time=np.exp(frame["offset"]))
    one = fit(f"{response} ~ x", frame, context, family=family, exposure="time")
    other = fit(f"{response} ~ x", frame, context, family=family, offset=np.log(frame["time"]))
    both = fit(f"{response} ~ x", frame, context, family=family, offset=np.log(frame["time"]) - 1, exposure=np.e)
    for res in (other, both):
        assert_allclose(one.fittedvalues, res.fittedvalues, rtol=1e-7)
        assert_allclose([one.llf, one.llnull, one.edf], [res.llf, res.llnull, res.edf], rtol=1e-7)
    new = frame.iloc[:10]
    assert_allclose(one.predict(new, exposure=new["time"]), one.fittedvalues.iloc[:10], rtol=1e-12)
    assert_allclose(one.predict(new, offset=np.log(new["time"])), one.fittedvalues.iloc[:10], rtol=1e-12)


@pytest.mark.parametrize("context", CONTEXTS)
def test_an_offset_is_taken_off_a_gaussian_response(context, frame):
    one = fit("gaussian ~ x", frame, context, family="gaussian", offset="offset")
    other = fit("net ~ x", frame.assign(net=frame["gaussian"] - frame["offset"]), context, family="gaussian")
    assert_allclose(one.params, other.params, rtol=1e-9, atol=1e-11)
    assert_allclose(one.bse, other.bse, rtol=1e-7)
    assert_allclose([one.llf, one.scale, one.edf], [other.llf, other.scale, other.edf], rtol=1e-8)


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_constant_offset_moves_the_intercept_alone(context, frame):
    one = fit("poisson ~ x", frame, context, family="poisson")
    other = fit("poisson ~ x", frame, context, family="poisson", offset=5.0)
    moved = np.where(np.array(one.params.index) == "Intercept", 5.0, 0.0)
    assert_allclose(other.params + moved, one.params, rtol=1e-5, atol=1e-6)
    assert_allclose([other.llf, other.llnull, other.edf], [one.llf, one.llnull, one.edf], rtol=1e-7)


@pytest.mark.parametrize("context", CONTEXTS)
def test_gamma_responses_are_those_of_a_tweedie_near_power_two(context, frame):
    """Coefficients and Pearson scale are continuous in the power of the variance function."""
    gamma = fit("gamma ~ x", frame, context, family=cs.families.Gamma("log"), fit_options={"smoothing": 1.0})
    family = cs.families.Tweedie(power=2 - 1e-9)
    tweedie = fit("gamma ~ x", frame, context, family=family, fit_options={"smoothing": 1.0})
    assert_allclose(tweedie.fittedvalues, gamma.fittedvalues, rtol=1e-6)
    assert_allclose([tweedie.deviance, tweedie.edf], [gamma.deviance, gamma.edf], rtol=1e-6)

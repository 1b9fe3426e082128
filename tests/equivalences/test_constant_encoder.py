"""Without context a contextual GLM is a GLM: the same numbers as statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose, assert_array_equal

import contextstats as cs

F = sm.families
L = F.links
CASES = {
    "gaussian": ("gaussian", F.Gaussian()),
    "gaussian_log": ("gamma", F.Gaussian(L.Log())),
    "logit": ("binary", F.Binomial()),
    "probit": ("binary", F.Binomial(L.Probit())),
    "cloglog": ("binary", F.Binomial(L.CLogLog())),
    "poisson": ("poisson", F.Poisson()),
    "poisson_sqrt": ("poisson", F.Poisson(L.Sqrt())),
    "gamma_log": ("gamma", F.Gamma(L.Log())),
    "gamma_inverse": ("gamma", F.Gamma()),
    "inverse_gaussian_log": ("inverse_gaussian", F.InverseGaussian(L.Log())),
    "negative_binomial": ("negative_binomial", F.NegativeBinomial(alpha=0.5)),
    "tweedie": ("tweedie", F.Tweedie(L.Log(), var_power=1.5)),
}
WEIGHTS = {"plain": {}, "freq_weights": {"freq_weights": "copies"}, "var_weights": {"var_weights": "precision"}}


@pytest.mark.filterwarnings("ignore:The .* link function does not respect")
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("case", CASES)
def test_numbers_are_those_of_statsmodels(case, weights, frame):
    response, family = CASES[case]
    extra = {name: frame[column] for name, column in WEIGHTS[weights].items()}
    x = sm.add_constant(frame[["x", "z"]])
    ours = cs.ContextualGLM(frame[response], x, family=family, offset=frame["offset"], **extra).fit(tol=1e-12)
    theirs = sm.GLM(frame[response], x, family=family, offset=frame["offset"], **extra).fit(
        tol=1e-13, tol_criterion="params", maxiter=200
    )
    assert ours.converged
    names = ["params", "bse", "deviance", "pearson_chi2", "scale", "df_resid", "df_model", "fittedvalues"]
    if case != "tweedie":  # its density is a series, which statsmodels leaves out
        names += ["llf", "aic"]
    for name in names:
        assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-8, atol=1e-10, err_msg=name)
    for name in ("resid_response", "resid_pearson", "resid_deviance", "resid_working"):
        assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-6, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("case", CASES)
def test_spellings_of_a_constant_encoder_give_the_same_bits(case, frame):
    response, family = CASES[case]
    plain = cs.glm(f"{response} ~ x + z", data=frame, family=family).fit()
    x = np.column_stack([np.ones(len(frame)), frame["x"], frame["z"]])
    others = [
        cs.glm(f"{response} ~ x + z", context="1", data=frame, family=family).fit(),
        cs.glm(f"{response} ~ x + z", context={"x": "1"}, data=frame, family=family).fit(),
        cs.ContextualGLM(frame[response], x, family=family).fit(),
        cs.ContextualGLM(frame[response], x, frame["a"], encoder=cs.Constant(), family=family).fit(),
    ]
    for other in others:
        assert_array_equal(other.params, plain.params)
        assert_array_equal(other.cov_params(), plain.cov_params())
        assert (other.llf, other.aic) == (plain.llf, plain.aic)

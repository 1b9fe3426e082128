"""Other families, links, bases, weights, offsets and criteria against mgcv."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import contextstats as cs
from reference import data, values

pytestmark = pytest.mark.reference
F = cs.families
VARYING = {"Intercept": "s(a)", "x": "s(b, k=8)"}


def spec(response, family, context=VARYING, formula="x", **options):
    return response, family, context, formula, options


CASES = {
    "gamma_log": spec("gam", F.Gamma("log")),
    "gamma_inverse": spec("gam", F.Gamma("inverse"), "s(a)", "1"),
    "ig_log": spec("ig", F.InverseGaussian("log")),
    "probit": spec("bin", F.Binomial("probit")),
    "cloglog": spec("bin", F.Binomial("cloglog")),
    "poisson_sqrt": spec("poi", F.Poisson("sqrt"), "s(a)", "1"),
    "poisson_offset": spec("poi", "poisson", offset="off"),
    "tweedie": spec("tw", F.Tweedie("log", power=1.4)),
    "negbin_fixed": spec("nb", F.NegativeBinomial("log", alpha=1 / 1.7)),
    "negbin_estimated": spec("nb", F.NegativeBinomial("log")),
    "gaussian_weights": spec("gau", "gaussian", var_weights="w"),
    "gaussian_log": spec("gam", F.Gaussian("log"), "s(a)", "1"),
    "proportion": spec("prop", "binomial", var_weights=np.full(600, 8.0)),
    "gaussian_ml": spec("gau", "gaussian", smoothing="ml"),
    "logit_ml": spec("bin", "binomial", smoothing="ml"),
    "poisson_gcv": spec("poi", "poisson", smoothing="gcv"),
    "gamma_gcv": spec("gam", F.Gamma("log"), smoothing="gcv"),
    "cr": spec("gau", "gaussian", {"Intercept": "s(a, bs='cr')", "x": "s(b, bs='cr', k=7)"}),
    "bs": spec("gau", "gaussian", "s(a, bs='bs', k=12)", "1"),
    "cc": spec("gau", "gaussian", "s(a, bs='cc')", "1"),
    "re": spec("gau", "gaussian", {"Intercept": "s(g, bs='re')", "x": "s(g, bs='re')"}),
    "te": spec("gau", "gaussian", "te(a, b, k=5)", "1"),
    "ti": spec("gau", "gaussian", "s(a) + s(b) + ti(a, b, k=5)", "1"),
    "te_cr_logit": spec("bin", "binomial", "te(a, b, bs='cr', k=(5, 4))", "1"),
    "select": spec("gau", "gaussian", "s(a) + s(b)", "1", select=True),
    "select_logit": spec("bin", "binomial", "s(a) + s(b)", "1", select=True),
    "factor_by": spec("gau", "gaussian", {"Intercept": "s(a) + g", "x": "g"}),
}
FIT_OPTIONS = ("smoothing", "select")


def fitted(name, **more):
    response, family, context, formula, options = CASES[name]
    made = {key: value for key, value in options.items() if key not in FIT_OPTIONS}
    model = cs.glm(f"{response} ~ {formula}", context=context, data=data("mgcv_more"), family=family, **made)
    return model.fit(**{key: options[key] for key in FIT_OPTIONS if key in options}, **more)


@pytest.mark.parametrize("name", [name for name in CASES if "gcv" not in name])
def test_fit_agrees_with_mgcv(name):
    res = fitted(name, cov_type="bayes_conditional")
    expected = values("mgcv_more")[name]
    rows = slice(0, 600, 20)
    assert res.converged
    assert_allclose(res.linear_predictor[rows], np.array(expected["link"]), rtol=1e-5, atol=2e-5)
    assert_allclose(res.edf, expected["edf"], atol=2e-4)
    assert_allclose(res.scale, expected["scale"], rtol=1e-5)
    assert_allclose(res.deviance, expected["deviance"], rtol=1e-5)
    assert_allclose(res.get_prediction().se_linear[rows], expected["se"], rtol=1e-4)


@pytest.mark.parametrize("name", ["poisson_gcv", "gamma_gcv"])
def test_gcv_is_not_above_mgcvs(name):
    """mgcv stops in another local optimum for the Poisson; for Gamma it counts edf with the expected weights."""
    expected = values("mgcv_more")[name]
    assert fitted(name).criterion <= expected["score"]
    response, family, context, formula, _ = CASES[name]
    model = cs.glm(f"{response} ~ {formula}", context=context, data=data("mgcv_more"), family=family)
    there = model.fit(smoothing=np.array(expected["sp"]))
    assert_allclose([there.edf, there.deviance], [expected["edf"], expected["deviance"]], rtol=1e-6)


P_SPLINES = [name for name, case in CASES.items() if case[2] in (VARYING, "s(a)") and case[4].get("smoothing") != "gcv"]


@pytest.mark.parametrize("name", P_SPLINES)
def test_corrected_standard_errors(name):
    rows = slice(0, 600, 20)
    ours = fitted(name, cov_type="bayes_corrected").get_prediction().se_linear[rows]
    assert_allclose(ours, values("mgcv_more")[name]["se_unconditional"], rtol=2e-2)


@pytest.mark.parametrize("name", [name for name in CASES if name != "re" and "gcv" not in name])
def test_term_tests(name):
    table = fitted(name, cov_type="bayes_conditional").heterogeneity()
    smooth = table[(table["context"] != "any") & (table["context"] != "g")].reset_index(drop=True)
    expected = values("mgcv_more")[name]
    alive = np.atleast_1d(expected["term_edf"]) > 0.01  # a term shrunk to nothing has no p-value to speak of
    assert_allclose(smooth["p_value"][alive], np.atleast_1d(expected["p_values"])[alive], atol=1e-3)

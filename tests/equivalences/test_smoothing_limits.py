"""The two ends of smoothing: no penalty, and a penalty that leaves only what it does not see."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import contextstats as cs

pytestmark = pytest.mark.filterwarnings("error::contextstats.ConvergenceWarning")
F = cs.families
CASES = {
    "gaussian": F.Gaussian(),
    "binary": F.Binomial(),
    "poisson": F.Poisson(),
    "gamma": F.Gamma("log"),
    "tweedie": F.Tweedie(power=1.5),
}
SMOOTHS = {
    "ps": "s(a, k=7)",
    "bs": "s(a, k=7, bs='bs')",
    "cr": "s(a, k=7, bs='cr')",
    "two": "s(a, k=6) + s(b, k=5)",
}


def columns_written_out(res: cs.GLMResults) -> pd.DataFrame:
    """The model matrix: each predictor times each basis function of its terms."""
    design = res.design
    parts = []
    for block in design.blocks:
        x = design.x[:, [block.predictor]]
        parts.append(
            x if block.term is None else x * (block.term.basis.evaluate(design.contexts) @ block.term.transform)
        )
    return pd.DataFrame(np.hstack(parts), columns=list(design.coef_names))


@pytest.mark.parametrize("smooth", SMOOTHS)
@pytest.mark.parametrize("response", CASES)
def test_smoothing_parameters_of_zero_are_a_glm_in_the_basis_functions(response, smooth, frame):
    model = cs.glm(f"{response} ~ x", context=SMOOTHS[smooth], data=frame, family=CASES[response])
    free = model.fit(smoothing=0.0, cov_type="nonrobust", tol=1e-12)
    explicit = cs.ContextualGLM(frame[response], columns_written_out(free), family=CASES[response]).fit(tol=1e-12)
    assert_allclose(free.fittedvalues, explicit.fittedvalues, rtol=1e-7)
    assert_allclose(free.params, explicit.params, rtol=1e-6, atol=1e-7)
    assert_allclose(free.edf, len(free.params), rtol=1e-9)
    assert_allclose([free.deviance, free.df_resid], [explicit.deviance, explicit.df_resid], rtol=1e-9)
    # Where there are smooths the scale of Gamma and Tweedie responses has Fletcher's correction.
    assert_allclose(free.bse / np.sqrt(free.scale), explicit.bse / np.sqrt(explicit.scale), rtol=1e-6)


@pytest.mark.parametrize("smooth", ["ps", "bs", "cr", "two"])
@pytest.mark.parametrize("response", CASES)
def test_huge_smoothing_parameters_are_linear_effects(response, smooth, frame):
    linear_context = "a + b" if smooth == "two" else "a"
    stiff = cs.glm(f"{response} ~ x", context=SMOOTHS[smooth], data=frame, family=CASES[response])
    stiff = stiff.fit(smoothing=1e12, cov_type="bayes_conditional")
    linear = cs.glm(f"{response} ~ x", context=linear_context, data=frame, family=CASES[response]).fit()
    assert_allclose(stiff.fittedvalues, linear.fittedvalues, rtol=1e-6)
    assert_allclose(stiff.edf, linear.edf, rtol=1e-6)
    assert_allclose(stiff.deviance, linear.deviance, rtol=1e-7)
    one, other = stiff.coefficients(frame.iloc[:40]), linear.coefficients(frame.iloc[:40])
    assert_allclose(one["estimate"], other["estimate"], rtol=1e-5, atol=1e-6)
    scale = np.sqrt(stiff.scale / linear.scale)
    assert_allclose(one["std_error"], other["std_error"] * scale, rtol=1e-5)


@pytest.mark.parametrize("smooth", SMOOTHS)
@pytest.mark.parametrize("response", CASES)
def test_select_with_huge_smoothing_parameters_is_the_population_glm(response, smooth, frame):
    flat = cs.glm(f"{response} ~ x", context=SMOOTHS[smooth], data=frame, family=CASES[response])
    flat = flat.fit(select=True, smoothing=1e12, cov_type="bayes_conditional")
    glm = cs.glm(f"{response} ~ x", data=frame, family=CASES[response]).fit()
    assert_allclose(flat.fittedvalues, glm.fittedvalues, rtol=1e-6)
    assert_allclose(flat.edf, glm.edf, rtol=1e-6)
    assert_allclose(flat.params[["Intercept", "x"]], glm.params, rtol=1e-5)
    scale = np.sqrt(flat.scale / glm.scale)
    assert_allclose(flat.bse[["Intercept", "x"]], glm.bse * scale, rtol=1e-5)
    assert np.ptp(flat.coefficient_array(), axis=0).max() < 1e-6


@pytest.mark.parametrize("bs", ["cc", "re"])
def test_terms_without_a_null_space_vanish_under_a_huge_penalty(bs, frame):
    context = f"s(a, bs='{bs}')" if bs == "cc" else f"s(g, bs='{bs}')"
    flat = cs.glm("poisson ~ x", context=context, data=frame, family="poisson").fit(smoothing=1e12)
    glm = cs.glm("poisson ~ x", data=frame, family="poisson").fit()
    assert_allclose(flat.fittedvalues, glm.fittedvalues, rtol=1e-6)
    assert_allclose(flat.edf, 2.0, rtol=1e-6)


def test_given_smoothing_parameters_reproduce_the_fit_that_estimated_them(frame):
    model = cs.glm("poisson ~ x", context=SMOOTHS["two"], data=frame, family="poisson")
    reml = model.fit(cov_type="bayes_conditional")
    for values in (reml.smoothing_parameters.to_numpy(), reml.smoothing_parameters.to_dict()):
        again = model.fit(smoothing=values, cov_type="bayes_conditional")
        assert_allclose(again.params, reml.params, rtol=1e-6, atol=1e-8)
        assert_allclose(again.bse, reml.bse, rtol=1e-6)


def test_a_smooth_of_two_parts_is_one_tensor_without_interaction(frame):
    """te under infinite smoothing keeps the product a * b of its margins, ti the product alone."""
    te = cs.glm("gaussian ~ 1", context="te(a, b, k=5)", data=frame).fit(smoothing=1e12)
    parts = cs.glm("gaussian ~ 1", context="a + b + ti(a, b, k=5)", data=frame).fit(smoothing=1e12)
    product = frame.assign(ab=frame["a"] * frame["b"])
    linear = cs.glm("gaussian ~ 1", context="a + b + ab", data=product).fit()
    assert_allclose(te.fittedvalues, linear.fittedvalues, rtol=1e-5)
    assert_allclose(parts.fittedvalues, linear.fittedvalues, rtol=1e-5)

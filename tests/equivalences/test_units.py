"""Units are the user's business: rescaling a predictor or a context changes what must change and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import contextstats as cs

pytestmark = pytest.mark.filterwarnings("error::contextstats.ConvergenceWarning")
CONTEXTS = {"none": None, "linear": "a + b", "smooth": {"Intercept": "s(a)", "x": "s(b, k=6)", "z": "1"}}
FAMILIES = {"gaussian": "gaussian", "binary": "binomial", "poisson": "poisson", "gamma": cs.families.Gamma("log")}


def fit(response, frame, context, **options) -> cs.GLMResults:
    model = cs.glm(f"{response} ~ x + z", context=CONTEXTS[context], data=frame, family=FAMILIES[response])
    return model.fit(tol=1e-10, **options)


def assert_same_model(one, other, rtol):
    """Everything that does not depend on the units of predictors and contexts."""
    assert_allclose(one.fittedvalues, other.fittedvalues, rtol=rtol, atol=rtol)
    for name in ("deviance", "scale", "edf", "llf", "aic", "null_deviance"):
        assert_allclose(getattr(one, name), getattr(other, name), rtol=rtol, err_msg=name)
    assert_allclose(one.hat_diag, other.hat_diag, rtol=10 * rtol)
    if one.varying:
        columns = ["edf", "ref_df", "statistic", "share", "score_statistic"]
        assert_allclose(one.heterogeneity()[columns], other.heterogeneity()[columns], rtol=10 * rtol, atol=10 * rtol)


@pytest.mark.parametrize("factor", [1e12, 1e-12, -3.0])
@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("response", FAMILIES)
def test_a_rescaled_predictor_rescales_its_coefficient_and_nothing_else(response, context, factor, frame):
    smoothing = fit(response, frame, context).smoothing_parameters.to_numpy()
    plain = fit(response, frame, context, smoothing=smoothing)
    owner = np.array(
        [plain.design.x_names[b.predictor] == "x" for b in plain.design.blocks for _ in range(b.start, b.stop)]
    )
    # The smoothing parameters of the rescaled predictor are in the units of its coefficients, squared.
    of_x = np.array([name.endswith(":x") for name in plain.design.penalty_names], dtype=bool)
    other = fit(
        response, frame.assign(x=factor * frame["x"]), context, smoothing=np.where(of_x, factor**2, 1.0) * smoothing
    )
    change = np.where(owner, factor, 1.0)
    assert_allclose(other.params * change, plain.params, rtol=1e-8, atol=1e-10)
    assert_allclose(other.bse * np.abs(change), plain.bse, rtol=1e-8)
    assert_allclose(other.pvalues, plain.pvalues, rtol=1e-6, atol=1e-12)
    assert_same_model(other, plain, 1e-8)


@pytest.mark.parametrize("factor", [1e12, 1e-12])
@pytest.mark.parametrize("response", FAMILIES)
def test_smoothing_parameters_follow_the_units_of_a_predictor(response, factor, frame):
    plain = fit(response, frame, "smooth")
    other = fit(response, frame.assign(x=factor * frame["x"]), "smooth")
    assert other.converged
    assert_same_model(other, plain, 1e-5)
    alive = plain.smoothing_parameters < 1e5
    of_x = np.array([name.endswith(":x") for name in plain.design.penalty_names])
    expected = plain.smoothing_parameters * np.where(of_x, factor**2, 1.0)
    assert_allclose(other.smoothing_parameters[alive], expected[alive], rtol=1e-3)


@pytest.mark.parametrize("context", ["none", "linear", "smooth"])
def test_columns_scaled_1e12_against_1e_12(context, frame):
    plain = fit("poisson", frame, context)
    other = fit("poisson", frame.assign(x=1e12 * frame["x"], z=1e-12 * frame["z"]), context)
    assert other.converged
    assert other.fit.identified.all()
    assert_same_model(other, plain, 1e-5 if context == "smooth" else 1e-9)
    assert_allclose([other.params["x"] * 1e12, other.params["z"] * 1e-12], plain.params[["x", "z"]], rtol=1e-5)
    assert_allclose([other.bse["x"] * 1e12, other.bse["z"] * 1e-12], plain.bse[["x", "z"]], rtol=1e-5)


@pytest.mark.parametrize(("shift", "factor"), [(1e8, 1.0), (-3.0, 1e9), (0.0, 1e-9), (5.0, -2.0)])
@pytest.mark.parametrize("context", ["linear", "smooth"])
@pytest.mark.parametrize("response", FAMILIES)
def test_a_context_in_other_units_gives_the_same_effects(response, context, shift, factor, frame):
    moved = frame.assign(a=shift + factor * frame["a"])
    # The correction for smoothing uncertainty differentiates a Cholesky root, as mgcv's: counting knots from the other
    # end (a negative factor) changes it by some percent, see the next test.
    kind = "bayes" if factor > 0 else "bayes_conditional"
    plain, other = (fit(response, data, context, cov_type=kind) for data in (frame, moved))
    assert other.converged
    assert other.fit.identified.all()
    lost = 1e-8 if shift == 1e8 else 0.0  # digits of the context itself that the shift rounds away
    tolerance = 1e-5 if context == "smooth" else 1e-9 + 10 * lost
    assert_same_model(other, plain, tolerance)
    table, moved_table = plain.coefficients(frame.iloc[::7]), other.coefficients(moved.iloc[::7])
    for column in ("estimate", "std_error", "conf_low"):
        assert_allclose(moved_table[column], table[column], rtol=10 * tolerance, atol=10 * tolerance)


@pytest.mark.parametrize("response", FAMILIES)
def test_a_context_with_its_sign_changed_has_nearly_the_same_corrected_errors(response, frame):
    mirrored = frame.assign(a=-frame["a"])
    plain, other = fit(response, frame, "smooth"), fit(response, mirrored, "smooth")
    errors = [res.coefficients(data)["std_error"] for res, data in ((plain, frame), (other, mirrored))]
    assert_allclose(errors[1], errors[0], rtol=0.05)
    assert_allclose(other.aic, plain.aic, atol=0.5)


@pytest.mark.parametrize("bs", ["ps", "bs", "cr", "cc"])
def test_every_basis_follows_the_units_of_its_context(bs, frame):
    context = {"Intercept": f"s(a, bs='{bs}')"}
    moved = frame.assign(a=1e8 + 1e3 * frame["a"])
    one, other = (cs.glm("gaussian ~ x", context=context, data=data).fit() for data in (frame, moved))
    assert_same_model(other, one, 1e-5)


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_response_in_other_units_rescales_all_coefficients(context, frame):
    plain = fit("gaussian", frame, context)
    other = fit("gaussian", frame.assign(gaussian=1e6 * frame["gaussian"]), context)
    assert_allclose(other.params / 1e6, plain.params, rtol=1e-5, atol=1e-6)
    assert_allclose(other.bse / 1e6, plain.bse, rtol=1e-5)
    assert_allclose([other.scale / 1e12, other.edf], [plain.scale, plain.edf], rtol=1e-6)
    assert_allclose(other.tvalues, plain.tvalues, rtol=1e-4, atol=1e-5)

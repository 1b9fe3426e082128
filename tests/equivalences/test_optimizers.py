"""Newton's method and L-BFGS reach the same optimum, whatever the family and the link."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import contextstats as cs

pytestmark = pytest.mark.filterwarnings("error::contextstats.ConvergenceWarning")
F = cs.families
CASES = {
    "gaussian": ("gaussian", F.Gaussian()),
    "gaussian log": ("gamma", F.Gaussian("log")),
    "logit": ("binary", F.Binomial()),
    "probit": ("binary", F.Binomial("probit")),
    "cloglog": ("binary", F.Binomial("cloglog")),
    "poisson": ("poisson", F.Poisson()),
    "poisson sqrt": ("poisson", F.Poisson("sqrt")),
    "gamma log": ("gamma", F.Gamma("log")),
    "gamma inverse": ("gamma", F.Gamma("inverse")),
    "inverse gaussian": ("inverse_gaussian", F.InverseGaussian("inverse_squared")),
    "inverse gaussian log": ("inverse_gaussian", F.InverseGaussian("log")),
    "negative binomial": ("negative_binomial", F.NegativeBinomial(alpha=0.5)),
    "tweedie": ("tweedie", F.Tweedie(power=1.5)),
}
CONTEXTS = {"none": None, "linear": "a + g", "smooth": {"Intercept": "s(a)", "x": "s(b, k=6)"}}


def relative(one: cs.GLMResults, other: cs.GLMResults) -> float:
    """Largest difference of coefficients, relative to the size of the vector of coefficients."""
    return float(np.abs(one.fit.theta - other.fit.theta).max() / np.abs(other.fit.theta).max())


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("case", CASES)
def test_coefficients_agree_to_1e_6_at_given_smoothing_parameters(case, context, frame):
    response, family = CASES[case]
    model = cs.glm(f"{response} ~ x + z", context=CONTEXTS[context], data=frame, family=family)
    newton, lbfgs = (model.fit(method=method, smoothing=5.0) for method in ("newton", "lbfgs"))
    assert relative(lbfgs, newton) < 1e-6
    assert_allclose(lbfgs.bse, newton.bse, rtol=1e-5)
    assert_allclose([lbfgs.llf, lbfgs.edf], [newton.llf, newton.edf], rtol=1e-8)
    assert_allclose(lbfgs.fittedvalues, newton.fittedvalues, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("smoothing", ["reml", "ml", "gcv"])
@pytest.mark.parametrize("case", ["gaussian", "logit", "poisson", "gamma log"])
def test_they_agree_with_smoothing_parameters_estimated(case, smoothing, frame):
    response, family = CASES[case]
    model = cs.glm(f"{response} ~ x + z", context=CONTEXTS["smooth"], data=frame, family=family)
    newton, lbfgs = (model.fit(method=method, smoothing=smoothing) for method in ("newton", "lbfgs"))
    assert_allclose(lbfgs.criterion, newton.criterion, rtol=1e-8)
    assert_allclose(lbfgs.fittedvalues, newton.fittedvalues, rtol=1e-4)
    assert_allclose(lbfgs.edf, newton.edf, atol=1e-2)


@pytest.mark.parametrize("case", CASES)
def test_auto_is_newton_to_the_bit(case, frame):
    response, family = CASES[case]
    model = cs.glm(f"{response} ~ x", context=CONTEXTS["smooth"], data=frame, family=family)
    assert np.array_equal(model.fit().fit.theta, model.fit(method="newton").fit.theta)


@pytest.mark.parametrize("case", ["logit", "poisson", "poisson sqrt", "gamma log", "cloglog"])
def test_the_score_is_zero_at_the_optimum(case, frame):
    """Z'(score of the rows) = S theta, computed apart from the optimizer."""
    from contextstats.algorithms.joint import CoreProblem
    from contextstats.results.row_values import row_derivatives

    response, family = CASES[case]
    model = cs.glm(f"{response} ~ x", context=CONTEXTS["smooth"], data=frame, family=family)
    for method in ("newton", "lbfgs"):
        res = model.fit(method=method, smoothing=2.0)
        score = row_derivatives(res.design, res.family, res.rows.eta).score
        gradient = CoreProblem.of(res.design, 1).gradient(score * res.design.freq_weights)
        pull = (res.fit.smoothing_parameters @ res.design.penalties) * res.fit.theta
        size = np.sqrt(np.diag(res.fit.gram_expected))
        assert np.abs((gradient - pull) / size).max() < 1e-5

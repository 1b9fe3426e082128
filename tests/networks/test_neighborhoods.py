"""All neighbourhood regressions from one inverse are p separate contextual GLMs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import contextstats as cs
from contextstats._core import network_prior_exponent
from contextstats.inference.smoothing_integration import integrated_covariance

LAMBDA = 3.7


@pytest.mark.parametrize(("encoder", "smoothing"), [(cs.Additive(k=8), LAMBDA), (cs.Linear(), "reml")])
def test_neighborhoods_are_separate_regressions(sample, encoder, smoothing):
    x, t = sample
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    res = cs.MarkovNetwork(z, t, encoder=encoder, method="neighborhood").fit(smoothing=smoothing)
    basis = res.data.basis(res.data.contexts)
    beta = res.estimate.coefficients(basis)
    for j in range(z.shape[1]):
        others = [k for k in range(z.shape[1]) if k != j]
        exog = np.column_stack([np.ones(len(z)), z[:, others]])
        glm = cs.ContextualGLM(z[:, j], exog, t, encoder=encoder).fit(smoothing=smoothing, cov_type="bayes_conditional")
        assert_allclose(beta[:, j, others], glm.coefficient_array()[:, 1:], atol=1e-9)
        spread = np.einsum("na,kab,nb->nk", basis, res.estimate.fit.spread[j, 1:], basis)
        errors = glm.coefficients(terms=list(glm.design.x_names[1:]))["std_error"].to_numpy()
        ours = np.sqrt(spread[:, others] * glm.scale)
        assert_allclose(ours.T.ravel(), errors, rtol=1e-8)
        assert_allclose(res.estimate.fit.edf[j], glm.edf, rtol=1e-8)


def test_standard_errors_average_over_smoothing_parameters(sample):
    """From the core's cross products, and from a contextual GLM in Python: two ways to the same covariance."""
    x, t = sample
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    res = cs.MarkovNetwork(z, t, encoder=cs.Additive(k=8), method="neighborhood").fit()
    basis = res.data.basis(res.data.contexts[::50])
    for j in range(z.shape[1]):
        others = [k for k in range(z.shape[1]) if k != j]
        exog = np.column_stack([np.ones(len(z)), z[:, others]])
        glm = cs.ContextualGLM(z[:, j], exog, t, encoder=cs.Additive(k=8)).fit()
        whole = integrated_covariance(
            glm.estimates.gram,
            glm.design.penalties,
            glm.fit.smoothing_parameters,
            glm.scale,
            glm.fit.theta,
            prior_exponent=network_prior_exponent,
        )
        m = basis.shape[1]
        for place, k in enumerate(others, start=1):
            own = slice(place * m, (place + 1) * m)
            theirs = np.einsum("na,ab,nb->n", basis, whole[own, own], basis)
            ours = np.einsum("na,ab,nb->n", basis, res.estimate.fit.spread[j, k + 1], basis) * glm.scale
            assert_allclose(ours, theirs, rtol=2e-3)
            smaller = np.einsum("na,ab,nb->n", basis, glm.estimates.conditional[own, own], basis)
            assert (theirs > 1.001 * smaller).mean() > 0.5  # the average is not the covariance at the estimate


def test_shared_smoothing_is_at_the_optimum_of_the_sum_of_criteria(sample):
    """Moving any shared smoothing parameter raises the sum of the nodes' REML scores."""
    x, t = sample
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    res = cs.MarkovNetwork(z, t, encoder=cs.Additive(k=8), method="neighborhood").fit(smoothing="reml_shared")
    found = res.estimate.fit.smoothing_parameters[0]
    p = z.shape[1]

    def total(values):
        score = 0.0
        for j in range(p):
            others = [k for k in range(p) if k != j]
            exog = np.column_stack([np.ones(len(z)), z[:, others]])
            model = cs.ContextualGLM(z[:, j], exog, t, encoder=cs.Additive(k=8))
            score += model.fit(smoothing=values[[0, *(k + 1 for k in others)]]).fit.score
        return score

    best = total(found)
    for k in range(p + 1):
        for factor in (0.5, 2.0):
            moved = found.copy()
            moved[k] *= factor
            assert total(moved) > best - 2e-3


def test_separate_smoothing_is_that_of_the_separate_models(sample):
    """Each node's REML estimates are those of its contextual GLM, whose search has other stopping rules."""
    x, t = sample
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    res = cs.MarkovNetwork(z, t, method="neighborhood").fit()
    beta = res.estimate.coefficients(res.data.basis(res.data.contexts))
    for j in range(z.shape[1]):
        others = [k for k in range(z.shape[1]) if k != j]
        glm = cs.ContextualGLM(z[:, j], np.column_stack([np.ones(len(z)), z[:, others]]), t).fit()
        assert_allclose(beta[:, j, others], glm.coefficient_array()[:, 1:], atol=2e-3)
        assert_allclose(res.estimate.fit.edf[j], glm.edf, rtol=5e-3)

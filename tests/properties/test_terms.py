"""Smooth terms: centred, penalised, and decomposed so that parts add up."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

FAMILY = st.sampled_from(["gaussian", "logit", "poisson", "gamma", "inverse_gaussian"])
SMOOTH = st.sampled_from(["smooth", "mixed", "tensor"])
SEED = st.integers(0, 10_000)


def term_values(res, block):
    design = res.design
    basis = block.term.basis.evaluate(design.contexts) @ block.term.transform
    return basis @ res.fit.theta[block.start : block.stop]


@given(family=FAMILY, context=SMOOTH, seed=SEED, weighted=st.booleans())
def test_smooths_are_centred_over_the_rows(random_model, family, context, seed, weighted):
    random = random_model(family, context, seed, weighted=weighted)
    res = random.fit()
    for block in res.design.blocks:
        if block.term is not None and block.term.constrained:
            values = term_values(res, block)
            mean = np.average(values, weights=random.frame["copies"])
            assert abs(mean) < 1e-9 * max(1.0, np.abs(values).max())


@given(family=FAMILY, context=SMOOTH, seed=SEED)
def test_terms_add_up_to_the_coefficient(random_model, family, context, seed):
    res = random_model(family, context, seed).fit()
    total = np.zeros_like(res.coefficient_array())
    for block in res.design.blocks:
        part = res.fit.theta[block.start] if block.term is None else term_values(res, block)
        total[:, block.predictor] += part
    assert_allclose(total, res.coefficient_array(), rtol=1e-9, atol=1e-11)


@given(family=FAMILY, context=SMOOTH, seed=SEED)
def test_less_smoothing_lowers_the_deviance_and_raises_the_degrees_of_freedom(random_model, family, context, seed):
    random = random_model(family, context, seed)
    values = [10.0**power for power in (4, 2, 0, -2)]
    fits = [random.fit(smoothing=value) for value in values]
    deviances, degrees = [res.deviance for res in fits], [res.edf for res in fits]
    penalties = [res.fit.penalty / value for res, value in zip(fits, values, strict=True)]
    slack = 1e-7 * deviances[0]
    assert all(after <= before + slack for before, after in itertools.pairwise(deviances))
    assert all(after >= before - 1e-6 for before, after in itertools.pairwise(degrees))
    assert all(after >= before - 1e-7 for before, after in itertools.pairwise(penalties))


@given(family=FAMILY, context=st.sampled_from(["none", "linear", "smooth", "mixed", "tensor"]), seed=SEED)
def test_the_deviance_lies_between_zero_and_that_of_the_intercept(random_model, family, context, seed):
    res = random_model(family, context, seed).fit()
    assert 0 <= res.deviance <= res.null_deviance * (1 + 1e-9)
    assert 0 <= res.deviance_explained <= 1
    assert res.llf >= res.llnull - 1e-6 or not res.family.scale_known


@given(family=FAMILY, context=SMOOTH, seed=SEED, weighted=st.booleans())
def test_degrees_of_freedom_are_between_their_bounds(random_model, family, context, seed, weighted):
    res = random_model(family, context, seed, weighted=weighted).fit()
    lowest = sum(1 if block.term is None else block.term.null_dim for block in res.design.blocks)
    assert lowest - 1e-6 <= res.edf <= res.design.n_coefficients + 1e-6
    assert_allclose(res.edf_by_coefficient.sum(), res.edf, rtol=1e-12)
    assert res.edf - 1e-6 <= res.df_information <= res.estimates.edf1.sum() + 1e-6
    assert_allclose(res.hat_diag.sum(), res.edf, rtol=1e-6)
    assert ((res.hat_diag >= 0) & (res.hat_diag <= 1 + 1e-9)).all()


@given(
    family=FAMILY, context=st.sampled_from(["linear", "smooth", "mixed", "tensor"]), seed=SEED, weighted=st.booleans()
)
def test_heterogeneity_is_a_table_of_shares_and_probabilities(random_model, family, context, seed, weighted):
    res = random_model(family, context, seed, weighted=weighted).fit()
    table = res.heterogeneity()
    for column in ("p_value", "score_p_value"):
        assert table[column].between(0, 1).all(), column
    assert (table["statistic"] >= 0).all()
    assert (table["edf"] <= table["ref_df"] + 1e-6).all()
    terms = table[table["context"] != "any"]
    assert_allclose(terms.groupby("predictor")["share"].sum(), 1.0, rtol=1e-9)
    test = res.test_population()
    assert 0 <= test.p_value <= 1
    assert test.df > 0


@pytest.mark.parametrize("criterion", ["reml", "ml", "gcv"])
@pytest.mark.parametrize("family", ["gaussian", "logit", "poisson", "gamma"])
def test_no_smoothing_parameters_nearby_have_a_lower_criterion(family, criterion, random_model):
    """The criterion of fits at given parameters is not reported, so the search must at least not move from its end."""
    random = random_model(family, "mixed", 11)
    res = random.fit(smoothing=criterion)
    assert res.converged
    again = random.fit(smoothing=criterion, tol=1e-11)
    assert again.criterion <= res.criterion + 1e-7 * (1 + abs(res.criterion))
    assert_allclose(again.criterion, res.criterion, rtol=1e-8)

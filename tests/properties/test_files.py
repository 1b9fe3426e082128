"""A fit that was saved and loaded is the fit."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal, assert_series_equal

import contextstats as cs

FAMILY = st.sampled_from(["gaussian", "logit", "counted", "poisson", "gamma", "negative_binomial", "tweedie"])
CONTEXT = st.sampled_from(["none", "linear", "smooth", "mixed", "tensor"])


@given(family=FAMILY, context=CONTEXT, seed=st.integers(0, 10_000), weighted=st.booleans())
def test_save_and_load_keep_every_bit(random_model, tmp_path_factory, family, context, seed, weighted):
    random = random_model(family, context, seed, weighted=weighted)
    res = random.fit()
    path = tmp_path_factory.mktemp("fits") / "fit.json"
    res.save(path)
    json.loads(path.read_text())
    loaded = cs.load(path)
    assert_series_equal(loaded.params, res.params)
    assert_frame_equal(loaded.cov_params(), res.cov_params())
    assert_series_equal(loaded.fittedvalues, res.fittedvalues)
    assert (loaded.llf, loaded.aic, loaded.edf, loaded.cov_type) == (res.llf, res.aic, res.edf, res.cov_type)
    assert loaded.notes == res.notes
    assert_frame_equal(loaded.heterogeneity(), res.heterogeneity())
    assert_frame_equal(loaded.coefficients(), res.coefficients())
    assert_frame_equal(loaded.simulate(2, seed=1), res.simulate(2, seed=1))
    assert_array_equal(loaded.resid_quantile(seed=1), res.resid_quantile(seed=1))
    new, shift = random.frame.head(9), np.zeros(9)
    assert_frame_equal(
        loaded.get_prediction(new, offset=shift).summary_frame(), res.get_prediction(new, offset=shift).summary_frame()
    )
    assert_array_equal(loaded.bootstrap(2, seed=1).theta, res.bootstrap(2, seed=1).theta)

"""Effects linear in context are a GLM with interaction columns written out, to 1e-10."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import contextstats as cs

FAMILIES = {
    "gaussian": "gaussian",
    "binary": "binomial",
    "poisson": "poisson",
    "gamma": cs.families.Gamma("log"),
    "negative_binomial": cs.families.NegativeBinomial(alpha=0.5),
}
COVARIANCES = {
    "nonrobust": None,
    "HC0": None,
    "HC1": None,
    "HC2": None,
    "HC3": None,
    "cluster": "center",
}


def written_out(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of `y ~ x` with context a + g, in the order of the coefficients."""
    mid, high = (frame["g"] == "mid").astype(float), (frame["g"] == "high").astype(float)
    columns = {}
    for name, x in {"": 1.0, "x": frame["x"]}.items():
        columns |= {f"{name}1": x * np.ones(len(frame)), f"{name}:a": x * frame["a"]}
        columns |= {f"{name}:mid": x * mid, f"{name}:high": x * high}
    return pd.DataFrame(columns)


def options(kind, frame):
    groups = COVARIANCES[kind]
    return {"cov_type": kind, "cov_kwds": None if groups is None else {"groups": frame[groups]}, "tol": 1e-12}


@pytest.mark.parametrize("kind", COVARIANCES)
@pytest.mark.parametrize("response", FAMILIES)
def test_linear_encoder_is_the_glm_with_interaction_columns(response, kind, frame):
    family = FAMILIES[response]
    encoded = cs.glm(f"{response} ~ x", context="a + g", data=frame, family=family).fit(**options(kind, frame))
    explicit = cs.ContextualGLM(frame[response], written_out(frame), family=family).fit(**options(kind, frame))
    assert_allclose(encoded.params, explicit.params, rtol=1e-10, atol=1e-11)
    error = explicit.bse.to_numpy()
    assert_allclose(
        encoded.cov_params() / np.outer(error, error), explicit.cov_params() / np.outer(error, error), atol=1e-9
    )
    assert_allclose(encoded.bse, explicit.bse, rtol=1e-10)
    for name in ("llf", "aic", "bic", "deviance", "null_deviance", "scale", "edf"):
        assert_allclose(getattr(encoded, name), getattr(explicit, name), rtol=1e-11, err_msg=name)
    assert_allclose(encoded.fittedvalues, explicit.fittedvalues, rtol=1e-10)
    assert_allclose(encoded.hat_diag, explicit.hat_diag, rtol=1e-9)


@pytest.mark.parametrize("response", FAMILIES)
def test_heterogeneity_is_the_wald_test_of_the_interaction_columns(response, frame):
    family = FAMILIES[response]
    encoded = cs.glm(f"{response} ~ x", context="a + g", data=frame, family=family).fit(tol=1e-12)
    explicit = cs.ContextualGLM(frame[response], written_out(frame), family=family).fit(tol=1e-12)
    table = encoded.heterogeneity().set_index(["predictor", "context"])
    rows = np.eye(8)
    for predictor, first in {"Intercept": 0, "x": 4}.items():
        for context, chosen in {"a": [1], "g": [2, 3], "any": [1, 2, 3]}.items():
            test = explicit.wald_test(rows[[first + i for i in chosen]])
            statistic = table.loc[(predictor, context), "statistic"] * (
                1 if encoded.family.scale_known else len(chosen)
            )
            assert_allclose(statistic, test.statistic, rtol=1e-8)


def test_linear_encoder_on_arrays_is_the_formula(frame):
    by_formula = cs.glm("poisson ~ x", context="a + g", data=frame, family="poisson").fit()
    x = pd.DataFrame({"Intercept": 1.0, "x": frame["x"]})
    by_arrays = cs.ContextualGLM(frame["poisson"], x, frame[["a", "g"]], encoder=cs.Linear(), family="poisson").fit()
    assert list(by_arrays.params.index) == list(by_formula.params.index)
    assert_allclose(by_arrays.params, by_formula.params, rtol=1e-13)
    assert_allclose(by_arrays.bse, by_formula.bse, rtol=1e-13)

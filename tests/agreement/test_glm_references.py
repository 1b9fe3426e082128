"""Ordinary GLMs and linear encoders against statsmodels, R and NIST."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import contextstats as cs
from reference import data, values

CASES = {
    "linvc1000_gaussian": "gaussian",
    "linvc1000_logit": "binomial",
    "linvc1000_poisson": "poisson",
    "longley_gaussian": "gaussian",
    "scotland_gamma_log": cs.families.Gamma("log"),
    "spector_logit": "binomial",
    "star98_binomial": "binomial",
}


def fitted(case: str, **options):
    frame = data(f"ds_{case}")
    columns = values(f"glm/statsmodels_{case}")["columns"]
    y = frame[["y0", "y1"]] if "y0" in frame else frame["y"]
    if "y0" in frame:
        y = y.rename(columns={"y0": "NABOVE", "y1": "NBELOW"})
    return cs.ContextualGLM(y, frame[columns], family=CASES[case]).fit(**options), frame


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES)
def test_ordinary_glm_agrees_with_statsmodels(case):
    res, _ = fitted(case)
    expected = values(f"glm/statsmodels_{case}")["glm"]
    # The collinear Longley data: statsmodels' own digits end at 1e-10.
    assert_allclose(res.params, expected["params"], rtol=1e-8)
    assert_allclose(res.bse, expected["bse"], rtol=1e-8)
    assert_allclose(res.cov_params(), np.array(expected["cov"]), rtol=1e-7, atol=1e-12 * np.abs(expected["cov"]).max())
    assert_allclose(res.llf, expected["llf"], rtol=1e-8)
    assert_allclose(res.llnull, expected["llnull"], rtol=1e-8)
    assert_allclose(res.aic, expected["aic"], rtol=1e-8)
    assert_allclose(res.bic, expected["bic_llf"], rtol=1e-8)
    assert_allclose(res.deviance, expected["deviance"], rtol=1e-8)
    assert_allclose(res.null_deviance, expected["null_deviance"], rtol=1e-8)
    assert_allclose(res.pearson_chi2, expected["pearson_chi2"], rtol=1e-8)
    assert_allclose(res.scale, expected["scale"], rtol=1e-8)
    assert_allclose(res.df_resid, expected["df_resid"], rtol=1e-12)
    assert_allclose(res.df_model, expected["df_model"], rtol=1e-12)
    assert_allclose(res.pvalues, expected["pvalues"], rtol=1e-6, atol=1e-14)
    error = np.array(expected["bse"])[:, None]
    assert_allclose(res.conf_int() / error, np.array(expected["conf_int"]) / error, rtol=1e-7, atol=1e-8)
    assert_allclose(res.hat_diag[:5], values(f"glm/statsmodels_{case}")["influence_head"]["hat_diag"][:5], rtol=1e-6)


NEARLY_COLLINEAR = ("longley_gaussian", "star98_binomial")
"""R's crossproducts lose digits here (its errors are 3e-8 and 8e-8): 50-digit arithmetic is the reference instead."""


def sandwich_reference(case: str, kind: str) -> np.ndarray:
    return (
        np.array(values("sandwich_exact")[case][kind])
        if case in NEARLY_COLLINEAR
        else np.diag(values(f"glm/R_{case}")[kind])
    )


@pytest.mark.reference
@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
@pytest.mark.parametrize("case", CASES)
def test_robust_covariance_agrees_with_sandwich(case, kind):
    res, _ = fitted(case, cov_type=kind)
    assert_allclose(res.bse**2, sandwich_reference(case, kind), rtol=1e-8)
    table = values(f"glm/R_{case}")
    expected = np.array((table["lm"] if case == "longley_gaussian" else table)[kind])
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert_allclose(res.cov_params() / scale, expected / scale, rtol=0, atol=2e-7 if case in NEARLY_COLLINEAR else 1e-8)


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES)
def test_cluster_covariance_agrees_with_sandwich(case):
    groups = data(f"ds_{case}")["cluster"]
    res, _ = fitted(case, cov_type="cluster", cov_kwds={"groups": groups})
    assert_allclose(res.bse**2, sandwich_reference(case, "CL_HC1"), rtol=1e-8)


@pytest.mark.reference
@pytest.mark.parametrize(
    ("case", "family"),
    [("linvc1000_gaussian", "gaussian"), ("linvc1000_logit", "binomial"), ("linvc1000_poisson", "poisson")],
)
def test_linear_encoder_is_the_glm_with_interaction_columns(case, family):
    frame = data(f"ds_{case}").rename(columns={"1:c1": "c1", "1:c2": "c2"})
    res = cs.glm("y ~ x2 + x3", context="c1 + c2", data=frame, family=family).fit()
    expected = values(f"glm/statsmodels_{case}")
    names = ["Intercept", "x2", "x3", "c1", "c2", "x2:c1", "x2:c2", "x3:c1", "x3:c2"]
    assert_allclose(res.params[names], expected["glm"]["params"], rtol=1e-8)
    assert_allclose(res.bse[names], expected["glm"]["bse"], rtol=1e-8)
    assert_allclose(
        [res.llf, res.aic, res.deviance], [expected["glm"][k] for k in ("llf", "aic", "deviance")], rtol=1e-8
    )


def nist_columns(problem: dict) -> pd.DataFrame:
    if "X" in problem:
        frame = pd.DataFrame(
            problem["X"],
            columns=problem["columns"] if len(problem["X"][0]) == len(problem["columns"]) else problem["columns"][1:],
        )
        if "const" not in frame:
            frame.insert(0, "const", 1.0)
        return frame
    x = np.array(problem["x"])
    powers = range(0 if problem["intercept"] else 1, problem["degree"] + 1)
    return pd.DataFrame({f"x{k}": x**k for k in powers})


@pytest.mark.reference
@pytest.mark.parametrize("name", sorted(values("glm/nist_strd")))
def test_nist_certified_values_to_seven_digits(name):
    problem = values("glm/nist_strd")[name]
    res = cs.ContextualGLM(np.array(problem["y"], dtype=float), nist_columns(problem)).fit()
    assert digits(res.params, problem["params"]) >= 7
    certified = np.array(problem["bse"])
    if certified.max() == 0:  # an exact fit: what remains is rounding
        assert np.all(res.bse < 1e-7 * np.maximum(np.abs(problem["params"]), 1e-3))
    else:
        assert digits(res.bse, certified) >= 7


def digits(found, certified) -> float:
    """Smallest number of correct digits (log relative error) over the entries."""
    found, certified = np.asarray(found, dtype=float), np.asarray(certified, dtype=float)
    error = np.abs(found - certified) / np.where(certified == 0, 1.0, np.abs(certified))
    return float(-np.log10(np.maximum(error, 1e-16)).min())

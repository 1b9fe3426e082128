"""The same data frame in R and here: glm, sandwich and mgcv, run live, on data with missing values and factors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from live_r import live_r
from numpy.testing import assert_allclose

import contextstats as cs
from contextstats.integrations import r

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.reference


@pytest.fixture(scope="module")
def R():
    return live_r("mgcv", "sandwich")


@pytest.fixture(scope="module")
def frame():
    """Four hundred rows; each column but the responses misses some values."""
    rng = np.random.default_rng(20260701)
    n = 400
    x, age = rng.normal(size=n), rng.uniform(20, 80, n)
    site = pd.Categorical(rng.choice(["north", "east", "west"], n), ["north", "east", "west"])
    eta = 0.3 + 0.4 * x * np.sin(age / 15) - 0.5 * (site == "west")
    made = pd.DataFrame({"x": x, "age": age, "site": site, "family": np.repeat(np.arange(n // 4), 4)})
    made["gaussian"] = eta + rng.normal(size=n)
    made["binomial"] = pd.array(rng.random(n) < 1 / (1 + np.exp(-eta)), dtype="boolean")
    made["poisson"] = pd.array(rng.poisson(np.exp(eta)), dtype="Int64")
    made["Gamma"] = rng.gamma(3, np.exp(eta) / 3)
    made.loc[rng.choice(n, 9, replace=False), "x"] = np.nan
    made.loc[rng.choice(n, 9, replace=False), "site"] = np.nan
    made.loc[rng.choice(n, 9, replace=False), "age"] = np.nan
    made.loc[3, "poisson"] = pd.NA
    return made


@pytest.mark.parametrize("name", ["rand_hie", "anes96"])
def test_the_data_sets_of_the_r_package_are_ours(R, name):
    theirs = r.from_r(R("function(path) get(load(path))")(str(ROOT / "r" / "data" / f"{name}.rda")))
    ours = getattr(cs.datasets, f"load_{name}")()
    pd.testing.assert_frame_equal(theirs, ours, check_dtype=False, check_exact=True)


def numbers(value):
    return np.asarray(value, dtype=float)


def glm(R, frame, response, link):
    call = f"glm({response} ~ x + site, {response}({link!r}), d, control = glm.control(1e-14, 100))"
    return R(f"function(d) {call}")(r.to_r(frame))


FAMILIES = {"gaussian": "identity", "binomial": "logit", "poisson": "log", "Gamma": "log"}


@pytest.mark.parametrize("response", FAMILIES)
def test_an_ordinary_glm_is_that_of_r(R, frame, response):
    theirs = glm(R, frame, response, FAMILIES[response])
    family = cs.families.Gamma("log") if response == "Gamma" else response
    ours = cs.glm(f"{response} ~ x + site", data=frame, family=family).fit()
    assert ours.nobs == R("nobs")(theirs)[0] < len(frame)
    assert_allclose(ours.params, numbers(R("coef")(theirs)), rtol=1e-8, atol=1e-8)
    assert_allclose(ours.cov_params(), numbers(R("vcov")(theirs)), rtol=1e-6, atol=1e-12)
    assert_allclose(ours.deviance, numbers(R("deviance")(theirs))[0], rtol=1e-10)
    assert_allclose(ours.fittedvalues, numbers(R("fitted")(theirs)), rtol=1e-8)


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3", "cluster"])
@pytest.mark.parametrize("response", ["gaussian", "poisson"])
def test_robust_covariances_are_those_of_sandwich(R, frame, response, kind):
    complete = frame.dropna()
    theirs = glm(R, complete, response, FAMILIES[response])
    if kind == "cluster":
        expected = R("function(m, d) sandwich::vcovCL(m, d$family, type = 'HC1')")(theirs, r.to_r(complete))
        options = {"cov_kwds": {"groups": complete["family"].to_numpy()}}
    else:
        expected = R("function(m, kind) sandwich::vcovHC(m, type = kind)")(theirs, kind)
        options = {}
    ours = cs.glm(f"{response} ~ x + site", data=complete, family=response).fit(cov_type=kind, **options)
    assert_allclose(ours.cov_params(), numbers(expected), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("response", ["gaussian", "poisson"])
def test_varying_coefficients_are_those_of_mgcv(R, frame, response):
    formula = f"{response} ~ s(age, bs = 'ps') + s(age, by = x, bs = 'ps')"
    # At its default tolerance mgcv stops 1e-2 away from its own optimum for the counts.
    control = "mgcv::gam.control(epsilon = 1e-12, newton = list(conv.tol = 1e-10))"
    gam = f"mgcv::gam({formula}, {response}(), d, method = 'REML', control = {control})"
    theirs = R(f"function(d) {gam}")(r.to_r(frame))
    ours = cs.glm(f"{response} ~ x", context="s(age)", data=frame, family=response).fit(cov_type="bayes_conditional")
    assert_allclose(ours.fittedvalues, numbers(R("fitted")(theirs)), rtol=1e-5, atol=1e-5)
    assert_allclose(ours.edf, numbers(R("function(m) sum(m$edf)")(theirs))[0], rtol=1e-3)
    predicted = R("function(m) predict(m, se.fit = TRUE)$se.fit")(theirs)
    assert_allclose(ours.get_prediction().se_linear, numbers(predicted), rtol=1e-4)

"""A stand-in for GLMResults with fixed numbers, for exact text, and real fits for all else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import contextstats as cs


class FakeResults(SimpleNamespace):
    """What the tables ask of a fit, with numbers written down here."""

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        half = 1.959964 * self.bse
        return pd.DataFrame({"lower": self.params - half, "upper": self.params + half})

    def heterogeneity(self) -> pd.DataFrame:
        return self.table


COLUMNS = [
    "predictor",
    "context",
    "edf",
    "ref_df",
    "statistic",
    "p_value",
    "share",
    "score_statistic",
    "score_p_value",
]


def fake_results(**changes: Any) -> FakeResults:
    """A logistic model with two predictors and two contexts."""
    names = ["Intercept", "dose", "Intercept:s(age).1", "Intercept:center[b]", "dose:s(age).1"]
    params = pd.Series([-0.5, 1.25, 0.3, -0.0000123, 0.2], index=names)
    bse = pd.Series([0.1, 0.25, 0.1, 0.00001, 0.1], index=names)
    varying = SimpleNamespace(term=SimpleNamespace(label="s(age)", kind="smooth", variables=("age",)), predictor=0)
    values: dict[str, Any] = {
        "design": SimpleNamespace(
            y_name="response",
            x_names=("Intercept", "dose"),
            blocks=(SimpleNamespace(term=None, predictor=0), varying),
            penalty_names=("s(age):Intercept", "s(age):dose"),
        ),
        "family": SimpleNamespace(core_name="binomial", link_name="logit", parameter=0.0, scale_known=True),
        "fit": SimpleNamespace(iterations=7),
        "estimates": SimpleNamespace(information="observed"),
        "params": params,
        "bse": bse,
        "tvalues": params / bse,
        "pvalues": pd.Series([0.0001, 0.04, 0.5, 0.2, 0.3], index=names),
        "is_smooth_coef": np.array([False, False, True, False, True]),
        "use_t": False,
        "nobs": 1234.0,
        "df_resid": 1225.25,
        "df_model": 7.75,
        "edf": 8.75,
        "scale": 1.0,
        "llf": -512.345,
        "aic": 1042.19,
        "bic": 1086.97,
        "deviance": 1024.69,
        "pearson_chi2": 1300.5,
        "deviance_explained": 0.2345,
        "criterion": 530.125,
        "criterion_name": "REML",
        "cov_type": "bayes",
        "converged": True,
        "notes": ("3 rows were dropped for missing values or zero weight (dose: 3).",),
        "table": pd.DataFrame(
            [
                ["Intercept", "s(age)", 3.21, 4.01, 45.6, 1e-8, 0.9, 12.0, 1e-7],
                ["Intercept", "center", 1.0, 1.0, 3.3, 0.069, 0.1, 2.0, 0.071],
                ["Intercept", "any", 4.21, 5.01, 49.0, 1e-8, 1.0, 14.0, 1e-7],
                ["dose", "s(age)", 1.0, 1.0, 0.4, 0.527, 1.0, 0.4, np.nan],
                ["dose", "any", 1.0, 1.0, 0.4, 0.527, 1.0, 0.4, np.nan],
            ],
            columns=COLUMNS,
        ),
    }
    return FakeResults(**(values | changes))


@pytest.fixture
def fake() -> FakeResults:
    return fake_results()


@pytest.fixture
def plain_glm() -> FakeResults:
    """A linear model without context."""
    return fake_results(
        design=SimpleNamespace(
            y_name="y",
            x_names=("Intercept", "x"),
            blocks=(SimpleNamespace(term=None, predictor=0),),
            penalty_names=(),
        ),
        family=SimpleNamespace(core_name="gaussian", link_name="identity", parameter=0.0, scale_known=False),
        estimates=SimpleNamespace(information="expected"),
        params=pd.Series([12.5, -3.0], index=["Intercept", "x"]),
        bse=pd.Series([2.0, 1.5], index=["Intercept", "x"]),
        tvalues=pd.Series([6.25, -2.0], index=["Intercept", "x"]),
        pvalues=pd.Series([0.0, 0.0455], index=["Intercept", "x"]),
        is_smooth_coef=np.array([False, False]),
        nobs=32.0,
        df_resid=30.0,
        df_model=1.0,
        edf=2.0,
        scale=0.123456,
        criterion=float("nan"),
        criterion_name="none",
        cov_type="nonrobust",
        notes=(),
    )


def some_data(n: int = 300) -> pd.DataFrame:
    """Two predictors, three numeric contexts and a factor; the effect of dose depends on age."""
    rng = np.random.default_rng(20)
    table = pd.DataFrame(
        {
            "dose": rng.normal(size=n),
            "sex": rng.integers(0, 2, n).astype(float),
            "age": rng.uniform(20, 80, n),
            "bmi": rng.normal(25, 4, n),
            "center": pd.Categorical(rng.choice(["north", "south", "west"], n)),
        },
        index=[f"p{i:03d}" for i in range(n)],
    )
    mean = 1 + table["dose"] * np.sin(table["age"] / 12) + 0.3 * table["sex"]
    table["y"] = mean + rng.normal(scale=0.5, size=n)
    table["count"] = rng.poisson(np.exp(0.2 + 0.3 * mean))
    table["case"] = (rng.uniform(size=n) < 1 / (1 + np.exp(-mean))).astype(float)
    return table


@pytest.fixture(scope="session")
def table() -> pd.DataFrame:
    return some_data()


@pytest.fixture(scope="session")
def smooth_fit(table: pd.DataFrame) -> Any:
    """Gaussian, two predictors, one smooth context."""
    return cs.glm("y ~ dose + sex", context="s(age, k=6)", data=table).fit()


@pytest.fixture(scope="session")
def factor_fit(table: pd.DataFrame) -> Any:
    """Logistic, a smooth, a straight line and a factor."""
    context = {"Intercept": "center", "dose": "s(age, k=6) + center + bmi"}
    return cs.glm("case ~ dose", context=context, data=table, family="binomial").fit()


@pytest.fixture(scope="session")
def surface_fit(table: pd.DataFrame) -> Any:
    """Poisson, a tensor product of two contexts and a factor."""
    context = {"dose": "te(age, bmi, k=4) + center"}
    return cs.glm("count ~ dose", context=context, data=table, family="poisson").fit()


@pytest.fixture(scope="session")
def glm_fit(table: pd.DataFrame) -> Any:
    """An ordinary linear model."""
    return cs.glm("y ~ dose + sex", data=table).fit()

"""Robust covariances against R's sandwich 3.0-2."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from contextstats.errors import DataError
from contextstats.inference.covariance import coefficient_covariance
from contextstats.inference.sandwich import cluster_correction, count_rows, meat_weights, sandwich

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = [
    "linvc1000_gaussian",
    "linvc1000_logit",
    "linvc1000_poisson",
    "longley_gaussian",
    "scotland_gamma_log",
    "spector_logit",
    "star98_binomial",
]
KINDS = ["HC0", "HC1", "HC2", "HC3"]


class Fit:
    """R's coefficients with the quantities the sandwich is made of, expected information."""

    def __init__(self, case: str) -> None:
        self.stored = json.loads((REFERENCE / "glm" / f"R_{case}.json").read_text())
        with (REFERENCE / "data" / f"ds_{case}.csv").open() as file:
            header, *rows = csv.reader(file)
        columns = dict(zip(header, np.array(rows, dtype=float).T, strict=True))
        self.clusters = columns.pop("cluster").astype(int)
        responses = [columns.pop(name) for name in ("y", "y0", "y1") if name in columns]
        self.z = np.column_stack(list(columns.values()))
        self.score, self.weights = self._score(case, responses, self.z @ np.array(self.stored["coefficients"]))
        gram = self.z.T @ (self.weights[:, None] * self.z)
        self.bread = coefficient_covariance(gram, np.zeros(len(gram)), 1.0).bayesian
        self.leverage = self.weights * np.einsum("ij,jk,ik->i", self.z, self.bread, self.z)

    @staticmethod
    def _score(case: str, responses: list[np.ndarray], eta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        trials = np.ones_like(eta)
        y = responses[0]
        if case == "star98_binomial":
            trials = responses[0] + responses[1]
        if case.endswith(("logit", "binomial")):
            mu = 1 / (1 + np.exp(-eta))
            return y - trials * mu, trials * mu * (1 - mu)
        if case.endswith("poisson"):
            return y - np.exp(eta), np.exp(eta)
        if case.endswith("gamma_log"):
            return y / np.exp(eta) - 1, trials
        return y - eta, trials


def assert_covariance(actual: np.ndarray, desired: object, tolerance: float) -> None:
    desired = np.array(desired)
    errors = np.sqrt(np.diag(desired))
    assert np.abs((actual - desired) / np.outer(errors, errors)).max() < tolerance


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES)
def test_heteroskedasticity_consistent_covariances(case: str) -> None:
    fit = Fit(case)
    n, k = fit.z.shape
    for kind in KINDS:
        weights = meat_weights(fit.score, kind=kind, nobs=n, n_params=k, leverage=fit.leverage)
        ours = sandwich(fit.bread, fit.z.T @ (weights[:, None] * fit.z))
        assert_covariance(ours, fit.stored[kind], 1e-6)


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES)
def test_clustered_covariances(case: str) -> None:
    fit = Fit(case)
    n, k = fit.z.shape
    groups = np.unique(fit.clusters)
    totals = np.array([fit.score[fit.clusters == g] @ fit.z[fit.clusters == g] for g in groups])
    for kind, name in [("HC1", "CL_HC1"), ("none", "CL_HC0_nocadj")]:
        factor = cluster_correction(n_groups=len(groups), nobs=n, n_params=k, kind=kind)
        assert_covariance(sandwich(fit.bread, factor * totals.T @ totals), fit.stored[name], 1e-6)
    assert cluster_correction(n_groups=11, nobs=100, n_params=3, kind="HC0") == 1.1


@pytest.mark.parametrize("kind", KINDS)
def test_a_frequency_of_two_is_the_row_twice_and_of_zero_no_row(kind: str) -> None:
    generator = np.random.default_rng(0)
    z, frequency = generator.standard_normal((30, 3)), generator.integers(0, 4, 30)
    y, v = generator.standard_normal(30), generator.uniform(0.5, 2, 30)
    v[3] = 0.0
    weighted = robust(z, y, v, frequency.astype(float), kind)
    repeated = np.repeat(np.arange(30)[v > 0], frequency[v > 0])
    assert_allclose(weighted, robust(z[repeated], y[repeated], v[repeated], np.ones(len(repeated)), kind), rtol=1e-10)


def robust(z: np.ndarray, y: np.ndarray, v: np.ndarray, f: np.ndarray, kind: str) -> np.ndarray:
    bread = np.linalg.inv(z.T @ ((f * v)[:, None] * z))
    residual = y - z @ bread @ z.T @ (f * v * y)
    leverage = v * np.einsum("ij,jk,ik->i", z, bread, z)
    weights = meat_weights(
        v * residual, kind=kind, nobs=count_rows(f, v), n_params=3, leverage=leverage, freq_weights=f
    )
    return sandwich(bread, z.T @ (weights[:, None] * z))


def test_what_is_refused() -> None:
    score = np.ones(3)
    with pytest.raises(ValueError, match="needs the leverages"):
        meat_weights(score, kind="HC2", nobs=3, n_params=1)
    with pytest.raises(DataError, match=r"1 of 3 rows are fitted exactly \(first: position 1"):
        meat_weights(score, kind="HC3", nobs=3, n_params=1, leverage=np.array([0.5, 1, 0.2]))
    with pytest.raises(DataError, match="more observations than parameters"):
        meat_weights(score, kind="HC1", nobs=3, n_params=3)
    with pytest.raises(DataError, match="at least two clusters"):
        cluster_correction(n_groups=1, nobs=3, n_params=1)

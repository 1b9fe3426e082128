"""Covariances, tests and diagnostics of whole models against mgcv (R 4.2.2, mgcv 1.8-41).

mgcv's coefficients are those of constrained B-splines. Here each smooth is first rotated to coordinates in
which its penalty is diagonal, which is what the functions take; results are rotated back or do not change.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from contextstats.inference.covariance import CoefficientCovariance, coefficient_covariance
from contextstats.inference.diagnostics import aic, bic, concurvity, gcv
from contextstats.inference.smooth_tests import smooth_test
from contextstats.inference.smoothing_uncertainty import corrected_covariance

pytestmark = pytest.mark.reference

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = ["ps_reml_gaussian", "ps_reml_logit", "ps_reml_poisson", "ps_fixedsp1_gaussian", "ps_fixedsp1_logit"]


@dataclass(frozen=True)
class Model:
    """One of mgcv's fits in natural coordinates: theta = rotation' coefficients."""

    stored: dict
    y: np.ndarray
    z: np.ndarray
    theta: np.ndarray
    rotation: np.ndarray
    penalties: np.ndarray
    lambdas: np.ndarray
    gram: np.ndarray
    covariance: CoefficientCovariance
    blocks: list[slice]


@cache
def design() -> np.ndarray:
    return np.loadtxt(REFERENCE / "mgcv" / "mgcv_vc1000_ps_X.csv.gz", delimiter=",")


@cache
def load(case: str) -> Model:
    stored = json.loads((REFERENCE / "mgcv" / f"mgcv_vc1000_{case}.json").read_text())
    x = design()
    blocks = [slice(smooth["first"] - 1, smooth["last"]) for smooth in stored["smooths"]]
    rotation = np.eye(x.shape[1])
    penalties = np.zeros((len(blocks), x.shape[1]))
    for row, smooth, block in zip(penalties, stored["smooths"], blocks, strict=True):
        values, rotation[block, block] = np.linalg.eigh(np.reshape(smooth["S"], (9, 9)))
        row[block] = np.where(np.arange(9) < smooth["null_space_dim"], 0.0, values)
    coefficients = np.array(stored["coefficients"])
    expected_weights = {
        "identity": lambda eta: np.ones_like(eta),
        "logit": lambda eta: np.exp(-eta) / (1 + np.exp(-eta)) ** 2,
        "log": np.exp,
    }
    z = x @ rotation
    weights = expected_weights[stored["link"]](x @ coefficients)
    gram = z.T @ (weights[:, None] * z)
    lambdas = np.array(stored["sp"]) if stored["sp"] else np.ones(len(blocks))  # none estimated: all are one
    data = np.genfromtxt(REFERENCE / "data" / "vc_1000.csv", delimiter=",", names=True)
    return Model(
        stored=stored,
        y=data[stored["formula"].split(" ~")[0]],
        z=z,
        theta=rotation.T @ coefficients,
        rotation=rotation,
        penalties=penalties,
        lambdas=lambdas,
        gram=gram,
        covariance=coefficient_covariance(gram, lambdas @ penalties, stored["scale"]),
        blocks=blocks,
    )


@pytest.mark.parametrize("case", CASES)
def test_covariances_and_degrees_of_freedom(case: str) -> None:
    model = load(case)
    for ours, name in [(model.covariance.bayesian, "Vp"), (model.covariance.frequentist, "Ve")]:
        stored = np.array(model.stored[name])
        scale = np.sqrt(np.outer(np.diag(stored), np.diag(stored)))
        difference = (model.rotation @ ours @ model.rotation.T - stored) / scale
        assert np.abs(difference).max() < 1e-7
    for block in [slice(0, 5), *model.blocks]:
        assert_allclose(model.covariance.edf[block].sum(), sum(model.stored["edf"][block]), rtol=1e-6)
        assert_allclose(model.covariance.edf1[block].sum(), sum(model.stored["edf1"][block]), rtol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_smooth_tests_are_those_of_the_summary(case: str) -> None:
    model = load(case)
    stored = model.stored
    residual_df = 1000 - model.covariance.edf.sum() if stored["scale_estimated"] else None
    for block, (edf, ref_df, printed, pvalue) in zip(model.blocks, stored["s_table"], strict=True):
        ours = smooth_test(
            model.theta[block],
            model.covariance.bayesian[block, block],
            model.gram[block, block],
            ref_df=model.covariance.edf1[block].sum(),
            residual_df=residual_df,
        )
        assert_allclose(model.covariance.edf[block].sum(), edf, rtol=1e-6)
        assert_allclose(ours.ref_df, ref_df, rtol=1e-6)
        statistic = printed * ref_df if stored["scale_estimated"] else printed
        assert min(abs(one / statistic - 1) for one in ours.statistics) < 1e-7
        assert_allclose(ours.statistic, np.mean(ours.statistics))
        assert_allclose(ours.pvalue, pvalue, atol=2e-5)


def reml_hessian(model: Model) -> np.ndarray:
    """Second derivatives in (log lambda, log phi) of minus the Gaussian REML log-likelihood."""
    lam_s = model.lambdas[:, None] * model.penalties
    inverse = np.linalg.inv(model.gram + np.diag(lam_s.sum(axis=0)))
    theta = inverse @ (model.z.T @ model.y)
    bending = lam_s @ theta**2
    penalised = np.sum((model.y - model.z @ theta) ** 2) + bending.sum()
    null_dim = int(np.sum(model.penalties.sum(axis=0) == 0))
    phi = penalised / (1000 - null_dim)
    n_rho = len(lam_s)
    hessian = np.zeros((n_rho + 1, n_rho + 1))
    pull = lam_s * theta
    hessian[:-1, :-1] = -pull @ inverse @ pull.T / phi - lam_s @ inverse**2 @ lam_s.T / 2
    hessian[:-1, :-1] += np.diag(bending / (2 * phi) + lam_s @ np.diag(inverse) / 2)
    hessian[:-1, -1] = hessian[-1, :-1] = -bending / (2 * phi)
    hessian[-1, -1] = penalised / (2 * phi)
    return hessian


def test_covariance_corrected_for_the_smoothing_parameters() -> None:
    model = load("ps_reml_gaussian")
    stored = model.stored
    lam_s = model.lambdas[:, None] * model.penalties
    jacobian = -np.linalg.solve(model.gram + np.diag(lam_s.sum(axis=0)), (lam_s * model.theta).T)
    ours = corrected_covariance(
        model.gram,
        model.penalties,
        model.lambdas,
        stored["scale"],
        dtheta_drho=jacobian,
        hessian=reml_hessian(model),
        edf1=model.covariance.edf1,
        frame=model.rotation.T,
    )
    diagonal = np.diag(model.rotation @ ours.covariance @ model.rotation.T)
    assert_allclose(diagonal, stored["Vc_diag"], rtol=1e-4)
    assert np.abs(diagonal / np.array(stored["Vp_diag"]) - 1).max() > 0.1  # there is something to correct
    assert_allclose(ours.edf2.sum(), sum(stored["edf2"]), rtol=1e-5)
    assert_allclose(aic(stored["logLik"], ours.edf2.sum() + 1), stored["aic"], atol=1e-3)
    assert_allclose(bic(stored["logLik"], ours.edf2.sum() + 1, 1000), stored["bic"], atol=1e-3)


def test_concurvity_with_all_other_terms() -> None:
    model = load("ps_reml_gaussian")
    names = ["(Intercept)", *(smooth["label"] for smooth in model.stored["smooths"])]
    positions = [np.arange(95)[block] for block in [slice(0, 1), *model.blocks]]
    groups = dict(zip(names, positions, strict=True)) | {"slopes": np.arange(1, 5)}
    ours = concurvity(model.z.T @ model.z, model.theta, groups)
    # mgcv 1.8-41 calls its first column "para", but it is about the intercept alone.
    for name, (worst, observed, estimate) in zip(names, np.transpose(model.stored["concurvity"]), strict=True):
        assert_allclose(ours[name].worst, worst, rtol=1e-7)
        assert_allclose(ours[name].observed, observed, rtol=1e-7)
        assert_allclose(ours[name].estimate, estimate, rtol=1e-7)


def test_gcv_score() -> None:
    stored = json.loads((REFERENCE / "mgcv" / "mgcv_vc1000_ps_gcv_gaussian.json").read_text())
    assert_allclose(gcv(stored["deviance"], stored["sum_edf"], 1000), stored["score"], rtol=1e-12)

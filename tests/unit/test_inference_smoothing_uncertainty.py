"""Corrected covariances against mgcv for responses whose weights depend on the coefficients."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from contextstats.inference.covariance import coefficient_covariance
from contextstats.inference.smoothing_uncertainty import SmoothingUncertainty, corrected_covariance

REFERENCE = Path(__file__).parents[1] / "reference"
STORED = json.loads((REFERENCE / "inference_smoothing_uncertainty.json").read_text())


class Model:
    """mgcv's fit in natural coordinates, theta = rotation' coefficients."""

    def __init__(self, family: str) -> None:
        self.stored = STORED[family]
        x, y = np.array(self.stored["X"]), np.array(self.stored["y"])
        coefficients = np.array(self.stored["coefficients"])
        size = x.shape[1]
        self.lambdas = np.array(self.stored["sp"])
        self.rotation = np.eye(size)
        self.penalties = np.zeros((len(self.lambdas), size))
        for row, matrix, first in zip(self.penalties, self.stored["S"], self.stored["first"], strict=True):
            block = slice(first - 1, first - 1 + len(matrix))
            values, self.rotation[block, block] = np.linalg.eigh(np.array(matrix))
            row[block] = np.append(0.0, values[1:])
        eta = x @ coefficients
        mu = 1 / (1 + np.exp(-eta)) if family == "binomial" else np.exp(eta)
        expected = {"poisson": mu, "binomial": mu * (1 - mu), "gamma": np.ones_like(mu)}[family]
        observed = {"poisson": mu, "binomial": mu * (1 - mu), "gamma": y / mu}[family]
        z = x @ self.rotation
        self.theta = self.rotation.T @ coefficients
        self.gram = z.T @ (expected[:, None] * z)
        self.total = self.lambdas @ self.penalties
        pull = (self.lambdas[:, None] * self.penalties * self.theta).T
        self.jacobian = -np.linalg.solve(z.T @ (observed[:, None] * z) + np.diag(self.total), pull)
        self.edf1 = coefficient_covariance(self.gram, self.total, self.stored["scale"]).edf1

    def corrected(self, frame: np.ndarray | None, scaling: np.ndarray | None = None) -> SmoothingUncertainty:
        """With coordinates divided by `scaling`."""
        s = np.ones_like(self.theta) if scaling is None else scaling
        return corrected_covariance(
            self.gram * np.outer(s, s),
            self.penalties * s**2,
            self.lambdas,
            self.stored["scale"],
            dtheta_drho=self.jacobian / s[:, None],
            hessian=np.array(self.stored["hessian"]),
            edf1=self.edf1,
            frame=frame,
        )


@pytest.mark.reference
@pytest.mark.parametrize("family", ["poisson", "binomial", "gamma"])
def test_agrees_with_mgcv_in_its_coordinates(family: str) -> None:
    model = Model(family)
    ours = model.corrected(model.rotation.T)
    back = model.rotation @ ours.covariance @ model.rotation.T
    assert_allclose(np.diag(back), np.diag(np.array(model.stored["Vc"])), rtol=1e-9)
    assert_allclose(back, model.stored["Vc"], atol=1e-9 * np.abs(back).max())
    assert_allclose(ours.edf2.sum(), sum(model.stored["edf2"]), rtol=1e-9)
    assert ours.edf2.sum() <= model.edf1.sum() * (1 + 1e-12)


def test_default_root_does_not_depend_on_coordinates() -> None:
    model = Model("binomial")
    scaling = np.geomspace(1e-3, 1e3, len(model.theta))
    plain, scaled = model.corrected(None), model.corrected(None, scaling)
    assert_allclose(scaled.covariance * np.outer(scaling, scaling), plain.covariance, rtol=1e-7)
    assert_allclose(scaled.edf2, plain.edf2, rtol=1e-7)
    # Closed form of the third term: phi/4 A^-1 (sum_kl V_kl D_k A^-1 D_l) A^-1.
    inverse = np.linalg.inv(model.gram + np.diag(model.total))
    pulls = model.lambdas[:, None] * model.penalties
    third = inverse @ ((pulls.T @ plain.log_lambda_covariance @ pulls) * inverse) @ inverse / 4
    values, vectors = np.linalg.eigh(np.array(model.stored["hessian"]))
    first = inverse + model.jacobian @ (vectors / values) @ vectors.T @ model.jacobian.T
    assert_allclose(plain.covariance, first + third, rtol=1e-8)


def test_flat_and_concave_directions_count_as_unknown_up_to_the_prior() -> None:
    hessian = np.diag([4.0, -1.0])
    ours = corrected_covariance(
        np.eye(3),
        np.array([[0, 1.0, 0], [0, 0, 1.0]]),
        np.array([2.0, 3.0]),
        1.0,
        dtheta_drho=np.array([[0, 0], [0.5, 0], [0, 0.5]]),
        hessian=hessian,
        edf1=np.full(3, 10.0),
    )
    assert_allclose(ours.log_lambda_covariance, np.diag([1 / 4.1, 10.0]))
    # Coordinate 1: 1/3 + 0.25/4 + (1/4.1) 4/(4 27); coordinate 2 has no first-order term.
    assert_allclose(np.diag(ours.covariance), [1, 1 / 3 + 1 / 16 + 4 / (4.1 * 4 * 27), 0.25 + 90 / (4 * 64)])


def test_a_rigid_term_costs_no_digits_in_a_frame_that_mixes_it_with_free_coefficients() -> None:
    rng = np.random.default_rng(4)
    z, mixing = rng.normal(size=(50, 4)), np.linalg.qr(rng.normal(size=(4, 4)))[0]
    penalties = np.array([[0.0, 0.0, 1.0, 1.0]])
    for size in (1e9, 1e12, 1e15):
        ours = corrected_covariance(
            z.T @ z,
            penalties,
            np.array([size]),
            1.0,
            dtheta_drho=np.zeros((4, 1)),
            hessian=np.zeros((1, 1)),
            edf1=np.full(4, 10.0),
            frame=mixing,
        )
        assert_allclose(ours.edf2, [1, 1, 0, 0], atol=1e-6)
        assert_allclose(ours.covariance[:2, :2], np.linalg.inv(z[:, :2].T @ z[:, :2]), atol=1e-8)


def test_no_smoothing_parameters_nothing_to_correct() -> None:
    gram = np.array([[2.0, 1.0], [1.0, 3.0]])
    ours = corrected_covariance(
        gram,
        np.zeros((0, 2)),
        np.zeros(0),
        2.0,
        dtheta_drho=np.zeros((2, 0)),
        hessian=np.ones((1, 1)),
        edf1=np.ones(2),
    )
    assert_allclose(ours.covariance, 2 * np.linalg.inv(gram))
    assert_allclose(ours.edf2, 1)


def test_hessian_of_the_wrong_size_is_refused() -> None:
    with pytest.raises(ValueError, match="must have 1 rows, or 2 with the scale"):
        corrected_covariance(
            np.eye(2),
            np.ones((1, 2)),
            np.ones(1),
            1.0,
            dtheta_drho=np.zeros((2, 1)),
            hessian=np.eye(3),
            edf1=np.ones(2),
        )

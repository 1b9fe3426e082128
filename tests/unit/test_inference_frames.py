"""From centred smooths to mgcv's corrected standard errors, which depend on the coordinates it works in."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.interpolate import BSpline

from contextstats.inference.covariance import coefficient_covariance
from contextstats.inference.frames import set_up_coordinates
from contextstats.inference.smoothing_uncertainty import corrected_covariance

REFERENCE = Path(__file__).parents[1] / "reference"
KNOTS = np.linspace(-3 / 7, 1 + 3 / 7, 14)
PREDICTORS = ["(Intercept)", "x2", "x3", "x4", "x5"]


def basis(context: np.ndarray) -> np.ndarray:
    return BSpline.design_matrix(np.atleast_1d(context), KNOTS, 3).toarray()


class CentredModel:
    """mgcv's Gaussian model with every smooth centred over the rows and its penalty diagonal."""

    def __init__(self) -> None:
        self.stored = json.loads((REFERENCE / "mgcv" / "mgcv_vc1000_ps_reml_gaussian.json").read_text())
        file = REFERENCE / "data" / "vc_1000.csv"
        self.data = columns(file)
        self.data["(Intercept)"] = np.ones(1000)
        differences = np.diff(np.eye(10), n=2, axis=0)
        self.frame, self.transforms, self.blocks = np.eye(95), [], []
        self.penalties = np.zeros((10, 95))
        for row, smooth in zip(self.penalties, self.stored["smooths"], strict=True):
            raw = basis(self.data[smooth["term"]])
            centre = np.linalg.svd(raw.mean(axis=0)[None])[2][1:].T
            scaled = differences.T @ differences / smooth["S_scale"]
            values, vectors = np.linalg.eigh(centre.T @ scaled @ centre)
            block = slice(smooth["first"] - 1, smooth["last"])
            row[block] = np.append(0.0, values[1:])
            self.transforms.append(centre @ vectors)
            self.blocks.append(block)
            main = smooth["by"] == "NA"
            constraint = raw.mean(axis=0) if main else basis(0.5)[0]  # pc = 0.5
            shift, turn = set_up_coordinates(self.transforms[-1], constraint, np.ones(10))
            self.frame[0 if main else PREDICTORS.index(smooth["by"]), block] = shift
            self.frame[block, block] = turn

    def design(self, data: dict[str, np.ndarray]) -> np.ndarray:
        n = len(data["c1"])
        z = np.zeros((n, 95))
        z[:, :5] = np.column_stack([np.ones(n), *(data[name] for name in PREDICTORS[1:])])
        for smooth, transform, block in zip(self.stored["smooths"], self.transforms, self.blocks, strict=True):
            x = np.ones(n) if smooth["by"] == "NA" else data[smooth["by"]]
            z[:, block] = x[:, None] * (basis(data[smooth["term"]]) @ transform)
        return z


def columns(file: Path) -> dict[str, np.ndarray]:
    table = np.genfromtxt(file, delimiter=",", names=True)
    return {name: table[name] for name in table.dtype.names}


@pytest.mark.reference
def test_standard_errors_of_predictions_allow_for_the_smoothing_parameters_as_in_mgcv() -> None:
    model = CentredModel()
    stored, lambdas = model.stored, np.array(model.stored["sp"])
    z, y = model.design(model.data), model.data["y_gaussian"]
    gram, pulls = z.T @ z, lambdas[:, None] * model.penalties
    inverse = np.linalg.inv(gram + np.diag(pulls.sum(axis=0)))
    theta = inverse @ (z.T @ y)
    bending = pulls @ theta**2
    penalised = np.sum((y - z @ theta) ** 2) + bending.sum()
    phi = penalised / (1000 - 15)
    hessian = np.zeros((11, 11))
    hessian[:10, :10] = -(pulls * theta) @ inverse @ (pulls * theta).T / phi - pulls @ inverse**2 @ pulls.T / 2
    hessian[:10, :10] += np.diag(bending / (2 * phi) + pulls @ np.diag(inverse) / 2)
    hessian[:10, 10] = hessian[10, :10] = -bending / (2 * phi)
    hessian[10, 10] = penalised / (2 * phi)
    conditional = coefficient_covariance(gram, pulls.sum(axis=0), stored["scale"])

    new = model.design({name: np.array(values) for name, values in stored["newdata"].items()})
    assert_allclose(new @ theta, stored["pred_link"], rtol=1e-6)
    assert_allclose(errors(new, conditional.bayesian), stored["pred_link_se"], rtol=1e-6)
    options = {"dtheta_drho": -inverse @ (pulls * theta).T, "hessian": hessian, "edf1": conditional.edf1}
    as_mgcv = corrected_covariance(gram, model.penalties, lambdas, stored["scale"], frame=model.frame, **options)
    assert_allclose(errors(new, as_mgcv.covariance), stored["pred_link_se_unconditional"], rtol=1e-5)
    assert_allclose(as_mgcv.edf2.sum(), sum(stored["edf2"]), rtol=1e-5)
    default = corrected_covariance(gram, model.penalties, lambdas, stored["scale"], **options)
    assert_allclose(errors(new, default.covariance), stored["pred_link_se_unconditional"], rtol=0.04)


def errors(rows: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("ij,jk,ik->i", rows, covariance, rows))


def test_both_sides_are_the_same_function_and_meet_the_constraint() -> None:
    context = np.random.default_rng(0).uniform(size=40)
    raw = basis(context)
    transform = np.linalg.svd(raw.mean(axis=0)[None])[2][1:].T
    shift, turn = set_up_coordinates(transform, basis(0.3)[0], np.ones(10))
    w = np.random.default_rng(1).standard_normal(9)
    assert_allclose(shift @ w + basis(0.3)[0] @ transform @ (turn @ w), 0, atol=1e-12)
    # Coordinates whose basis function is zero at the point stay what they were.
    untouched = np.flatnonzero(basis(0.3)[0] == 0)
    values = shift + raw @ transform @ turn
    for column in untouched:
        assert np.abs(values - raw[:, [column]]).max(axis=0).min() < 1e-12


def test_more_constraints_are_refused() -> None:
    with pytest.raises(ValueError, match="has 9 natural coordinates, but this one 8"):
        set_up_coordinates(np.eye(10)[:, :8], np.ones(10), np.ones(10))

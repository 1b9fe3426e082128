"""Penalised least squares with our bases against mgcv's, for fixed smoothing parameters.

The coordinates differ (ours are rotated), so what is compared does not depend on them: fitted values,
predictions, their standard errors, effective degrees of freedom, scale. See tests/reference/mgcv_bases.R.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from contextstats.encoders.build import fit_term
from contextstats.encoders.column import ContextColumn
from contextstats.encoders.terms import Smooth, Tensor

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "mgcv_bases.json").read_text())
LEVELS = ("u", "v", "w", "x")
NAMES = ("a", "b", "g")

TERMS = {
    "ps": Smooth("a"),
    "ps_rough": Smooth("a", k=20),
    "ps_stiff": Smooth("b"),
    "ps_m1": Smooth("a", k=8, m=1),
    "ps_m31": Smooth("a", k=9, m=(3, 1)),
    "ps_m23": Smooth("a", k=12, m=(2, 3)),
    "ps_ridge": Smooth("a", m=(2, 0)),
    "ps_knots": Smooth("a", bounds=(0, 1)),
    "ps_select": Smooth("a"),
    "bs": Smooth("a", bs="bs"),
    "bs_m21": Smooth("b", bs="bs", k=12, m=(2, 1)),
    "bs_m33": Smooth("b", bs="bs", k=8, m=(3, 3)),
    "bs_m10": Smooth("b", bs="bs", k=8, m=(1, 0)),
    "bs_select": Smooth("b", bs="bs"),
    "cr": Smooth("a", bs="cr"),
    "cr_skewed": Smooth("b", bs="cr", k=15),
    "cr_smallest": Smooth("b", bs="cr", k=3),
    "cr_select": Smooth("b", bs="cr"),
    "cc": Smooth("a", bs="cc"),
    "cc_skewed": Smooth("b", bs="cc", k=7),
    "cc_smallest": Smooth("b", bs="cc", k=4),
    "cc_bounds": Smooth("a", bs="cc", bounds=(-0.1, 1.2)),
    "re_numeric": Smooth("b", bs="re"),
    "re_factor": Smooth("g", bs="re"),
    "te_ps": Tensor(("a", "b")),
    "te_ps_uneven": Tensor(("a", "b"), k=(7, 4), m=((2, 1), (1, 2))),
    "te_cr": Tensor(("a", "b"), bs=("cr", "cr")),
    "te_mixed": Tensor(("a", "b"), bs=("cc", "bs"), k=(6, 5)),
    "ti_ps": Tensor(("a", "b"), interaction=True),
    "ti_cr": Tensor(("a", "b"), bs=("cr", "cr"), interaction=True),
    "ti_mixed": Tensor(("a", "b"), bs=("cc", "ps"), k=(6, 5), interaction=True),
    "ti_select": Tensor(("a", "b"), interaction=True),
    "te_select": Tensor(("a", "b")),
}


def context_matrix(table):
    columns = [[LEVELS.index(v) for v in table[name]] if name == "g" else table[name] for name in NAMES]
    return np.array(columns, dtype=float).T


def context_columns(matrix):
    levels = {"g": LEVELS}
    return {name: ContextColumn(matrix[:, i], levels.get(name), i) for i, name in enumerate(NAMES)}


def penalised_least_squares(fitted, contexts, y, smoothing, new_contexts):
    """Solve by a QR decomposition of the design on top of the root of the penalty."""
    design = np.column_stack([np.ones(len(y)), fitted.evaluate(contexts)])
    root = np.diag(np.sqrt(np.append(0.0, np.asarray(smoothing) @ fitted.penalties)))
    q, r = np.linalg.qr(np.vstack([design, root]))
    q = q[: len(y)]
    hat = q @ q.T
    coefficients = np.linalg.solve(r, q.T @ y)
    residuals = y - design @ coefficients
    edf = np.trace(hat)
    scale = residuals @ residuals / (len(y) - edf)
    new_design = np.column_stack([np.ones(len(new_contexts)), fitted.evaluate(new_contexts)])
    return {
        "fitted": (design @ coefficients)[:20],
        "fitted_se": np.sqrt(scale * np.diag(hat))[:20],
        "edf_total": edf,
        "scale": scale,
        "deviance": residuals @ residuals,
        "predicted": new_design @ coefficients,
        "predicted_se": np.sqrt(scale) * np.linalg.norm(np.linalg.solve(r.T, new_design.T), axis=0),
    }


def our_fit(name):
    case = REFERENCE["cases"][name]
    contexts, new_contexts = context_matrix(REFERENCE["data"]), context_matrix(REFERENCE["newdata"])
    fitted = fit_term(TERMS[name], context_columns(contexts), select=case["select"])
    values = penalised_least_squares(
        fitted, contexts, np.array(REFERENCE["data"]["y"]), np.atleast_1d(case["sp"]), new_contexts
    )
    return case, fitted, values


pytestmark = pytest.mark.reference


@pytest.mark.parametrize("name", TERMS)
def test_fit_with_fixed_smoothing_parameters_agrees_with_mgcv(name):
    case, _, values = our_fit(name)
    # Beyond the last knot mgcv continues a spline of degree 1 with the slope of a piece outside; we do not.
    compared = np.arange(8) if name == "bs_m10" else np.arange(10)
    for quantity in ("predicted", "predicted_se"):
        values[quantity] = values[quantity][compared]
        case[quantity] = np.array(case[quantity])[compared]
    for quantity, value in values.items():
        assert_allclose(value, case[quantity], rtol=1e-8, atol=1e-10, err_msg=quantity)


@pytest.mark.parametrize("name", TERMS)
def test_dimensions_agree_with_mgcv(name):
    case, fitted, _ = our_fit(name)
    assert fitted.n_coefficients == case["n_coefficients"]
    assert case["null_dim"] == (0 if case["select"] else fitted.null_dim)


@pytest.mark.parametrize("name", [name for name in TERMS if name[:2] in ("ps", "bs", "cr", "cc")])
def test_knots_agree_with_mgcv(name):
    case, fitted, _ = our_fit(name)
    knots = np.array(fitted.basis.knots)
    inner = slice(3, -3) if name.startswith(("cr", "cc")) else slice(None)
    assert_allclose(knots[inner], case["xp"], rtol=1e-13, atol=1e-14)


def test_every_case_of_the_reference_is_compared():
    assert set(TERMS) == set(REFERENCE["cases"])

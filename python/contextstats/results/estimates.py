"""From what the core found to covariances and degrees of freedom, in the core's natural coordinates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import special

from contextstats import _core
from contextstats.algorithms.joint import CoreFit, CoreProblem, Floats, core_loss
from contextstats.design import Design
from contextstats.design.assemble import INTERCEPTS
from contextstats.encoders.basis import BasisSpec
from contextstats.encoders.fitted import FittedTerm
from contextstats.errors import DataError
from contextstats.families import Family
from contextstats.inference.covariance import CoefficientCovariance, coefficient_covariance
from contextstats.inference.frames import set_up_coordinates
from contextstats.inference.smoothing_integration import integrated_covariance
from contextstats.inference.smoothing_uncertainty import corrected_covariance
from contextstats.results.row_values import RowValues

Information = Literal["observed", "expected"]


@dataclass(frozen=True)
class Estimates:
    """Covariances of the natural coefficients and degrees of freedom.

    Attributes
    ----------
    scale : float
        The scale phi; 1 where the family fixes it.
    scale_method : str
        "fixed", "pearson" (X2 over the residual degrees of freedom) or "fletcher".
    information : str
        Which information, "observed" or "expected", the covariances come from.
    conditional, frequentist : (P, P) array
        Bayesian covariance given the smoothing parameters, and sampling covariance.
    corrected : (P, P) array or None
        Bayesian covariance with a first-order correction for the smoothing parameters; None where none were estimated.
    integrated : (P, P) array or None
        Bayesian covariance averaged over the smoothing parameters; None where none were estimated.
    edf, edf1, edf2 : (P,) array
        Effective degrees of freedom; those for tests; those for information criteria.
    gram : (P, P) array
        Z'WZ with the weights named by `information`.
    """

    scale: float
    scale_method: str
    information: str
    conditional: Floats
    frequentist: Floats
    corrected: Floats | None
    integrated: Floats | None
    edf: Floats
    edf1: Floats
    edf2: Floats
    gram: Floats


def estimate_scale(
    problem: CoreProblem, family: Family, rows: RowValues, residual_df: float, smooth: bool
) -> tuple[float, str]:
    """Estimate phi by Pearson's statistic; where there is smoothing, with Fletcher's correction as in mgcv.

    Raises
    ------
    DataError
        If the model leaves no degrees of freedom for it.

    References
    ----------
    Fletcher (2012), Estimating overdispersion when fitting a generalized linear model to sparse data. Biometrika 99.
    """
    if family.scale_known:
        return 1.0, "fixed"
    _require_residual_df(problem.design, residual_df)
    design = problem.design
    squares, tilt = core_loss(family).pearson(
        design.y, rows.mu, design.freq_weights, problem.var_weight, problem.threads
    )
    pearson = squares / residual_df
    if not smooth or family.core_name == "gaussian":
        return pearson, "pearson"
    return pearson / (1.0 + max(tilt / float(design.freq_weights.sum()), -0.9)), "fletcher"


def _require_residual_df(design: Design, residual_df: float) -> None:
    n = float(design.freq_weights.sum())
    if residual_df <= 1e-6 * n:
        raise DataError(
            f"The model must leave degrees of freedom to estimate the scale, but its effective degrees of freedom, "
            f"{n - residual_df:.4g}, are as many as the rows, {n:.4g}: it reproduces every response. Leave terms out, "
            "use a smaller k, or set larger smoothing parameters."
        )


def variance_function(family: Family, mu: Floats) -> Floats:
    """V(mu)."""
    name, parameter = family.core_name, family.parameter
    if name == "binomial":
        return np.asarray(mu * (1 - mu))
    if name == "negative_binomial":
        return np.asarray(mu + parameter * mu**2)
    power = _variance_power(family)
    return np.ones_like(mu) if power == 0 else np.asarray(mu**power)


def _variance_power(family: Family) -> float:
    powers = {"gaussian": 0.0, "poisson": 1.0, "gamma": 2.0, "inverse_gaussian": 3.0, "tweedie": family.parameter}
    return powers[family.core_name]


def mean_slope(link: str, eta: Floats) -> Floats:
    """Derivative of the mean in the linear predictor, for each link in closed form."""
    slopes: dict[str, Callable[[Floats], Any]] = {
        "identity": np.ones_like,
        "log": np.exp,
        "logit": lambda e: special.expit(e) * special.expit(-e),
        "probit": lambda e: np.exp(-(e**2) / 2) / np.sqrt(2 * np.pi),
        "cloglog": lambda e: np.exp(e - np.exp(np.minimum(e, 700.0))),
        "inverse": lambda e: -1.0 / e**2,
        "inverse_squared": lambda e: -0.5 * e**-1.5,
        "sqrt": lambda e: 2.0 * e,
    }
    return np.asarray(slopes[link](eta))


def total_penalty(design: Design, smoothing_parameters: Floats) -> Floats:
    """Diagonal of S."""
    return (
        np.asarray(smoothing_parameters @ design.penalties)
        if len(design.penalties)
        else np.zeros(design.n_coefficients)
    )


def estimate(
    problem: CoreProblem, family: Family, fit: CoreFit, rows: RowValues, information: Information
) -> Estimates:
    """Covariances and degrees of freedom of a fit, from the information asked for."""
    design = problem.design
    smooth = len(design.penalties) > 0
    if fit.inverse_is_expected:
        information = "expected"
    gram = fit.gram_observed if information == "observed" else fit.gram_expected
    penalty = total_penalty(design, fit.smoothing_parameters)
    if fit.solver == "qr":
        inverse = frequentist = fit.inverse
        edf = edf1 = fit.identified.astype(float)
    else:
        unit = _unit_covariance(gram, penalty, fit)
        inverse, frequentist = unit.bayesian, unit.frequentist
        edf, edf1 = unit.edf, unit.edf1
    if not smooth:
        edf = edf1 = fit.identified.astype(float)
    nobs = float(design.freq_weights.sum())
    scale, scale_method = estimate_scale(problem, family, rows, nobs - float(edf.sum()), smooth)
    corrected, integrated, edf2 = None, None, edf
    if smooth and fit.smoothing in ("reml", "ml"):
        corrected, edf2 = _corrected(design, fit, gram, scale, edf1)
        integrated = _integrated(design, fit, gram, scale)
    return Estimates(
        scale=scale,
        scale_method=scale_method,
        information=information,
        conditional=scale * inverse,
        frequentist=scale * frequentist,
        corrected=corrected,
        integrated=integrated,
        edf=edf,
        edf1=edf1,
        edf2=edf2,
        gram=gram,
    )


def _unit_covariance(gram: Floats, penalty: Floats, fit: CoreFit) -> CoefficientCovariance:
    """Covariances at scale one; from the core's own inverse where the information is singular to rounding."""
    try:
        return coefficient_covariance(gram, penalty, 1.0, active=fit.identified)
    except np.linalg.LinAlgError:
        influence = fit.inverse @ gram
        edf = np.diag(influence).copy()
        return CoefficientCovariance(
            bayesian=fit.inverse,
            frequentist=influence @ fit.inverse,
            edf=edf,
            edf1=2 * edf - np.einsum("ij,ji->i", influence, influence),
        )


def _corrected(design: Design, fit: CoreFit, gram: Floats, scale: float, edf1: Floats) -> tuple[Floats | None, Floats]:
    """Covariance with smoothing uncertainty and its degrees of freedom; none where the information is singular."""
    try:
        uncertainty = corrected_covariance(
            gram,
            design.penalties,
            fit.smoothing_parameters,
            scale,
            dtheta_drho=fit.dtheta,
            hessian=fit.score_hessian,
            edf1=edf1,
            frame=setup_frame(design),
            active=fit.identified,
        )
    except np.linalg.LinAlgError:  # separated data: what there is to say is in the notes
        return None, edf1
    return uncertainty.covariance, uncertainty.edf2


def _integrated(design: Design, fit: CoreFit, gram: Floats, scale: float) -> Floats | None:
    """Covariance averaged over the smoothing parameters; none where the information is singular."""
    try:
        return integrated_covariance(
            gram, design.penalties, fit.smoothing_parameters, scale, fit.theta, active=fit.identified
        )
    except np.linalg.LinAlgError:
        return None


def setup_frame(design: Design) -> Floats:
    """Columns are the natural coefficients of the coordinates in which the smooths were set up.

    The correction for smoothing uncertainty differentiates a Cholesky root, which depends on coordinates; in these it
    is the root that mgcv differentiates, with smooths of the intercept centred and those of effects zero in the middle.
    """
    frame = np.eye(design.n_coefficients)
    constant = 0
    known: dict[tuple[FittedTerm, bool], tuple[Floats, Floats]] = {}
    for block in design.blocks:
        if block.term is None:
            constant = block.start
        elif block.term.setup is not None:
            own, key = slice(block.start, block.stop), (block.term, design.x_names[block.predictor] in INTERCEPTS)
            if key not in known:
                constraint = _setup_constraint(*key, design.contexts.shape[1])
                known[key] = set_up_coordinates(block.term.setup, constraint, np.ones(len(block.term.setup)))
            frame[constant, own], frame[own, own] = known[key]
    return frame


def _setup_constraint(term: FittedTerm, of_intercept: bool, n_contexts: int) -> Floats:
    """Mean of the set-up functions, to which the columns of `setup` are orthogonal; or the functions in the middle."""
    assert term.setup is not None
    set_up_on_raw = term.setup.shape == term.transform.shape and np.array_equal(term.setup, term.transform)
    if not of_intercept and set_up_on_raw:
        return middle_row(term.basis, n_contexts)
    return np.asarray(np.linalg.svd(term.setup.T)[2][-1])


def middle_row(basis: BasisSpec, n_contexts: int) -> Floats:
    """Raw basis functions in the middle of their boundary knots; zero for bases without knots."""
    contexts = np.zeros((1, n_contexts), order="F")
    parts = basis.margins or (basis,)
    if any(part.kind != "bspline" for part in parts):
        return np.zeros(basis.n_raw)
    for part in parts:
        contexts[0, part.columns[0]] = (part.knots[part.degree] + part.knots[part.n_raw]) / 2
    return np.asarray(basis.evaluate(contexts)[0])


def null_mean(problem: CoreProblem, family: Family) -> Floats:
    """Mean of every row under the model with an intercept and the offset alone."""
    design = problem.design
    if np.ptp(design.offset) == 0:  # then it is the weighted mean, whatever the family and the link
        mean = float(problem.weight @ design.y) / float(problem.weight.sum())
        return np.broadcast_to(mean, design.y.shape)  # one number, seen n times
    ones = np.ones((len(design.y), 1), order="F")
    dense = {"kind": "dense", "intercept": True, "columns": [], "centers": np.empty(0), "scales": np.empty(0)}
    core_design = _core.Design([dense], [(0, 0, np.ones((1, 1), order="F"))], 1)
    raw = _core.fit(
        core_design, core_loss(family), ones, design.contexts, design.y, design.offset, problem.weight,
        problem.var_weight, design.freq_weights, np.empty((0, 1), order="F"), "newton", "fixed", np.empty(0),
        np.empty(0), 100, 1e-9, problem.threads, None,
    )  # fmt: skip
    return np.asarray(core_loss(family).mean(raw["theta"][0] + design.offset, problem.threads))

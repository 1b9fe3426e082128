"""Coefficients and smoothing parameters together: the loop behind every contextual GLM."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from contextstats import _core
from contextstats.design import Design
from contextstats.errors import DataError, OptionError
from contextstats.families import Family, NegativeBinomial
from contextstats.options import resolve_threads

Floats = NDArray[np.float64]
Method = Literal["auto", "newton", "lbfgs"]
Smoothing = str | float | Mapping[str, float]
Progress = Callable[[int, float, float], None]
_FAR_APART = 30.0


@dataclass(frozen=True)
class CoreFit:
    """What the core found, in its own (natural) coordinates.

    Attributes
    ----------
    theta : (P,) array
        Coefficients; zero where `identified` is False.
    deviance, penalty : float
        At `theta`: the deviance D and the quadratic penalty theta'S theta.
    gram_observed, gram_expected : (P, P) array
        Z'WZ with the observed (Newton) and the expected (Fisher) weights, free of the scale.
    inverse : (P, P) array
        (Z'WZ + S)^-1 with the weights named by `inverse_is_expected`, zero where not identified.
    smoothing_parameters : (K,) array
        One for each row of the design's penalties.
    score : float
        Smoothing criterion at the end (negative log restricted likelihood for REML); NaN where there is none.
    score_scale : float
        The scale at which the criterion was taken.
    score_hessian : (K, K) or (K + 1, K + 1) array
        Second derivatives of the criterion in the log smoothing parameters, with the log scale last where it was
        estimated.
    dtheta : (P, K) array
        Derivatives of the coefficients in the log smoothing parameters.
    """

    theta: Floats
    identified: NDArray[np.bool_]
    deviance: float
    penalty: float
    gram_observed: Floats
    gram_expected: Floats
    inverse: Floats
    inverse_is_expected: bool
    smoothing_parameters: Floats
    smoothing: str
    score: float
    score_scale: float
    score_hessian: Floats
    dtheta: Floats
    gradient_norm: float
    iterations: int
    evaluations: int
    converged: bool
    termination: str
    smallest_pivot: float
    solver: str


def prior_weights(design: Design) -> tuple[Floats, Floats]:
    """Total prior weight of each row, and the part of it that divides the scale (variance weight x trials)."""
    if design.trials is None and design.var_weights is design.freq_weights:  # one array of ones for both
        return design.freq_weights, design.var_weights
    var_weight = design.var_weights if design.trials is None else design.var_weights * design.trials
    return np.ascontiguousarray(design.freq_weights * var_weight), np.ascontiguousarray(var_weight)


def smoothing_start(smoothing: Smoothing, design: Design) -> tuple[str, Floats]:
    """Translate the user's `smoothing` into the core's criterion and the given smoothing parameters."""
    n_penalties = len(design.penalties)
    if isinstance(smoothing, str):
        name = smoothing.lower()
        if name not in ("reml", "ml", "gcv"):
            raise OptionError(
                f"smoothing must be 'reml', 'ml', 'gcv', a number or a dict of numbers, but is {smoothing!r}."
            )
        return name, np.empty(0)
    if isinstance(smoothing, Mapping):
        unknown = [key for key in smoothing if key not in design.penalty_names]
        missing = [name for name in design.penalty_names if name not in smoothing]
        if unknown or missing:
            raise OptionError(
                f"smoothing must give a value for each of {list(design.penalty_names)}, but "
                + (f"{unknown} name none of them" if unknown else f"{missing} are missing")
                + "."
            )
        values = np.array([float(smoothing[name]) for name in design.penalty_names])
    else:
        values = np.asarray(smoothing, dtype=np.float64)
        values = np.full(n_penalties, float(values)) if values.ndim == 0 else values
    if values.shape != (n_penalties,):
        raise OptionError(f"smoothing must hold {n_penalties} values, one for each of {list(design.penalty_names)}.")
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise OptionError(f"Smoothing parameters must be finite and not negative, but are {values.tolist()}.")
    return "fixed", values


@dataclass(frozen=True)
class CoreProblem:
    """The arrays of a fit, laid out as the core reads them."""

    design: Design
    core_design: Any
    weight: Floats
    var_weight: Floats
    threads: int

    @classmethod
    def of(cls, design: Design, threads: int | None) -> CoreProblem:
        """Lay out a design."""
        bases, blocks = design.core_layout()
        weight, var_weight = prior_weights(design)
        core_design = _core.Design(bases, blocks, design.x.shape[1])
        return cls(design, core_design, weight, var_weight, resolve_threads(threads))

    def gram(self, row_weights: Floats) -> Floats:
        """Z' diag(w) Z."""
        d = self.design
        return np.asarray(
            _core.gram(self.core_design, d.x, d.contexts, np.ascontiguousarray(row_weights), self.threads)
        )

    def gradient(self, v: Floats) -> Floats:
        """Z'v."""
        d = self.design
        return np.asarray(_core.gradient(self.core_design, d.x, d.contexts, np.ascontiguousarray(v), self.threads))

    def linear_predictor(self, theta: Floats) -> Floats:
        """Offset plus Z theta."""
        d = self.design
        eta = _core.linear_predictor(self.core_design, d.x, d.contexts, np.ascontiguousarray(theta), self.threads)
        eta += d.offset
        return np.asarray(eta)

    def quadratic_form(self, v: Floats) -> Floats:
        """z_i' V z_i for every row."""
        d = self.design
        return np.asarray(_core.quadratic_form(self.core_design, d.x, d.contexts, np.asfortranarray(v), self.threads))

    def grouped_scores(self, v: Floats, groups: NDArray[np.int64], n_groups: int) -> Floats:
        """Sums of v_i z_i over groups of rows, shape (n_groups, P)."""
        d = self.design
        return np.asarray(
            _core.grouped_scores(self.core_design, d.x, d.contexts, np.ascontiguousarray(v), groups, n_groups)
        )


def core_loss(family: Family) -> Any:
    """The core's loss for a family whose parameter is known."""
    return _core.Loss(family.core_name, family.link_name, family.parameter)


def fit_joint(problem: CoreProblem, family: Family, **options: Any) -> CoreFit:
    """Minimise the penalised deviance, with smoothing parameters given or chosen by a criterion.

    Raises
    ------
    OptionError
        If an option has no meaning.
    DataError
        If no finite starting point exists: the offset, or a predictor, drives the mean out of the support.
    """
    return fit_with_rows(problem, family, **options)[0]


def fit_with_rows(problem: CoreProblem, family: Family, **options: Any) -> tuple[CoreFit, Family, Floats]:
    """Do the same, and return the family and every row's linear predictor too.

    The dispersion alpha of a negative binomial, where it is not known, is estimated with everything else: with REML or
    ML the criterion's profile over log(alpha) is stationary at the end, else the penalised likelihood is.
    """
    raw = _minimize(problem, family, **options)
    if isinstance(family, NegativeBinomial) and "alpha" in raw:
        family = replace(family, alpha=float(raw["alpha"]))
    return CoreFit(**{key: raw[key] for key in CoreFit.__dataclass_fields__}), family, np.asarray(raw["eta"])


def _minimize(
    problem: CoreProblem,
    family: Family,
    *,
    method: Method = "auto",
    smoothing: Smoothing = "reml",
    maxiter: int = 100,
    tol: float = 1e-9,
    start: Floats | None = None,
    smoothing_start_values: Floats | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    if method not in ("auto", "newton", "lbfgs"):
        raise OptionError(f"method must be 'auto', 'newton' or 'lbfgs', but is {method!r}.")
    design = problem.design
    name, values = smoothing_start(smoothing, design)
    if len(values) == 0 and smoothing_start_values is not None:
        values = smoothing_start_values

    unknown_alpha = isinstance(family, NegativeBinomial) and family.alpha is None
    loss = family.link_name if unknown_alpha else core_loss(family)

    def attempt(first: Floats, criterion: str, given: Floats) -> dict[str, Any]:
        return dict(
            _core.fit(
                problem.core_design,
                loss,
                design.x,
                design.contexts,
                design.y,
                design.offset,
                problem.weight,
                problem.var_weight,
                design.freq_weights,
                np.asfortranarray(design.penalties),
                "lbfgs" if method == "lbfgs" else "newton",
                criterion,
                given,
                first,
                maxiter,
                tol,
                problem.threads,
                progress,
            )
        )

    far_apart = start is None and np.ptp(design.offset) > _FAR_APART
    if far_apart and len(design.penalties) and name != "fixed":
        # The search for smoothing parameters needs a finite deviance where it starts.
        first = attempt(np.empty(0), "fixed", np.ones(len(design.penalties)))
        _require_finite(first, family)
        start = first["theta"]
    raw = attempt(np.empty(0) if start is None else start, name, values)
    if far_apart and not raw["converged"] and _finite_at_zero(design, family):
        again = attempt(np.zeros(design.n_coefficients), name, values)
        raw = again if again["converged"] or not np.isfinite(raw["deviance"]) else raw
    raw["smoothing_parameters"] = raw.pop("lambda")
    raw["identified"] = np.array(raw["identified"], dtype=bool)
    _require_finite(raw, family)
    raw["smoothing"] = name
    if len(design.penalties) == 0:
        raw["smoothing"], raw["score"] = "none", math.nan
    return raw


def _require_finite(raw: Mapping[str, Any], family: Family) -> None:
    if not np.isfinite(raw["deviance"]) or not np.isfinite(raw["theta"]).all():
        raise DataError(
            "No coefficients with a finite deviance were found. The linear predictor leaves the range in which "
            f"the {family.link_name} link gives a mean that family {family.core_name!r} allows: look for huge offsets "
            "or predictors, or choose another link."
        )


def _finite_at_zero(design: Design, family: Family) -> bool:
    """Whether all coefficients may start at zero.

    Where offsets lie far apart, the ordinary start, which explains them by the predictors, may be hopeless.
    """
    if isinstance(family, NegativeBinomial) and family.alpha is None:
        family = replace(family, alpha=1.0)
    with np.errstate(all="ignore"):
        return bool(np.isfinite(core_loss(family).evaluate(design.y, design.offset)[:, 0]).all())

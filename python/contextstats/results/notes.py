"""What the user should know about a fit, in sentences."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from contextstats.algorithms.joint import CoreFit, CoreProblem, Floats
from contextstats.design import Design
from contextstats.errors import ConvergenceWarning, DataWarning
from contextstats.families import Family
from contextstats.results.estimates import Estimates, RowValues

_LARGE_ON_LINK_SCALE = 15.0


def fit_notes(
    problem: CoreProblem, family: Family, fit: CoreFit, rows: RowValues, estimates: Estimates
) -> tuple[str, ...]:
    """Collect the notes of a fit; what may change conclusions is also a warning."""
    design = problem.design
    notes = [_dropped(design), *design.notes]
    alarms = [_not_converged(fit), _aliased(design, fit), _separated(problem, family, fit, rows, estimates)]
    for message, category in alarms:
        if message:
            warnings.warn(message, category, stacklevel=4)
            notes.append(message)
    return tuple(note for note in notes if note)


def _dropped(design: Design) -> str:
    dropped = {name: count for name, count in design.n_missing.items() if count}
    if not dropped:
        return ""
    causes = ", ".join(f"{name}: {count}" for name, count in dropped.items())
    return f"{design.n_dropped} rows were dropped for missing values or zero weight ({causes})."


def _not_converged(fit: CoreFit) -> tuple[str, type[Warning]]:
    if fit.converged:
        return "", ConvergenceWarning
    reason = {
        "iteration_limit": "the limit on iterations was reached; raise maxiter",
        "line_search_failed": "no step improved the objective; look for separation or nearly collinear predictors",
    }.get(fit.termination, f"it stopped with {fit.termination!r}")
    return (
        f"The fit did not converge: {reason}. Estimates and standard errors cannot be relied on.",
        ConvergenceWarning,
    )


def _aliased(design: Design, fit: CoreFit) -> tuple[str, type[Warning]]:
    names = [name for name, known in zip(design.coef_names, fit.identified, strict=True) if not known]
    if not names:
        return "", DataWarning
    return (
        f"{len(names)} coefficient{'s are' if len(names) > 1 else ' is'} not identified by the data: "
        f"{shortened(names)} {'are' if len(names) > 1 else 'is'} a linear combination of the others, or never "
        "observed. Reported as NaN and left out of predictions."
    ), DataWarning


def _separated(
    problem: CoreProblem, family: Family, fit: CoreFit, rows: RowValues, estimates: Estimates
) -> tuple[str, type[Warning]]:
    """Fitted means on the edge of the support: some combination of coefficients has no finite estimate."""
    edge = at_the_edge(family, rows.mu)
    if not edge.any():
        return "", DataWarning
    names = _runaway(problem, fit, estimates)
    what = "0 or 1 to working accuracy" if family.core_name == "binomial" else "zero to working accuracy"
    return (
        f"{int(edge.sum())} fitted means are {what}: the data are (quasi-)separated, or a group has no events. "
        f"The likelihood has no finite maximum in {shortened(names)}; its estimate and "
        "standard error mean no more than 'very large'. Drop the term, merge levels, or penalise it with select=True."
    ), DataWarning


def at_the_edge(family: Family, mu: Floats) -> np.ndarray:
    """Rows whose fitted mean has reached the edge of the support."""
    if family.core_name == "binomial":
        return np.asarray((mu < 1e-7) | (mu > 1 - 1e-7))
    if family.core_name in ("poisson", "negative_binomial"):
        return np.asarray(mu < 1e-7)
    return np.zeros(len(mu), dtype=bool)


def _runaway(problem: CoreProblem, fit: CoreFit, estimates: Estimates) -> list[str]:
    """Coefficients whose typical contribution to the linear predictor, or its error, is out of all proportion."""
    size = np.sqrt(np.diag(problem.gram(problem.design.freq_weights)) / problem.design.freq_weights.sum())
    error = np.sqrt(np.maximum(np.diag(estimates.conditional), 0.0))
    contribution = size * np.maximum(np.abs(fit.theta), error)
    large = np.flatnonzero(contribution > _LARGE_ON_LINK_SCALE)
    if large.size == 0:
        large = np.array([int(np.argmax(contribution))])
    return [problem.design.coef_names[i] for i in large[np.argsort(-contribution[large])]]


def shortened(names: Sequence[str], most: int = 4) -> str:
    """A few names and how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"

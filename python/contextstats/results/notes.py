"""What the user should know about a fit, in sentences."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from contextstats.algorithms.joint import CoreFit, CoreProblem
from contextstats.design import Design
from contextstats.errors import ConvergenceWarning, DataWarning
from contextstats.families import Family
from contextstats.results.estimates import Estimates
from contextstats.results.separation import runaway_coefficients


def fit_notes(
    problem: CoreProblem, family: Family, fit: CoreFit, estimates: Estimates, separated: Any
) -> tuple[str, ...]:
    """Collect the notes of a fit; what may change conclusions is also a warning."""
    design = problem.design
    notes = [_dropped(design), *design.notes, _no_overdispersion(family)]
    alarms = [_not_converged(fit), _aliased(design, fit), _separated(problem, family, estimates, separated)]
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
    left_out = design.n_dropped - design.n_learning
    count = "1 row was" if left_out == 1 else f"{left_out} rows were"
    return f"{count} dropped for missing values or zero weight ({causes})."


def _no_overdispersion(family: Family) -> str:
    if family.core_name != "negative_binomial" or family.parameter > 1e-5:
        return ""
    return "The dispersion alpha is zero to working accuracy: the counts are no more variable than Poisson counts."


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


def _separated(problem: CoreProblem, family: Family, estimates: Estimates, separated: Any) -> tuple[str, type[Warning]]:
    """Fitted means on the edge of the support: some combination of coefficients has no finite estimate."""
    if not separated.any():
        return "", DataWarning
    names = [problem.design.coef_names[i] for i in runaway_coefficients(problem, estimates, separated)]
    count = int(separated.sum())
    what = "0 or 1 to working accuracy" if family.core_name == "binomial" else "zero to working accuracy"
    return (
        f"{count} fitted mean{'s are' if count > 1 else ' is'} {what}: the data are (quasi-)separated, or a group has "
        f"no events. The likelihood has no finite maximum in {shortened(names)}; "
        f"{'their estimates and standard errors' if len(names) > 1 else 'its estimate and standard error'} "
        "mean no more than 'very large'. Drop the term, merge levels, or penalise it: "
        "select=True for smooths, s(..., bs='re') for levels."
    ), DataWarning


def shortened(names: Sequence[str], most: int = 4) -> str:
    """A few names and how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"

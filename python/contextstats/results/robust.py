"""Covariances that hold when the variance function, or the independence of the rows, does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from contextstats.algorithms.joint import CoreProblem, Floats
from contextstats.errors import DataError, OptionError
from contextstats.inference.sandwich import cluster_correction, meat_weights, sandwich
from contextstats.results.estimates import Estimates, RowValues

COVARIANCE_TYPES = ("bayes", "bayes_conditional", "nonrobust", "HC0", "HC1", "HC2", "HC3", "cluster")


def choose_covariance(
    problem: CoreProblem,
    estimates: Estimates,
    rows: RowValues,
    cov_type: str,
    cov_kwds: dict[str, Any] | None,
) -> tuple[Floats, str]:
    """Covariance of the natural coefficients of the asked type, and the type that it is.

    Without smoothing "bayes", "bayes_conditional" and "nonrobust" are the same thing, reported as "nonrobust".
    """
    if cov_type not in COVARIANCE_TYPES:
        raise OptionError(f"cov_type must be one of {', '.join(COVARIANCE_TYPES)}, but is {cov_type!r}.")
    smooth = len(problem.design.penalties) > 0
    if cov_type in ("bayes", "bayes_conditional", "nonrobust") and cov_kwds:
        raise OptionError(f"cov_kwds {sorted(cov_kwds)} have no meaning for cov_type={cov_type!r}.")
    if cov_type == "nonrobust" or (not smooth and cov_type.startswith("bayes")):
        return estimates.frequentist, "nonrobust"
    if cov_type == "bayes_conditional" or (cov_type == "bayes" and estimates.corrected is None):
        return estimates.conditional, "bayes_conditional"
    if cov_type == "bayes":
        assert estimates.corrected is not None
        return estimates.corrected, "bayes"
    bread = estimates.conditional / estimates.scale
    if cov_type == "cluster":
        return _cluster(problem, estimates, rows, bread, cov_kwds), "cluster"
    if cov_kwds:
        raise OptionError(f"cov_kwds {sorted(cov_kwds)} have no meaning for cov_type={cov_type!r}.")
    design = problem.design
    leverage = None
    if cov_type in ("HC2", "HC3"):
        leverage = rows.weight * problem.quadratic_form(bread)
    try:
        weights = meat_weights(
            rows.score,
            kind=cov_type,  # type: ignore[arg-type]
            nobs=float(design.freq_weights.sum()),
            n_params=float(estimates.edf.sum()),
            leverage=leverage,
            freq_weights=design.freq_weights,
        )
    except ValueError as error:
        raise DataError(str(error)) from error
    return sandwich(bread, problem.gram(weights)), cov_type


def _cluster(
    problem: CoreProblem,
    estimates: Estimates,
    rows: RowValues,
    bread: Floats,
    cov_kwds: dict[str, Any] | None,
) -> Floats:
    options = dict(cov_kwds or {})
    if "groups" not in options:
        raise OptionError("cov_type='cluster' needs cov_kwds={'groups': ...}, the cluster of each row.")
    groups = pd.Series(np.asarray(options.pop("groups")).ravel())
    use_correction = bool(options.pop("use_correction", True))
    if options:
        raise OptionError(f"cov_kwds for 'cluster' are 'groups' and 'use_correction', but {sorted(options)} was given.")
    design = problem.design
    n = len(design.y)
    if design.n_dropped and len(groups) == n + design.n_dropped:
        groups = groups.iloc[design.kept_rows]
    if len(groups) != n:
        raise DataError(
            f"cov_kwds['groups'] must have one entry for each row, but has {len(groups)} for {n + design.n_dropped} rows."
        )
    if groups.isna().any():
        raise DataError(f"cov_kwds['groups'] must not be missing, but is for {int(groups.isna().sum())} rows.")
    codes, levels = pd.factorize(groups)
    if len(levels) < 2:
        raise DataError("cov_type='cluster' needs at least two clusters, but all rows are in one.")
    sums = problem.grouped_scores(design.freq_weights * rows.score, codes.astype(np.int64), len(levels))
    correction = cluster_correction(
        n_groups=len(levels),
        nobs=float(design.freq_weights.sum()),
        n_params=float(estimates.edf.sum()),
        kind="HC1" if use_correction else "none",
    )
    return np.asarray(sandwich(bread, correction * (sums.T @ sums)))

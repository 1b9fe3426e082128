"""Covariances that hold when the variance function, or the independence of the rows, does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import linalg

from contextstats.algorithms.joint import CoreFit, CoreProblem, Floats
from contextstats.errors import DataError, OptionError
from contextstats.families import Family
from contextstats.inference.sandwich import cluster_correction, meat_weights, sandwich
from contextstats.results.estimates import Estimates
from contextstats.results.row_values import RowDerivatives, RowValues, row_derivatives

BAYESIAN_TYPES = ("bayes", "bayes_corrected", "bayes_conditional")
COVARIANCE_TYPES = (*BAYESIAN_TYPES, "nonrobust", "HC0", "HC1", "HC2", "HC3", "cluster")


def choose_covariance(
    problem: CoreProblem,
    family: Family,
    estimates: Estimates,
    values: RowValues,
    fit: CoreFit,
    cov_type: str,
    cov_kwds: dict[str, Any] | None,
) -> tuple[Floats, str]:
    """Covariance of the natural coefficients of the asked type, and the type that it is.

    Without smoothing the Bayesian types and "nonrobust" are the same thing, reported as "nonrobust". With smoothing
    parameters that were given, or chosen by GCV, the Bayesian types are "bayes_conditional".
    """
    if cov_type not in COVARIANCE_TYPES:
        raise OptionError(f"cov_type must be one of {', '.join(COVARIANCE_TYPES)}, but is {cov_type!r}.")
    smooth = len(problem.design.penalties) > 0
    if cov_type in (*BAYESIAN_TYPES, "nonrobust") and cov_kwds:
        raise OptionError(f"cov_kwds {sorted(cov_kwds)} have no meaning for cov_type={cov_type!r}.")
    if cov_type == "nonrobust" or (not smooth and cov_type in BAYESIAN_TYPES):
        return estimates.frequentist, "nonrobust"
    if cov_type in BAYESIAN_TYPES:
        found = {"bayes": estimates.integrated, "bayes_corrected": estimates.corrected}.get(cov_type)
        return (estimates.conditional, "bayes_conditional") if found is None else (found, cov_type)
    rows = row_derivatives(problem.design, family, values.eta)
    scores = _Scores.of(problem, estimates, rows, fit)
    if cov_type == "cluster":
        return _cluster(problem, estimates, rows, scores, cov_kwds), "cluster"
    if cov_kwds:
        raise OptionError(f"cov_kwds {sorted(cov_kwds)} have no meaning for cov_type={cov_type!r}.")
    design = problem.design
    leverage = scores.leverage(rows) / design.freq_weights if cov_type in ("HC2", "HC3") else None
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
    return scores.sandwich(scores.gram(weights)), cov_type


_COLLINEAR = 1e-4
_DENSE_AT_MOST = 50_000_000


@dataclass(frozen=True)
class _Scores:
    """Sums of outer products of the rows' scores, in coordinates in which they keep their digits.

    Ordinarily the natural coordinates, from the core. Where an unpenalised design is nearly collinear, a sandwich of
    cross products loses as many digits as the squared condition number has; then the weighted rows are formed once
    and taken to orthonormal coordinates Q = sqrt(W) Z root.
    """

    problem: CoreProblem
    bread: Floats
    root: Floats | None = None
    basis: Floats | None = None

    @classmethod
    def of(cls, problem: CoreProblem, estimates: Estimates, rows: RowDerivatives, fit: CoreFit) -> _Scores:
        n, size = len(problem.design.y), len(fit.theta)
        bread = estimates.conditional / estimates.scale
        if len(problem.design.penalties) or fit.smallest_pivot > _COLLINEAR or n * size > _DENSE_AT_MOST:
            return cls(problem, bread)
        each = np.arange(n, dtype=np.int64)
        z = problem.grouped_scores(np.ones(n), each, n)[:, fit.identified]
        triangle = np.linalg.qr(np.sqrt(rows.weight)[:, None] * z, mode="r")
        root = np.zeros((size, z.shape[1]))
        root[fit.identified] = linalg.solve_triangular(triangle, np.eye(z.shape[1]))
        return cls(problem, bread, root, np.asarray(linalg.solve_triangular(triangle, z.T, trans="T").T))

    def gram(self, weights: Floats) -> Floats:
        if self.basis is None:
            return self.problem.gram(weights)
        return np.asarray(self.basis.T @ (weights[:, None] * self.basis))

    def grouped(self, scores: Floats, codes: Any, n_groups: int) -> Floats:
        if self.basis is None:
            return self.problem.grouped_scores(scores, codes, n_groups)
        sums = np.zeros((n_groups, self.basis.shape[1]))
        np.add.at(sums, codes, scores[:, None] * self.basis)
        return sums

    def leverage(self, rows: RowDerivatives) -> Floats:
        if self.basis is None:
            return np.asarray(rows.weight * self.problem.quadratic_form(self.bread))
        return np.asarray(rows.weight * np.einsum("ij,ij->i", self.basis, self.basis))

    def sandwich(self, meat: Floats) -> Floats:
        if self.root is None:
            return sandwich(self.bread, meat)
        return np.asarray(self.root @ meat @ self.root.T)


def _cluster(
    problem: CoreProblem,
    estimates: Estimates,
    rows: RowDerivatives,
    scores: _Scores,
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
            f"cov_kwds['groups'] must have one entry for each row, but has {len(groups)} for "
            f"{n + design.n_dropped} rows."
        )
    if groups.isna().any():
        raise DataError(f"cov_kwds['groups'] must not be missing, but is for {int(groups.isna().sum())} rows.")
    codes, levels = pd.factorize(groups)
    if len(levels) < 2:
        raise DataError("cov_type='cluster' needs at least two clusters, but all rows are in one.")
    sums = scores.grouped(design.freq_weights * rows.score, codes.astype(np.int64), len(levels))
    correction = cluster_correction(
        n_groups=len(levels),
        nobs=float(design.freq_weights.sum()),
        n_params=float(estimates.edf.sum()),
        kind="HC1" if use_correction else "none",
    )
    return scores.sandwich(correction * (sums.T @ sums))

"""Covariance of the coefficients that holds when the variance of the response is not as modelled."""

from __future__ import annotations

from typing import Literal

import numpy as np

from contextstats.errors import DataError
from contextstats.inference._linalg import Floats, symmetric

RobustKind = Literal["HC0", "HC1", "HC2", "HC3"]
ClusterKind = Literal["none", "HC0", "HC1"]


def sandwich(bread: Floats, meat: Floats) -> Floats:
    """Covariance bread @ meat @ bread.

    Parameters
    ----------
    bread : (P, P) array
        (G + S)^-1, free of the scale. R's sandwich package has the expected information in G, statsmodels the
        observed one; the two coincide for canonical links.
    meat : (P, P) array
        Z'diag(w)Z with w from :func:`meat_weights`, or T'T times :func:`cluster_correction` with T the
        (n_groups, P) sums of the rows z_i u_i over clusters. Free of the scale as well: it cancels.
    """
    return symmetric(bread @ meat @ bread)


def count_rows(freq_weights: Floats, var_weights: Floats) -> float:
    """Number of observations: the sum of the frequency weights over rows that carry information.

    A row of frequency two is two observations; a row with a variance weight of zero is none.
    """
    return float(freq_weights[var_weights > 0].sum())


def meat_weights(
    score: Floats,
    *,
    kind: RobustKind,
    nobs: float,
    n_params: float,
    leverage: Floats | None = None,
    freq_weights: Floats | None = None,
) -> Floats:
    r"""Row weights w of the heteroskedasticity-consistent meat Z'diag(w)Z.

    ==== =====================================
    HC0  :math:`f u^2`
    HC1  :math:`f u^2 \, n / (n - k)`
    HC2  :math:`f u^2 / (1 - h)`
    HC3  :math:`f u^2 / (1 - h)^2`
    ==== =====================================

    Parameters
    ----------
    score : (n,) array
        u, the derivative of the row's log-likelihood in its linear predictor at scale 1: variance weights and
        trials included, frequency weights not. y - mu for a Gaussian row of weight one.
    kind : {"HC0", "HC1", "HC2", "HC3"}
        Which correction for the residuals being smaller than the errors.
    nobs : float
        Number of observations n, see :func:`count_rows`.
    n_params : float
        Number of parameters k; the total effective degrees of freedom of a penalised fit.
    leverage : (n,) array, optional
        h, the leverage of one copy of the row. Needed for HC2 and HC3.
    freq_weights : (n,) array, optional
        f, how many times the row was observed.

    Returns
    -------
    (n,) array

    Raises
    ------
    ValueError
        If leverages are needed and missing.
    DataError
        If a row that counts has a leverage of one, or n <= k for HC1.

    References
    ----------
    MacKinnon and White (1985), Some heteroskedasticity-consistent covariance matrix estimators with improved
    finite sample properties. Journal of Econometrics 29, 305-325.
    """
    copies = np.ones_like(score) if freq_weights is None else freq_weights
    squared = copies * score**2
    if kind == "HC0":
        return squared
    if kind == "HC1":
        _check_more_rows_than_parameters(nobs, n_params)
        return squared * (nobs / (nobs - n_params))
    if leverage is None:
        raise ValueError(f"cov_type {kind} needs the leverages of the rows, but none were given.")
    return squared / _one_minus(leverage, copies, kind) ** (1 if kind == "HC2" else 2)


def cluster_correction(*, n_groups: int, nobs: float, n_params: float, kind: ClusterKind = "HC1") -> float:
    """Factor for the meat of scores summed over clusters.

    Parameters
    ----------
    n_groups : int
        Number of clusters g with at least one observation.
    nobs : float
        Number of observations n.
    n_params : float
        Number of parameters k; the total effective degrees of freedom of a penalised fit.
    kind : {"HC1", "HC0", "none"}
        "HC1" is g/(g - 1) times (n - 1)/(n - k), the default of statsmodels, of Stata, and of R's ``vcovCL``
        for linear models. "HC0" is g/(g - 1), the default of ``vcovCL`` for other models. "none" is 1.

    Raises
    ------
    DataError
        If there are fewer than two clusters, or n <= k for "HC1".

    References
    ----------
    Zeileis, Koell and Graham (2020), Various versatile variances. Journal of Statistical Software 95(1).
    """
    if n_groups < 2:
        raise DataError(f"Clustered standard errors need at least two clusters, but there are {n_groups}.")
    if kind == "none":
        return 1.0
    factor = n_groups / (n_groups - 1)
    if kind == "HC0":
        return factor
    _check_more_rows_than_parameters(nobs, n_params)
    return factor * (nobs - 1) / (nobs - n_params)


def _one_minus(leverage: Floats, copies: Floats, kind: str) -> Floats:
    """1 - h, one for rows that do not count."""
    rest = np.where(copies > 0, 1 - leverage, 1.0)
    bad = np.flatnonzero(rest < 1e-10)
    if bad.size:
        raise DataError(
            f"{kind} needs leverages below one, but {bad.size} of {leverage.size} rows are fitted exactly "
            f"(first: position {bad[0]}, leverage {leverage[bad[0]]:.12g}). Use HC0 or HC1, or drop them."
        )
    return rest


def _check_more_rows_than_parameters(nobs: float, n_params: float) -> None:
    if not nobs > n_params:
        raise DataError(
            f"HC1 needs more observations than parameters, but there are {nobs:g} and {n_params:g}. Use HC0."
        )

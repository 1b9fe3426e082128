"""Is the model too simple, too rich, or are its terms confounded? Concurvity, basis check, AIC, BIC, GCV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from contextstats.inference._linalg import Floats, Integers, scaled_cholesky, symmetric

_NEIGHBOURS = 3


@dataclass(frozen=True)
class Concurvity:
    """How much of a group of columns the rest of the model can mimic, from 0 (nothing) to 1 (all of it).

    Attributes
    ----------
    worst : float
        For the function in the group that is mimicked best.
    observed : float
        For the function that was fitted; NaN if that is zero.
    estimate : float
        On average over the group's basis: less pessimistic than `worst`, less optimistic than `observed`.
    """

    worst: float
    observed: float
    estimate: float


def concurvity(gram: Floats, coefficients: Floats, groups: Mapping[str, Integers]) -> dict[str, Concurvity]:
    """Concurvity of each group of coefficients with all the others.

    Parameters
    ----------
    gram : (P, P) array
        Z'Z, without weights.
    coefficients : (P,) array
        Estimates.
    groups : mapping of str to arrays of int
        Positions of each group's coefficients. Together they are the columns that are compared: leave out
        those that the data do not determine.

    Returns
    -------
    dict of str to Concurvity

    References
    ----------
    Amodio, Aria and D'Ambrosio (2014), On concurvity in nonlinear and nonparametric
    regression models. Statistica 74, 85-98, and the measures of that name in R's mgcv.
    """
    out = {}
    for name, inside in groups.items():
        others = [positions for other, positions in groups.items() if other != name]
        outside = np.concatenate(others) if others else np.zeros(0, dtype=np.int64)
        own = gram[np.ix_(inside, inside)]
        shared = _explained(gram, inside, outside)
        values = linalg.eigh(symmetric(shared), own, eigvals_only=True)
        fitted = coefficients[inside]
        size = float(fitted @ own @ fitted)
        out[name] = Concurvity(
            worst=float(np.clip(values[-1], 0.0, 1.0)),
            observed=float(fitted @ shared @ fitted) / size if size > 0 else float("nan"),
            estimate=float(np.trace(shared) / np.trace(own)),
        )
    return out


def _explained(gram: Floats, inside: Integers, outside: Integers) -> Floats:
    """Gram matrix of the projections of the columns `inside` on those `outside`."""
    if outside.size == 0:
        return np.zeros((inside.size, inside.size))
    cross = gram[np.ix_(outside, inside)]
    factor = scaled_cholesky(gram[np.ix_(outside, outside)], name="The Gram matrix of the other terms")
    return cross.T @ factor.solve(cross)


@dataclass(frozen=True)
class BasisCheck:
    """Whether residuals that are neighbours in context resemble each other.

    Attributes
    ----------
    k_index : float
        Variance estimated from differences of neighbours over the variance of the residuals. Well below 1: a
        pattern is left, the basis may be too small.
    pvalue : float
        Share of random orders of the residuals with a smaller index.
    """

    k_index: float
    pvalue: float


def basis_check(
    residuals: Floats, contexts: Floats, *, permutations: int = 400, subsample: int = 5000, seed: int = 0
) -> BasisCheck:
    """Check whether the basis of a smooth is rich enough.

    Parameters
    ----------
    residuals : (n,) array
        Deviance residuals.
    contexts : (n,) or (n, d) array
        The variables of the smooth. Neighbours on a line are next in order, ties in the order of the rows;
        otherwise they are the three nearest rows, so give columns comparable scales.
    permutations : int
        Number of random orders.
    subsample : int
        At most so many rows are used, drawn at random.
    seed : int
        Seed of the generator; the same seed gives the same result.

    References
    ----------
    Wood (2017), *Generalized Additive Models*, 2nd edition, section 5.9.
    """
    generator = np.random.default_rng(seed)
    if len(residuals) > subsample:
        chosen = generator.choice(len(residuals), subsample, replace=False)
        residuals, contexts = residuals[chosen], contexts[chosen]
    here, there = _neighbours(contexts)

    def roughness(values: Floats) -> float:
        return float(np.mean((values[here] - values[there]) ** 2) / 2)

    observed = roughness(residuals)
    smaller = sum(roughness(generator.permutation(residuals)) < observed for _ in range(permutations))
    return BasisCheck(observed / float(np.mean(residuals**2)), smaller / permutations)


def _neighbours(contexts: Floats) -> tuple[Integers, Integers]:
    """Pairs of positions of neighbouring rows."""
    if contexts.ndim == 1 or contexts.shape[1] == 1:
        order = np.argsort(contexts.ravel(), kind="stable")
        return order[1:], order[:-1]
    from scipy.spatial import cKDTree

    rows = np.arange(len(contexts))
    nearest = cKDTree(contexts).query(contexts, k=_NEIGHBOURS + 1)[1]
    itself = nearest == rows[:, None]
    itself[~itself.any(axis=1), -1] = True  # more ties than neighbours: drop the last
    return np.repeat(rows, _NEIGHBOURS), np.asarray(nearest[~itself], dtype=np.int64)


def aic(llf: float, df: float) -> float:
    """Akaike's criterion -2 l + 2 df.

    For a penalised fit `df` is the sum of `edf2`; R adds one for an estimated scale, statsmodels' GLM does
    not.
    """
    return -2 * llf + 2 * df


def bic(llf: float, df: float, nobs: float) -> float:
    """Schwarz's criterion -2 l + df log(n), with `df` as in :func:`aic`."""
    return -2 * llf + float(np.log(nobs)) * df


def gcv(deviance: float, edf: float, nobs: float) -> float:
    """Generalised cross-validation score n D / (n - edf)^2."""
    return nobs * deviance / (nobs - edf) ** 2

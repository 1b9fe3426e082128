"""The effect of a predictor in the population, and which contexts make it vary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contextstats.inference._linalg import Floats, Integers, symmetric


@dataclass(frozen=True)
class AverageEffects:
    """Effects averaged over contexts.

    Attributes
    ----------
    estimate : (q,) array
        One average per predictor.
    covariance : (q, q) array
        Covariance of `estimate`.
    """

    estimate: Floats
    covariance: Floats

    @property
    def standard_error(self) -> Floats:
        """Square roots of the variances."""
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0.0)))


def average_effects(mean_rows: Floats, coefficients: Floats, covariance: Floats) -> AverageEffects:
    """Average beta_j(c) over a population of contexts.

    Parameters
    ----------
    mean_rows : (q, P) array
        Row j holds 1 at the constant of predictor j and the mean basis functions of its terms over the
        population. Over the rows of the fit those means are zero for centred terms, and the average effect is
        the constant.
    coefficients : (P,) array
        Estimates.
    covariance : (P, P) array
        Their covariance.
    """
    return AverageEffects(mean_rows @ coefficients, symmetric(mean_rows @ covariance @ mean_rows.T))


@dataclass(frozen=True)
class VariationShares:
    """How much an effect varies over the contexts of a population, and through which terms.

    Attributes
    ----------
    variance : float
        Variance of the estimated effect over the population.
    noise : float
        What estimation error alone adds to `variance` in expectation.
    contributions : dict of str to float
        Covariance of each term with the whole effect; they add up to `variance`. Negative where a term works
        against the others.
    shares : dict of str to float
        Contributions over `variance`; they add up to one. NaN where the effect does not vary.
    """

    variance: float
    noise: float
    contributions: dict[str, float]
    shares: dict[str, float]

    @property
    def corrected_variance(self) -> float:
        """Variance of the effect with the noise removed, not below zero."""
        return max(0.0, self.variance - self.noise)


def variation_shares(
    moments: Floats, coefficients: Floats, covariance: Floats, terms: Mapping[str, Integers]
) -> VariationShares:
    r"""Decompose the variance of one effect over contexts by term.

    .. math:: \operatorname{Var}_n\{\beta_j(c)\} = \sum_t \operatorname{Cov}_n\{f_{jt}(c), \beta_j(c)\}

    Parameters
    ----------
    moments : (m, m) array
        Second moments of the centred basis columns of all terms of the predictor: covariances over the
        population of contexts.
    coefficients : (m,) array
        Estimates of these terms' coefficients.
    covariance : (m, m) array
        Their covariance.
    terms : mapping of str to arrays of int
        Positions of each term's coefficients among the m. Every position belongs to one term.

    Raises
    ------
    ValueError
        If the terms do not cover the coefficients once each.
    """
    covered = np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *terms.values()]))
    if not np.array_equal(covered, np.arange(len(coefficients))):
        raise ValueError(f"The terms must cover each of {len(coefficients)} coefficients once, not {covered.tolist()}.")
    products = coefficients * (moments @ coefficients)
    variance = float(products.sum())
    contributions = {name: float(products[positions].sum()) for name, positions in terms.items()}
    shares = {name: value / variance if variance > 0 else float("nan") for name, value in contributions.items()}
    return VariationShares(variance, float(np.sum(moments * covariance)), contributions, shares)

"""The score test of heterogeneity against smooth and rough alternatives alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from contextstats.inference._linalg import Floats, Integers, symmetric
from contextstats.inference.chi2_mixture import Exceedance, probabilities
from contextstats.inference.score_test import ScoreTest, form_test

_FEWEST = 4.0  # effective degrees of freedom of the second kernel, doubled for each one that follows
_NEGLIGIBLE = 1e-10


@dataclass(frozen=True)
class AdaptiveScoreTest:
    """Score tests of one hypothesis with several kernels, and one p-value from all of them.

    Attributes
    ----------
    tests : tuple of ScoreTest
        The first with the kernel of the penalty, the others with ever flatter ones.
    """

    tests: tuple[ScoreTest, ...]

    @property
    def statistic(self) -> float:
        """Statistic of the first kernel, the most powerful one against nearly straight curves."""
        return self.tests[0].statistic

    @property
    def effective_df(self) -> float:
        """Its effective degrees of freedom."""
        return self.tests[0].effective_df

    @property
    def events(self) -> tuple[Exceedance, ...]:
        """What the p-values of the kernels are the probabilities of."""
        return tuple(test.event for test in self.tests)

    @cached_property
    def pvalue(self) -> float:
        """Combined p-value, see :func:`combined_pvalue`."""
        return combined_pvalue(probabilities(self.events))


def adaptive_score_test(
    score: Floats,
    information: Floats,
    kernel: Floats,
    groups: Integers,
    *,
    scale: float,
    residual_df: float | None = None,
) -> AdaptiveScoreTest:
    r"""Variance-component score tests with kernels of increasing roughness.

    The kernel of the penalty, :math:`K = D^{-1}`, is best where the variance of a term is close to zero, and then
    all but blind to curves with more than one period. The others are

    .. math:: K_\tau = (D + \tau V)^{-1},

    the best ones against curves whose variance is :math:`1 / \tau`; V is the information about the term. For
    :math:`\tau \to \infty` the test becomes the one with equal weights for all directions. The values of
    :math:`\tau` are those for which the null distribution of a term has 4, 8, 16, ... effective degrees of
    freedom, as far as the term has so many. In a test of several terms each has its own :math:`\tau`, and all
    are scaled to the same expected contribution.

    Parameters
    ----------
    score, information, scale, residual_df
        As for :func:`~contextstats.inference.score_test.score_test`.
    kernel : (m,) array
        From :func:`~contextstats.inference.score_test.kernel_weights`.
    groups : (m,) array of int
        The term each coordinate belongs to, numbered from 0.

    Raises
    ------
    DataError
        If the null model explains all variation of the tested columns.
    """
    terms = [_Term.of(information, kernel, np.flatnonzero(groups == group)) for group in range(groups.max() + 1)]
    terms = [term for term in terms if term.information.size]
    basis = np.zeros((len(score), sum(term.information.size for term in terms)))
    ends = np.cumsum([term.information.size for term in terms])
    for term, end in zip(terms, ends, strict=True):
        basis[term.positions, end - term.information.size : end] = term.directions
    degrees = np.array([0.0, *_degrees_of_freedom(terms)])
    weights = np.hstack([np.empty((len(degrees), 0)), *(term.weights(degrees) for term in terms)])
    statistics = weights @ (basis.T @ score) ** 2 / scale
    if len(terms) > 1:
        root = np.sqrt(weights)
        forms = np.linalg.eigvalsh(root[:, :, None] * symmetric(basis.T @ information @ basis) * root[:, None, :])
    else:
        forms = np.sort(weights * np.concatenate([np.empty(0), *(term.information for term in terms)]))
    pairs = zip(statistics.tolist(), forms[:, ::-1], strict=True)
    return AdaptiveScoreTest(tuple(form_test(statistic, form, residual_df) for statistic, form in pairs))


def combined_pvalue(pvalues: Sequence[float] | Floats) -> float:
    r"""One p-value from several of the same hypothesis, by the Cauchy combination.

    .. math:: T = \frac1m \sum_j \tan\{\pi (1/2 - p_j)\}

    T is a standard Cauchy variable for independent and for equal p-values, and nearly so in its upper tail for any
    dependence between them.

    References
    ----------
    Liu and Xie (2020), Cauchy combination test: a powerful test with analytic p-value calculation under arbitrary
    dependency structures. Journal of the American Statistical Association 115, 393-402.
    """
    if len(pvalues) == 1:
        return float(pvalues[0])
    if min(pvalues) <= 0:
        return 0.0
    return math.atan2(1.0, sum(map(_cauchy_score, pvalues)) / len(pvalues)) / math.pi


def _cauchy_score(p: float) -> float:
    """Quantile of the standard Cauchy distribution with upper tail probability p."""
    if p < 1e-8:  # the next term is smaller by a factor of 3e-16
        return 1 / (math.pi * p)
    return math.tan(math.pi * (0.5 - min(p, 1 - 1e-15)))


@dataclass(frozen=True)
class _Term:
    """One of the tested terms in coordinates in which its kernel is the identity and its information diagonal.

    Attributes
    ----------
    positions : (m,) array of int
        Its coordinates among those tested.
    directions : (m, r) array
        Columns K^1/2 U with U the eigenvectors of K^1/2 V K^1/2 that the null model leaves something of.
    information : (r,) array
        The eigenvalues.
    """

    positions: Integers
    directions: Floats
    information: Floats

    @classmethod
    def of(cls, information: Floats, kernel: Floats, positions: Integers) -> _Term:
        root = np.sqrt(kernel[positions])
        values, vectors = np.linalg.eigh(symmetric(root[:, None] * information[np.ix_(positions, positions)] * root))
        seen = values > _NEGLIGIBLE * max(values.max(initial=0.0), 0.0)
        return cls(positions, root[:, None] * vectors[:, seen], values[seen])

    @cached_property
    def effective_df(self) -> float:
        """With the kernel of the penalty."""
        return float(_effective_df(self.information))

    @property
    def _flattening(self) -> tuple[Floats, Floats]:
        """Values of log tau, and the effective degrees of freedom with each."""
        kappa = self.information
        log_tau = np.linspace(-np.log(kappa.max()) - 5, -np.log(kappa.min()) + 5, 40)
        return log_tau, _effective_df(kappa / (1 + np.exp(log_tau)[:, None] * kappa))

    def weights(self, degrees: Floats) -> Floats:
        """Diagonals of the kernels with these effective degrees of freedom, for an expected contribution of one.

        That of the penalty where it has as many.
        """
        log_tau, found = self._flattening
        tau = np.where(degrees <= self.effective_df, 0.0, np.exp(np.interp(degrees, found, log_tau)))
        weights = 1 / (1 + tau[:, None] * self.information)
        return np.asarray(weights / (weights @ self.information)[:, None])


def _degrees_of_freedom(terms: Sequence[_Term]) -> list[float]:
    """4, 8, 16, ... as far as a term has so many, without those that the kernel of the penalty has in all terms."""
    if not terms:
        return []
    largest, least = max(len(term.information) for term in terms), min(term.effective_df for term in terms)
    doubled = [_FEWEST * 2**i for i in range(int(np.log2(max(largest / _FEWEST, 0.5))) + 1)]
    return [df for df in doubled if least < df <= largest]


def _effective_df(weights: Floats) -> Floats:
    return np.asarray(weights.sum(axis=-1) ** 2 / (weights**2).sum(axis=-1))

"""Is a term zero? Wald-type tests of smooth terms and of random-effect terms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import lapack

from contextstats.inference._linalg import Floats, scaled_cholesky, symmetric
from contextstats.inference.chi2_mixture import Exceedance, mean_probabilities, ratio_exceedance

_EPS, _TINY = float(np.finfo(float).eps), float(np.finfo(float).tiny)


@dataclass(frozen=True)
class TermTest:
    """A test that all coefficients of a term are zero.

    Attributes
    ----------
    statistic : float
        The chi-square statistic; divided by `ref_df` it is the F statistic mgcv prints where the scale is
        estimated. The mean of `statistics`.
    statistics : tuple of two floats
        The two values a fractional `ref_df` allows. They differ in the sign given to one eigenvector, which
        is a matter of coordinates; mgcv prints one of them. Equal for whole `ref_df`.
    ref_df : float
        Reference degrees of freedom.
    events : tuple of Exceedance
        The null hypothesis gives `pvalue` as their mean probability. Those of many tests are computed together faster
        than one by one; see :func:`~contextstats.inference.chi2_mixture.mean_probabilities`.
    scale_estimated : bool
        Whether the null distribution allows for the scale being an estimate.
    """

    statistic: float
    statistics: tuple[float, float]
    ref_df: float
    events: tuple[Exceedance, ...]
    scale_estimated: bool

    @cached_property
    def pvalue(self) -> float:
        """The mean of the p-values of `statistics`."""
        return float(mean_probabilities([self.events])[0])

    @property
    def f_statistic(self) -> float:
        """The statistic per reference degree of freedom; NaN for a term that has none."""
        return self.statistic / self.ref_df if self.ref_df > 0 else float("nan")


def smooth_test(
    coefficients: Floats, covariance: Floats, gram: Floats, *, ref_df: float, residual_df: float | None = None
) -> TermTest:
    r"""Test that a smooth term is zero everywhere.

    With R'R the Gram matrix of the term and :math:`R V_p R^T = U \Lambda U^T`, the statistic is
    :math:`\hat f^T V^{r-} \hat f`, where f = R theta and the pseudo-inverse has rank r = `ref_df`:
    eigenvalues beyond r, which belong to directions the penalty has suppressed, are left out. For a
    fractional rank :math:`r = k + \nu` the k-th and the next direction share

    .. math::

       \Lambda^{-1/2} \begin{pmatrix} 1 & \pm\rho \\ \pm\rho & \nu \end{pmatrix} \Lambda^{-1/2}, \qquad
       \rho = \sqrt{\nu (1 - \nu) / 2}

    and the null distribution is :math:`\chi^2_{k-1} + \nu_1 \chi^2_1 + \nu_2 \chi^2_1`, the weights the
    eigenvalues of that matrix. Nothing depends on the coordinates of the term.

    Parameters
    ----------
    coefficients : (m,) array
        Coefficients of the term.
    covariance : (m, m) array
        Their Bayesian covariance, including the scale.
    gram : (m, m) array
        Weighted Gram matrix of the term's columns: the term's block of Z'WZ.
    ref_df : float
        Rank r, usually the sum of `edf1` over the term; at most m is used.
    residual_df : float, optional
        n minus the total edf where the scale is estimated; None where it is known.

    References
    ----------
    Wood (2013), On p-values for smooth components of an extended generalized additive model. Biometrika 100,
    221-228.
    """
    root = _gram_root(gram)
    values, vectors = np.linalg.eigh(symmetric(root @ covariance @ root.T))
    values, vectors = values[::-1], vectors[:, ::-1]
    standardised = (vectors.T @ (root @ coefficients)) / np.sqrt(np.maximum(values, _TINY))

    rank = min(ref_df, float(len(coefficients)))
    available = int(np.sum(values > values[0] * _EPS**0.9))
    whole, part = int(rank), rank - int(rank)
    if available < whole + (part > 0):
        rank, whole, part = float(available), available, 0.0

    if part == 0 or whole == 0:
        used = max(whole, 1)
        statistic = float(standardised[:used] @ standardised[:used])
        pair, weights, degrees = (statistic, statistic), np.ones(1), np.array([float(used)])
    else:
        pair = _fractional_statistics(standardised, whole, part)
        weights, degrees = _fractional_weights(whole, part)
    events = tuple(_exceeds(statistic, weights, degrees, residual_df) for statistic in dict.fromkeys(pair))
    return TermTest((pair[0] + pair[1]) / 2, pair, rank, events, residual_df is not None)


def random_effect_test(
    coefficients: Floats, bayesian: Floats, frequentist: Floats, *, residual_df: float | None = None
) -> TermTest:
    r"""Test that the variance of a random-effect term, or of any term without a null space, is zero.

    The statistic is :math:`\hat b^T V_p^{-1} \hat b`. Under the null hypothesis it is a mixture of
    chi-squares whose weights are the eigenvalues of :math:`V_p^{-1} V_e`.

    Parameters
    ----------
    coefficients : (m,) array
        Coefficients of the term.
    bayesian, frequentist : (m, m) array
        Their blocks of Vp and Ve, including the scale. Where the model has further random effects, Ve should
        count them as noise: see :func:`marginal_frequentist`.
    residual_df : float, optional
        n minus the total edf where the scale is estimated; None where it is known.

    References
    ----------
    Wood (2013), A simple test for random effects in regression models. Biometrika 100, 1005-1010.
    """
    root = scaled_cholesky(bayesian, name="The covariance of a random-effect term").inverse_root()
    weights = np.maximum(np.linalg.eigvalsh(symmetric(root.T @ frequentist @ root)), 0.0)
    standardised = root.T @ coefficients
    statistic = float(standardised @ standardised)
    rank = float(np.sum(weights > weights.max(initial=0.0) * _EPS**0.8))
    events = (_exceeds(statistic, weights, np.ones_like(weights), residual_df),) if rank else ()
    return TermTest(statistic, (statistic, statistic), rank, events, residual_df is not None)


def marginal_frequentist(bayesian: Floats, gram: Floats, scale: float, prior_variance: Floats) -> Floats:
    """Sampling covariance of the coefficients where some of them are random and vary between samples.

    Parameters
    ----------
    bayesian, gram : (P, P) array
        Vp and Z'WZ of the whole model.
    scale : float
        The scale phi.
    prior_variance : (P,) array
        1 / (lambda d) for coefficients of the random terms other than the one tested, 0 for all others.

    Returns
    -------
    (P, P) array
        Vp (G + G D G) Vp / phi with D the diagonal of prior variances.
    """
    spread = gram + (gram * prior_variance) @ gram
    return symmetric(bayesian @ spread @ bayesian) / scale


def _gram_root(gram: Floats) -> Floats:
    """R with R'R = gram, for a gram that may be singular."""
    root, failed_at = lapack.dpotrf(gram, lower=0)
    if failed_at == 0:
        return np.asarray(root)
    values, vectors = np.linalg.eigh(symmetric(gram))
    return np.asarray(np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T)


def _fractional_statistics(standardised: Floats, whole: int, part: float) -> tuple[float, float]:
    head, a, b = standardised[: whole - 1], standardised[whole - 1], standardised[whole]
    certain = float(head @ head + a**2 + part * b**2)
    cross = float(2 * np.sqrt(part * (1 - part) / 2) * a * b)
    return certain + cross, certain - cross


def _fractional_weights(whole: int, part: float) -> tuple[Floats, Floats]:
    total = 1 + part
    larger = (total + np.sqrt(total * (2 - total))) / 2
    weights, degrees = np.array([1.0, larger, total - larger]), np.array([whole - 1.0, 1.0, 1.0])
    return weights[degrees > 0], degrees[degrees > 0]


def _exceeds(statistic: float, weights: Floats, df: Floats, residual_df: float | None) -> Exceedance:
    if residual_df is None:
        return Exceedance(statistic, weights, df)
    return ratio_exceedance(statistic, weights, residual_df, df=df)

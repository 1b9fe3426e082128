"""Does an effect vary with context at all? The variance-component score test."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from contextstats import _core
from contextstats.errors import DataError
from contextstats.inference._linalg import Floats, Integers, ScaledCholesky, symmetric
from contextstats.inference.chi2_mixture import Exceedance, mean_probabilities, ratio_exceedance


@dataclass(frozen=True)
class ScoreTest:
    """A test that no coefficient in a set varies with context.

    Attributes
    ----------
    statistic : float
        Kernel-weighted sum of squared scores over the scale.
    event : Exceedance
        That `statistic` is exceeded under the null hypothesis.
    weights : (r,) array
        The null distribution is that of a sum of independent chi-squares on one degree of freedom with these
        weights, largest first.
    residual_df : float or None
        Degrees of freedom of the estimated scale; None where it is known.
    """

    statistic: float
    event: Exceedance
    weights: Floats
    residual_df: float | None

    @cached_property
    def pvalue(self) -> float:
        """Upper tail of the null distribution of `statistic`."""
        return float(mean_probabilities([[self.event]])[0])

    @property
    def effective_df(self) -> float:
        """Degrees of freedom of the single chi-square with the same mean and variance, up to a factor."""
        return float(self.weights.sum() ** 2 / (self.weights**2).sum())


def projected_information(null: ScaledCholesky, gram_cross: Floats, gram_tested: Floats) -> Floats:
    """Covariance of the score of the tested coefficients when those of the null model are estimated.

    Parameters
    ----------
    null : ScaledCholesky
        Factor of G00 + S0 with G00 = Z0'WZ0 over the p coefficients of the null model, expected weights at the null
        fit, and S0 the diagonal of its penalty, smoothing parameters included.
    gram_cross : (p, m) array
        G01 = Z0'WZ1.
    gram_tested : (m, m) array
        G11 = Z1'WZ1 over the coefficients that are zero in the null model.

    Returns
    -------
    (m, m) array
        G11 - G10 (G00 + S0)^-1 G01, to be multiplied by the scale. Smooth nuisance terms count as random with
        the prior their penalty stands for, so that this holds exactly for Gaussian responses and known
        smoothing parameters, and smoothing bias under the null hypothesis is part of the covariance.
        Directions that the null model explains to nine digits have a variance of exactly zero.
    """
    information = symmetric(gram_tested - gram_cross.T @ null.solve(gram_cross))
    return _core.without_rounding(information, np.sqrt(np.diag(gram_tested)))


def null_score(
    coefficients: Floats, inverse: Floats, influence: Floats, gram_diagonal: Floats
) -> tuple[Floats, Floats]:
    r"""Score of the tested coefficients at the null fit, and its covariance, from blocks of the full fit alone.

    With :math:`A = G + S` and :math:`V = A^{-1}` of the full model, block elimination of the null model's coefficients
    (0) leaves for those tested (1)

    .. math::

       u = Z_1^T W (z - Z_0 \tilde\theta_0) = V_{11}^{-1} \hat\theta_1, \qquad
       G_{11} - G_{10} (G_{00} + S_0)^{-1} G_{01} = V_{11}^{-1} (V G)_{11}

    where :math:`\tilde\theta_0` fits the null model to the working response z of the full fit. Nothing is lost to
    cancellation where the penalty on the tested coefficients is large.

    Parameters
    ----------
    coefficients : (m,) array
        Those tested, at the full fit.
    inverse : (m, m) array
        Their block of V, free of the scale.
    influence : (m, m) array
        Their block of V G.
    gram_diagonal : (m,) array
        Their part of the diagonal of G = Z'WZ.

    Returns
    -------
    score : (m,) array
        u.
    information : (m, m) array
        Its covariance, to be multiplied by the scale, as :func:`projected_information` defines it.

    Raises
    ------
    numpy.linalg.LinAlgError
        If `inverse` is not positive definite.
    """
    found = _core.null_score(coefficients, inverse, influence, gram_diagonal)
    if found is None:
        raise np.linalg.LinAlgError("The covariance of the tested coefficients must be positive definite.")
    return found


def kernel_weights(penalty: Floats, information: Floats, groups: Integers) -> Floats:
    """Weights that favour smooth alternatives and treat the tested terms alike.

    A penalised coordinate has the weight 1/d, the prior variance its penalty stands for. Coordinates of the
    null space (a linear trend, say) would have an infinite weight; theirs is such that each is expected to
    contribute under the null hypothesis as much as the largest penalised one. Each group is then scaled to an
    expected contribution of one.

    Parameters
    ----------
    penalty : (m,) array
        Diagonal d of the penalty on wiggliness, without the smoothing parameter. Zero on the null space.
    information : (m, m) array
        From :func:`null_score` or :func:`projected_information`.
    groups : (m,) array of int
        The term each coordinate belongs to, numbered from 0.

    Returns
    -------
    (m,) array
        Diagonal of the kernel. Terms without a penalty have equal weights, terms that the null model explains
        have none.

    References
    ----------
    Zhang and Lin (2003), Hypothesis testing in semiparametric additive mixed models. Biostatistics 4, 57-74.
    """
    return _core.kernel_weights(penalty, information, groups)


def score_test(
    score: Floats, information: Floats, kernel: Floats, *, scale: float, residual_df: float | None = None
) -> ScoreTest:
    r"""Variance-component score test of heterogeneity; only the null model has to be fitted.

    .. math:: T = u^T K u / \phi \;\sim\; \sum_l \lambda_l \chi^2_1, \qquad
              \lambda = \operatorname{eig}(K^{1/2} V K^{1/2})

    where V is the projected information and u = Z1's the score of the tested coefficients. With an estimated
    scale the null distribution is that of the ratio of the two quadratic forms in the same residuals, exact
    for Gaussian responses.

    Parameters
    ----------
    score : (m,) array
        u = Z1's at the null fit, s the derivative of the rows' log-likelihoods in the linear predictor at
        scale one, weights included.
    information : (m, m) array
        From :func:`null_score` or :func:`projected_information`.
    kernel : (m,) array
        From :func:`kernel_weights`, or any other non-negative weights chosen without looking at `score`.
    scale : float
        Scale of the null fit. For the exactness above it is the penalised deviance over `residual_df`.
    residual_df : float, optional
        n minus the number of unpenalised coordinates of the null model where the scale is estimated; None
        where it is known.

    Raises
    ------
    DataError
        If the null model explains all variation of the tested columns.

    References
    ----------
    Lin (1997), Variance component testing in generalised linear models with random
    effects. Biometrika 84, 309-326. Wu, Lee, Cai, Li, Boehnke and Lin (2011), Rare-variant association
    testing for sequencing data with the sequence kernel association test. American Journal of Human Genetics
    89, 82-93.
    """
    root = np.sqrt(kernel)
    weights = np.asarray(np.linalg.eigvalsh(symmetric(root[:, None] * information * root))[::-1], dtype=np.float64)
    return form_test(float(kernel @ score**2) / scale, weights, residual_df)


def form_test(statistic: float, weights: Floats, residual_df: float | None) -> ScoreTest:
    """Test whose null distribution has these weights, largest first, those that are zero to rounding among them."""
    weights = weights[weights > 1e-10 * weights.max(initial=0.0)]
    if weights.size == 0:
        raise DataError(
            "The tested terms must vary beyond what the null model holds, but it explains all of their "
            "columns. Remove from the null model the terms that are to be tested."
        )
    if residual_df is None:
        event = Exceedance(statistic, weights)
    else:
        event = ratio_exceedance(statistic, weights, residual_df, shared=True)
    return ScoreTest(statistic, event, weights, residual_df)

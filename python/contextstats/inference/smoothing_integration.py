"""Covariance of the coefficients, averaged over the values that each smoothing parameter may have."""

from __future__ import annotations

import numpy as np

from contextstats import _core
from contextstats.inference._linalg import Booleans, Floats, active_indices, embed, scaled_cholesky

# a of the prior density sigma^(2 a - 1), sigma = lambda^-1/2 the standard deviation of a term's coefficients: 1/2 is
# flat in sigma, 0 in log sigma (and improper where sigma is zero). Chosen by the study in benchmarks/calibration.
PRIOR_EXPONENT = 1 / 3
_STIFF = 1e3  # a smoothing parameter beyond this many times the information is as good as infinite


def integrated_covariance(
    gram: Floats,
    penalties: Floats,
    lambdas: Floats,
    scale: float,
    coefficients: Floats,
    *,
    active: Booleans | None = None,
    prior_exponent: float = PRIOR_EXPONENT,
) -> Floats:
    r"""Mean squared deviation from the estimate, over the posterior of each smoothing parameter in turn.

    .. math::

       V_i = V_p + \sum_k \left[ \mathrm{E}_{\lambda_k} \left\{ \phi A_{\lambda_k}^{-1}
             + (\hat\theta_{\lambda_k} - \hat\theta)(\hat\theta_{\lambda_k} - \hat\theta)^T \right\} - V_p \right]_+

    with :math:`A_\lambda = G + S_\lambda`. The posterior of each :math:`\lambda_k`, the others at their
    estimates, is the restricted likelihood times a prior with density :math:`\sigma^{2a - 1}` in the standard
    deviation :math:`\sigma = \lambda^{-1/2}`, a = 1/3 by default. Unlike an expansion at the estimate this knows that a
    term which was taken for a straight line may be a curve: the restricted likelihood is then flat towards
    :math:`\lambda = \infty`, with no curvature to expand, but need not be small at finite :math:`\lambda`.

    The likelihood is taken as quadratic around the estimate, with weights and scale fixed. Then everything about
    one smoothing parameter is a function of the eigenvalues of one matrix of the size of its term.

    Parameters
    ----------
    gram : (P, P) array
        G = Z'WZ at the optimum, free of the scale.
    penalties : (K, P) array
        Diagonals of the penalties, one row per smoothing parameter.
    lambdas : (K,) array
        Smoothing parameters.
    scale : float
        The scale phi.
    coefficients : (P,) array
        The estimate.
    active : (P,) array of bool, optional
        False for coefficients that the fit left at zero.
    prior_exponent : float
        a.

    Returns
    -------
    (P, P) array
        Not smaller than the Bayesian covariance Vp.

    Raises
    ------
    numpy.linalg.LinAlgError
        If A is not positive definite on the active coefficients.

    References
    ----------
    Gelman (2006), Prior distributions for variance parameters in hierarchical models. Bayesian Analysis 1,
    515-534, for priors on the standard deviation. Kass and Steffey (1989), Approximate Bayesian inference in
    conditionally independent hierarchical models. Journal of the American Statistical Association 84, 717-726,
    for the two parts of the variance.
    """
    keep = active_indices(active, len(coefficients))
    gram, penalties, coefficients = gram[np.ix_(keep, keep)], penalties[:, keep], coefficients[keep]
    working = gram @ coefficients + (lambdas @ penalties) * coefficients
    lambdas = _finite_lambdas(lambdas, penalties, np.diag(gram))
    inverse = scaled_cholesky(gram + np.diag(lambdas @ penalties), name="The penalised information G + S").inverse()
    more = _core.integrated_root(inverse, inverse @ working, penalties, lambdas, scale, prior_exponent)
    return embed(scale * inverse + more @ more.T, keep, len(active) if active is not None else len(keep))


def _finite_lambdas(lambdas: Floats, penalties: Floats, information: Floats) -> Floats:
    """Smoothing parameters no larger than what makes no difference, so that differences keep their digits."""
    ratio = np.divide(information, penalties, out=np.zeros_like(penalties), where=penalties > 0)
    return np.asarray(np.minimum(lambdas, _STIFF * ratio.max(axis=1, initial=0.0)))

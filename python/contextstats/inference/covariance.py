"""Covariance of the coefficients of a penalised fit, and how many degrees of freedom it used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contextstats.inference._linalg import Booleans, Floats, active_indices, embed, scaled_cholesky, symmetric


@dataclass(frozen=True)
class CoefficientCovariance:
    """What the curvature of the penalised likelihood says about the coefficients.

    Coefficients that are not active have zero variance, zero covariance and zero degrees of freedom.

    Attributes
    ----------
    bayesian : (P, P) array
        Posterior covariance Vp: the default for intervals, because it allows for the bias of smoothing.
    frequentist : (P, P) array
        Sampling covariance Ve of the penalised estimate.
    edf : (P,) array
        Effective degrees of freedom of each coefficient; their sum is the trace of the hat matrix.
    edf1 : (P,) array
        The alternative 2 edf - diag(F F), the reference degrees of freedom of tests.
    """

    bayesian: Floats
    frequentist: Floats
    edf: Floats
    edf1: Floats


def coefficient_covariance(
    gram: Floats, penalty: Floats, scale: float, *, active: Booleans | None = None
) -> CoefficientCovariance:
    r"""Covariance and effective degrees of freedom at the optimum of a penalised likelihood.

    .. math::

       V_p = \phi (G + S)^{-1}, \quad V_e = V_p G V_p / \phi, \quad F = (G + S)^{-1} G,

       \mathrm{edf} = \operatorname{diag}(F), \quad \mathrm{edf1} = 2\,\mathrm{edf} - \operatorname{diag}(F F)

    Parameters
    ----------
    gram : (P, P) array
        Z'WZ at the optimum, free of the scale. mgcv, R's ``glm`` and statsmodels have the expected weights in
        W, also where the fit was found with the observed ones; the two coincide for canonical links.
    penalty : (P,) array
        Diagonal of the total penalty S, smoothing parameters included.
    scale : float
        The scale phi; 1 where it is known.
    active : (P,) array of bool, optional
        False for coefficients that the data do not determine and the fit left at zero.

    Raises
    ------
    numpy.linalg.LinAlgError
        If G + S is not positive definite on the active coefficients.

    References
    ----------
    Wood (2017), *Generalized Additive Models*, 2nd edition, sections 6.10 and 6.1.2.
    Marra and Wood (2012), Coverage properties of confidence intervals for generalized additive model
    components. Scandinavian Journal of Statistics 39, 53-74.
    """
    size = len(penalty)
    keep = active_indices(active, size)
    gram_kept = gram[np.ix_(keep, keep)]
    factor = scaled_cholesky(gram_kept + np.diag(penalty[keep]), name="The penalised information G + S")
    inverse = factor.inverse()
    influence = inverse @ gram_kept
    edf = np.diag(influence).copy()
    edf1 = 2 * edf - np.einsum("ij,ji->i", influence, influence)
    return CoefficientCovariance(
        bayesian=embed(scale * inverse, keep, size),
        frequentist=embed(scale * symmetric(influence @ inverse), keep, size),
        edf=embed(edf, keep, size),
        edf1=embed(edf1, keep, size),
    )

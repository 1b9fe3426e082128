"""What not knowing the smoothing parameters adds to the covariance of the coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contextstats.inference._linalg import Booleans, Floats, active_indices, embed, scaled_cholesky, symmetric

# Precision of a vague normal prior on each log smoothing parameter, as mgcv has it: it keeps the second-order
# term finite for terms that are penalised to their null space, where the REML score is flat.
_PRIOR_PRECISION = 0.1
_RIGID = 1e8  # a penalty as many times the information leaves nothing; a frame mixes it into what is not penalised


@dataclass(frozen=True)
class SmoothingUncertainty:
    """Covariance of the coefficients with the smoothing parameters as estimates.

    Attributes
    ----------
    covariance : (P, P) array
        Vc, never smaller than the Bayesian covariance it corrects.
    edf2 : (P,) array
        Degrees of freedom for AIC, their sum not larger than that of `edf1`.
    log_lambda_covariance : (K, K) array
        Covariance of the logarithms of the smoothing parameters, under the vague prior.
    """

    covariance: Floats
    edf2: Floats
    log_lambda_covariance: Floats


def corrected_covariance(
    gram: Floats,
    penalties: Floats,
    lambdas: Floats,
    scale: float,
    *,
    dtheta_drho: Floats,
    hessian: Floats,
    edf1: Floats,
    frame: Floats | None = None,
    active: Booleans | None = None,
) -> SmoothingUncertainty:
    r"""Covariance of the coefficients, corrected for the smoothing parameters being estimated.

    With :math:`\rho = \log\lambda`, :math:`A = G + S_\lambda` and :math:`L L^T = A^{-1}`,

    .. math::

       V_c = \phi A^{-1} + J V_\rho J^T + \phi \sum_{kl} \tilde V_{\rho,kl} \,
             \frac{\partial L}{\partial\rho_k} \frac{\partial L^T}{\partial\rho_l},
       \qquad J = \frac{\partial\hat\theta}{\partial\rho}

    :math:`V_\rho` inverts the positive part of the Hessian of the REML score; :math:`\tilde V_\rho` first
    adds 0.1 to its eigenvalues, a vague prior. The derivatives of L are taken with G fixed: that the weights
    in it move with the smoothing parameters is neglected, as in mgcv.

    Parameters
    ----------
    gram : (P, P) array
        G = Z'WZ at the optimum, free of the scale, with the weights of the Bayesian covariance.
    penalties : (K, P) array
        Diagonals of the penalties, one row per smoothing parameter.
    lambdas : (K,) array
        Smoothing parameters.
    scale : float
        The scale phi of the Bayesian covariance.
    dtheta_drho : (P, K) array
        J: column k is -lambda_k A^-1 (d_k * theta), A with the observed weights: how the optimum moves.
    hessian : (K, K) or (K + 1, K + 1) array
        Second derivatives of minus the REML log-likelihood in rho. A last row and column belong to log phi
        and are present where the scale is estimated along with the smoothing parameters.
    edf1 : (P,) array
        From :func:`~contextstats.inference.covariance.coefficient_covariance`; caps the sum of `edf2`.
    frame : (P, P) array, optional
        The third term depends on which root L is differentiated. By default it is the one that is symmetric
        in coordinates where A is the identity, which no change of coordinates affects. With a frame C, L is
        the Cholesky root in coordinates w with theta = C w. mgcv takes the Cholesky root in the coordinates
        its smooths were set up in, which usually gives a larger `edf2`; C turns its coefficients into
        `theta`, see :func:`~contextstats.inference.frames.set_up_coordinates`.
    active : (P,) array of bool, optional
        False for coefficients that the fit left at zero. A frame must not mix them with others.

    Raises
    ------
    ValueError
        If the size of `hessian` is neither K nor K + 1.
    numpy.linalg.LinAlgError
        If A is not positive definite on the active coefficients.

    References
    ----------
    Wood, Pya and Saefken (2016), Smoothing parameter and model selection for general
    smooth models. Journal of the American Statistical Association 111, 1548-1563, section 4.
    """
    n_rho, size = penalties.shape
    v_rho, v_rho_vague = _log_lambda_covariances(hessian, n_rho)
    keep = active_indices(active, size)
    square = np.ix_(keep, keep)
    kept = gram[square]
    lambdas = _no_more_than_rigid(lambdas, penalties[:, keep], np.diagonal(kept))
    information = kept + np.diag(lambdas @ penalties[:, keep])

    root = _inverse_root(information, None if frame is None else frame[square])
    covariance = scale * root @ root.T
    if n_rho:
        jacobian = dtheta_drho[keep]
        covariance += jacobian @ v_rho @ jacobian.T
        covariance += scale * _root_variation(
            root, lambdas[:, None] * penalties[:, keep], v_rho_vague, triangular=frame is not None
        )
    edf2 = np.einsum("ij,ij->i", covariance, kept) / scale
    if edf2.sum() > edf1.sum():
        edf2 = edf1[keep]
    return SmoothingUncertainty(
        covariance=embed(symmetric(covariance), keep, size),
        edf2=embed(edf2, keep, size),
        log_lambda_covariance=v_rho_vague,
    )


def _no_more_than_rigid(lambdas: Floats, penalties: Floats, information: Floats) -> Floats:
    """Smoothing parameters without the excess that changes no covariance and costs the frame its digits."""
    ratio = np.divide(information, penalties, out=np.zeros_like(penalties), where=penalties > 0)
    return np.asarray(np.minimum(lambdas, _RIGID * ratio.max(axis=1, initial=0.0)))


def _log_lambda_covariances(hessian: Floats, n_rho: int) -> tuple[Floats, Floats]:
    """Covariance of log lambda from the positive part of the Hessian, without and with the vague prior."""
    if hessian.shape not in {(n_rho, n_rho), (n_rho + 1, n_rho + 1)}:
        raise ValueError(
            f"The Hessian of the REML score must have {n_rho} rows, or {n_rho + 1} with the scale, "
            f"but has shape {hessian.shape}."
        )
    values, vectors = np.linalg.eigh(symmetric(hessian))
    positive = values > 0
    plain = np.where(positive, 1 / np.where(positive, values, 1.0), 0.0)
    vague = 1 / (np.where(positive, values, 0.0) + _PRIOR_PRECISION)
    rows = vectors[:n_rho]
    return (rows * plain) @ rows.T, (rows * vague) @ rows.T


def _inverse_root(information: Floats, frame: Floats | None) -> Floats:
    """L with L L' the inverse of `information`: the inverse of its upper Cholesky factor in the frame."""
    name = "The penalised information G + S"
    if frame is None:
        return scaled_cholesky(information, name=name).inverse_root()
    return np.asarray(frame @ scaled_cholesky(frame.T @ information @ frame, name=name).inverse_root())


def _root_variation(root: Floats, dpenalty: Floats, v_rho: Floats, *, triangular: bool) -> Floats:
    """sum_kl v_rho[k, l] dL_k dL_l', where dL_k = -L t(L' D_k L) and D_k holds row k of `dpenalty`.

    t() halves its argument for the symmetric root, and for the Cholesky root takes the upper triangle and
    half the diagonal.
    """
    half = np.triu(np.ones_like(root), 1) + np.eye(len(root)) / 2 if triangular else 0.5
    values, vectors = np.linalg.eigh(v_rho)
    total = np.zeros_like(root)
    for direction in (vectors * np.sqrt(np.maximum(values, 0.0))).T @ dpenalty:
        change = half * ((root.T * direction) @ root)
        total += change @ change.T
    return np.asarray(root @ total @ root.T)

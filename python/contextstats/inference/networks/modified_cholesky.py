r"""Precisions, covariances and the uncertainty of their edges from a modified Cholesky factor.

At one context T is unit lower triangular with t_jk = -phi_jk, and D = diag(exp h_j), so that

.. math:: \Omega = T^\top D^{-1} T, \qquad \Sigma = L D L^\top, \quad L = T^{-1}.

Coefficients of different nodes are independent, and so are a node's phi and its h.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contextstats.inference.networks.gaussian import pulled_to_diagonal, scaled_to_unit_diagonal

Floats = NDArray[np.float64]
SMALLEST = 1e-10
"""Least eigenvalue of a matrix scaled to unit diagonal: below it rounding decides whether it is positive definite."""


def precision(factor: Floats, log_variance: Floats) -> Floats:
    """T' D^-1 T: (n, p, p) from T (n, p, p) and h (n, p), positive definite in spite of rounding."""
    scaled = factor * np.exp(-0.5 * log_variance)[:, :, None]
    return _kept_positive(np.asarray(np.swapaxes(scaled, 1, 2) @ scaled), -log_variance.sum(axis=1))


def covariance(factor: Floats, log_variance: Floats) -> Floats:
    """L D L': (n, p, p), positive definite in spite of rounding."""
    scaled = np.linalg.inv(factor) * np.exp(0.5 * log_variance)[:, None, :]
    return _kept_positive(np.asarray(scaled @ np.swapaxes(scaled, 1, 2)), log_variance.sum(axis=1))


def _kept_positive(matrices: Floats, log_determinant: Floats) -> Floats:
    """Pull matrices to their diagonals where that is needed for `SMALLEST`.

    Only matrices whose determinant, scaled to unit diagonal, is small are looked at: the other eigenvalues have a mean
    of at most p / (p - 1), so that their product is below e, and the least is at least the determinant over e.
    """
    diagonal = np.einsum("ijj->ij", matrices)
    near = log_determinant - np.log(diagonal).sum(axis=1) < np.log(SMALLEST) + 1
    if near.any():
        root = np.sqrt(diagonal[near])
        unit, _ = pulled_to_diagonal(scaled_to_unit_diagonal(matrices[near]), SMALLEST)
        matrices[near] = unit * root[:, :, None] * root[:, None, :]
    return matrices


def partial_correlation_variance(
    factor: Floats, log_variance: Floats, phi_covariance: Floats, log_variance_variance: Floats
) -> Floats:
    r"""Variance of every partial correlation by the delta method, shape (n, p, p).

    Parameters
    ----------
    factor, log_variance : (n, p, p) and (n, p) array
        T and h.
    phi_covariance : (n, p, p, p) array
        [i, j] is the covariance of phi_j. at context i, zero from row j on.
    log_variance_variance : (n, p) array
        Variances of h_j.

    Notes
    -----
    With :math:`w_j = e^{-h_j}` and :math:`s = \sqrt{\Omega_{aa}\Omega_{bb}}`,

    .. math:: \partial\rho_{ab}/\partial\phi_{ja} = w_j (t_{jb}/s + \rho\, t_{ja}/\Omega_{aa}), \quad
              \partial\rho_{ab}/\partial h_j = w_j (t_{ja}t_{jb}/s
              + \tfrac\rho2(t_{ja}^2/\Omega_{aa} + t_{jb}^2/\Omega_{bb})).
    """
    omega = precision(factor, log_variance)
    diagonal = np.einsum("ijj->ij", omega)
    root = np.sqrt(diagonal)
    rho = -omega / (root[:, :, None] * root[:, None, :])
    unit = factor / root[:, None, :]  # t_ja / sqrt(omega_aa)
    out = np.zeros_like(omega)
    for j in range(factor.shape[1]):
        w = np.exp(-log_variance[:, j])[:, None, None]
        t = unit[:, j, :]
        slope = w * (t[:, None, :] + rho * t[:, :, None]) / root[:, :, None]  # d rho_ab / d phi_ja
        own = phi_covariance[:, j]
        variance = np.einsum("ijj->ij", own)[:, :, None]
        part = slope**2 * variance
        out += part + np.swapaxes(part, 1, 2) + 2 * slope * np.swapaxes(slope, 1, 2) * own
        in_h = w * (t[:, :, None] * t[:, None, :] + 0.5 * rho * (t[:, :, None] ** 2 + t[:, None, :] ** 2))
        out += in_h**2 * log_variance_variance[:, j, None, None]
    return out


def correlation_variance(
    factor: Floats, log_variance: Floats, phi_covariance: Floats, log_variance_variance: Floats
) -> Floats:
    r"""Variance of every correlation by the delta method, shape (n, p, p); arguments as above.

    Notes
    -----
    With the rows of L and of :math:`\Sigma` divided by standard deviations, :math:`l_{aj}` and :math:`s_{ka}`,

    .. math:: \partial r_{ab}/\partial\phi_{jk} = (l_{aj} - r\,l_{bj}) s_{kb} + (l_{bj} - r\,l_{aj}) s_{ka}, \quad
              \partial r_{ab}/\partial h_j = d_j (l_{aj}l_{bj} - \tfrac r2 (l_{aj}^2 + l_{bj}^2)).
    """
    lower = np.linalg.inv(factor)
    d = np.exp(log_variance)
    sigma = np.asarray((lower * d[:, None, :]) @ np.swapaxes(lower, 1, 2))
    root = np.sqrt(np.einsum("ijj->ij", sigma))
    r = sigma / (root[:, :, None] * root[:, None, :])
    unit = lower / root[:, :, None]
    columns = sigma / root[:, None, :]  # [k, a]: sigma_ka / sd_a
    out = np.zeros_like(sigma)
    for j in range(factor.shape[1]):
        form = np.swapaxes(columns, 1, 2) @ phi_covariance[:, j] @ columns
        spread = np.einsum("ijj->ij", form)
        own = unit[:, :, j]
        alpha = own[:, :, None] - r * own[:, None, :]  # [a, b]: l_aj - r l_bj
        beta = np.swapaxes(alpha, 1, 2)
        out += alpha**2 * spread[:, None, :] + beta**2 * spread[:, :, None] + 2 * alpha * beta * form
        in_h = own[:, :, None] * own[:, None, :] - 0.5 * r * (own[:, :, None] ** 2 + own[:, None, :] ** 2)
        out += (d[:, j, None, None] * in_h) ** 2 * log_variance_variance[:, j, None, None]
    return out

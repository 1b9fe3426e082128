"""Precisions that are linear in a context basis: where they are positive definite, and their edges' errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contextstats.inference.networks.gaussian import pulled_to_diagonal
from contextstats.inference.networks.pairs import node_pairs

Floats = NDArray[np.float64]


def pulled_to_average(precision: Floats, average: Floats) -> tuple[Floats, Floats]:
    """Pull precisions to a positive definite average until they are positive definite.

    Parameters
    ----------
    precision : (n, p, p) array
    average : (p, p) array
        Positive definite.

    Returns
    -------
    matrices : (n, p, p) array
        average + s (precision - average), with the largest s <= 1 for which no direction has less than a millionth of
        its precision on average.
    factors : (n,) array
        s.
    """
    root = np.linalg.cholesky(average)
    inverse = np.linalg.inv(root)
    relative, factors = pulled_to_diagonal(inverse @ precision @ inverse.T)
    pulled = factors < 1
    out = precision.copy()
    out[pulled] = root @ relative[pulled] @ root.T
    return out, factors


def partial_correlation_z_errors(precision: Floats, basis: Floats, covariance: Floats) -> Floats:
    r"""Standard errors of atanh of the partial correlations by the delta method, (n, E).

    Parameters
    ----------
    precision : (n, p, p) array
    basis : (n, m) array
    covariance : (q m, q m) array
        Of the coefficients of entries (a, b), a <= b.

    Notes
    -----
    :math:`d\rho/\rho = d\omega_{ab}/\omega_{ab} - \frac12 d\omega_{aa}/\omega_{aa} - \frac12 d\omega_{bb}/\omega_{bb}`.
    """
    n, p, m = len(basis), precision.shape[1], basis.shape[1]
    q = p * (p + 1) // 2
    place = np.zeros((p, p), dtype=np.intp)
    place[np.triu_indices(p)] = np.arange(q)
    blocks = covariance.reshape(q, m, q, m)
    first, second = node_pairs(p)
    out = np.empty((n, len(first)))
    for e, (a, b) in enumerate(zip(first, second, strict=True)):
        own = [place[a, b], place[a, a], place[b, b]]
        joint = np.einsum("ni,riSj,nj->nrS", basis, blocks[np.ix_(own, range(m), own, range(m))], basis, optimize=True)
        root = np.sqrt(precision[:, a, a] * precision[:, b, b])
        rho = -precision[:, a, b] / root
        slope = np.stack([-1 / root, -0.5 * rho / precision[:, a, a], -0.5 * rho / precision[:, b, b]], axis=1)
        variance = np.einsum("nr,nrS,nS->n", slope, joint, slope)
        out[:, e] = np.sqrt(np.maximum(variance, 0.0)) / (1 - rho**2)
    return out

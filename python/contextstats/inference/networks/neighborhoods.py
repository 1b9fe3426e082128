r"""From regressions of every variable on the others to a precision.

The coefficients and residual variances of a Gaussian network are :math:`\beta_{jk} = -\omega_{jk}/\omega_{jj}` and
:math:`1/\omega_{jj}`. Two regressions speak of each edge; the estimate averages what they say of the partial
correlation, :math:`\rho_{jk} = \beta_{jk}\sigma_k/\sigma_j = \beta_{kj}\sigma_j/\sigma_k`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def partial_correlations(beta: Floats, sd: Floats) -> Floats:
    """Average of the two statements about each edge, kept inside (-1, 1): (n, p, p) with ones on the diagonal.

    Parameters
    ----------
    beta : (n, p, p) array
        [i, j, k] is the coefficient of variable k in the regression of j.
    sd : (n, p) array
        Residual standard deviations.
    """
    one_way = beta * (sd[:, None, :] / sd[:, :, None])
    rho = 0.5 * (one_way + np.swapaxes(one_way, 1, 2))
    rho = np.clip(rho, -1 + 1e-9, 1 - 1e-9)
    np.einsum("ijj->ij", rho)[...] = 1.0
    return np.asarray(rho)


def z_errors(beta_error: Floats, sd: Floats, rho: Floats) -> Floats:
    r"""Standard errors of atanh of the partial correlations, (n, p, p).

    The two statements about an edge are the same in large samples, so that their average has the average of their
    errors. A coefficient with standard error s says of atanh(rho) what has the standard error
    :math:`s\,(\sigma_k/\sigma_j) / \sqrt{1 - \rho^2}`: the test of the coefficient is that of the correlation.
    """
    one_way = beta_error * (sd[:, None, :] / sd[:, :, None])
    average = 0.5 * (one_way + np.swapaxes(one_way, 1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(average / np.sqrt(1 - rho**2))

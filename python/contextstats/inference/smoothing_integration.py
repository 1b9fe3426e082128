"""Covariance of the coefficients, averaged over the values that each smoothing parameter may have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contextstats.inference._linalg import Booleans, Floats, active_indices, embed, scaled_cholesky, symmetric

# a of the prior density sigma^(2 a - 1), sigma = lambda^-1/2 the standard deviation of a term's coefficients: 1/2 is
# flat in sigma, 0 in log sigma (and improper where sigma is zero). Chosen by the study in benchmarks/calibration.
PRIOR_EXPONENT = 1 / 3
_STIFF = 1e3  # a smoothing parameter beyond this many times the information is as good as infinite
_TAIL = 0.025
_BELOW, _ABOVE = 8.0, 10.0  # how far the integral goes beyond the range of the information, in log lambda


def integrated_covariance(
    gram: Floats,
    penalties: Floats,
    lambdas: Floats,
    scale: float,
    coefficients: Floats,
    *,
    active: Booleans | None = None,
) -> Floats:
    r"""Mean squared deviation from the estimate, over the posterior of each smoothing parameter in turn.

    .. math::

       V_i = V_p + \sum_k \left[ \mathrm{E}_{\lambda_k} \left\{ \phi A_{\lambda_k}^{-1}
             + (\hat\theta_{\lambda_k} - \hat\theta)(\hat\theta_{\lambda_k} - \hat\theta)^T \right\} - V_p \right]_+

    with :math:`A_\lambda = G + S_\lambda`. The posterior of each :math:`\lambda_k`, the others at their
    estimates, is the restricted likelihood times a prior with density :math:`\sigma^{2a - 1}` in the standard
    deviation :math:`\sigma = \lambda^{-1/2}`, a = 1/3. Unlike an expansion at the estimate this knows that a
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
    prior = lambdas @ penalties
    factor = scaled_cholesky(gram + np.diag(prior), name="The penalised information G + S")
    inverse = factor.inverse()
    estimate = inverse @ working
    roots = [np.sqrt(scale) * factor.inverse_root()]
    for own, penalty in zip(lambdas, penalties, strict=True):
        at = np.flatnonzero(penalty)
        root = np.sqrt(penalty[at])
        values, vectors = np.linalg.eigh(root[:, None] * inverse[np.ix_(at, at)] * root)
        direction = (root[:, None] * vectors).T
        path = _Path(own, 1 / values - own, direction @ estimate[at], penalty[at], prior[at], scale)
        roots.append(inverse[:, at] @ (direction.T @ _root_of_positive_part(path.mean_squared_deviation())))
    root = np.hstack(roots)
    return embed(root @ root.T, keep, len(active) if active is not None else len(keep))


@dataclass(frozen=True)
class _Path:
    """What depends on one smoothing parameter lambda, all others fixed.

    Attributes
    ----------
    estimate : float
        Its estimate.
    information : (r,) array
        Eigenvalues kappa of what the data, and other penalties, know of the penalised coordinates, in units of
        the penalty: the posterior precision in direction i is kappa_i + lambda.
    coordinates : (r,) array
        The estimate in these directions.
    penalty, prior : (r,) array
        Diagonal of the penalty, and of all penalties together at the estimate, in the natural coordinates.
    scale : float
        The scale.
    """

    estimate: float
    information: Floats
    coordinates: Floats
    penalty: Floats
    prior: Floats
    scale: float

    def mean_squared_deviation(self) -> Floats:
        """E{phi A^-1 + (shift)(shift)'} - phi A^-1 at the estimate, between the directions' images."""
        kappa = np.maximum(self.information, 1e-10 * max(self.information.max(), self.estimate))
        rho = self._grid(kappa)
        others = np.exp(rho)[:, None]
        step = (others - self.estimate) * (kappa + self.estimate) / (kappa + others)
        shift = step * self.coordinates
        determinant = np.log((kappa + others) / (kappa + self.estimate)).sum(axis=1)
        change = (others - self.estimate) * self.penalty
        determinant -= np.log1p(np.maximum(change / self.prior, -1 + 1e-300)).sum(axis=1)
        score = (step @ self.coordinates**2 / self.scale + determinant) / 2
        weight = self._posterior(score, rho)
        return np.asarray((shift.T * weight) @ shift - self.scale * np.diag(weight @ step))

    def _grid(self, kappa: Floats) -> Floats:
        """Values of log lambda, denser than the posterior is wide."""
        low, high = np.log(kappa.min()) - _BELOW, np.log(kappa.max()) + _ABOVE
        width = min(0.4, np.sqrt(2 / len(kappa)) / 3)
        return np.linspace(low, high, int((high - low) / width) + 2)

    def _posterior(self, score: Floats, rho: Floats) -> Floats:
        """Probabilities of the values.

        The outermost stand for all beyond them, where nothing changes any more. The roughest, of total probability
        0.025, are taken for the first one that is not among them: with few coefficients the posterior of sigma has
        tails so heavy that a mean over them says nothing about a 95% band.
        """
        logarithm = -score - PRIOR_EXPONENT * rho
        weight = np.exp(logarithm - logarithm.max())
        spacing = rho[1] - rho[0]
        weight[-1] *= 1 + 1 / (PRIOR_EXPONENT * spacing)
        alone = np.sum(self.prior <= self.estimate * self.penalty * (1 + 1e-9))
        if alone / 2 > PRIOR_EXPONENT:
            weight[0] *= 1 + 1 / ((alone / 2 - PRIOR_EXPONENT) * spacing)
        weight /= weight.sum()
        first = int(np.searchsorted(np.cumsum(weight), _TAIL))
        weight[first] += weight[:first].sum()
        weight[:first] = 0.0
        return np.asarray(weight)


def _finite_lambdas(lambdas: Floats, penalties: Floats, information: Floats) -> Floats:
    """Smoothing parameters no larger than what makes no difference, so that differences keep their digits."""
    ratio = np.divide(information, penalties, out=np.zeros_like(penalties), where=penalties > 0)
    return np.asarray(np.minimum(lambdas, _STIFF * ratio.max(axis=1, initial=0.0)))


def _root_of_positive_part(matrix: Floats) -> Floats:
    """R with R R' the matrix, its negative eigenvalues replaced by zero."""
    values, vectors = np.linalg.eigh(symmetric(matrix))
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))

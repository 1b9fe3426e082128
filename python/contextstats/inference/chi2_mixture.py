"""Tail probabilities of weighted sums of chi-square variables, and of ratios of quadratic forms."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from contextstats.inference._linalg import Floats

_AGREEMENT = 1e-10  # two successive rules must agree to this relative error; the finer one is far better
_NEGLIGIBLE = 40.0  # exponent by which the integrand has fallen where the integral is cut
_RANGE = 300.0


def survival(q: float, weights: Floats, df: Floats | None = None) -> float:
    r"""P(Q > q) for :math:`Q = \sum_l \lambda_l \chi^2_{d_l}` with independent terms.

    The inversion integral of the moment generating function M,

    .. math:: P(Q > q) = \frac{1}{2\pi i} \int_{c - i\infty}^{c + i\infty} M(s) e^{-sq} \frac{ds}{s},

    is taken along a hyperbola through the saddlepoint of its integrand, where the trapezoidal rule converges
    geometrically. Unlike the integral along the imaginary axis that Davies used, its error is relative to the
    probability itself, however small.

    Parameters
    ----------
    q : float
        Threshold.
    weights : (r,) array
        The weights lambda, of any sign; zeros are ignored.
    df : (r,) array, optional
        Degrees of freedom, positive and not necessarily whole; 1 by default.

    Returns
    -------
    float
        With a relative error of about 1e-12, or an absolute one where the probability exceeds one half.

    Raises
    ------
    ValueError
        If `q` is NaN, a weight is not finite, a `df` is not positive, or all weights are zero.

    Warns
    -----
    RuntimeWarning
        If the integral did not settle; the result is then the saddlepoint approximation.

    References
    ----------
    Davies (1980), The distribution of a linear combination of chi-squared random
    variables. Applied Statistics 29, 323-333. Rice (1980), Distribution of quadratic forms in normal random
    variables: evaluation by numerical integration. SIAM Journal on Scientific and Statistical Computing 1,
    438-448. Trefethen and Weideman (2014), The exponentially convergent trapezoidal rule. SIAM Review 56,
    385-458.
    """
    cumulant, q, flipped = _standardise(q, weights, df)
    certain = _certain(cumulant, q)
    if certain is not None:
        return 1 - certain if flipped else certain
    point = _expansion_point(cumulant, q)
    tail, is_upper = _contour_integral(cumulant, q, point), point > 0
    if np.isnan(tail):
        warnings.warn(
            "The tail of a chi-square mixture is a saddlepoint approximation: its integral did not settle.",
            RuntimeWarning,
            stacklevel=2,
        )
        tail, is_upper = _lugannani_rice(cumulant, q), True
    return _clip(tail if is_upper != flipped else 1 - tail)


def saddlepoint_survival(q: float, weights: Floats, df: Floats | None = None) -> float:
    """Approximate P(Q > q) as in :func:`survival`, by the formula of Lugannani and Rice.

    The relative error is below two per cent for most purposes, and below ten far out in the tails.

    References
    ----------
    Kuonen (1999), Saddlepoint approximations for distributions of quadratic forms in normal variables.
    Biometrika 86, 929-935.
    """
    cumulant, q, flipped = _standardise(q, weights, df)
    upper = _certain(cumulant, q)
    if upper is None:
        upper = _lugannani_rice(cumulant, q)
    return _clip(1 - upper if flipped else upper)


def ratio_survival(
    q: float, weights: Floats, residual_df: float, *, df: Floats | None = None, shared: bool = False
) -> float:
    r"""P(Q / V > q), where Q is a mixture of chi-squares and V the mean square it is divided by.

    Parameters
    ----------
    q : float
        Observed ratio.
    weights : (r,) array
        Weights of the mixture Q in the numerator.
    residual_df : float
        Degrees of freedom k of V.
    df : (r,) array, optional
        Degrees of freedom of the terms of Q; 1 by default.
    shared : bool
        False: :math:`V = \chi^2_k / k` is independent of Q, as in an F statistic. True: V is the residual
        mean square of the same residuals e whose quadratic form Q is, :math:`Q = e^T B e,\; V = e^T e / k`,
        and the weights are the eigenvalues of B in their k-dimensional space, which needs
        :math:`\sum_l d_l \le k`.

    Raises
    ------
    ValueError
        If `residual_df` is not positive, or `shared` and smaller than the sum of `df`.
    """
    if not residual_df > 0:
        raise ValueError(f"residual_df must be positive, but is {residual_df:g}.")
    degrees = np.ones(len(weights)) if df is None else np.asarray(df, dtype=np.float64)
    if not shared:
        return survival(0.0, np.append(weights, -q / residual_df), np.append(degrees, residual_df))
    left = residual_df - degrees.sum()
    if left < -1e-8 * residual_df:
        raise ValueError(
            f"The residuals have {residual_df:g} degrees of freedom, fewer than the form ({degrees.sum():g})."
        )
    form = np.asarray(weights) - q / residual_df
    if left < 1e-8 * residual_df:
        return survival(0.0, form, degrees)
    return survival(0.0, np.append(form, -q / residual_df), np.append(degrees, left))


@dataclass(frozen=True)
class _Cumulant:
    """K(s) = -1/2 sum_l d_l log(1 - 2 lambda_l s), for weights of largest modulus one."""

    weights: Floats
    df: Floats

    def value(self, s: float) -> float:
        return float(np.sum(np.log1p(-2 * s * self.weights) * (-self.df / 2)))

    def values(self, s: NDArray[np.complex128]) -> NDArray[np.complex128]:
        return np.asarray(np.sum(np.log1p(-2 * np.multiply.outer(s, self.weights)) * (-self.df / 2), axis=-1))

    def derivative(self, s: float, order: int) -> float:
        """Derivative of order 1, 2 or 3 at a real s."""
        ratio = self.weights / (1 - 2 * self.weights * s)
        factor = {1: 1.0, 2: 2.0, 3: 8.0}[order]
        return float(factor * np.sum(self.df * ratio**order))

    @property
    def domain(self) -> tuple[float, float]:
        """Where the moment generating function is finite."""
        largest, smallest = self.weights.max(), self.weights.min()
        return (1 / (2 * smallest) if smallest < 0 else -np.inf, 1 / (2 * largest) if largest > 0 else np.inf)


def _standardise(q: float, weights: Floats, df: Floats | None) -> tuple[_Cumulant, float, bool]:
    """Scale the weights to modulus one, drop zeros, and flip the sign of Q where q < 0."""
    weights = np.asarray(weights, dtype=np.float64)
    degrees = np.ones_like(weights) if df is None else np.asarray(df, dtype=np.float64)
    if np.isnan(q) or not np.all(np.isfinite(weights)) or weights.shape != degrees.shape:
        raise ValueError(f"q and the weights must be numbers, one df per weight, but q is {q} and weights {weights}.")
    if not np.all(degrees > 0):
        raise ValueError(f"Degrees of freedom must be positive, but are {degrees}.")
    largest = np.abs(weights).max(initial=0.0)
    if largest == 0:
        raise ValueError("A chi-square mixture needs at least one weight that is not zero.")
    used = np.abs(weights) > 1e-300
    flipped = q < 0
    sign = -1.0 if flipped else 1.0
    return _Cumulant(sign * weights[used] / largest, degrees[used]), sign * q / largest, flipped


def _certain(cumulant: _Cumulant, q: float) -> float | None:
    """P(Q > q) where it is zero or one, for q >= 0."""
    if np.isposinf(q) or cumulant.weights.max() <= 0:
        return 0.0
    if q == 0 and cumulant.weights.min() >= 0:
        return 1.0
    return None


def _saddlepoint(cumulant: _Cumulant, q: float) -> float:
    """The root of K'(s) = q, which is increasing."""
    low, high = cumulant.domain
    low = -cumulant.df.sum() / (2 * q) if np.isinf(low) else low * (1 - 1e-15)
    high *= 1 - 1e-15
    if cumulant.derivative(high, 1) <= q:
        return high
    if cumulant.derivative(low, 1) >= q:
        return low
    return float(optimize.brentq(lambda s: cumulant.derivative(s, 1) - q, low, high, xtol=1e-300, rtol=1e-12))


def _expansion_point(cumulant: _Cumulant, q: float) -> float:
    """The saddlepoint, kept off the pole at zero; its sign says which tail the integral gives."""
    point = _saddlepoint(cumulant, q)
    low, high = cumulant.domain
    least = min(0.5 / np.sqrt(cumulant.derivative(0.0, 2)), 0.5 * (high if point > 0 else -low))
    return float(np.copysign(max(abs(point), least), point))


def _contour_integral(cumulant: _Cumulant, q: float, point: float) -> float:
    """Integrate along s(u) = point + h {t (cosh u - 1) + i sinh u} until halving the step changes nothing.

    NaN if it always does. For a negative point the result is P(Q <= q), for a positive one P(Q > q).
    h is the width of the saddle. t bends the contour as the path of steepest descent bends, and at least so
    much that exp(-q s) decays on it.
    """
    curvature = cumulant.derivative(point, 2)
    width = min(1 / np.sqrt(curvature), 1.5 * abs(point))
    bend = float(np.clip(width * cumulant.derivative(point, 3) / (3 * curvature), 0.0, 1.0))
    if q > 0:
        bend = max(bend, 0.5 * min(1.0, np.sqrt(2 / cumulant.df.sum())))
    base = cumulant.value(point) - q * point

    def integrand(u: Floats) -> tuple[Floats, Floats]:
        s = point + width * (bend * (np.cosh(u) - 1) + 1j * np.sinh(u))
        ds = width * (bend * np.sinh(u) + 1j * np.cosh(u))
        logarithm = cumulant.values(s) - q * s - base + np.log(ds / (1j * s))
        return logarithm.real, np.exp(logarithm).real

    coarse = np.arange(0.0, _RANGE, 0.5)
    size = integrand(coarse)[0]
    end = float(coarse[np.flatnonzero(size > size.max() - _NEGLIGIBLE)[-1]]) + 0.5
    step, previous = 0.2, np.nan
    for _ in range(8):
        values = integrand(np.arange(0.0, end, step))[1]
        total = step * (values.sum() - values[0] / 2) / np.pi
        if abs(total - previous) <= _AGREEMENT * abs(total):
            return float(np.sign(point) * total * np.exp(base))
        step, previous = step / 2, total
    return float("nan")


def _lugannani_rice(cumulant: _Cumulant, q: float) -> float:
    point = _saddlepoint(cumulant, q)
    spread = cumulant.derivative(point, 2)
    if abs(point) * np.sqrt(spread) < 1e-4:
        skewness = cumulant.derivative(0.0, 3) / cumulant.derivative(0.0, 2) ** 1.5
        return float(0.5 - skewness / (6 * np.sqrt(2 * np.pi)))
    r = np.sign(point) * np.sqrt(2 * (point * q - cumulant.value(point)))
    u = point * np.sqrt(spread)
    return float(stats.norm.sf(r) + stats.norm.pdf(r) * (1 / u - 1 / r))


def _clip(probability: float) -> float:
    return float(min(1.0, max(0.0, probability)))

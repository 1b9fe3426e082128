"""Tails of many weighted sums of chi-square variables at once: saddlepoints and inversion integrals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from contextstats.inference._linalg import Booleans, Floats

Complexes = NDArray[np.complex128]
_AGREEMENT = 1e-10  # two successive rules must agree to this relative error; the finer one is far better
_NEGLIGIBLE = 40.0  # exponent by which the integrand has fallen where the integral is cut
_ENDS = 0.25 * 1.3 ** np.arange(28)  # candidates for the end of the integral, up to 298
_INTERVALS = 32
_DOUBLINGS = 8
_SEARCH_STEPS = 100


@dataclass(frozen=True)
class Mixtures:
    """The events Q > q, one in each row, for Q a sum of weights times chi-squares.

    Its cumulant generating function is K(s) = -1/2 sum_l d_l log(1 - 2 lambda_l s).

    Attributes
    ----------
    weights, df : (m, r) array
        Weights of largest modulus one, at least one of them positive, and degrees of freedom; rows are filled up with
        zeros.
    q : (m,) array
        Thresholds, not negative.
    """

    weights: Floats
    df: Floats
    q: Floats

    def rows(self, chosen: Booleans) -> Mixtures:
        """Some of the events."""
        return Mixtures(self.weights[chosen], self.df[chosen], self.q[chosen])

    def cumulant(self, s: Floats) -> Floats:
        """K at one real s for each row."""
        return np.asarray(-np.sum(self.df * np.log1p(-2 * s[:, None] * self.weights), axis=1) / 2)

    def derivative(self, s: Floats, order: int) -> Floats:
        """Derivative of K of order 1, 2 or 3."""
        ratio = self.weights / (1 - 2 * self.weights * s[:, None])
        factor = {1: 1.0, 2: 2.0, 3: 8.0}[order]
        return np.asarray(factor * np.sum(self.df * ratio**order, axis=1))

    def domain(self) -> tuple[Floats, Floats]:
        """Where the moment generating function is finite, just inside its poles."""
        with np.errstate(divide="ignore"):
            low = np.where(self.weights.min(axis=1) < 0, 0.5 / self.weights.min(axis=1), -np.inf)
        return low * (1 - 1e-15), 0.5 / self.weights.max(axis=1) * (1 - 1e-15)


def saddlepoints(events: Mixtures) -> Floats:
    """The roots of K'(s) = q.

    K' increases between poles. Each step solves a / (p - s) + b = 0, with the value and slope of K' - q at the last s
    and p the pole that the root is nearer to: exact for a single chi-square. A step that leaves the bracket is replaced
    by bisection.
    """
    low, high = events.domain()
    right = events.derivative(np.zeros_like(high), 1) < events.q
    pole = np.where(right | np.isinf(low), high, low)
    with np.errstate(divide="ignore"):
        low = np.where(right, 0.0, np.where(np.isinf(low), -events.df.sum(axis=1) / (2 * events.q), low))
    high = np.where(right, high, 0.0)
    s = np.zeros_like(high)
    for _ in range(_SEARCH_STEPS):
        ratio = events.weights / (1 - 2 * events.weights * s[:, None])
        terms = events.df * ratio
        excess = terms.sum(axis=1) - events.q
        low, high = np.where(excess < 0, s, low), np.where(excess > 0, s, high)
        slope = 2 * (terms * ratio).sum(axis=1)
        strength = slope * (pole - s)
        proposal = pole - strength * (pole - s) / (strength - excess)
        proposal = np.where((proposal >= low) & (proposal <= high), proposal, (low + high) / 2)
        moved = np.abs(proposal - s) * np.sqrt(slope)
        s = proposal
        if (moved <= 1e-9).all():
            break
    return s


def inversion_integrals(events: Mixtures) -> tuple[Floats, Booleans]:
    """P(Q > q) where the second result is True, P(Q <= q) where it is False; NaN where the integral does not settle.

    The contour is s(u) = c + h {t (cosh u - 1) + i sinh u}, c the saddlepoint kept off the pole at zero, h the width of
    the saddle. t bends the contour as the path of steepest descent bends, and at least so much that exp(-q s) decays on
    it. The trapezoidal rule is refined until halving the step changes nothing.
    """
    contour = _Contour.of(events)
    upper = contour.centre > 0
    end = contour.end()
    result = np.full(len(events.q), np.nan)
    rest = np.arange(len(result))
    steps = np.arange(_INTERVALS + 1) / _INTERVALS
    values = contour.integrand(end[:, None] * steps)
    sums = values.sum(axis=1) - values[:, 0] / 2
    intervals = _INTERVALS
    for _ in range(_DOUBLINGS):
        middles = (np.arange(intervals) + 0.5) / intervals
        refined = sums + contour.integrand(end[:, None] * middles).sum(axis=1)
        done = np.abs(refined / 2 - sums) <= _AGREEMENT * np.abs(refined / 2)
        total = refined * end / (2 * intervals * np.pi)
        result[rest[done]] = (np.sign(contour.centre) * total * np.exp(contour.base))[done]
        if done.all():
            break
        contour, end, sums, rest = contour.rows(~done), end[~done], refined[~done], rest[~done]
        intervals *= 2
    return result, upper


@dataclass(frozen=True)
class _Contour:
    """The path of integration of each event, and what the integrand is there."""

    events: Mixtures
    centre: Floats
    width: Floats
    bend: Floats
    base: Floats

    @classmethod
    def of(cls, events: Mixtures) -> _Contour:
        low, high = events.domain()
        point = saddlepoints(events)
        nearest = 0.5 / np.sqrt(events.derivative(np.zeros_like(point), 2))
        nearest = np.minimum(nearest, 0.5 * np.where(point > 0, high, -low))
        centre = np.copysign(np.maximum(np.abs(point), nearest), point)
        curvature = events.derivative(centre, 2)
        width = np.minimum(1 / np.sqrt(curvature), 1.5 * np.abs(centre))
        bend = np.clip(width * events.derivative(centre, 3) / (3 * curvature), 0.0, 1.0)
        least = 0.5 * np.minimum(1.0, np.sqrt(2 / events.df.sum(axis=1)))
        bend = np.where(events.q > 0, np.maximum(bend, least), bend)
        return cls(events, centre, width, bend, events.cumulant(centre) - events.q * centre)

    def rows(self, chosen: Booleans) -> _Contour:
        parts = (part[chosen] for part in (self.centre, self.width, self.bend, self.base))
        return _Contour(self.events.rows(chosen), *parts)

    def end(self) -> Floats:
        """Where the integrand has become negligible for good."""
        s, ds = self._path(np.broadcast_to(_ENDS, (len(self.centre), len(_ENDS))))
        size = self._size(*self._factors(s), s) + np.log(np.abs(ds / s))
        last = len(_ENDS) - 1 - np.argmax((size > -_NEGLIGIBLE + size[:, :1])[:, ::-1], axis=1)
        return np.asarray(_ENDS[np.minimum(last + 1, len(_ENDS) - 1)])

    def integrand(self, u: Floats) -> Floats:
        """Real part of M(s) exp(-q s) s'(u) / (i s), over its value without the pole at the centre."""
        s, ds = self._path(u)
        x, y = self._factors(s)
        phase = -(np.arctan2(y, x) @ self.events.df[:, :, None])[:, :, 0] / 2 - self.events.q[:, None] * s.imag
        return np.asarray((np.exp(self._size(x, y, s) + 1j * phase) * ds / (1j * s)).real)

    def _path(self, u: Floats) -> tuple[Complexes, Complexes]:
        """s and ds/du for points u (m, k)."""
        sinh, cosh = np.sinh(u), np.cosh(u)
        width, bend = self.width[:, None], self.bend[:, None]
        s = self.centre[:, None] + width * (bend * (cosh - 1) + 1j * sinh)
        return s, width * (bend * sinh + 1j * cosh)

    def _factors(self, s: Complexes) -> tuple[Floats, Floats]:
        """Real and imaginary part of each 1 - 2 lambda_l s, (m, k, r)."""
        weights = -2 * self.events.weights[:, None, :]
        return 1 + weights * s.real[:, :, None], weights * s.imag[:, :, None]

    def _size(self, x: Floats, y: Floats, s: Complexes) -> Floats:
        """Logarithm of the modulus of M(s) exp(-q s), over its value at the centre."""
        with np.errstate(over="ignore"):  # an infinite exponent is a zero of the integrand
            logarithm = (np.log(x * x + y * y) @ self.events.df[:, :, None])[:, :, 0]
        return np.asarray(-logarithm / 4 - self.events.q[:, None] * s.real - self.base[:, None])


def lugannani_rice(events: Mixtures) -> Floats:
    """P(Q > q) by the saddlepoint formula of Lugannani and Rice."""
    point = saddlepoints(events)
    spread = np.sqrt(events.derivative(point, 2))
    zero = np.zeros_like(point)
    skewness = events.derivative(zero, 3) / events.derivative(zero, 2) ** 1.5
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.sign(point) * np.sqrt(2 * (point * events.q - events.cumulant(point)))
        tail = special.ndtr(-r) + np.exp(-(r**2) / 2) / np.sqrt(2 * np.pi) * (1 / (point * spread) - 1 / r)
    return np.asarray(np.where(np.abs(point) * spread < 1e-4, 0.5 - skewness / (6 * np.sqrt(2 * np.pi)), tail))

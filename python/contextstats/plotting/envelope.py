"""Where the whole of a normal sample lies with a given probability, by simulation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
_MOST_POSITIONS = 300


def plotting_positions(n: int) -> tuple[NDArray[np.intp], Floats]:
    """Ranks of a sample of n to draw, all or 300 that are evenly spaced as quantiles, and the quantiles.

    Returns
    -------
    (k,) array of int
        Ranks, from 1 to n.
    (k,) array
        Normal quantiles at (rank - 1/2) / n.
    """
    ranks = np.arange(1, n + 1)
    if n > _MOST_POSITIONS:
        end = special.ndtri(0.5 / n)
        probability = special.ndtr(np.linspace(end, -end, _MOST_POSITIONS))
        ranks = np.unique(np.clip(np.round(probability * n + 0.5), 1, n).astype(np.intp))
    return ranks, np.asarray(special.ndtri((ranks - 0.5) / n))


def normal_envelope(
    n: int, ranks: NDArray[np.intp], *, level: float = 0.95, draws: int = 4999, seed: int = 0
) -> tuple[Floats, Floats]:
    """Bounds between which all given order statistics of n normal numbers lie with probability `level`.

    Order statistics of uniform numbers are sums of exponential ones, so only those asked for are drawn. The
    bounds are the pointwise extremes of the simulated curves of equal rank that contain a share `level` of
    whole curves.

    References
    ----------
    Myllymäki, Mrkvička, Grabarnik, Seijo and Hahn (2017), Global envelope tests for spatial processes.
    Journal of the Royal Statistical Society B 79, 381-404.
    """
    generator = np.random.default_rng(seed)
    steps = np.diff(np.concatenate([[0], ranks, [n + 1]]))
    sums = np.cumsum(generator.gamma(steps, size=(draws, len(steps))), axis=1)
    samples = sums[:, :-1] / sums[:, -1:]
    place = np.argsort(np.argsort(samples, axis=0), axis=0)
    depth = np.minimum(place, draws - 1 - place).min(axis=1)
    left_out = int(np.quantile(depth, 1 - level, method="lower"))
    curves = np.sort(samples, axis=0)
    low, high = curves[left_out], curves[draws - 1 - left_out]
    return np.asarray(special.ndtri(low)), np.asarray(special.ndtri(high))

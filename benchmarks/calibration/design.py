"""Data sets of the study: five coefficients, some constant, some linear and some wiggly in two contexts."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import simulate  # a script of the folder above

ROWS = 1000
SIDE = 16
TERMS = ("Intercept", "x2", "x3", "x4", "x5")
FAMILIES = ("gaussian", "logit", "poisson", "gamma")
HALVED = ("poisson", "gamma")
"""Families with a log link, for which the same curves would be a stronger signal."""
GAMMA_SHAPE = 2.0
AMPLITUDE = {"gaussian": 0.12, "logit": 0.28, "poisson": 0.12, "gamma": 0.085}
"""Amplitude of the curves of x4 in the scenario "weak": tests find them in about half of the data sets."""


@dataclass(frozen=True)
class Scenario:
    """What is true.

    Attributes
    ----------
    variation : float
        Factor of the variation of the coefficients around their averages: 0 is the population model.
    x4 : float
        Factor of the curves of x4, a sine along c1 and a cosine along c2, whose averages are zero.
    """

    variation: float
    x4: float


SCENARIOS = {"mixed": Scenario(1.0, 0.0), "constant": Scenario(0.0, 0.0), "weak": Scenario(1.0, 1.0)}
_AVERAGES = simulate.coefficients(*simulate.grid()).mean(axis=0)


def grid() -> pd.DataFrame:
    """Midpoints of a grid of contexts."""
    points = (np.arange(SIDE) + 0.5) / SIDE
    c1, c2 = np.meshgrid(points, points, indexing="ij")
    return pd.DataFrame({"c1": c1.ravel(), "c2": c2.ravel()})


def truth(family: str, scenario: str, contexts: pd.DataFrame) -> np.ndarray:
    """True coefficients, one column each.

    The intercept and the coefficients of x3 and x5 are wiggly (that of x5 linear in c1), that of x2 is nearly a
    straight line in c1 and constant in c2, that of x4 is zero.
    """
    what = SCENARIOS[scenario]
    c1, c2 = contexts["c1"].to_numpy(), contexts["c2"].to_numpy()
    curves = _AVERAGES + what.variation * (simulate.coefficients(c1, c2) - _AVERAGES)
    curves *= 0.5 if family in HALVED else 1.0
    curves[:, 3] = what.x4 * AMPLITUDE[family] * (np.sin(2 * np.pi * c1) + np.cos(2 * np.pi * c2))
    return curves


def draw(family: str, scenario: str, seed: int) -> pd.DataFrame:
    """One data set: predictors with correlation 0.2, uniform contexts, and the response.

    Everything but the response depends on the seed alone.
    """
    rng = np.random.default_rng([seed, 2026])
    x = simulate.correlated_normal(ROWS, len(TERMS) - 1, rng)
    frame = pd.DataFrame(x, columns=list(TERMS[1:])).assign(c1=rng.uniform(size=ROWS), c2=rng.uniform(size=ROWS))
    eta = (np.column_stack([np.ones(ROWS), x]) * truth(family, scenario, frame)).sum(axis=1)
    noise = np.random.default_rng([seed, FAMILIES.index(family), list(SCENARIOS).index(scenario)])
    return frame.assign(y=_response(family, eta, noise))


def _response(family: str, eta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if family == "gaussian":
        return rng.normal(eta)
    if family == "logit":
        return (rng.uniform(size=len(eta)) < 1 / (1 + np.exp(-eta))).astype(float)
    if family == "poisson":
        return rng.poisson(np.exp(eta)).astype(float)
    return rng.gamma(GAMMA_SHAPE, np.exp(eta) / GAMMA_SHAPE)

"""Networks of factors that are known: groups of variables that act on each other through one score each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from structural_equations import draw_sem

GROUPS = {"one": ["x1", "x2", "x3"], "two": ["x4", "x5"], "three": ["x6", "x7", "x8"]}
NAMES = tuple(name for own in GROUPS.values() for name in own)
LOADINGS = ([1.0, 0.8, 0.5], [1.0, -0.6], [0.7, 1.0, 0.9])


@dataclass(frozen=True)
class Factors:
    """one -> two -> three and one -> three; x = loading * effect of other scores + e, e correlated within a group.

    A score is w'x with w = Psi^-1 lambda / (lambda'Psi^-1 lambda): what is left of a group is then independent of it.
    """

    smooth: bool = True

    def effects(self, c):
        """Between scores, (n, 3, 3)."""
        out = np.zeros((len(c), 3, 3))
        out[:, 0, 1] = 1.2 * np.sin(np.pi * c + 0.5) if self.smooth else 0.8 + 0.6 * c
        out[:, 1, 2] = 0.7 + 0.5 * c
        out[:, 0, 2] = np.cos(np.pi * c) if self.smooth else -0.5 * c
        return out

    def covariances(self):
        rng = np.random.default_rng(5)
        out = []
        for own in LOADINGS:
            root = rng.normal(size=(len(own), len(own))) * 0.4
            out.append(root @ root.T + np.diag(np.linspace(0.4, 0.8, len(own))))
        return out

    def weights(self):
        """(8, 3), of the scores in which a loading and its weights multiply to one."""
        return self._columns([np.linalg.solve(psi, lam) for psi, lam in zip(self.covariances(), LOADINGS, strict=True)])

    def loadings(self):
        """(8, 3)."""
        return self._columns(LOADINGS, divide=False)

    def weight_matrices(self, c):
        """Effects of variables on variables, (n, 8, 8)."""
        return np.einsum("if,nfg,jg->nij", self.weights(), self.effects(c), self.loadings())

    def draw(self, n, seed):
        """Variables (n, 8) and contexts on (-1, 1); means depend on context as well."""
        rng = np.random.default_rng(seed)
        c = rng.uniform(-1, 1, n)
        noise = np.hstack([rng.multivariate_normal(np.zeros(len(psi)), psi, n) for psi in self.covariances()])
        mean = (np.sin(2 * c) if self.smooth else c)[:, None] * np.linspace(-1, 1, 8)
        return draw_sem(self.weight_matrices(c), mean + noise), c

    def _columns(self, parts, *, divide=True):
        out, start = np.zeros((8, 3)), 0
        for f, part in enumerate(parts):
            scale = np.dot(part, LOADINGS[f]) if divide else 1.0
            out[start : start + len(part), f] = np.asarray(part) / scale
            start += len(part)
        return out

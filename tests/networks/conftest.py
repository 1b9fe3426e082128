"""Gaussian networks with a known precision at every context."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest


@dataclass(frozen=True)
class Truth:
    """x | t ~ N(mean(t), precision(t)^-1) for t uniform on (0, 1)."""

    p: int
    smooth: bool = True

    def mean(self, t):
        base = np.linspace(-1, 1, self.p)
        if not self.smooth:
            return base
        return base + 0.5 * np.sin(2 * np.pi * t)[:, None] * np.cos(np.arange(self.p))

    def precision(self, t):
        """A chain of which every other edge varies; the other precisions vary too.

        Smooth: diagonally dominant. Else each variable given the one before it, coefficient and log-variance linear.
        """
        if not self.smooth:
            return self.linear_precision(t)
        out = np.zeros((len(t), self.p, self.p))
        scale = np.exp(0.3 * np.outer(np.cos(2 * np.pi * t), np.linspace(-1, 1, self.p)))
        for j in range(self.p):
            out[:, j, j] = 1.0
        for j in range(self.p - 1):
            edge = 0.3 * np.sin(2 * np.pi * t + j) if j % 2 == 0 else np.full(len(t), -0.25)
            out[:, j, j + 1] = out[:, j + 1, j] = edge
        return out * scale[:, :, None] * scale[:, None, :]

    def linear_precision(self, t):
        factor = np.broadcast_to(np.eye(self.p), (len(t), self.p, self.p)).copy()
        for j in range(self.p - 1):
            factor[:, j + 1, j] = 0.6 * (2 * t - 1) if j % 2 == 0 else -0.4
        scaled = factor * np.exp(0.3 * np.outer(t, np.linspace(-1, 1, self.p)))[:, :, None]
        return np.swapaxes(scaled, 1, 2) @ scaled

    def partial_correlations(self, t):
        omega = self.precision(t)
        root = np.sqrt(np.einsum("ijj->ij", omega))
        return -omega / root[:, :, None] / root[:, None, :]

    def draw(self, n, seed):
        rng = np.random.default_rng(seed)
        t = rng.uniform(0, 1, n)
        root = np.linalg.cholesky(np.linalg.inv(self.precision(t)))
        x = self.mean(t) + np.einsum("ijk,ik->ij", root, rng.standard_normal((n, self.p)))
        return x, t


@pytest.fixture(scope="session")
def truth():
    return Truth(4)


@pytest.fixture(scope="session")
def sample(truth):
    return truth.draw(1500, 1)

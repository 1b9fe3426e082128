"""Gaussian networks with a known precision at every context, t uniform on (0, 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def sine(j: int, t: np.ndarray) -> np.ndarray:
    """The curve of an edge that varies smoothly."""
    return np.sin(2 * np.pi * t + j)


def line(j: int, t: np.ndarray) -> np.ndarray:
    """The curve of an edge that varies along a straight line."""
    return 2 * t - 1 if j % 4 == 0 else 1 - 2 * t


@dataclass(frozen=True)
class Truth:
    """x | t ~ N(mean(t), precision(t)^-1): a chain of which every other edge varies; the other precisions vary too.

    Smooth: diagonally dominant. Else each variable given the one before it, coefficient and log-variance linear.
    """

    p: int
    smooth: bool = True

    def mean(self, t):
        base = np.linspace(-1, 1, self.p)
        if not self.smooth:
            return base
        return base + 0.5 * np.sin(2 * np.pi * t)[:, None] * np.cos(np.arange(self.p))

    def precision(self, t):
        if not self.smooth:
            return self.linear_precision(t)
        out = np.zeros((len(t), self.p, self.p))
        scale = np.exp(0.3 * np.outer(np.cos(2 * np.pi * t), np.linspace(-1, 1, self.p)))
        for j in range(self.p):
            out[:, j, j] = 1.0
        for j in range(self.p - 1):
            edge = 0.3 * sine(j, t) if j % 2 == 0 else np.full(len(t), -0.25)
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

    def correlations(self, t):
        sigma = np.linalg.inv(self.precision(t))
        root = np.sqrt(np.einsum("ijj->ij", sigma))
        return sigma / root[:, :, None] / root[:, None, :]

    def draw(self, n, seed):
        rng = np.random.default_rng(seed)
        t = rng.uniform(0, 1, n)
        root = np.linalg.cholesky(np.linalg.inv(self.precision(t)))
        x = self.mean(t) + np.einsum("ijk,ik->ij", root, rng.standard_normal((n, self.p)))
        return x, t


class LinearPrecision(Truth):
    """Entries of the precision are linear and its diagonal is constant, so that neighbourhoods are linear as well."""

    def mean(self, t):
        return np.linspace(-1, 1, self.p) + np.outer(t, np.cos(np.arange(self.p)))

    def precision(self, t):
        out = np.broadcast_to(np.eye(self.p), (len(t), self.p, self.p)).copy()
        for j in range(self.p - 1):
            edge = 0.35 * line(j, t) if j % 2 == 0 else np.full(len(t), -0.25)
            out[:, j, j + 1] = out[:, j + 1, j] = edge
        return out


class Pairs(Truth):
    """Pairs of variables, of which every other one has a correlation that varies on the scale of Fisher's z."""

    def mean(self, t):
        return np.linspace(-1, 1, self.p) + np.outer(t, np.cos(np.arange(self.p)))

    def precision(self, t):
        sigma = np.broadcast_to(np.eye(self.p), (len(t), self.p, self.p)).copy()
        curve = sine if self.smooth else line
        for j in range(0, self.p - 1, 2):
            rho = np.tanh(0.7 * curve(j, t)) if j % 4 == 0 else np.full(len(t), 0.4)
            sigma[:, j, j + 1] = sigma[:, j + 1, j] = rho
        scale = np.exp(0.5 * np.outer(t, np.linspace(-1, 1, self.p)))
        return np.linalg.inv(sigma * scale[:, :, None] * scale[:, None, :])


class NothingVaries(Truth):
    """Edges of a chain that stay, means and variances that do not."""

    def precision(self, t):
        out = np.broadcast_to(np.eye(self.p), (len(t), self.p, self.p)).copy()
        for j in range(self.p - 1):
            out[:, j, j + 1] = out[:, j + 1, j] = -0.3 if j % 2 == 0 else 0.25
        scale = np.exp(0.4 * np.outer(np.sin(2 * np.pi * t), np.linspace(-1, 1, self.p)))
        return out * scale[:, :, None] * scale[:, None, :]

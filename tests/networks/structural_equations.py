"""Linear structural equations with known weights, and how well a graph is found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def draw_sem(weights: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """x with x = W'x + e, row by row; weights (n, p, p), noise (n, p)."""
    system = np.eye(weights.shape[1]) - np.swapaxes(weights, 1, 2)
    return np.linalg.solve(system, noise[:, :, None])[:, :, 0]


def four_nodes(c: np.ndarray) -> np.ndarray:
    """The weights of contextualized-ml's demonstrations and of its test of NOTMAD."""
    weights = np.zeros((len(c), 4, 4))
    weights[:, 0, 1], weights[:, 2, 1], weights[:, 3, 1], weights[:, 3, 2] = c - 2, c**2, c**3, c
    return weights


def random_sem(p: int, parents: float, n: int, seed: int, *, vary: float = 1.0, unequal: bool = False):
    """Variables in random order, a context on (-1, 1), and the graph: weights 0.5 to 1.5 plus `vary` times a slope."""
    rng = np.random.default_rng(seed)
    place = np.argsort(rng.permutation(p))
    graph = (place[:, None] < place[None, :]) & (rng.uniform(size=(p, p)) < parents / (p - 1))
    level = rng.uniform(0.5, 1.5, (p, p)) * rng.choice([-1, 1], (p, p)) * graph
    slope = vary * rng.uniform(-1, 1, (p, p)) * graph
    c = rng.uniform(-1, 1, n)
    scale = rng.uniform(0.5, 2.0, p) if unequal else np.ones(p)
    weights = level + slope * c[:, None, None]
    return draw_sem(weights, rng.normal(size=(n, p)) * scale), c, graph, weights


def hamming_distance(truth: np.ndarray, found: np.ndarray) -> int:
    """Edges to add, to leave out or to turn around."""
    pairs = np.triu((truth | truth.T) != (found | found.T)).sum()
    turned = (truth & ~found & found.T & ~truth.T).sum()
    return int(pairs + turned)


def is_acyclic(weights: np.ndarray) -> bool:
    """No closed walk of p steps in any matrix of a stack."""
    pattern = (weights != 0).astype(float)
    power = pattern
    for _ in range(weights.shape[1] - 1):
        power = ((power @ pattern) > 0).astype(float)
    return not power.any()


@dataclass(frozen=True)
class Equations:
    """A chain with short cuts whose every other effect varies, t uniform on (0, 1); intercepts vary too."""

    p: int
    smooth: bool = True
    vary: bool = True

    @property
    def graph(self) -> np.ndarray:
        """Each variable acts on the next one, and every third on the one after that."""
        out = np.eye(self.p, k=1, dtype=bool)
        for j in range(0, self.p - 2, 3):
            out[j, j + 2] = True
        return out

    def weights(self, t: np.ndarray) -> np.ndarray:
        out = np.zeros((len(t), self.p, self.p))
        for k, (i, j) in enumerate(np.argwhere(self.graph)):
            curve = np.sin(2 * np.pi * t + k) if self.smooth else (-1) ** (k // 2) * (2 * t - 1)
            out[:, i, j] = 0.3 + 0.5 * curve if self.vary and k % 2 == 0 else 0.6
        return out

    def rules(self) -> dict[str, list[tuple[str, str]]]:
        """The graph is given."""
        edges = [(f"x{i + 1}", f"x{j + 1}") for i, j in np.argwhere(self.graph)]
        others = [(f"x{i + 1}", f"x{j + 1}") for i, j in np.argwhere(~self.graph) if i != j]
        return {"required": edges, "forbidden": others}

    def draw(self, n: int, seed) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        t = rng.uniform(0, 1, n)
        level = np.outer(t if not self.smooth else np.sin(3 * t), np.linspace(-1, 1, self.p))
        return draw_sem(self.weights(t), level + rng.normal(size=(n, self.p))), t

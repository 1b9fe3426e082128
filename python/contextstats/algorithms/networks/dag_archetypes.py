"""Search for archetypes: networks that contexts mix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contextstats import _core
from contextstats.algorithms.networks.dag_problem import StructuralProblem
from contextstats.algorithms.networks.dag_rules import EdgeRules
from contextstats.algorithms.networks.dag_search import SearchOptions, sparsity_by_edge
from contextstats.design.networks import NetworkData
from contextstats.encoders.archetypes import Archetypes

Floats = NDArray[np.float64]
_EDGE_RIDGE = 1e-6  # keeps archetypes that no context uses finite
_INDEPENDENT = 1e-3  # of what a gate adds to an edge, in standard units, below which it says nothing new


@dataclass(frozen=True, eq=False)
class Gating:
    """Weights of archetypes as functions of context.

    Attributes
    ----------
    data : NetworkData
        Its contexts and context basis.
    weights : (m, k) array
        Coefficients of the linear predictors of the weights.
    softmax : bool
        Whether the weights are the softmax of the linear predictors, or these themselves.
    """

    data: NetworkData
    weights: Floats
    softmax: bool

    def __call__(self, contexts: Floats) -> Floats:
        """Weights of the archetypes, (n, k), at rows of the context matrix."""
        z = self.data.basis(contexts) @ self.weights
        if not self.softmax:
            return z
        z = np.exp(z - z.max(axis=1, keepdims=True))
        return np.asarray(z / z.sum(axis=1, keepdims=True))


@dataclass(frozen=True, eq=False)
class ArchetypeSolution:
    """The best of several starts.

    Attributes
    ----------
    gating : Gating
    archetypes : (k, p, p) array
        Edges in standard units.
    h, loss : float
        Acyclicity before projection, and objective.
    converged : bool
    """

    gating: Gating
    archetypes: Floats
    h: float
    loss: float
    converged: bool

    def independent_gates(self) -> list[int]:
        """Gates that move an edge and are not linear combinations of each other and the constant.

        A small weight on a large archetype moves edges as much as a large one on a small.
        """
        z = self.gating(self.gating.data.contexts)
        center = np.tensordot(z.mean(axis=0), self.archetypes, 1) if self.gating.softmax else 0.0
        left = (z - z.mean(axis=0)) * np.abs(self.archetypes - center).max(axis=(1, 2))
        kept: list[int] = []
        while True:
            size = np.sqrt(np.mean(left**2, axis=0))
            best = int(np.argmax(size))
            if size[best] < _INDEPENDENT:
                return sorted(kept)
            kept.append(best)
            direction = left[:, best] / np.linalg.norm(left[:, best])
            left = left - np.outer(direction, direction @ left)


def search_archetypes(
    problem: StructuralProblem,
    rules: EdgeRules,
    options: SearchOptions,
    encoder: Archetypes,
    *,
    per_context: bool,
) -> ArchetypeSolution:
    """Archetypes and their weights together, from several random starts."""
    data, p, k = problem.data, problem.p, encoder.k
    basis = data.basis(data.contexts) @ problem.to_natural
    rng = np.random.default_rng(encoder.seed)
    best: dict[str, object] = {}
    for _ in range(encoder.starts):
        raw = _core.search_archetypes(
            data.z,
            basis,
            _start(rng, rules, k, problem.m),
            k,
            rules.allowed.astype(float),
            per_context,
            encoder.gates == "softmax",
            problem.node_weight(options.equal_variances),
            sparsity_by_edge(problem, options),
            _EDGE_RIDGE,
            encoder.ridge,
            options.strategy,
            options.maxiter,
            options.tol,
            options.threads,
            options.progress,
        )
        if not best or raw["loss"] < best["loss"]:
            best = raw
    theta = np.asarray(best["theta"])
    n_edges = (p + 1) * k * p
    edges = theta[:n_edges].reshape(p, p + 1, k)[:, :p, :]  # [j, i, k]
    weights = problem.to_natural @ theta[n_edges:].reshape(k, problem.m).T
    return ArchetypeSolution(
        gating=Gating(data, weights, encoder.gates == "softmax"),
        archetypes=edges.transpose(2, 1, 0),
        h=float(np.asarray(best["h"])),
        loss=float(np.asarray(best["loss"])),
        converged=bool(best["converged"]),
    )


def _start(rng: np.random.Generator, rules: EdgeRules, k: int, m: int) -> Floats:
    p = len(rules.allowed)
    edges = rng.normal(scale=0.3 / np.sqrt(p * k), size=(p, p + 1, k))
    edges[:, :p] *= rules.allowed.T[:, :, None]
    return np.concatenate([edges.ravel(), rng.normal(scale=0.5, size=k * m)])

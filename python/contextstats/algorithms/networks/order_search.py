"""Orders of the variables by exact scores, parents by BIC, and how firmly directions are known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contextstats import _core
from contextstats.algorithms.networks.dag_problem import StructuralProblem
from contextstats.algorithms.networks.dag_rules import EdgeRules, Graph, find_cycle, topological_order
from contextstats.algorithms.networks.parent_sets import ParentSet

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ScoredOrder:
    """An order of the variables and the sum of its node scores.

    A score is the weighted residual variance of a node given all variables before it, or its logarithm.
    """

    order: tuple[int, ...]
    score: float


@dataclass(frozen=True, eq=False)
class OrderSearch:
    """A search whose node scores are kept from call to call.

    Attributes
    ----------
    problem : StructuralProblem
    rules : EdgeRules
    node_weight : (p,) array
        Weights of residual variances; empty where every node has its own.
    """

    problem: StructuralProblem
    rules: EdgeRules
    node_weight: Floats

    @cached_property
    def _scores(self) -> Any:
        allowed = self.rules.allowed.astype(float)
        return _core.OrderScores(self.problem.gram, self.problem.roughness, allowed, self.node_weight)

    def best(self, starts: list[list[int]], restarts: int, seed: int, required: Graph | None = None) -> ScoredOrder:
        """Search from some orders, then from the best so far with some variables moved at random."""
        before = self.rules.required if required is None else required
        raw = self._scores.search(before.astype(float), starts, restarts, seed)
        return ScoredOrder(tuple(int(j) for j in raw["order"]), float(raw["score"]))

    def evidence(self, graph: Graph, found: ScoredOrder) -> tuple[Floats, ScoredOrder | None]:
        """For each edge the log-likelihood lost if it is turned around, and an order that turned out to be better.

        For each edge i -> j the best order with j before i is searched from the present one.
        """
        lost = np.full(graph.shape, np.nan)
        best = found
        for i, j in np.argwhere(graph):
            turned = self._turned(found, int(i), int(j))
            lost[i, j] = np.inf if turned is None else self._log_likelihood_lost(found, turned)
            if turned is not None and turned.score < best.score:
                best = turned
        better = best.score < found.score - 1e-9 * abs(found.score)
        return np.maximum(lost, 0.0), best if better else None

    def _log_likelihood_lost(self, best: ScoredOrder, other: ScoredOrder) -> float:
        """Gaussian, with each node's own variance or (where there are weights) one for all, at its maximum."""
        if self.node_weight.size:
            return float(self.problem.n * self.problem.p / 2 * np.log(other.score / best.score))
        return float(self.problem.n / 2 * (other.score - best.score))

    def _turned(self, found: ScoredOrder, i: int, j: int) -> ScoredOrder | None:
        """The best order with j before i; None where the rules leave none, or no edge from j to i."""
        required = self.rules.required.copy()
        required[j, i] = True
        if not self.rules.allowed[j, i] or find_cycle(required):
            return None
        order = np.array(found.order)
        start = order[topological_order(required[np.ix_(order, order)])].tolist()
        return self.best([start], 0, 0, required)


def choose_parents(problem: StructuralProblem, rules: EdgeRules, order: list[int]) -> Graph:
    """Parents of each node among those before it: backward elimination by BIC, required edges kept."""
    graph = np.zeros((problem.p, problem.p), dtype=bool)
    for place, j in enumerate(order):
        graph[eliminate(problem, j, [i for i in order[:place] if rules.allowed[i, j]], rules.required[:, j]), j] = True
    return graph


def eliminate(problem: StructuralProblem, j: int, parents: list[int], keep: NDArray[np.bool_]) -> list[int]:
    """Leave out parents of j one by one as long as BIC falls."""

    def criterion(residual: Floats, edf: Floats) -> Floats:
        return np.asarray(problem.n * np.log(residual) + np.log(problem.n) * edf)

    if not parents:
        return parents
    fit = ParentSet.of(problem, j, parents)
    best = float(criterion(*map(np.asarray, fit.residual_and_edf())))
    while fit.parents:
        values = np.where(keep[list(fit.parents)], np.inf, criterion(*fit.residuals_and_edfs_without()))
        if values.min() >= best:
            break
        best = float(values.min())
        fit = fit.without(int(np.argmin(values)))
    return list(fit.parents)

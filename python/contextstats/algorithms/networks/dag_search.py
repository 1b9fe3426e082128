"""Search for the graph of a contextual Bayesian network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contextstats import _core
from contextstats.algorithms.networks.dag_problem import StructuralProblem
from contextstats.algorithms.networks.dag_rules import EdgeRules, Graph, topological_order
from contextstats.algorithms.networks.order_search import OrderSearch, choose_parents

Floats = NDArray[np.float64]
Progress = Callable[[int, float, float], None]


@dataclass(frozen=True)
class SearchOptions:
    """How the graph is searched for; meanings as in :meth:`contextstats.BayesianNetwork.fit`."""

    equal_variances: bool = True
    strategy: str = "central_path"
    sparsity: float = 0.0
    threshold: float | None = None
    restarts: int = 20
    seed: int = 0
    maxiter: int = 1000
    tol: float = 1e-6
    threads: int = 1
    progress: Progress | None = None


@dataclass(frozen=True, eq=False)
class Structure:
    """A graph without cycles that serves every context.

    Attributes
    ----------
    graph : (p, p) array of bool
        [i, j]: i is a parent of j.
    order : tuple of int
        The variables from causes to effects.
    evidence : (p, p) array
        By how much the log-likelihood falls if an edge is turned around; infinite where its direction was given, NaN
        where there is no edge or the graph is that of the continuous search.
    h : float
        Acyclicity before the graph was projected; zero where it comes from an order.
    converged : bool
    """

    graph: Graph
    order: tuple[int, ...]
    evidence: Floats
    h: float
    converged: bool


@dataclass(frozen=True, eq=False)
class ContinuousSolution:
    """Where the continuous search ended: W_ij(c) = b(c)'coefficients[:, i, j] in standard units.

    Attributes
    ----------
    coefficients : (m, p, p) array
        In the basis of the data.
    strength : (p, p) array
        Root mean square of each edge over the rows, in standard units.
    h : float
    converged : bool
    """

    coefficients: Floats
    strength: Floats
    h: float
    converged: bool


def search_continuous(
    problem: StructuralProblem, rules: EdgeRules, options: SearchOptions, *, per_context: bool = False
) -> ContinuousSolution:
    """Minimise the loss under the smooth constraint that there are no cycles, in the union or per context."""
    p, m = problem.p, problem.m
    basis, weight = _distinct_contexts(problem) if per_context else (np.ones((1, m)), np.ones(1))
    raw = _core.search_dag(
        problem.gram,
        problem.roughness,
        rules.allowed.astype(float),
        basis,
        weight,
        per_context,
        problem.node_weight(options.equal_variances),
        sparsity_by_edge(problem, options),
        options.strategy,
        options.maxiter,
        options.tol,
        options.threads,
        options.progress,
    )
    a = np.reshape(raw["theta"], (p, p, m)).transpose(2, 1, 0)  # [k, i, j]
    return ContinuousSolution(
        coefficients=np.einsum("kl,lij->kij", problem.to_natural, a),
        strength=np.sqrt((a**2).sum(axis=0)),
        h=float(raw["h"]),
        converged=bool(raw["converged"]),
    )


def sparsity_by_edge(problem: StructuralProblem, options: SearchOptions) -> Floats:
    """Weights of the lasso on edges in standard units: equal in the units in which variances are equal."""
    scale = problem.edge_scale() if options.equal_variances else np.ones((problem.p, problem.p))
    return options.sparsity * scale


def _distinct_contexts(problem: StructuralProblem) -> tuple[Floats, Floats]:
    distinct, counts = np.unique(problem.data.contexts, axis=0, return_counts=True)
    basis = problem.data.basis(np.asfortranarray(distinct)) @ problem.to_natural
    return basis, counts / counts.sum()


def search_structure(
    problem: StructuralProblem, rules: EdgeRules, options: SearchOptions, *, with_evidence: bool = True
) -> Structure:
    """Find one graph for all contexts.

    An order by exact node scores, started from continuous solutions, then parents by BIC, or those whose effect is
    above a threshold. Equal variances with a threshold: the continuous solution (NOTEARS, DAGMA).
    """
    known = rules.known_order()
    if known is not None:
        graph = _parents(problem, rules, options, known)
        return Structure(graph, tuple(known), np.where(graph, np.inf, np.nan), 0.0, True)
    if options.threshold is not None and options.equal_variances:
        return _continuous_graph(problem, rules, options, options.threshold)
    orders = OrderSearch(problem, rules, problem.node_weight(options.equal_variances))
    found = orders.best(_starts(problem, rules, options), options.restarts, options.seed)
    graph = _parents(problem, rules, options, list(found.order))
    evidence = np.full(graph.shape, np.nan)
    while with_evidence:
        evidence, better = orders.evidence(graph, found)
        if better is None:
            break
        found, graph = better, _parents(problem, rules, options, list(better.order))
    return Structure(graph, found.order, evidence, 0.0, True)


def _continuous_graph(
    problem: StructuralProblem, rules: EdgeRules, options: SearchOptions, threshold: float
) -> Structure:
    solution = search_continuous(problem, rules, options)
    graph = project(solution.strength * problem.edge_scale(), rules, threshold)
    order = tuple(topological_order(graph))
    return Structure(graph, order, np.full(graph.shape, np.nan), solution.h, solution.converged)


def _parents(problem: StructuralProblem, rules: EdgeRules, options: SearchOptions, order: list[int]) -> Graph:
    """Parents among the variables that come before: by BIC, or above the threshold in the regression on all of them."""
    if options.threshold is None:
        return choose_parents(problem, rules, order)
    strength = np.zeros((problem.p, problem.p))
    for place, j in enumerate(order):
        before = [i for i in order[:place] if rules.allowed[i, j]]
        a, _, _ = problem.regress(j, before)
        strength[before, j] = np.sqrt((a.reshape(len(before), problem.m) ** 2).sum(axis=1))
    return project(strength * problem.edge_scale(), rules, options.threshold)


def project(strength: Floats, rules: EdgeRules, threshold: float) -> Graph:
    """The graph of the strongest edges, required ones first, without a cycle."""
    largest = max(1.0, float(strength.max(initial=0.0)))
    weights = np.where(strength > threshold, strength / largest, 0.0)
    weights = np.where(rules.required, 2.0, weights)
    return np.asarray(_core.project_to_dag(weights[None], 0.0)[0] != 0)


def _starts(problem: StructuralProblem, rules: EdgeRules, options: SearchOptions) -> list[list[int]]:
    """Orders of the continuous solutions with equal variances and, if asked for, with free ones."""
    wanted = [True] if options.equal_variances else [True, False]
    solutions = [search_continuous(problem, rules, replace(options, equal_variances=equal)) for equal in wanted]
    return [topological_order(project(one.strength * problem.edge_scale(), rules, 0.0)) for one in solutions]


def search_stable(
    sample: Callable[[int], StructuralProblem], rules: EdgeRules, options: SearchOptions, n: int
) -> Floats:
    """Share of `n` searches, each on its own sample of the rows, that find an edge: (p, p)."""
    graphs: list[Any] = [search_structure(sample(k), rules, options, with_evidence=False).graph for k in range(n)]
    return np.asarray(np.mean(graphs, axis=0), dtype=np.float64)

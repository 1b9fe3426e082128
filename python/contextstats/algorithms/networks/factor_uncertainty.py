"""How weights and loadings of factors, being estimates, move the effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contextstats.algorithms.networks.dag_problem import StructuralProblem
from contextstats.algorithms.networks.dag_rules import Graph
from contextstats.algorithms.networks.factor_groups import FactorGroups
from contextstats.algorithms.networks.factor_scores import deviance, of_unit_variance

Floats = NDArray[np.float64]
_STEP = 1e-4  # of weights whose scores have variance one
_FLAT = 1e-9  # curvature of the deviance below which weights do not matter, as those of a factor without an edge


@dataclass(frozen=True, eq=False)
class FactorDirections:
    """Independent ways in which estimates may be off, each by one standard error.

    Attributes
    ----------
    weights, loadings : (D, p, F) array
        How weights of scores and loadings move.
    effects : (D, m, F, F) array
        How effects between scores, in the context basis, move.
    """

    weights: Floats
    loadings: Floats
    effects: Floats

    def with_loadings(self, loadings: Floats) -> FactorDirections:
        """These, and some in which loadings alone move."""
        more = len(loadings)
        return FactorDirections(
            np.concatenate([self.weights, np.zeros((more, *self.weights.shape[1:]))]),
            np.concatenate([self.loadings, loadings]),
            np.concatenate([self.effects, np.zeros((more, *self.effects.shape[1:]))]),
        )


def weight_directions(
    problem: StructuralProblem, groups: FactorGroups, graph: Graph, weights: Floats
) -> FactorDirections:
    r"""Standard errors of the weights, from the curvature of the likelihood, and what moves with them.

    With :math:`\psi` all else, and D the derivative of the best :math:`\psi` for given weights w,

    .. math:: \mathrm{cov}(\hat\psi) = \mathrm{cov}(\hat\psi \mid w) + D\,\mathrm{cov}(\hat w)\,D'.

    Derivatives are central differences.
    """
    tangents = _tangents(problem, groups, weights)
    hessian = np.empty((len(tangents), len(tangents)))
    for k, tangent in enumerate(tangents):
        slopes = [deviance(problem, graph, weights + sign * _STEP * tangent)[1] for sign in (1, -1)]
        hessian[k] = np.einsum("if,lif->l", slopes[0] - slopes[1], tangents) / (2 * _STEP)
    values, vectors = np.linalg.eigh(problem.n / 4 * (hessian + hessian.T))
    seen = values > _FLAT * problem.n
    root = vectors[:, seen] / np.sqrt(values[seen])
    moved = np.einsum("kd,kif->dif", root, tangents)
    loadings, effects = np.empty_like(moved), np.empty((len(moved), problem.m, *graph.shape))
    for d, way in enumerate(moved):
        step = _STEP / max(1.0, float(np.abs(way).max()))
        ahead = _best_given(problem, groups, graph, weights + step * way)
        behind = _best_given(problem, groups, graph, weights - step * way)
        loadings[d], effects[d] = (ahead[0] - behind[0]) / (2 * step), (ahead[1] - behind[1]) / (2 * step)
    return FactorDirections(moved, loadings, effects)


def _tangents(problem: StructuralProblem, groups: FactorGroups, weights: Floats) -> Floats:
    """Changes of the weights of one factor that leave the variance of its score alone, (p - F, p, F)."""
    moments = problem.moments
    out = []
    for f, own in enumerate(groups.members):
        at = np.asarray(own)
        image = moments[np.ix_(at, at)] @ weights[at, f]
        _, _, rows = np.linalg.svd(image[None, :])
        for row in rows[1:]:
            tangent = np.zeros(weights.shape)
            tangent[at, f] = row
            out.append(tangent)
    return np.array(out).reshape(-1, *weights.shape)


def _best_given(problem: StructuralProblem, groups: FactorGroups, graph: Graph, raw: Floats) -> tuple[Floats, Floats]:
    """Loadings (p, F) and effects (m, F, F), in the context basis of the data, at some weights."""
    weights = of_unit_variance(raw, problem.moments)
    p, m, count = problem.p, problem.m, len(graph)
    level = problem.gram[::m, ::m]
    loadings = np.where(groups.membership, level @ weights, 0.0) / np.einsum("if,ij,jf->f", weights, level, weights)
    gram = np.einsum("if,ikjl,jg->fkgl", weights, problem.gram.reshape(p, m, p, m), weights, optimize=True)
    scores = StructuralProblem(
        problem.data, problem.n, gram.reshape(count * m, count * m), problem.to_natural, problem.roughness
    )
    effects = np.zeros((m, count, count))
    for f in range(count):
        parents = np.flatnonzero(graph[:, f])
        a, _, _ = scores.regress(f, parents.tolist())
        effects[:, parents, f] = problem.to_natural @ a.reshape(len(parents), m).T
    return loadings, effects

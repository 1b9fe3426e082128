r"""Scores of factors: how the variables of a group are weighted so that one number says what they do to others.

A group x_f acts on the other groups, and they on it, only through its score s_f = w_f'x_f. With means projected out,

.. math:: x_f = \lambda_f s_f + r_f, \qquad \lambda_f = \Sigma_f w_f / (w_f'\Sigma_f w_f),

where the rest r_f (w_f'r_f = 0) has nothing to do with any other group.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from contextstats.algorithms.networks.dag_problem import StructuralProblem
from contextstats.algorithms.networks.dag_rules import Graph
from contextstats.algorithms.networks.factor_groups import FactorGroups

Floats = NDArray[np.float64]


def canonical_weights(problem: StructuralProblem, groups: FactorGroups) -> Floats:
    """Weights (p, F) that need no graph: the combination of each group that all other variables explain best.

    Under the model every regression of x_f on variables of other groups has coefficients of rank one, those of its
    score times loadings. The first canonical variate of x_f and the others, with their effects as functions of
    context, is therefore a consistent estimate of the score. Variances of scores are one over the rows.
    """
    weights = np.zeros((problem.p, len(groups.members)))
    for f, own in enumerate(groups.members):
        others = [j for j in range(problem.p) if j not in own]
        rows, mine = problem.rows_of(others), np.asarray(own) * problem.m
        inner = problem.gram[np.ix_(rows, rows)] + np.kron(np.eye(len(others)), problem.roughness)
        cross = problem.gram[np.ix_(rows, mine)]
        explained = cross.T @ linalg.cho_solve(linalg.cho_factor(inner), cross)
        _, vectors = linalg.eigh((explained + explained.T) / 2, problem.gram[np.ix_(mine, mine)])
        weights[list(own), f] = vectors[:, -1]
    return _oriented(of_unit_variance(weights, problem.moments), problem, groups)


def likeliest_weights(problem: StructuralProblem, groups: FactorGroups, graph: Graph, start: Floats) -> Floats:
    r"""Weights (p, F) at the maximum of the likelihood, given the graph between the factors.

    With loadings, effects and variances at their best values, minus twice the log-likelihood for a row is

    .. math:: \sum_f \log \{\mathrm{var}(s_f \mid \text{parents}, c) / \mathrm{var}(s_f \mid c)\}

    up to a constant, where penalties hold the effects as in the search for the graph.
    """
    from scipy import optimize  # a heavy import that few need

    inside = groups.membership

    def objective(values: Floats) -> tuple[float, Floats]:
        raw = np.zeros(inside.shape)
        raw[inside] = values
        value, slope = deviance(problem, graph, raw)
        return value, slope[inside]

    found = optimize.minimize(
        objective, start[inside], jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8}
    )
    weights = np.zeros(inside.shape)
    weights[inside] = found.x
    return _oriented(of_unit_variance(weights, problem.moments), problem, groups)


def deviance(problem: StructuralProblem, graph: Graph, raw: Floats) -> tuple[float, Floats]:
    """The sum of log ratios of variances for a row, of weights scaled to scores of variance one, and its gradient."""
    within = problem.moments
    size = np.sqrt(np.einsum("if,ij,jf->f", raw, within, raw))
    weights = raw / size
    value, slope = _log_ratios(problem, graph, weights)
    return value, (slope - (within @ weights) * (weights * slope).sum(axis=0)) / size


def _log_ratios(problem: StructuralProblem, graph: Graph, weights: Floats) -> tuple[float, Floats]:
    p, m, count = problem.p, problem.m, weights.shape[1]
    gram = problem.gram.reshape(p, m, p, m)
    half = np.einsum("ikjl,jg->ikgl", gram, weights, optimize=True)
    scores = np.einsum("if,ikgl->fkgl", weights, half, optimize=True)
    level = gram[:, 0, :, 0]
    value, slope = 0.0, np.zeros_like(weights)
    for f in range(count):
        parents = np.flatnonzero(graph[:, f])
        own = float(scores[f, 0, f, 0])
        if not len(parents):
            continue
        size = len(parents) * m
        inner = scores[parents][:, :, parents].reshape(size, size) + np.kron(np.eye(len(parents)), problem.roughness)
        cross = scores[parents, :, f, 0].ravel()
        a = linalg.cho_solve(linalg.cho_factor(inner), cross)
        left = own - float(a @ cross)
        effects = a.reshape(len(parents), m)
        residual = half[:, :, f, 0] - np.einsum("ikgl,gl->ik", half[:, :, parents], effects, optimize=True)
        slope[:, f] += 2 * residual[:, 0] / left - 2 * (level @ weights[:, f]) / own
        slope[:, parents] -= 2 * (residual @ effects.T) / left
        value += float(np.log(left / own))
    return value, slope


def contrasts(problem: StructuralProblem, groups: FactorGroups, weights: Floats) -> Floats:
    """Principal axes of what a score leaves of its group, as columns (p, p - F); orthogonal to the weights."""
    level = problem.gram[:: problem.m, :: problem.m]
    columns = []
    for f, own in enumerate(groups.members):
        at = np.asarray(own)
        sigma, w = level[np.ix_(at, at)], weights[at, f]
        image = sigma @ w
        rest = sigma - np.outer(image, image) / (w @ image)
        across = np.eye(len(at)) - np.outer(w, w) / (w @ w)
        values, vectors = np.linalg.eigh(across @ rest @ across - np.outer(w, w) / (w @ w))
        for axis in vectors[:, np.argsort(-values)[: len(at) - 1]].T:
            column = np.zeros(problem.p)
            column[at] = axis if axis[np.abs(axis).argmax()] > 0 else -axis
            columns.append(column)
    return np.array(columns).reshape(-1, problem.p).T


def of_unit_variance(weights: Floats, within: Floats) -> Floats:
    """Weights of scores of variance one."""
    return np.asarray(weights / np.sqrt(np.einsum("if,ij,jf->f", weights, within, weights)))


def _oriented(weights: Floats, problem: StructuralProblem, groups: FactorGroups) -> Floats:
    """Signs such that the first variable of each group has a positive loading; a single one is the score itself."""
    first = [own[0] for own in groups.members]
    image = problem.gram[:: problem.m, :: problem.m] @ weights
    single = groups.membership & (groups.membership.sum(axis=0) == 1)
    signs = np.where(image[first, np.arange(len(first))] < 0, -1.0, 1.0)
    return np.where(single, 1.0, weights * signs)

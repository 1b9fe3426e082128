"""Structural equations between factors: groups of variables that act on each other through one score each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from contextstats.algorithms.networks.dag_archetypes import Gating
from contextstats.algorithms.networks.factor_groups import FactorGroups
from contextstats.algorithms.networks.factor_uncertainty import FactorDirections
from contextstats.design.columns import Floats
from contextstats.design.networks import NetworkData
from contextstats.results.networks.equations import OneGraph


@dataclass(frozen=True, eq=False)
class WithinFactors:
    """What the scores leave: contrasts of the variables of a factor, each a regression on its score.

    A contrast is t = a'x with a orthogonal to the weights of the score s; t = m(c) + slope s + e.

    Attributes
    ----------
    axes : (p, K) array
        The contrasts a as columns, K = p - F; orthonormal within a factor.
    factor : (K,) array of int
        The factor of each.
    intercept : (m, K) array
        m(c) in the context basis.
    slope, slope_error, variance : (K,) array
    edf : float
        Effective degrees of freedom of the regressions.
    converged : bool
    """

    axes: Floats
    factor: NDArray[np.intp]
    intercept: Floats
    slope: Floats
    slope_error: Floats
    variance: Floats
    edf: float
    converged: bool

    def loading_errors(self, n_factors: int) -> Floats:
        """What one standard error of each slope does to the loadings, (K, p, F)."""
        count = len(self.slope)
        out = np.zeros((count, len(self.axes), n_factors))
        out[np.arange(count), :, self.factor] = (self.axes * self.slope_error).T
        return out


@dataclass(frozen=True, eq=False)
class FactorEquations:
    r"""Equations of variables that follow from equations between scores.

    In standard units, with weights A and loadings L as columns by factor, :math:`s = A'x` and

    .. math:: s = \mu_s(c) + W_F(c)'s + u, \qquad x = L s + r, \qquad W(c) = A\,W_F(c)\,L',

    where r, of rank p - F, is independent of all scores. The rank of W(c) is below the number of factors, and as no
    edge joins two variables of a factor it has a cycle only where W_F(c) has one.

    Attributes
    ----------
    groups : FactorGroups
    score_weights : (p, F) array
        A.
    scores : OneGraph
        The equations between the scores.
    within : WithinFactors
    directions : FactorDirections
        How far weights and loadings may be off, and the effects with them.
    data : NetworkData
        The context basis of the network.
    """

    groups: FactorGroups
    score_weights: Floats
    scores: OneGraph
    within: WithinFactors
    directions: FactorDirections
    data: NetworkData

    @property
    def loadings(self) -> Floats:
        """L, (p, F): the variables as their score moves by one; A'L is the identity."""
        level = self.score_weights / (self.score_weights**2).sum(axis=0)
        own = np.zeros((len(self.within.slope), level.shape[1]))
        own[np.arange(len(own)), self.within.factor] = self.within.slope
        return np.asarray(level + self.within.axes @ own)

    @property
    def gating(self) -> Gating | None:
        """Weights of archetypes."""
        return self.scores.gating

    @property
    def edf(self) -> float:
        """Scores, their weights, regressions within factors, and the covariance of what these leave."""
        inside = sum((len(own) - 1) * (len(own) + 2) / 2 for own in self.groups.members)
        return float(self.scores.edf + self.within.edf + inside)

    @property
    def converged(self) -> bool:
        """Whether all regressions converged."""
        return self.scores.converged and self.within.converged

    @property
    def variances(self) -> Floats:
        """Variances of the variables given their parents, (p,)."""
        return self.loadings**2 @ self.scores.variances + self.within.axes**2 @ self.within.variance

    def weights(self, contexts: Floats) -> Floats:
        """W(c), (n, p, p)."""
        return np.asarray(self.score_weights @ self.scores.weights(contexts) @ self.loadings.T)

    def errors(self, contexts: Floats) -> Floats:
        """Standard errors of W(c), (n, p, p), those of weights and loadings in them; NaN where there is no edge."""
        between, basis = self.scores.weights(contexts), self.data.basis(contexts)
        given = np.nan_to_num(self.scores.errors(contexts)) ** 2
        variance = self.score_weights**2 @ given @ self.loadings.T**2
        moves = zip(self.directions.weights, self.directions.loadings, self.directions.effects, strict=True)
        for weights, loadings, effects in moves:
            moved = weights @ between @ self.loadings.T + self.score_weights @ between @ loadings.T
            moved += self.score_weights @ np.einsum("nm,mfg->nfg", basis, effects) @ self.loadings.T
            variance += moved**2
        member = self.groups.membership.astype(float)
        return np.where(member @ self.scores.graph @ member.T > 0, np.sqrt(variance), np.nan)

    @property
    def network(self) -> OneGraph:
        """The equations between the scores with standard errors that allow for the weights being estimates."""
        nodes = []
        for f, node in enumerate(self.scores.nodes):
            moves = self.directions.effects[:, :, list(node.parents), f]  # (D, m, q)
            moves = np.concatenate([np.zeros((*moves.shape[:2], 1)), moves], axis=2).transpose(0, 2, 1)
            moves = moves.reshape(len(moves), node.theta.size)
            nodes.append(replace(node, covariance=node.covariance + moves.T @ moves))
        return replace(self.scores, nodes=tuple(nodes))

    def intercepts(self, contexts: Floats) -> Floats:
        """mu(c), (n, p)."""
        rest = self.data.basis(contexts) @ self.within.intercept
        return np.asarray(self.scores.intercepts(contexts) @ self.loadings.T + rest @ self.within.axes.T)

    def log_density(self, z: Floats, contexts: Floats) -> Floats:
        """Log-likelihood of each row of standardised variables, (n,): that of scores and contrasts."""
        s, t = z @ self.score_weights, z @ self.within.axes
        left = s - self.scores.intercepts(contexts) - np.einsum("nij,ni->nj", self.scores.weights(contexts), s)
        rest = t - self.data.basis(contexts) @ self.within.intercept - s[:, self.within.factor] * self.within.slope
        residual = np.hstack([left, rest])
        variance = np.concatenate([self.scores.variances, self.within.variance])
        volume = 0.5 * np.log((self.score_weights**2).sum(axis=0)).sum()
        return np.asarray(volume - 0.5 * (residual**2 / variance + np.log(2 * np.pi * variance)).sum(axis=1))

    def noise(self, rng: np.random.Generator, n: int) -> Floats:
        """Draws of what the parents leave of the variables, (n, p)."""
        u = rng.standard_normal((n, len(self.scores.nodes))) * np.sqrt(self.scores.variances)
        e = rng.standard_normal((n, len(self.within.variance))) * np.sqrt(self.within.variance)
        return np.asarray(u @ self.loadings.T + e @ self.within.axes.T)


def score_data(data: NetworkData, groups: FactorGroups, weights: Floats) -> NetworkData:
    """The scores as the variables of a network; a factor of one variable is that variable, in its units."""
    center, scale = np.zeros(len(groups.members)), np.ones(len(groups.members))
    for f, own in enumerate(groups.members):
        if len(own) == 1:
            center[f], scale[f] = data.center[own[0]], data.scale[own[0]]
    return replace(
        data,
        z=np.asfortranarray(data.z @ weights),
        center=center,
        scale=scale,
        names=groups.names,
        recipe=replace(data.recipe, x_names=groups.names),
    )

r"""Does an edge vary with context? Score tests of constant correlations and partial correlations.

Let (u, v) be two variables given all others (for correlations: given nothing), each with mean zero and variance one at
every context. The score of their correlation, made orthogonal to those of the two variances, is

.. math:: e = u v - \tfrac12 \rho\,(u^2 + v^2),

which has mean zero at every context if and only if the correlation is :math:`\rho` everywhere. Whether the mean of e
varies with the context basis is a question about a linear model, answered by the variance-component score test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contextstats.inference._linalg import scaled_cholesky
from contextstats.inference.chi2_mixture import survival
from contextstats.inference.networks.pairs import node_pairs
from contextstats.inference.score_test import kernel_weights, projected_information, score_test

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True)
class EdgeSums:
    """Sums over rows from which all tests follow.

    Attributes
    ----------
    n : int
    gram : (m, m) array
        Of the context basis, the constant first.
    products, squares : (E, m) array
        Sums of b(c) u v and of b(c) (u^2 + v^2) / 2.
    second : (3, E) array
        Sums of (u v)^2, of u v (u^2 + v^2) / 2, and of (u^2 + v^2)^2 / 4.
    """

    n: int
    gram: Floats
    products: Floats
    squares: Floats
    second: Floats

    def __add__(self, other: EdgeSums) -> EdgeSums:
        return EdgeSums(
            self.n + other.n,
            self.gram + other.gram,
            self.products + other.products,
            self.squares + other.squares,
            self.second + other.second,
        )

    @property
    def rho(self) -> Floats:
        """The constant correlations, (E,)."""
        return np.asarray(self.products[:, 0] / self.squares[:, 0])

    @property
    def scores(self) -> Floats:
        """Sums of b(c) e at the constant correlations, (E, m); zero for the constant."""
        return np.asarray(self.products - self.rho[:, None] * self.squares)

    @property
    def scale(self) -> Floats:
        """Mean squares of e, (E,)."""
        uv, cross, squares = self.second
        return np.asarray((uv - 2 * self.rho * cross + self.rho**2 * squares) / (self.n - 1))


def pair_scores(residuals: Floats, opposite: Floats | None) -> tuple[Floats, Floats]:
    """u v and (u^2 + v^2) / 2 of every pair and row, (n, E) each.

    Parameters
    ----------
    residuals : (n, p) array
        Each with variance one at every context: deviations from the mean over standard deviations, or (Omega x)_j
        over the root of omega_jj.
    opposite : (n, E) array or None
        For partial correlations: the correlations of those residuals, omega_jk over the root of omega_jj omega_kk.
        Two variables given the others are (g_j - o g_k) / root(1 - o^2) and the same with j and k exchanged.
    """
    first, second = node_pairs(residuals.shape[1])
    u, v = residuals[:, first], residuals[:, second]
    if opposite is not None:
        root = np.sqrt(1 - opposite**2)
        u, v = (u - opposite * v) / root, (v - opposite * u) / root
    return u * v, 0.5 * (u * u + v * v)


def edge_sums(basis: Floats, residuals: Floats, opposite: Floats | None) -> EdgeSums:
    """Sums over some rows; sums of different rows add up."""
    product, square = pair_scores(residuals, opposite)
    second = np.array([(product**2).sum(axis=0), (product * square).sum(axis=0), (square**2).sum(axis=0)])
    return EdgeSums(len(basis), basis.T @ basis, product.T @ basis, square.T @ basis, second)


@dataclass(frozen=True)
class EdgeTests:
    """Statistics and p-values of the edges, (E,) each."""

    statistic: Floats
    p_value: Floats


def test_edges(sums: EdgeSums, penalty: Floats, tested: Integers, groups: Integers) -> EdgeTests:
    """Test each edge for variation with some functions of context.

    Parameters
    ----------
    sums : EdgeSums
    penalty : (m,) array
        Diagonal of the penalty on wiggliness of the context basis.
    tested : (t,) array of int
        Positions of the tested functions; the others, the constant among them, stay in the null model.
    groups : (t,) array of int
        The term of each tested function.
    """
    others = np.setdiff1d(np.arange(len(sums.gram)), tested)
    null = scaled_cholesky(sums.gram[np.ix_(others, others)], name="The information of the null model")
    cross = sums.gram[np.ix_(others, tested)]
    information = projected_information(null, cross, sums.gram[np.ix_(tested, tested)])
    kernel = kernel_weights(penalty[tested], information, groups)
    scores = sums.scores[:, tested] - sums.scores[:, others] @ null.solve(cross)
    results = [
        score_test(score, information, kernel, scale=scale, residual_df=float(sums.n - len(others)))
        for score, scale in zip(scores, sums.scale, strict=True)
    ]
    return EdgeTests(np.array([one.statistic for one in results]), np.array([one.pvalue for one in results]))


test_edges.__test__ = False  # type: ignore[attr-defined]  # not a test of ours


def edge_spread(errors: Floats) -> Floats:
    """Eigenvalues of the correlation matrix of the scores of all edges, from some rows.

    With few rows for many edges the eigenvalues of a sample matrix lie too far apart; they are pulled to their mean
    until the sum of their squares is its unbiased estimate.

    Parameters
    ----------
    errors : (n, E) array
        Scores e of the edges, each with mean square one.
    """
    n, edges = errors.shape
    small = errors @ errors.T if n < edges else errors.T @ errors
    values = np.zeros(edges)
    found = np.linalg.eigvalsh(small / n)[::-1][: min(n, edges)]
    values[: len(found)] = np.maximum(found, 0.0)
    fourth = float((np.sum(errors**2, axis=1) ** 2).sum())
    unbiased = (n**2 * float(values @ values) - fourth) / (n * (n - 1))
    mean = values.mean()
    excess, observed = unbiased - edges * mean**2, float(values @ values) - edges * mean**2
    share = np.sqrt(min(max(excess, 0.0) / observed, 1.0)) if observed > 0 else 0.0
    return np.asarray(mean + share * (values - mean))


def test_all_edges(
    sums: EdgeSums, spread: Floats, mean_df: float, penalty: Floats, groups: Integers
) -> tuple[float, float]:
    """Omnibus test that no edge varies: the sum of the edges' statistics, and its p-value.

    Under the hypothesis the scores of edge and basis function have a covariance that is a Kronecker product, so that
    the sum is a mixture of chi-square variables with products of eigenvalues as weights.

    Parameters
    ----------
    sums : EdgeSums
        Of a fit in which no edge varies. Scores at edges that were free to vary are too large on average, by little for
        one edge, by too much for the sum over many.
    spread : (E,) array
        From :func:`edge_spread`.
    mean_df : float
        Effective degrees of freedom that the mean of a variable has taken from its residuals.
    penalty : (m,) array
        Diagonal of the penalty on wiggliness of the context basis.
    groups : (m - 1,) array of int
        The context term of each function but the constant.
    """
    null = scaled_cholesky(sums.gram[:1, :1], name="The information of the null model")
    information = projected_information(null, sums.gram[:1, 1:], sums.gram[1:, 1:])
    kernel = kernel_weights(penalty[1:], information, groups)
    root = np.sqrt(kernel)
    weights = np.maximum(np.linalg.eigvalsh(root[:, None] * information * root), 0.0)
    products = np.outer(spread, weights).ravel()
    scale = sums.scale * (sums.n - 1) / (sums.n - mean_df)
    scores = sums.scores[:, 1:] - np.outer(sums.scores[:, 0], null.solve(sums.gram[:1, 1:])[0])
    statistic = float((scores**2 @ kernel / scale).sum())
    return statistic, survival(statistic, products[products > 1e-10 * products.max()])


test_all_edges.__test__ = False  # type: ignore[attr-defined]

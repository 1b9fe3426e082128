"""Bayesian networks where the answer is known: given graphs, two nodes, and NOTEARS."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from scipy import linalg, optimize
from structural_equations import draw_sem, random_sem

import contextstats as cs
from contextstats._core import network_prior_exponent
from contextstats.inference.smoothing_integration import integrated_covariance


@pytest.fixture(scope="module")
def variables():
    rng = np.random.default_rng(4)
    return rng.normal(size=(200, 4)) @ rng.normal(size=(4, 4)) * [1, 20, 0.3, 5] + [0, 3, -2, 100]


def test_a_known_order_is_ordinary_least_squares(variables):
    names = ["x1", "x2", "x3", "x4"]
    order = ["x3", "x1", "x4", "x2"]
    res = cs.BayesianNetwork(variables, order=order).fit(threshold=0.0)
    llf = 0.0
    for place, name in enumerate(order):
        before = [names.index(other) for other in order[:place]]
        ols = sm.OLS(variables[:, names.index(name)], sm.add_constant(variables[:, before])).fit()
        llf += ols.llf
        table = res.edges().query("target == @name").set_index("source").reindex([names[i] for i in before])
        assert_allclose(table["estimate"], ols.params[1:], rtol=1e-10)
        assert_allclose(table["std_error"], ols.bse[1:], rtol=1e-10)
    assert_allclose(res.llf, llf, rtol=1e-12)
    assert res.order == tuple(order)
    assert_allclose(res.edf, 4 + 4 + 6)  # intercepts, variances, edges
    assert_allclose(res.loglike(variables).sum(), res.llf, rtol=1e-12)


def test_a_known_order_with_context_is_one_contextual_glm_for_each_node():
    x, c, _, _ = random_sem(3, 2, 400, 1)
    x = (x - x.mean(axis=0)) / x.std(axis=0)  # as the network does: penalties are in the units of the variables
    res = cs.BayesianNetwork(x, {"c": c}, order=["x1", "x2", "x3"]).fit(threshold=0.0)
    glm = cs.glm("x3 ~ x1 + x2", "s(c)", {"x1": x[:, 0], "x2": x[:, 1], "x3": x[:, 2], "c": c}).fit()
    with_prior = integrated_covariance(  # networks expect more effects that do not vary
        glm.estimates.gram,
        glm.design.penalties,
        glm.fit.smoothing_parameters,
        glm.scale,
        glm.fit.theta,
        prior_exponent=network_prior_exponent,
    )
    glm = replace(glm, natural_covariance=with_prior)
    at = {"c": [-0.9, 0.0, 0.4]}
    ours = res.edges(at).query("target == 'x3'").reset_index(drop=True)
    theirs = glm.coefficients(at, terms=["x1", "x2"]).sort_values(["row", "term"], ignore_index=True)
    assert_allclose(ours["estimate"], theirs["estimate"], rtol=1e-9)
    assert_allclose(ours["std_error"], theirs["std_error"], rtol=1e-9)


@pytest.mark.parametrize("strategy", ["central_path", "augmented_lagrangian"])
@pytest.mark.parametrize("threshold", [None, 0.3])
def test_two_nodes_of_equal_variance_point_from_the_smaller_to_the_larger(strategy, threshold):
    rng = np.random.default_rng(1)
    cause, noise = rng.normal(size=(2, 500))
    effect = 0.9 * cause + noise
    data = {"effect": effect, "cause": cause}
    res = cs.BayesianNetwork(data).fit(strategy=strategy, threshold=threshold)
    assert res.parents == {"effect": ("cause",), "cause": ()}
    assert_allclose(res.edges()["estimate"], np.cov(cause, effect)[0, 1] / np.var(cause, ddof=1), rtol=1e-10)


def notears(x: np.ndarray) -> np.ndarray:
    """NOTEARS as in its paper, without the lasso: an augmented Lagrangian and scipy's L-BFGS-B and expm."""
    n, p = x.shape
    x = x - x.mean(axis=0)
    off = ~np.eye(p, dtype=bool)

    def lagrangian(free: np.ndarray, rho: float, alpha: float) -> tuple[float, np.ndarray]:
        w = np.zeros((p, p))
        w[off] = free
        residual = x - x @ w
        exponential = linalg.expm(w * w)
        h = np.trace(exponential) - p
        slope = -x.T @ residual / n + (rho * h + alpha) * exponential.T * 2 * w
        return 0.5 / n * (residual**2).sum() + 0.5 * rho * h * h + alpha * h, slope[off]

    exact = {"maxiter": 20000, "maxfun": 50000, "ftol": 1e-15, "gtol": 1e-9}
    free, rho, alpha, before = np.zeros(off.sum()), 1.0, 0.0, np.inf
    while True:
        found = optimize.minimize(lagrangian, free, (rho, alpha), jac=True, method="L-BFGS-B", options=exact)
        w = np.zeros((p, p))
        w[off] = free = found.x
        h = np.trace(linalg.expm(w * w)) - p
        if h < 1e-9:
            return w
        alpha += rho * h
        rho = 10 * rho if h > 0.25 * before else rho
        before = h


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_constant_encoder_reproduces_notears(seed):
    x, _, _, _ = random_sem(5, 2, 1000, seed, vary=0.0)
    reference = notears(x)
    kept = np.abs(reference) > 0.3
    res = cs.BayesianNetwork(x).fit(threshold=0.3, strategy="augmented_lagrangian")
    np.testing.assert_array_equal(res.adjacency()[0] != 0, kept)
    assert_allclose(res.adjacency()[0][kept], reference[kept], atol=0.05)  # ours is least squares on the graph
    beside = cs.BayesianNetwork(x, np.linspace(0, 1, len(x)), encoder=cs.Constant())
    assert_allclose(beside.fit(threshold=0.3, strategy="augmented_lagrangian").adjacency()[0], res.adjacency()[0])


def test_the_continuous_solution_is_that_of_notears():
    from contextstats.algorithms.networks.dag_problem import StructuralProblem
    from contextstats.algorithms.networks.dag_rules import EdgeRules
    from contextstats.algorithms.networks.dag_search import SearchOptions, search_continuous

    x, _, _, _ = random_sem(4, 2, 2000, 5, vary=0.0)
    problem = StructuralProblem.of(cs.BayesianNetwork(x).data, 1)
    options = SearchOptions(strategy="augmented_lagrangian", tol=1e-8, maxiter=5000)
    found = search_continuous(problem, EdgeRules.of(problem.data.names), options)
    assert found.h < 1e-8
    assert_allclose(found.coefficients[0] * problem.edge_scale(), notears(x), atol=2e-3)


def test_units_do_not_matter_where_variances_are_free():
    x, c, graph, _ = random_sem(5, 2, 1000, 3)
    units = np.array([1e-3, 10.0, 1.0, 300.0, 0.1])
    plain = cs.BayesianNetwork(x, {"c": c}).fit()
    other = cs.BayesianNetwork(x * units + 7, {"c": c}).fit()
    assert plain.parents == other.parents
    ratio = units[None, :] / units[:, None]
    assert_allclose(other.adjacency({"c": [0.3]}), plain.adjacency({"c": [0.3]}) * ratio, rtol=1e-5)
    np.testing.assert_array_equal(plain.adjacency()[0] != 0, graph)


def test_a_factor_is_one_network_for_each_group_with_one_order():
    rng = np.random.default_rng(6)
    groups = np.repeat(["a", "b"], 300)
    slope = np.where(groups == "a", 1.0, -0.5)
    weights = np.zeros((600, 2, 2))
    weights[:, 0, 1] = slope
    x = draw_sem(weights, rng.normal(size=(600, 2)))
    res = cs.BayesianNetwork(x, {"group": groups}).fit()
    for group in "ab":
        own = x[groups == group]
        expected = np.cov(own.T)[0, 1] / np.var(own[:, 0], ddof=1)
        assert_allclose(res.adjacency({"group": [group]})[0, 0, 1], expected, rtol=1e-9)

"""The simulations by which contextualized-ml 0.2.9 shows its Bayesian networks, with its figures to beat.

Generators and figures: its notebook benefits.ipynb (mean squared error of the weights of 0.024, 1.2 and 0.014) and its
test of NOTMAD (below 0.1 for the weights and 0.01 for the variables). Ours must be at most a third of the former.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from structural_equations import draw_sem, four_nodes, is_acyclic

import contextstats as cs

EDGES = {(0, 1), (2, 1), (3, 1), (3, 2)}
LATENT = "s(c1, k=5) + s(c2, k=5) + s(c3, k=5) + ti(c1, c2, k=4) + ti(c1, c3, k=4) + ti(c2, c3, k=4)"


def observed(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return draw_sem(weights, rng.uniform(-0.1, 0.1, weights.shape[:2]))


def error(res: cs.models.BayesianNetwork, weights: np.ndarray, context: dict | None = None) -> float:
    """Mean squared error of W, and the check that every graph is acyclic."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.ExtrapolationWarning)
        estimate = res.adjacency(context)
    assert is_acyclic(estimate)
    return float(np.mean((estimate - weights) ** 2))


def unit(c: np.ndarray) -> np.ndarray:
    return (c - c.min()) / (c.max() - c.min())


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("variances", ["equal", "free"])
def test_high_resolution(seed, variances):
    rng = np.random.default_rng(seed)
    c = unit(rng.choice([1.0, 5.0, 10.0], 10000))
    weights = four_nodes(c)
    res = cs.BayesianNetwork(observed(weights, rng), {"c": c}, encoder="C(c)", variances=variances).fit()
    assert error(res, weights) < 0.024 / 3 / 10
    assert {tuple(edge) for edge in np.argwhere(res.adjacency()[0])} == EDGES


def latent(seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    c = rng.normal(1, 1, (10000, 3))
    z = c @ [1.5, -1.5, 0.5] + 0.5
    weights = np.zeros((10000, 4, 4))
    weights[:, 0, 1], weights[:, 2, 1], weights[:, 3, 1], weights[:, 3, 2] = z - 1, z**2, z**2 + 1, z
    return pd.DataFrame(c, columns=["c1", "c2", "c3"]), observed(weights, rng), weights


def test_latent_process():
    context, x, weights = latent(0)
    assert error(cs.BayesianNetwork(x, context, encoder=LATENT).fit(), weights) < 1.2 / 3 / 10


def test_latent_process_by_archetypes():
    context, x, weights = latent(1)
    res = cs.BayesianNetwork(x, context, encoder=cs.Archetypes(k=3, starts=1)).fit()
    assert error(res, weights) < 1.2 / 3 / 10


@pytest.mark.parametrize("seed", [0, 1])
def test_unseen_contexts(seed):
    rng = np.random.default_rng(seed)
    c = unit(np.concatenate([rng.normal(1.5, 0.2, 2500), rng.normal(5.5, 0.5, 5000), rng.normal(3.5, 0.7, 2500)]))
    weights = four_nodes(c)
    x = observed(weights, rng)
    res = cs.BayesianNetwork(x[:7500], {"c": c[:7500]}).fit()
    assert error(res, weights, {"c": c}) < 0.014 / 3 / 10
    assert error(res, weights[7500:], {"c": c[7500:]}) < 0.014 / 3 / 5


@pytest.mark.parametrize(
    ("options", "bound"),
    [
        ({}, 0.03),
        ({"encoder": cs.Archetypes(k=6, starts=2)}, 0.03),
        ({"acyclicity": "per_sample"}, 0.05),
    ],
    ids=["splines", "archetypes", "per sample"],
)
def test_notmad(options, bound):
    """Contexts 1.7 to 1.9 are left out of the fit, half for validation and half for the test."""
    c = np.linspace(1, 2, 500)
    weights = four_nodes(c)
    x = observed(weights, np.random.default_rng(0))
    train = (c < 1.7) | (c >= 1.9)
    res = cs.BayesianNetwork(x[train], {"c": c[train]}, **options).fit()
    for rows in (train, (c >= 1.7) & (c < 1.8), (c >= 1.8) & (c < 1.9)):
        assert error(res, weights[rows], {"c": c[rows]}) < bound
        # U(-0.1, 0.1) has variance 0.0033: nothing predicts better.
        assert res.squared_errors(x[rows], {"c": c[rows]}).mean() < 0.0050


@pytest.mark.parametrize(("factors", "theirs"), [(2, 0.45), (3, 0.26), (4, 1.83)])
def test_factors(factors, theirs):
    """Its notebook easy_bayesian_networks_factors: errors of reconstruction, read off its figure; ours on new rows."""
    c = np.linspace(1, 2, 1000)
    weights = four_nodes(c)
    x = observed(weights, np.random.default_rng(0))
    new = np.arange(1000) % 5 == 2
    res = cs.BayesianNetwork(x[~new], {"c": c[~new]}, factors=factors).fit()
    assert is_acyclic(res.adjacency({"c": c}))
    assert res.squared_errors(x[new], {"c": c[new]}).mean() < theirs / 5

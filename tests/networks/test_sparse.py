"""Sparse neighbourhoods."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import Lasso

import contextstats as cs
from contextstats import _core


@pytest.fixture(scope="module")
def regression():
    rng = np.random.default_rng(8)
    x = rng.normal(size=(120, 9)) @ (np.eye(9) + 0.4)
    x -= x.mean(axis=0)
    y = x @ [1.0, -0.5, 0, 0, 0.3, 0, 0, 0, 0] + rng.normal(size=120)
    y -= y.mean()
    return x, y


def path(x, y, starts, sizes, weights, l1, penalties, count=20):
    n = len(y)
    return _core.sparse_path(
        x.T @ x / n, x.T @ y / n, float(y @ y) / n, starts, sizes, weights, l1, np.asarray(penalties), count, 0.01
    )


def test_a_lasso_is_that_of_scikit_learn(regression):
    x, y = regression
    found = path(x, y, list(range(9)), [1] * 9, [1.0] * 9, 1.0, [0.5, 0.1, 0.01])
    for i, penalty in enumerate([0.5, 0.1, 0.01]):
        reference = Lasso(alpha=penalty, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(x, y)
        assert_allclose(found["coefficients"][:, i], reference.coef_, atol=1e-6)
        assert_allclose(found["residual"][i], np.mean((y - reference.predict(x)) ** 2), rtol=1e-6)
        assert found["selected"][i] == (reference.coef_ != 0).sum()


@pytest.mark.parametrize("l1", [0.0, 0.3, 0.8])
def test_groups_fulfil_the_conditions_of_a_minimum(regression, l1):
    """Kuhn-Tucker conditions of the sparse-group lasso: subgradients of the two norms."""
    x, y = regression
    starts, sizes, weights = [0, 2, 5, 6], [2, 3, 1, 3], [1.4, 1.7, 0.0, 1.7]
    found = path(x, y, starts, sizes, weights, l1, np.empty(0))
    assert found["converged"]
    assert (found["coefficients"][:5, 0] == 0).all()
    assert found["coefficients"][5, 0] != 0
    assert (found["coefficients"][:, 1] != 0).sum() > 1
    for penalty, a in zip(found["penalties"], found["coefficients"].T, strict=True):
        slope = x.T @ (y - x @ a) / len(y)
        for start, size, weight in zip(starts, sizes, weights, strict=True):
            own, g = a[start : start + size], slope[start : start + size]
            by = penalty * weight
            if not own.any():
                assert np.linalg.norm(np.maximum(np.abs(g) - l1 * by, 0)) <= (1 - l1) * by + 1e-5
                continue
            part = (1 - l1) * by * own / np.linalg.norm(own)
            moved = own != 0
            assert_allclose(g[moved], part[moved] + l1 * by * np.sign(own[moved]), atol=1e-5)
            assert (np.abs(g[~moved]) <= l1 * by + 1e-5).all()


@pytest.fixture(scope="module")
def sparse_data():
    """A chain of ten variables; the first edge varies, the others do not."""
    rng = np.random.default_rng(0)
    t = rng.uniform(-1, 1, 2000)
    x = rng.normal(size=(2000, 10))
    x[:, 1] += 0.9 * t * x[:, 0]
    for j in range(2, 6):
        x[:, j] += 0.5 * x[:, j - 1]
    return x, {"t": t}


@pytest.mark.parametrize("criterion", ["bic", "cv"])
def test_true_edges_are_found(sparse_data, criterion):
    x, context = sparse_data
    model = cs.MarkovNetwork(x, context, encoder=cs.Additive(k=5), method="neighborhood")
    res = model.fit(sparsity=criterion)
    support = (res.estimate.fit.coefficients[:, 1:] != 0).any(axis=2)
    moves = (res.estimate.fit.coefficients[:, 1:, 1:] != 0).any(axis=2)
    true = {(j, j + 1) for j in range(5)}
    found = {(int(a), int(b)) for a, b in zip(*np.nonzero(np.triu(support)), strict=True)}
    assert true <= found
    assert len(found) <= (6 if criterion == "bic" else 45)
    assert moves[0, 1]
    assert criterion != "bic" or moves.sum() == 2
    assert np.linalg.eigvalsh(res.precisions({"t": np.linspace(-1, 1, 9)})).min() > 0
    table = res.edges({"t": [0.5]})
    assert table["std_error"].isna().all()
    assert np.isfinite(res.llf)
    assert "selected by a lasso" in res.summary().as_text()


def test_stable_edges(sparse_data):
    x, context = sparse_data
    model = cs.MarkovNetwork(x, context, encoder=cs.Linear(), method="neighborhood")
    table = model.stability_selection(n=8, seed=1).set_index(["source", "target"])
    assert table.loc[("x1", "x2"), "frequency"] == 1
    assert table.loc[("x1", "x2"), "varying"] == 1
    assert table.loc[("x2", "x3"), "frequency"] == 1
    assert table["frequency"].sum() < 7
    again = model.stability_selection(n=8, seed=1).set_index(["source", "target"])
    assert (again == table).all(axis=None)


def test_sparse_options_are_checked(sparse_data):
    x, context = sparse_data
    model = cs.MarkovNetwork(x[:100, :3], {"t": context["t"][:100]}, method="neighborhood")
    with pytest.raises(cs.OptionError, match="sparsity must be 'bic', 'cv' or a positive penalty"):
        model.fit(sparsity="aic")
    with pytest.raises(cs.OptionError, match="l1_ratio must lie between 0 and 1"):
        model.fit(sparsity="bic", l1_ratio=2)
    with pytest.raises(cs.OptionError, match="rule must be"):
        model.fit(sparsity="bic", rule="xor")
    with pytest.raises(cs.OptionError, match="sparsity is for method='neighborhood'"):
        cs.MarkovNetwork(x[:100, :3]).fit(sparsity="bic")


def test_the_summary_of_a_sparse_network_shows_the_strongest_edges(sample):
    """Absent edges are left out, and nothing is said of errors. Tests of variation do not need them."""
    x, t = sample
    res = cs.MarkovNetwork(x, {"t": t}, method="neighborhood", encoder=cs.Linear()).fit(sparsity="bic")
    block, varying = res.summary().blocks
    edges = res.edges()
    there = edges[edges["estimate"] != 0]
    assert 0 < len(there) < len(edges)
    shown = [abs(float(row[2])) for row in block.rows]
    assert len(shown) == len(there)
    assert shown == sorted(shown, reverse=True)
    assert block.header == ("", "", "estimate")
    assert len(varying.rows) == len(edges)

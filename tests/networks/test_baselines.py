"""Population and grouped networks, orders of the variables, and the comparison of fits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.covariance import graphical_lasso

import contextstats as cs


def test_the_population_glasso_is_that_of_scikit_learn(sample):
    x, _ = sample
    res = cs.MarkovNetwork(x, method="glasso").fit(alpha=0.1)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    _, expected = graphical_lasso(np.cov(z.T, bias=True), 0.1)
    assert_allclose(res.precisions()[0] * np.outer(x.std(axis=0), x.std(axis=0)), expected, atol=1e-10)
    assert res.edges()["std_error"].isna().all()


def test_a_glasso_for_each_group(sample, tmp_path):
    x, t = sample
    groups = pd.DataFrame({"half": np.where(t < 0.5, "first", "second")})
    res = cs.MarkovNetwork(x, groups, method="glasso").fit(alpha=0.05)
    own = (x - x.mean(axis=0)) / x.std(axis=0)
    _, expected = graphical_lasso(np.cov(own[t >= 0.5].T, bias=True), 0.05)
    found = res.precisions({"half": ["second"]})[0] * np.outer(x.std(axis=0), x.std(axis=0))
    assert_allclose(found, expected, atol=1e-10)
    res.save(tmp_path / "g.json")
    assert cs.load(tmp_path / "g.json").llf == res.llf
    with pytest.raises(cs.OptionError, match="method='glasso' is for the whole sample or for groups"):
        cs.MarkovNetwork(x, t, method="glasso").fit()
    with pytest.raises(cs.OptionError, match="alpha must be 'cv' or a number"):
        cs.MarkovNetwork(x, method="glasso").fit(alpha=-1)


def test_context_buys_likelihood_on_new_data(truth):
    """The exact held-out likelihood prefers what is nearer to the truth, which varies smoothly."""
    x, t = truth.draw(1200, 7)
    new_x, new_t = truth.draw(3000, 8)
    groups = np.digitize(t, [0.25, 0.5, 0.75]).astype(str)
    fits = {
        "population": cs.MarkovNetwork(x).fit(),
        "grouped": cs.MarkovNetwork(x, {"quarter": groups}).fit(),
        "contextual": cs.MarkovNetwork(x, {"t": t}).fit(),
    }
    new = {"t": new_t, "quarter": np.digitize(new_t, [0.25, 0.5, 0.75]).astype(str)}
    table = cs.compare_networks(fits, new_x, pd.DataFrame(new)).set_index("network")
    held_out = table["held_out"]
    assert held_out["population"] < held_out["grouped"] < held_out["contextual"]
    assert table["aic"].idxmin() == "contextual"
    with pytest.raises(cs.OptionError, match="same rows of the same variables"):
        cs.compare_networks({**fits, "other": cs.MarkovNetwork(x[:, :3]).fit()})
    with pytest.raises(cs.OptionError, match="at least one network"):
        cs.compare_networks({})


def test_orders_of_the_variables(sample, truth):
    x, t = sample
    frame = pd.DataFrame(x, columns=list("abcd"))
    model = cs.MarkovNetwork(frame, {"t": t})
    grid = {"t": np.linspace(0.1, 0.9, 5)}
    given = model.fit()
    turned = model.fit(order=list("dcba"))
    assert 0 < np.abs(given.partial_correlations(grid) - turned.partial_correlations(grid)).max() < 0.1
    best = model.fit(order="best", n_orders=3)
    assert best.aic <= min(given.aic, turned.aic) + 1e-6
    average = model.fit(order="average", n_orders=2)
    assert_allclose(average.precisions(grid), (given.precisions(grid) + turned.precisions(grid)) / 2, rtol=1e-10)
    assert_allclose(
        average.precisions(grid) @ average.covariances(grid), np.broadcast_to(np.eye(4), (5, 4, 4)), atol=1e-9
    )
    assert average.llf > min(given.llf, turned.llf)
    with pytest.raises(cs.OptionError, match="order must name each variable once"):
        model.fit(order=list("abc"))


def test_order_does_not_matter_without_context(sample):
    x, _ = sample
    a = cs.CorrelationNetwork(x, method="joint").fit()
    b = cs.CorrelationNetwork(x, method="joint").fit(order=["x3", "x1", "x4", "x2"])
    assert_allclose(b.correlations()[0], a.correlations()[0], atol=1e-12)
    assert_allclose(b.edges()["std_error"], a.edges()["std_error"], rtol=1e-9)

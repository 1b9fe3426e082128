"""What neural encoders cannot be built on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import contextstats as cs


@pytest.fixture
def data() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(120, 4)), columns=["y", "x", "a", "b"])
    return frame.assign(sex=rng.choice(["f", "m"], 120), same=1.0)


def fit(data, context):
    return cs.glm("y ~ x", context, data).fit()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "width of a neural encoder must be a whole number of at least 1, but is 0"),
        ({"width": 2.5}, "width of a neural encoder must be a whole number"),
        ({"layers": 0}, "layers of a neural encoder must be a whole number of at least 1"),
        ({"layers": True}, "layers of a neural encoder must be a whole number"),
        ({"seed": -1}, "seed of a neural encoder must be a whole number of at least 0, but is -1"),
        ({"honest": "yes"}, "honest must be True or False, but is 'yes'"),
    ],
)
@pytest.mark.parametrize("encoder", [cs.MLP, cs.NeuralAdditive])
def test_options_out_of_range(encoder, options, message):
    with pytest.raises(cs.OptionError, match=message):
        encoder(**options)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ("mlp()", r"mlp\(\) takes the names of one or more contexts, but got none"),
        ("mlp(a, a)", r"mlp\(\) takes different contexts, but got a twice"),
        ("mlp(a, k=5)", r"mlp\(\) has no option k; it takes width, layers, honest, seed"),
        ("mlp(a, width=0)", "width of a neural encoder must be a whole number of at least 1"),
        ("mlp(a, b) + s(a)", r"both contain the effect of a.*mlp\(\) contains the effect of each of its contexts"),
        ("mlp(a) + mlp(b) + mlp(a, b)", "both contain the effect of a"),
    ],
)
def test_formulas_without_meaning(data, context, message):
    with pytest.raises(cs.FormulaError, match=message):
        fit(data, context)


def test_networks_of_one_model_must_be_learned_alike(data):
    with pytest.raises(cs.OptionError, match=r"must have the same honest and the same seed.*seed=0.*seed=1"):
        fit(data, "mlp(a) + mlp(b, seed=1)")


def test_a_categorical_context_in_a_network(data):
    with pytest.raises(cs.DataError, match=r"mlp\(a,sex\) needs a numeric context, but sex is categorical"):
        fit(data, "mlp(a, sex)")


def test_a_context_that_does_not_vary(data):
    with pytest.raises(cs.DataError, match="needs contexts that vary, but same is 1 in every row"):
        fit(data, "mlp(a, same)")
    with pytest.warns(cs.DataWarning, match="The context same is 1 in every row"):
        res = fit(data, "mlp(same)")
    assert res.design.n_coefficients == 2


@pytest.mark.filterwarnings("ignore:1 coefficient is not identified")
def test_a_context_that_does_not_vary_where_layers_are_learned(data):
    data["rare"] = 0.0
    data.loc[:2, "rare"] = 1.0
    data["rare"] = data["rare"].sample(frac=1, random_state=4).to_numpy()

    def fit_until_it_happens():
        for seed in range(20):
            fit(data, f"mlp(a, rare, seed={seed})")

    with pytest.raises(cs.DataError, match="rare is"):
        fit_until_it_happens()


def test_too_few_rows(data):
    with pytest.raises(cs.DataError, match="needs at least 40 rows, but there are 30"):
        fit(data.head(30), "mlp(a)")


def test_clusters_without_use_are_refused_as_ever(data):
    model = cs.glm("y ~ x", "mlp(a, b)", data)
    for groups, message in (
        (np.where(np.arange(120) == 3, np.nan, np.arange(120)), "must not be missing"),
        (np.zeros(120), "at least two clusters"),
        (np.zeros(7), "one entry for each row"),
    ):
        with pytest.raises(cs.DataError, match=message):
            model.fit(cov_type="cluster", cov_kwds={"groups": groups})


def test_missing_values_are_dropped_and_counted_and_infinite_ones_refused(data):
    data.loc[3, "a"] = np.nan
    res = fit(data, "mlp(a, b)")
    assert "1 row was dropped for missing values or zero weight (a: 1)" in " ".join(str(res.summary()).split())
    assert (res.nobs, res.design.n_learning, res.design.n_dropped) == (60, 59, 60)
    data.loc[3, "a"] = np.inf
    with pytest.raises(cs.DataError, match="a must be finite"):
        fit(data, "mlp(a, b)")

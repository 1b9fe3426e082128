"""Bayesian networks that cannot be fitted, and what is said about them."""

from __future__ import annotations

import numpy as np
import pytest

import contextstats as cs

RNG = np.random.default_rng(1)
X = {"a": RNG.normal(size=60), "b": RNG.normal(size=60), "d": RNG.normal(size=60)}
C = {"c": RNG.uniform(size=60)}

OPTIONS = [
    ({"required": [("a", "b"), ("b", "d"), ("d", "a")]}, r"must not form a cycle, but a -> b -> d -> a is one"),
    ({"required": [("a", "b")], "forbidden": [("a", "b")]}, r"a -> b is both required and forbidden"),
    ({"required": [("b", "a")], "order": ["a", "b", "d"]}, r"the order excludes b -> a"),
    ({"required": [("a", "z")]}, r"required must name variables \(a, b, d\), but 'z' is none"),
    ({"forbidden": [("a", "a")]}, r"joins two variables, but forbidden holds a -> a"),
    ({"forbidden": ["ab"]}, r"pairs \(from, to\) of names, but holds 'ab'"),
    ({"order": ["a", "b"]}, r"order must name each variable once"),
    ({"acyclicity": "always"}, r"acyclicity must be one of 'union', 'per_sample'"),
    ({"variances": "unequal"}, r"variances must be one of 'equal', 'free'"),
    ({"acyclicity": "per_sample", "required": [("a", "b")]}, r"Required edges need one graph"),
]


FACTORS = [
    (4, "at least two factors and no more than variables, but there are 4 factors of 3 variables"),
    (1, "but there are 1 factors of 3 variables"),
    (2.0, r"a number of factors, or a dict of the variables of each .* but is 2.0"),
    (True, "a number of factors, or a dict"),
    ({"f": ["a", "b", "d"]}, "but there are 1 factors of 3 variables"),
    ({"f": ["a", "b"], "g": ["b", "d"]}, "A variable belongs to one factor, but b is in 'f' and 'g'"),
    ({"f": ["a", "a"], "g": ["b", "d"]}, "but a is in 'f' twice"),
    ({"f": ["a", "b"], "g": []}, "Every factor must have a variable, but 'g' has none"),
    ({"f": ["a", "b"], "g": ["e"]}, r"factors must name variables \(a, b, d\), but 'e' of 'g' is none"),
    ({"f": ["a"], "g": ["b"]}, "Every variable must belong to a factor, but d belongs to none"),
    ({"f": "ab", "g": ["d"]}, "The factor 'f' must be a list of names of variables, but is 'ab'"),
    ({"c": ["a", "b"], "g": ["d"]}, "must not have the name of a context, but 'c' is both"),
]


@pytest.mark.parametrize(("factors", "message"), FACTORS, ids=lambda value: str(value)[:40])
def test_impossible_factors(factors, message):
    with pytest.raises(cs.OptionError, match=message):
        cs.BayesianNetwork(X, C, factors=factors)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"acyclicity": "per_sample"}, "Factors need one graph for all contexts"),
        ({"variances": "equal"}, "Scores of factors have no units"),
        ({"encoder": cs.Archetypes(k=2)}, "Factors and Archetypes do not go together"),
        ({"order": ["a", "b", "d"]}, r"order must name each variable once \(f, g\)"),
        ({"required": [("a", "d")]}, r"required must name variables \(f, g\), but 'a' is none"),
    ],
    ids=str,
)
def test_options_that_factors_exclude(options, message):
    with pytest.raises(cs.OptionError, match=message):
        cs.BayesianNetwork(X, C, factors={"f": ["a", "b"], "g": ["d"]}, **options)
    with pytest.raises(cs.OptionError, match="With factors, give a context or the order"):
        cs.BayesianNetwork(X, factors=2)


@pytest.mark.parametrize(("options", "message"), OPTIONS, ids=lambda value: str(value)[:40])
def test_impossible_options(options, message):
    with pytest.raises(cs.OptionError, match=message):
        cs.BayesianNetwork(X, C, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": -0.1}, "threshold must not be negative"),
        ({"sparsity": np.nan}, "sparsity must not be negative"),
        ({"restarts": -1}, "restarts must not be negative"),
        ({"maxiter": 0}, "maxiter must be positive"),
        ({"strategy": "adam"}, "strategy must be one of 'central_path', 'augmented_lagrangian'"),
        ({"threads": 0}, "threads must be at least 1"),
        ({"smoothing": "aic"}, "smoothing must be 'reml'"),
    ],
    ids=str,
)
def test_impossible_options_of_the_fit(options, message):
    with pytest.raises(cs.OptionError, match=message):
        cs.BayesianNetwork(X, C).fit(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 0}, "k of Archetypes must be a whole number of at least 1, but is 0"),
        ({"k": 2.5}, "k of Archetypes must be a whole number"),
        ({"starts": 0}, "starts of Archetypes"),
        ({"gates": "relu"}, "gates must be one of 'softmax', 'linear'"),
        ({"ridge": 0}, "ridge of Archetypes must be positive"),
        ({"encoder": 3}, r"encoder of Archetypes must be Linear\(\), Additive\(\) or a context formula"),
    ],
    ids=str,
)
def test_impossible_archetypes(options, message):
    with pytest.raises(cs.OptionError, match=message):
        cs.Archetypes(**options)


def test_archetypes_are_for_bayesian_networks():
    with pytest.raises(cs.FormulaError, match="but is of type Archetypes"):
        cs.MarkovNetwork(X, C, encoder=cs.Archetypes())
    with pytest.raises(cs.FormulaError, match="but is of type Archetypes"):
        cs.ContextualGLM(X["a"], X["b"], C, encoder=cs.Archetypes())


def test_variables_that_depend_on_each_other():
    with pytest.raises(cs.DataError, match="the rank of the 4 variables is 3: a, b, e add up"):
        cs.BayesianNetwork({**X, "e": X["a"] - 2 * X["b"]}, C)


def test_more_coefficients_than_rows():
    with pytest.raises(cs.DataError, match="more rows than free coefficients"):
        cs.BayesianNetwork(RNG.normal(size=(20, 12)), RNG.uniform(size=20), encoder=cs.Linear())


def test_constant_variables_and_infinite_values():
    with pytest.raises(cs.DataError, match="must vary"):
        cs.BayesianNetwork({**X, "e": np.ones(60)}, C)
    with pytest.raises(cs.DataError, match=r"first: row 7"):
        cs.BayesianNetwork({**X, "a": np.where(np.arange(60) == 7, np.inf, X["a"])}, C)


def test_free_variances_without_context():
    with pytest.raises(cs.OptionError, match="variances='free' needs a context"):
        cs.BayesianNetwork(X, variances="free")


def test_missing_rows_are_counted():
    x = {**X, "a": np.where(np.arange(60) < 3, np.nan, X["a"])}
    res = cs.BayesianNetwork(x, C).fit()
    assert res.nobs == 57
    assert "3 rows left out for missing values (a: 3)" in " ".join(str(res.summary()).split())
    with pytest.raises(cs.DataError, match="have a missing one"):
        res.predict(x, C)


def test_contexts_outside_the_range_are_flagged():
    res = cs.BayesianNetwork(X, C, order=["a", "b", "d"]).fit()
    with pytest.warns(cs.ExtrapolationWarning, match="outside the range"):
        res.adjacency({"c": [5.0]})


def test_questions_that_need_one_graph():
    res = cs.BayesianNetwork(X, C, encoder=cs.Linear(), acyclicity="per_sample").fit()
    for question in (lambda: res.order, lambda: res.parents, res.heterogeneity, res.test_population):
        with pytest.raises(cs.OptionError, match="needs one graph for all contexts"):
            question()


def test_impossible_resampling():
    model = cs.BayesianNetwork(X, C)
    with pytest.raises(cs.OptionError, match="n must be at least 2"):
        model.bootstrap(n=1)
    with pytest.raises(cs.OptionError, match="level must lie between 0 and 1"):
        model.bootstrap(level=95)


def test_an_omnibus_test_needs_a_context_and_an_edge():
    with pytest.raises(cs.DataError, match="Without context no edge can vary"):
        cs.BayesianNetwork(X).fit().test_population()
    pairs = [(i, j) for i in X for j in X if i != j]
    with pytest.raises(cs.DataError, match="the graph that was given has none"):
        cs.BayesianNetwork(X, C, forbidden=pairs).fit().test_population()


def test_a_search_that_is_stopped_early_says_so():
    with pytest.warns(cs.ConvergenceWarning, match="did not converge"):
        cs.BayesianNetwork(X, C, acyclicity="per_sample").fit(strategy="augmented_lagrangian", maxiter=1, tol=1e-12)


def test_independent_variables_give_an_empty_graph():
    res = cs.BayesianNetwork(X, C).fit()
    assert all(parents == () for parents in res.parents.values())
    assert res.edges().empty
    assert res.heterogeneity().empty
    assert "Notes" in str(res.summary())

"""Responses outside the support, separation, weights, huge offsets, and fits that do not end well."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import contextstats as cs

N = 300
COVARIANCES = ("bayes", "nonrobust", "HC0", "HC1", "HC2", "HC3", "cluster")


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=N), "age": rng.uniform(20, 70, N), "g": rng.choice(["u", "v", "w"], N)})
    frame["y"] = 0.5 + frame["x"] + rng.normal(size=N)
    frame["count"] = rng.poisson(np.exp(0.3 + 0.4 * frame["x"]))
    frame["event"] = (rng.uniform(size=N) < 1 / (1 + np.exp(-frame["x"]))).astype(float)
    frame["amount"] = rng.gamma(3.0, np.exp(0.3 * frame["x"]))
    frame["split"] = (frame["x"] > 0).astype(float)
    frame["quasi"] = np.where(frame["g"] == "w", 1.0, frame["event"])
    frame["none_in_w"] = np.where(frame["g"] == "w", 0, frame["count"])
    frame["paid"] = np.where(frame["g"] == "w", 0.0, frame["amount"])
    frame["cluster"] = np.arange(N) // 10
    frame.index = [f"r{i}" for i in range(N)]
    return frame


def fit(data, formula, context=None, *, cov_type="bayes", fit_options=None, **options):
    keywords = {"groups": data["cluster"]} if cov_type == "cluster" else None
    model = cs.glm(formula, context=context, data=data, **options)
    return model.fit(cov_type=cov_type, cov_kwds=keywords, **(fit_options or {}))


def fails(*parts, call):
    with pytest.raises(cs.DataError) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)


def quietly(call):
    """Result and messages."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    return result, [str(one.message) for one in caught]


def text_of(res):
    return " ".join(str(res.summary()).split())


# --- support -----------------------------------------------------------------------------------------------------


def test_classes_coded_1_and_2(data):
    parts = ("k must be 0 or 1 when family='binomial', but is coded 1 and 2", "k == 2")
    coded = data.assign(k=data["event"] + 1)
    fails(*parts, call=lambda: fit(coded, "k ~ x", family="binomial"))
    fails("coded 1 and 2", call=lambda: cs.ContextualGLM(coded["k"], coded[["x"]], family="binomial"))


@pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
def test_negative_counts(family, data):
    bad = data["count"].where(data.index != "r4", -2)
    parts = ("count must be a non-negative count", f"family='{family}'; 1 of 300", "row r4, value -2", "Recode or drop")
    fails(*parts, call=lambda: fit(data.assign(count=bad), "count ~ x", family=family))
    fails("must be a non-negative count", "row r4", call=lambda: cs.ContextualGLM(bad, data[["x"]], family=family))


@pytest.mark.parametrize("family", ["gamma", "inverse_gaussian"])
@pytest.mark.parametrize("value", [0.0, -1.0])
def test_amounts_that_are_not_positive(family, value, data):
    bad = data.assign(amount=data["amount"].where(data.index != "r4", value))
    parts = ("amount must be positive", family, "row r4", f"value {value:g}", "tweedie takes exact zeros")
    fails(*parts, call=lambda: fit(bad, "amount ~ x", family=family))


def test_counts_that_are_not_whole(data):
    half = data.assign(half=data["count"] + np.where(data.index == "r4", 0.5, 0.0))
    res, messages = quietly(lambda: fit(half, "half ~ x", family="poisson"))
    assert len(messages) == 1
    for part in ("half should be whole numbers", "1 of 300 rows", "row r4", "cov_type='HC1'"):
        assert part in messages[0]
        assert part in text_of(res)
    assert_allclose(res.fittedvalues.sum(), half["half"].sum(), rtol=1e-8)


# --- separation --------------------------------------------------------------------------------------------------

SEPARATED = {
    "complete": ("split ~ x", None, "binomial", "x"),
    "complete, probit": ("split ~ x", None, cs.families.Binomial("probit"), "x"),
    "complete, smooth": ("split ~ x", "s(age)", "binomial", "x"),
    "quasi": ("quasi ~ x + g", None, "binomial", "g[T.w]"),
    "quasi in a context": ("quasi ~ x", {"Intercept": "g"}, "binomial", "g[T.w]"),
    "no counts": ("none_in_w ~ x + g", None, "poisson", "g[T.w]"),
    "no counts, alpha": ("none_in_w ~ x + g", None, cs.families.NegativeBinomial(alpha=0.5), "g[T.w]"),
    "no amounts": ("paid ~ x + g", None, cs.families.Tweedie(power=1.5), "g[T.w]"),
}


@pytest.mark.parametrize("kind", COVARIANCES)
@pytest.mark.parametrize("case", SEPARATED)
def test_separation_is_named_and_has_no_small_standard_error(case, kind, data):
    formula, context, family, name = SEPARATED[case]
    res, messages = quietly(lambda: fit(data, formula, context, family=family, cov_type=kind))
    (message,) = messages
    for part in ("(quasi-)separated", "no finite maximum in", name, "Drop the term, merge levels, or penalise"):
        assert part in message
    assert "(quasi-)separated" in text_of(res)
    assert res.bse[name] > 100
    assert res.pvalues[name] > 0.8
    low, high = res.conf_int().loc[name]
    assert low < -100 < 100 < high


@pytest.mark.parametrize("kind", COVARIANCES)
def test_other_coefficients_keep_their_standard_errors(kind, data):
    """What can be estimated is as in a fit without the separated level."""
    res, _ = quietly(lambda: fit(data, "none_in_w ~ x + g", family="poisson", cov_type=kind))
    rest = data[data["g"] != "w"]
    alone = fit(rest, "none_in_w ~ x + g", family="poisson", cov_type=kind)
    known = ["Intercept", "x", "g[T.v]"]
    assert_allclose(res.params[known], alone.params, rtol=1e-6)
    assert_allclose(res.bse[known], alone.bse, rtol=0.03 if kind in ("HC1", "cluster") else 1e-4)


@pytest.mark.parametrize("method", ["newton", "lbfgs"])
@pytest.mark.parametrize("context", [None, "s(age)"])
@pytest.mark.parametrize(("family", "value"), [("binomial", 0.0), ("binomial", 1.0), ("poisson", 0.0)])
def test_all_responses_at_the_edge(family, value, context, method, data):
    res, messages = quietly(
        lambda: fit(data.assign(y=value), "y ~ x", context, family=family, fit_options={"method": method})
    )
    assert f"y is {value:g} in every row: the likelihood has no finite maximum" in messages[0]
    assert "300 fitted means are" in messages[1]
    assert "Intercept" in messages[1]
    assert (res.bse[["Intercept", "x"]] > 100).all()
    assert (res.pvalues[["Intercept", "x"]] > 0.8).all()
    assert "in every row" in text_of(res)


def test_a_strong_effect_that_is_known_is_no_separation():
    rng = np.random.default_rng(1)
    x = rng.uniform(-30, 4, 3000)
    frame = pd.DataFrame({"x": x, "y": rng.poisson(np.exp(x)), "cluster": np.arange(3000) // 10})
    for kind in ("bayes", "HC1"):
        res, messages = quietly(lambda kind=kind: fit(frame, "y ~ x", family="poisson", cov_type=kind))
        assert messages == []
        assert res.fittedvalues.min() < 1e-10
        assert_allclose(res.params["x"], 1.0, atol=5 * res.bse["x"])
        assert res.bse["x"] < 0.05


def test_shrunken_levels_are_a_remedy(data):
    res, messages = quietly(lambda: fit(data, "none_in_w ~ 1", "s(g, bs='re')", family="poisson"))
    assert messages == []
    assert (res.bse < 10).all()


# --- weights -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*COVARIANCES, "bayes_conditional"])
@pytest.mark.parametrize("weights", ["freq_weights", "var_weights"])
@pytest.mark.parametrize("context", [None, "s(age)"])
def test_zero_weights_are_no_rows(context, weights, kind, data):
    zero = np.arange(N) % 3 == 0
    given = np.where(zero, 0.0, 1.5)
    res = fit(data, "amount ~ x", context, family="gamma", cov_type=kind, **{weights: given})
    rest = fit(data[~zero], "amount ~ x", context, family="gamma", cov_type=kind, **{weights: given[~zero]})
    assert_allclose(res.bse, rest.bse, rtol=1e-12)
    assert_allclose(res.params, rest.params, rtol=1e-12)
    assert res.nobs == rest.nobs
    assert "100 rows were dropped for missing values or zero weight (zero weight: 100)" in text_of(res)


# --- offsets -----------------------------------------------------------------------------------------------------

LINKS = {
    "identity": ("y", "gaussian"),
    "log": ("count", "poisson"),
    "log, gamma": ("amount", cs.families.Gamma("log")),
    "logit": ("event", "binomial"),
    "probit": ("event", cs.families.Binomial("probit")),
}


@pytest.mark.parametrize("offset", [-800.0, 800.0])
@pytest.mark.parametrize("context", [None, "s(age)"])
@pytest.mark.parametrize("link", LINKS)
def test_a_constant_offset_moves_the_intercept_alone(link, context, offset, data):
    response, family = LINKS[link]
    plain = fit(data, f"{response} ~ x", context, family=family)
    moved, messages = quietly(lambda: fit(data, f"{response} ~ x", context, family=family, offset=np.full(N, offset)))
    assert messages == []
    assert_allclose(moved.params["Intercept"], plain.params["Intercept"] - offset, rtol=1e-11)
    assert_allclose(moved.params["x"], plain.params["x"], rtol=1e-8)
    assert_allclose(moved.bse[["Intercept", "x"]], plain.bse[["Intercept", "x"]], rtol=1e-5)
    assert_allclose(moved.fittedvalues, plain.fittedvalues, rtol=1e-7)
    assert_allclose([moved.llf, moved.deviance, moved.llnull], [plain.llf, plain.deviance, plain.llnull], rtol=1e-8)


@pytest.mark.parametrize("kind", ["bayes", "HC0"])
@pytest.mark.parametrize("method", ["newton", "lbfgs"])
@pytest.mark.parametrize(
    ("response", "family", "sign"), [("count", "poisson", -1), ("event", "binomial", -1), ("event", "binomial", 1)]
)
def test_an_offset_that_decides_some_rows_is_no_separation(response, family, sign, method, kind, data):
    """Rows whose mean the offset alone puts at the edge, where the response is too: they count for nothing."""
    decided = np.arange(N) < 50
    changed = data.assign(**{response: np.where(decided, max(sign, 0), data[response])})
    offset = np.where(decided, 800.0 * sign, 0.0)
    options = {"family": family, "cov_type": kind, "fit_options": {"method": method}}
    res, messages = quietly(lambda: fit(changed, f"{response} ~ x", offset=offset, **options))
    rest = fit(changed[~decided], f"{response} ~ x", **options)
    assert messages == []
    assert_allclose(res.params, rest.params, rtol=1e-5)
    assert_allclose(res.bse, rest.bse, rtol=1e-5)


@pytest.mark.parametrize("offset", [-800.0, 800.0])
def test_separation_is_seen_beside_an_offset(offset, data):
    options = {"family": "poisson", "offset": np.full(N, offset)}
    res, messages = quietly(lambda: fit(data, "none_in_w ~ x + g", **options))
    assert "no finite maximum in g[T.w]; its" in messages[0]
    assert res.bse["g[T.w]"] > 100
    assert res.bse["Intercept"] < 1


@pytest.mark.parametrize("context", [None, "s(age)"])
def test_offsets_without_finite_means(context, data):
    """Counts with a mean of exp(800) in some rows: an error, or a fit that says it did not converge."""
    offset = np.where(np.arange(N) < 50, 800.0, 0.0)
    found = ""
    try:
        res, messages = quietly(lambda: fit(data, "count ~ x", context, family="poisson", offset=offset))
    except cs.DataError as error:
        found = str(error)
    if found:
        assert "No coefficients with a finite deviance" in found
        assert "huge offsets" in found
    else:
        assert not res.converged
        assert "did not converge" in messages[0]


# --- fits that do not end well -----------------------------------------------------------------------------------


@pytest.mark.parametrize("context", [None, "s(age)"])
def test_no_convergence_is_said_once_in_the_summary_and_in_converged(context, data):
    res, messages = quietly(lambda: fit(data, "count ~ x", context, family="poisson", fit_options={"maxiter": 1}))
    assert len(messages) == 1
    assert "did not converge: the limit on iterations was reached; raise maxiter" in messages[0]
    assert res.converged is False
    assert res.mle_retvals["termination"] == "iteration_limit"
    assert "did not converge: the limit on iterations" in text_of(res)
    with pytest.warns(cs.ConvergenceWarning):
        fit(data, "count ~ x", context, family="poisson", fit_options={"maxiter": 1})


def test_an_error_in_the_progress_callback_propagates(data):
    calls = []

    def stop(iteration, value, gradient):
        calls.append(iteration)
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match=r"^enough$"):
        fit(data, "count ~ x", "s(age)", family="poisson", fit_options={"progress": stop})
    assert len(calls) == 1
    assert fit(data, "count ~ x", "s(age)", family="poisson").converged


@pytest.mark.parametrize("case", ["newton", "lbfgs"])
def test_an_interrupt_ends_the_fit_within_a_second(case, data):
    rng = np.random.default_rng(0)
    n = 1_000_000
    x = np.column_stack([np.ones(n), rng.normal(size=(n, 4))])
    contexts = rng.uniform(size=(n, 2))
    model = cs.ContextualGLM(rng.poisson(np.exp(0.2 * x[:, 1])), x, contexts, family="poisson")
    before = threading.active_count()
    assert min(_seconds_until_interrupted(model, case) for _ in range(3)) < 1.0
    assert threading.active_count() == before
    assert_array_equal(fit(data, "count ~ x", "s(age)", family="poisson").converged, True)


def test_an_interrupt_between_passes_over_the_rows_ends_the_fit_within_a_second():
    """With 1600 coefficients the algebra that follows a pass takes seconds: it asks for Ctrl-C too."""
    rng = np.random.default_rng(0)
    x, contexts = rng.normal(size=(8000, 40)), rng.uniform(size=(8000, 2))
    y = rng.binomial(1, 1 / (1 + np.exp(-x[:, 0] * contexts[:, 0])))
    model = cs.ContextualGLM(y, x, contexts, encoder=cs.Additive(k=20), family="binomial")
    assert min(_seconds_until_interrupted(model, "newton", after_a_pass=True) for _ in range(3)) < 1.0


def _seconds_until_interrupted(model, method, *, after_a_pass=False):
    """Fit again and again, so that a fit is running when Ctrl-C comes, however fast the machine is."""
    sent = []

    def interrupt():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.1 if after_a_pass else 1.0, interrupt)

    def start_once(*_):
        if timer.ident is None:
            timer.start()

    give_up = time.monotonic() + 30
    # R, where another test started it in this process, has taken the signal from Python.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if not after_a_pass:
            start_once()
        while time.monotonic() < give_up:
            model.fit(method=method, progress=start_once)
    except KeyboardInterrupt:
        return time.monotonic() - sent[0]
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
    return math.inf

"""Reference degrees of freedom of the Wald tests of varying terms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import contextstats as cs


@pytest.fixture(scope="module")
def model() -> cs.ContextualGLM:
    rng = np.random.default_rng(11)
    frame = pd.DataFrame({"x": rng.normal(size=600), "a": rng.uniform(size=600), "b": rng.uniform(size=600)})
    frame["y"] = frame["x"] * 0.1 * np.sin(3 * frame["a"]) + rng.normal(size=600)
    return cs.glm("y ~ x", "s(a) + s(b)", frame)


@pytest.fixture(scope="module")
def two_smooths(model: cs.ContextualGLM) -> cs.GLMResults:
    return model.fit()


def ref_df(res: cs.GLMResults, context: str) -> float:
    table = res.heterogeneity().set_index(["predictor", "context"])
    return float(table.loc[("x", context), "ref_df"])


def test_one_term_has_those_of_known_smoothing_parameters(two_smooths: cs.GLMResults) -> None:
    res = two_smooths
    f = res.estimates.conditional @ res.estimates.gram / res.estimates.scale
    for block in res.design.blocks:
        if block.term is not None and block.predictor == 1:
            known = np.diag(2 * f - f @ f)[block.start : block.stop].sum()
            assert ref_df(res, block.term.label) == pytest.approx(known, rel=1e-8)


def test_several_terms_together_have_those_that_allow_for_estimated_ones(two_smooths: cs.GLMResults) -> None:
    res = two_smooths
    corrected = np.diag(res.estimates.corrected @ res.estimates.gram) / res.estimates.scale
    columns = np.concatenate([np.arange(b.start, b.stop) for b in res.design.blocks if b.term and b.predictor == 1])
    assert ref_df(res, "any") == pytest.approx(corrected[columns].sum(), rel=1e-8)
    assert ref_df(res, "any") > ref_df(res, "s(a)") + ref_df(res, "s(b)")


def test_given_smoothing_parameters_are_known(model: cs.ContextualGLM, two_smooths: cs.GLMResults) -> None:
    names, values = two_smooths.design.penalty_names, two_smooths.fit.smoothing_parameters
    known = model.fit(smoothing=dict(zip(names, values, strict=True)))
    assert ref_df(known, "any") == pytest.approx(ref_df(known, "s(a)") + ref_df(known, "s(b)"), rel=1e-8)

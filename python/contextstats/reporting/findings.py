"""What a fit says, in sentences a reader can quote."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from contextstats.results.summary_notes import has_context
from contextstats.results.tidy import records
from contextstats.results.wording import (
    count,
    decimals_for,
    family_name,
    general,
    linked,
    listing,
    p_phrase,
    percent,
    rounded,
)

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults

_LEVEL = 0.05
_OVERDISPERSED = 1.5
_CONCURVE = 0.9


def model_in_words(res: GLMResults) -> str:
    """Response, scale, predictors, contexts, family and rows, in two sentences."""
    design = res.design
    predictors = [name for name in design.x_names if name != "Intercept"]
    additive = f"the effects of {listing(predictors, 6)}" if predictors else "a baseline alone"
    contexts = sorted({name for block in design.blocks if block.term for name in block.term.variables})
    varying = f", which may vary with {listing(contexts, 6)}" if contexts else ""
    link = res.family.link_name.replace("_", " ")
    scale = "" if link == "identity" else f", on the {link} scale,"
    known = {"negative_binomial": "dispersion alpha", "tweedie": "variance power"}.get(res.family.core_name)
    parameter = f" ({known} = {general(res.family.parameter, 4)})" if known else ""
    return (
        f"The mean of {design.y_name}{scale} is modelled by {additive}{varying}. "
        f"{family_name(res.family.core_name)} family{parameter}, {link} link; "
        f"{count(res.nobs, 'observation')}."
    )


def population_sentence(res: GLMResults) -> str:
    """The omnibus test in words; empty where no coefficient can vary."""
    if not has_context(res):
        return ""
    test = res.test_population()
    if math.isnan(test.p_value):
        return "The omnibus test against constant coefficients could not be computed."
    verdict = (
        "The data speak against a model in which no coefficient varies"
        if test.p_value < _LEVEL
        else "The data are compatible with a model in which no coefficient varies"
    )
    return f"{verdict}: {p_phrase(test.p_value)} ({_lower(test.method)})."


def effect_sentences(res: GLMResults) -> dict[str, str]:
    """For each predictor that may vary, whether it does, with what, by how much, and its average."""
    table = res.heterogeneity()
    averages = res.average_effects().set_index("term")
    coefficients = res.coefficient_array()
    return {
        str(predictor): _effect_sentence(
            res,
            str(predictor),
            table[table["predictor"] == predictor],
            averages.loc[predictor],
            coefficients[:, list(res.design.x_names).index(predictor)],
        )
        for predictor in table["predictor"].unique()
    }


def ratio_name(res: GLMResults) -> str:
    """What exp(effect) is called; empty where it is nothing."""
    if res.family.link_name == "logit":
        return "odds ratio"
    if res.family.link_name == "log":
        counts = res.family.core_name in ("poisson", "negative_binomial")
        return "rate ratio" if counts else "ratio of means"
    return ""


def warnings_in_words(res: GLMResults) -> list[str]:
    """What puts the tests in doubt: no convergence, counts that vary too much, confounded terms."""
    found = []
    if not res.converged:
        found.append("The fit did not converge. Do not interpret its estimates and standard errors.")
    dispersion = res.pearson_chi2 / res.df_resid if res.df_resid > 0 else math.nan
    if res.family.core_name == "poisson" and dispersion > _OVERDISPERSED:
        found.append(
            "Counts vary more than a Poisson model allows: Pearson's statistic is "
            f"{dispersion:.1f} per degree of freedom "
            "where 1 is expected. Standard errors are too small and tests reject too often. "
            "Consider the negative binomial family or a robust covariance."
        )
    concurvity = res.concurvity()
    imitated = concurvity[(concurvity["estimate"] > _CONCURVE) & (concurvity["term"] != "parametric")]
    if len(imitated):
        found.append(
            f"{listing(map(str, imitated['term']), 4)} can largely be imitated by the other terms "
            "(concurvity above "
            f"{_CONCURVE:g}): which of them varies is hard to tell from these data."
        )
    return found


def _effect_sentence(
    res: GLMResults, predictor: str, rows: pd.DataFrame, average: pd.Series, values: np.ndarray
) -> str:
    overall = rows[rows["context"] == "any"].iloc[0]
    terms = rows[rows["context"] != "any"]
    contexts = listing(dict.fromkeys(_variables(res, str(label)) for label in terms["context"]), 5)
    tests = [float(overall["p_value"]), float(overall["score_p_value"])]
    numbers = [f"{p_phrase(p)} ({name})" for p, name in zip(tests, ("Wald", "score"), strict=True) if not math.isnan(p)]
    decided = {p < _LEVEL for p in tests if not math.isnan(p)}
    what = _subject(res, predictor)
    if not decided:
        first = f"Whether {what} varies with {contexts} could not be tested."
    elif decided == {True}:
        first = f"{_upper(what)} varies with {contexts}: {' and '.join(numbers)}."
    elif decided == {False}:
        first = f"There is no clear evidence that {what} varies with {contexts}: {' and '.join(numbers)}."
    else:
        first = f"The tests disagree on whether {what} varies with {contexts}: {' and '.join(numbers)}."
    parts = [first]
    if len(terms) > 1 and decided == {True}:
        shares = [f"{_variables(res, str(row.context))} accounts for {percent(row.share)}" for row in records(terms)]
        parts.append(f"Of its variance over the rows, {listing(shares, 5)}.")
    return " ".join([*parts, _size(res, predictor, average, values)])


def _size(res: GLMResults, predictor: str, average: pd.Series, values: np.ndarray) -> str:
    """Average with its interval, as a ratio where that has a name, and the range over most rows."""
    places = decimals_for(float(average["std_error"]))
    mean, lower, upper = (rounded(float(average[name]), places) for name in ("estimate", "conf_low", "conf_high"))
    low, high = (rounded(float(q), places) for q in np.nanquantile(values, [0.05, 0.95]))
    ratio = ratio_name(res) if predictor != "Intercept" else ""
    as_ratio = (
        f", {'an' if ratio[0] == 'o' else 'a'} {ratio} of {general(float(np.exp(average['estimate'])), 3)}"
        if ratio
        else ""
    )
    return (
        f"On average it is {mean} (95% interval {lower} to {upper}{as_ratio}); for the middle 90% "
        "of the rows it lies "
        f"between {low} and {high}."
    )


def _variables(res: GLMResults, label: str) -> str:
    """The contexts of a term, without the way they enter."""
    for block in res.design.blocks:
        if block.term is not None and block.term.label == label:
            return " × ".join(block.term.variables)
    return label


def _subject(res: GLMResults, predictor: str) -> str:
    response = linked(res.family.link_name, res.design.y_name)
    return f"the baseline {response}" if predictor == "Intercept" else f"the effect of {predictor} on {response}"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]

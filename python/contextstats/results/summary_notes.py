"""The notes under a summary: what happened to the data and the fit, and what the columns mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults

COVARIANCES = {
    "bayes": "the Bayesian posterior covariance, averaged over the smoothing parameters",
    "bayes_corrected": "the Bayesian posterior covariance, corrected to first order for the smoothing parameters",
    "bayes_conditional": "the Bayesian posterior covariance, taking the smoothing parameters as known",
    "nonrobust": "the sampling covariance under the model",
    "HC0": "the sandwich covariance HC0, robust to a wrong variance function",
    "HC1": "the sandwich covariance HC1 (HC0 times n / (n - edf)), robust to a wrong variance function",
    "HC2": "the sandwich covariance HC2 (residuals scaled by leverage), robust to a wrong variance function",
    "HC3": "the sandwich covariance HC3 (leave-one-out residuals), robust to a wrong variance function",
    "cluster": "the sandwich covariance of cluster sums, robust to dependence between the rows of a cluster",
}
"""What each covariance type is, as the end of the sentence "Standard errors come from ..."."""

_INFORMATION = {
    "observed": "the observed information (the curvature of the log-likelihood at the estimates)",
    "expected": "the expected information (Fisher's)",
}


def notes(res: GLMResults) -> tuple[str, ...]:
    """All notes of a fit as full sentences: first its own, then how to read the tables."""
    return tuple(dict.fromkeys([*res.notes, covariance_note(res), *reading_notes(res)]))


def covariance_note(res: GLMResults) -> str:
    """Say which covariance and which information the standard errors come from."""
    covariance = COVARIANCES.get(res.cov_type, f"the covariance of type {res.cov_type}")
    information = _INFORMATION[res.estimates.information]
    return f"Standard errors come from {covariance}, with {information}."


def reading_notes(res: GLMResults) -> tuple[str, ...]:
    """What the columns of the varying block mean; nothing for a model without context."""
    if not has_context(res):
        return ()
    kinds = {block.term.kind for block in res.design.blocks if block.term is not None}
    average = "Where contexts are smooth, a coefficient is the average effect over the rows of the data."
    if kinds & {"linear", "factor"}:
        average += (
            " A linear or factor context has coefficients of its own; that of the predictor is "
            "then the effect where "
            "these contexts are zero or at their first level."
        )
    assumed = " It takes the rows as independent, with the variance of the family." if is_robust(res) else ""
    return (
        average,
        "p-value: Wald test that the term is zero. score p: variance-component score test that the "
        "effect does not "
        f"vary with the context.{assumed} share: part of the variance of the effect over the rows "
        "that the term "
        "accounts for.",
    )


def is_robust(res: GLMResults) -> bool:
    """Whether the standard errors allow for a wrong variance or for dependence."""
    return res.cov_type == "cluster" or res.cov_type.startswith("HC")


def has_context(res: GLMResults) -> bool:
    """Whether any coefficient may vary."""
    return any(block.term is not None for block in res.design.blocks)

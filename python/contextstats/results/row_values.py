"""One number for each row of a fit: what is kept, and what is computed when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contextstats.algorithms.joint import Floats, core_loss, prior_weights
from contextstats.design import Design
from contextstats.families import Family
from contextstats.results.chunks import chunks


@dataclass(frozen=True)
class RowValues:
    """What a fit keeps of each row.

    Attributes
    ----------
    eta, mu : (n,) array
        Linear predictor, offset included, and mean.
    """

    eta: Floats
    mu: Floats


@dataclass(frozen=True)
class RowDerivatives:
    """What a row says about its linear predictor.

    Attributes
    ----------
    score : (n,) array
        Derivative of the row's log-likelihood in eta at scale one; variance weights and trials included,
        frequency weights not.
    weight : (n,) array
        Expected information of the row about eta, all prior weights included.
    """

    score: Floats
    weight: Floats


def row_values(family: Family, eta: Floats, threads: int) -> RowValues:
    """Means of the rows."""
    return RowValues(eta, eta if family.link_name == "identity" else core_loss(family).mean(eta, threads))


def row_derivatives(design: Design, family: Family, eta: Floats) -> RowDerivatives:
    """Differentiate the log-likelihood of each row of a design."""
    loss = core_loss(family)
    prior, var_weight = prior_weights(design)
    score, weight = np.empty_like(eta), np.empty_like(eta)
    for part in chunks(len(eta)):
        columns = loss.evaluate(design.y[part], eta[part])
        score[part] = columns[:, 1] * var_weight[part]
        weight[part] = columns[:, 3] * prior[part]
    return RowDerivatives(score, weight)


def unit_deviance(design: Design, family: Family, eta: Floats) -> Floats:
    """Contribution of each row to the deviance for a prior weight of one."""
    loss, deviance = core_loss(family), np.empty_like(eta)
    for part in chunks(len(eta)):
        deviance[part] = loss.evaluate(design.y[part], eta[part])[:, 0]
    return deviance

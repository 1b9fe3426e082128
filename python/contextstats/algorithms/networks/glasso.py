"""The graphical lasso of scikit-learn, for the whole sample or for each group."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from contextstats.algorithms.networks.problem import Floats
from contextstats.design.networks import NetworkData
from contextstats.errors import ContextstatsError, OptionError


@dataclass(frozen=True)
class GlassoFit:
    """Means and sparse precisions of the standardised variables, by group.

    Attributes
    ----------
    means : (G, p) array
    precisions : (G, p, p) array
    penalties : (G,) array
    """

    means: Floats
    precisions: Floats
    penalties: Floats


def fit_glasso(data: NetworkData, alpha: Any) -> GlassoFit:
    """Graphical lasso with a given penalty, or with one chosen by cross-validation ("cv").

    Raises
    ------
    OptionError
        If the context is not a single factor, or the penalty has no meaning.
    ContextstatsError
        If scikit-learn is not installed.
    """
    terms = [block.term for block in data.blocks if block.term is not None]
    if len(terms) > 1 or any(term.kind != "factor" for term in terms):
        raise OptionError(
            f"method='glasso' is for the whole sample or for groups, but the context is {data.context_text}. Use one "
            "categorical context, or method='neighborhood' with sparsity='bic'."
        )
    number = isinstance(alpha, int | float) and not isinstance(alpha, bool)
    if not (alpha == "cv" or (number and alpha >= 0)):
        raise OptionError(f"alpha must be 'cv' or a number that is not negative, but is {alpha!r}.")
    codes = data.contexts[:, 0].astype(np.intp) if terms else np.zeros(data.n_rows, dtype=np.intp)
    groups = [data.z[codes == code] for code in range(codes.max() + 1)]
    found = [_fit_group(rows, alpha) for rows in groups]
    return GlassoFit(
        means=np.array([rows.mean(axis=0) for rows in groups]),
        precisions=np.array([precision for precision, _ in found]),
        penalties=np.array([penalty for _, penalty in found]),
    )


def _fit_group(rows: Floats, alpha: Any) -> tuple[Floats, float]:
    try:
        sklearn = import_module("sklearn.covariance")
    except ImportError as error:
        raise ContextstatsError(
            "This needs the package scikit-learn, which is not installed. Install it with: "
            'pip install "contextstats[networks]"'
        ) from error
    if alpha == "cv":
        model = sklearn.GraphicalLassoCV().fit(rows)
        return model.precision_, float(model.alpha_)
    _, precision = sklearn.graphical_lasso(np.cov(rows.T, bias=True), float(alpha))
    return precision, float(alpha)

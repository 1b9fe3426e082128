"""A Bayesian network fitted again to other rows: how far its edges move, and which are found again."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from contextstats.algorithms.networks.dag_problem import StructuralProblem
from contextstats.algorithms.networks.dag_search import SearchOptions, search_stable
from contextstats.design.columns import Floats
from contextstats.encoders.archetypes import Archetypes
from contextstats.errors import ConvergenceWarning, DataError, OptionError
from contextstats.results.networks.bayesian import BayesianNetworkResults
from contextstats.results.networks.factors import FactorNetworkResults

if TYPE_CHECKING:
    from contextstats.models.bayesian_network import BayesianNetwork

Rows = NDArray[np.intp]
_CONTEXTS = 200  # of the fit, at which graphs that change with context are compared


def refits(model: BayesianNetwork, rows: Iterator[Rows], n: int, **options: Any) -> Iterator[BayesianNetworkResults]:
    """Fits of the model, with the context basis of all rows, to some rows each.

    Warns
    -----
    ConvergenceWarning
        If the model cannot be fitted to some of them; these are left out.

    Raises
    ------
    DataError
        If it cannot be fitted to most of them.
    """
    failed = []
    for some in rows:
        own = copy.copy(model)
        own.data = replace(
            model.data,
            z=np.asfortranarray(model.data.z[some]),
            contexts=np.asfortranarray(model.data.contexts[some]),
            row_labels=pd.RangeIndex(len(some)),
        )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                res = own.fit(**options)
        except DataError as error:
            failed.append(error)
            if len(failed) > n / 2:
                raise
            continue
        yield res
    if failed:
        warnings.warn(
            f"{len(failed)} of {n} refits had no unique solution and are left out. First: {failed[0]}",
            ConvergenceWarning,
            stacklevel=4,
        )


def bootstrap_edges(
    model: BayesianNetwork, context: Any, *, n: int, level: float, seed: int | None, **options: Any
) -> pd.DataFrame:
    """Standard errors and normal intervals of every edge; see :meth:`BayesianNetwork.bootstrap`."""
    if n < 2:
        raise OptionError(f"n must be at least 2, but is {n}.")
    if not 0 < level < 1:
        raise OptionError(f"level must lie between 0 and 1, but is {level!r}.")
    if context is None:
        contexts: Floats = model.data.typical_context()
        labels: Any = ["typical"]
    else:
        contexts, labels, _ = model.data.contexts_of(context)
    rng, size = np.random.default_rng(seed), model.data.n_rows
    estimate = _edges(model.fit(**options), contexts)
    drawn = (rng.integers(size, size=size) for _ in range(n))
    found = np.array([_edges(res, contexts) for res in refits(model, drawn, n, **options)])
    row, i, j = np.nonzero((estimate != 0) | (found != 0).any(axis=0))
    names = np.asarray(model.nodes, dtype=object)
    found = found[:, row, i, j]
    error = found.std(axis=0, ddof=1)
    half = special.ndtri((1 + level) / 2) * error
    columns = {
        "row": np.asarray(labels)[row],
        "source": names[i],
        "target": names[j],
        "estimate": estimate[row, i, j],
        "std_error": error,
        "conf_low": estimate[row, i, j] - half,
        "conf_high": estimate[row, i, j] + half,
        "frequency": (found != 0).mean(axis=0),
    }
    return pd.DataFrame(columns)


def stable_edges(model: BayesianNetwork, options: SearchOptions, n: int, *, fraction: float) -> pd.DataFrame:
    """How often an edge is found in a share of the rows; see :meth:`BayesianNetwork.stability`."""
    if not 0 < fraction < 1:
        raise OptionError(f"fraction must lie between 0 and 1, but is {fraction}. Half of the rows is 0.5.")
    rng, size = np.random.default_rng(options.seed), model.data.n_rows
    picked = [rng.permutation(size)[: round(fraction * size)] for _ in range(n)]
    if model.acyclicity == "per_sample" or isinstance(model.encoder, Archetypes) or model.groups is not None:
        share = _shares_of_fits(model, picked, options)
    else:
        share = _shares_of_searches(model, picked, options)
    names = np.asarray(model.nodes, dtype=object)
    i, j = np.nonzero(share)
    table = pd.DataFrame(
        {"source": names[i], "target": names[j], "frequency": share[i, j], "either": (share + share.T)[i, j]}
    )
    return table.sort_values("frequency", ascending=False, kind="stable", ignore_index=True)


def _shares_of_searches(model: BayesianNetwork, rows: list[Rows], options: SearchOptions) -> Floats:
    """Share of the searches for one graph, each with the context basis of all rows, that find an edge: (p, p)."""

    def sample(k: int) -> StructuralProblem:
        weights = np.zeros(model.data.n_rows)
        weights[rows[k]] = 1.0
        return StructuralProblem.of(model.data, options.threads, weights)

    return search_stable(sample, model.rules, options, len(rows))


def _shares_of_fits(model: BayesianNetwork, rows: list[Rows], options: SearchOptions) -> Floats:
    """Share of the fits, and of the contexts, in which an edge is there: (p, p)."""
    every = model.data.contexts
    contexts = every[np.unique(np.linspace(0, len(every) - 1, _CONTEXTS).astype(int))]
    asked = {name: getattr(options, name) for name in ("threshold", "sparsity", "seed", "threads")}
    found = [(_edges(res, contexts) != 0).mean(axis=0) for res in refits(model, iter(rows), len(rows), **asked)]
    return np.asarray(np.mean(found, axis=0))


def _edges(res: BayesianNetworkResults, contexts: Floats) -> Floats:
    """W(c) in the units of the variables, or of the scores, (n, p, p)."""
    if isinstance(res, FactorNetworkResults):
        res = res.factor_network
    scale = res.data.scale
    return res.equations.weights(contexts) * (scale[None, :] / scale[:, None])

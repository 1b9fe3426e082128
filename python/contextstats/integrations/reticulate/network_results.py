"""Everything that R's methods show of a network, as plain values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from contextstats.design.columns import Floats
from contextstats.inference.networks.pairs import node_pairs
from contextstats.integrations.reticulate.transport import Answer, packed, packed_table
from contextstats.results.networks.base import NetworkResults, slices
from contextstats.results.networks.bayesian import BayesianNetworkResults
from contextstats.results.networks.equations import GraphPerContext
from contextstats.results.networks.grid import contexts_along
from contextstats.results.networks.markov import GaussianResults

_PANELS = 3  # contexts at which a network is drawn
_POINTS = 100  # contexts of a curve
_VALUES = 4_000_000  # values of all curves along one context, at most


def describe_network(res: NetworkResults, *, tests: bool) -> Answer:
    """Describe a fit: edges at the typical context and along each context, the likelihood, and tests where asked."""
    data = res.data
    first, second = node_pairs(data.n_variables, directed=res.directed)
    return {
        "method": res.method,
        "title": res.title,
        "edge": res.edge_name,
        "directed": res.directed,
        "source": packed(first + 1),
        "target": packed(second + 1),
        "context_names": list(data.context_names),
        "edf": float(res.edf),
        "llf": res.llf,
        "converged": res.converged,
        "notes": [*data.notes, *res.notes],
        "typical": _with_edges(res, _named(res, data.typical_context())),
        "along": [_along(res, name) for name in data.context_names],
        **_tests(res, population=tests),
        **(_graph(res) if isinstance(res, BayesianNetworkResults) else {}),
    }


def packed_edges(res: NetworkResults, contexts: Floats) -> Answer:
    """Edges at rows of the context matrix on the scale on which they are normal, and their standard errors."""
    parts = [res.edge_values(contexts[part]) for part in slices(len(contexts))]
    value, error = (np.concatenate([getattr(part, name) for part in parts]) for name in ("value", "error"))
    return {"value": packed(value), "error": packed(error), "fisher": parts[0].fisher}


def _with_edges(res: NetworkResults, frame: pd.DataFrame) -> Answer:
    contexts = res.data.recipe.apply_contexts(frame).contexts
    return {"contexts": packed_table(frame), **packed_edges(res, contexts)}


def _named(res: NetworkResults, contexts: Floats) -> pd.DataFrame:
    """Rows of the context matrix as a frame, with a column of row numbers where there is no context."""
    frame = pd.DataFrame({"row": np.arange(1, len(contexts) + 1)})
    for k, name in enumerate(res.data.context_names):
        levels = res.data.context_levels.get(name)
        frame[name] = contexts[:, k] if levels is None else [levels[int(code)] for code in contexts[:, k]]
    return frame.drop(columns="row") if res.data.context_names else frame


def _along(res: NetworkResults, name: str) -> Answer:
    """What plots draw along one context: curves, and the network at some contexts."""
    count = res.data.n_variables * (res.data.n_variables - 1)
    points = int(np.clip(_VALUES // count, 2 * _PANELS, _POINTS))
    return {
        "context": name,
        "curve": _with_edges(res, contexts_along(res.data, name, points)),
        "panels": _with_edges(res, contexts_along(res.data, name, _PANELS, quantiles=True)),
    }


def _tests(res: NetworkResults, *, population: bool) -> Answer:
    """Tests of variation: those of a Bayesian network's edges come with the fit, all others read the rows again."""
    if population:
        return packed_tests(res)
    return _edge_tests(res) if isinstance(res, BayesianNetworkResults) else {}


def _edge_tests(res: NetworkResults) -> Answer:
    graphs = isinstance(res, BayesianNetworkResults) and isinstance(res.equations, GraphPerContext)
    if graphs or not res.data.context_names:
        return {}
    assert isinstance(res, GaussianResults | BayesianNetworkResults)
    return {"heterogeneity": packed_table(res.heterogeneity())}


def packed_tests(res: NetworkResults) -> Answer:
    """Which edges vary, and whether any does; nothing where no edge has such a test."""
    found = _edge_tests(res)
    if not found or not res.edges().size:
        return found
    test = res.test_population()
    described = {"statistic": test.statistic, "df": test.df, "p.value": test.p_value, "method": test.method}
    return {**found, "population_test": described}


def _graph(res: BayesianNetworkResults) -> Answer:
    described: dict[str, Any] = {"acyclicity": res.acyclicity, "variances": "equal" if res.equal_variances else "free"}
    if isinstance(res.equations, GraphPerContext):
        return described
    return {
        **described,
        "order": list(res.order),
        "parents": {name: list(parents) for name, parents in res.parents.items()},
        "directions": packed_table(res.directions()),
    }

"""Networks for the R package: fits, and what R's methods ask of a saved one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from contextstats.design.networks import NetworkData
from contextstats.encoders import Archetypes
from contextstats.errors import ContextstatsError, OptionError
from contextstats.integrations.reticulate.network_results import describe_network, packed_edges, packed_tests
from contextstats.integrations.reticulate.transport import (
    Answer,
    Request,
    context_frame,
    packed,
    packed_table,
    predictors_and_contexts,
    row_labels,
)
from contextstats.models import BayesianNetwork, CorrelationNetwork, MarkovNetwork
from contextstats.results import serialize
from contextstats.results.networks.base import NetworkResults
from contextstats.results.networks.bayesian import BayesianNetworkResults
from contextstats.results.networks.factors import FactorNetworkResults

_MODELS: dict[str, Callable[..., Any]] = {
    "markov": MarkovNetwork,
    "correlation": CorrelationNetwork,
    "bayesian": BayesianNetwork,
}


def fit_network(request: Request) -> Answer:
    """Fit a network to the variables and contexts of a request."""
    model = _model(request)
    res = model.fit(**_options(request["fit"]))
    kept = model.data.row_labels.get_indexer(res.data.row_labels)
    learning = len(kept) < model.data.n_rows  # the other rows learned hidden layers
    return {
        "estimation_rows": packed(kept + 1.0) if learning else None,
        **_described(res, request),
        **(_factors(res, request) if isinstance(res, FactorNetworkResults) else {}),
    }


def _described(res: NetworkResults, request: Request) -> Answer:
    return {**describe_network(res, tests=bool(request["tests"])), "state": _state(res)}


def _factors(res: FactorNetworkResults, request: Request) -> Answer:
    """The network between the factors, a fit of its own to scores, and what belongs to which factor."""
    network = res.factor_network
    return {
        "loadings": packed_table(res.loadings),
        "factor_network": {
            **_described(network, request),
            "names": list(network.names),
            "scores": packed(res.scores().to_numpy()),
        },
    }


def network_stability(request: Request) -> Answer:
    """How often each edge is found in parts of the rows."""
    model = _model(request)
    method = model.stability if isinstance(model, BayesianNetwork) else getattr(model, "stability_selection", None)
    if method is None:
        raise OptionError("Stability is for Markov networks by method='neighborhood', and for Bayesian networks.")
    return {"table": packed_table(method(**_options(request["options"])))}


def network_bootstrap(request: Request) -> Answer:
    """Standard errors of edges from fits to rows drawn with replacement."""
    context = _context_rows(request["at"]) if "at" in request else None
    fit = {name: value for name, value in _options(request["fit"]).items() if name not in ("seed", "progress")}
    return {"table": packed_table(_model(request).bootstrap(context, **_options(request["options"]), **fit))}


def _model(request: Request) -> Any:
    variables, contexts = predictors_and_contexts(request)
    sent = request.get("archetypes")
    encoder = request["context"] or None
    if sent is not None:
        encoder = Archetypes(encoder=encoder, **_options(sent))
    return _MODELS[request["kind"]](
        variables,
        contexts if len(contexts.columns) else None,
        encoder=encoder,
        missing="raise",
        **_options(request["model"]),
    )


def _options(sent: Request | list[Any]) -> dict[str, Any]:
    """Named options; an empty list of R arrives as a list."""
    return {name: value for name, value in dict(sent).items() if value is not None}


# ---- a saved fit -----------------------------------------------------------------------------------------------------


def network_edges(request: Request) -> Answer:
    """Edges with standard errors at the contexts of a request."""
    res = _results(request["state"])
    contexts, _, _ = res.data.contexts_of(_context_rows(request))
    return packed_edges(res, contexts)


def network_matrices(request: Request) -> Answer:
    """Matrices, or means, at the contexts of a request."""
    matrices = getattr(_results(request["state"]), request["what"])
    return {"values": packed(matrices(_context_rows(request), **_options(request["options"])))}


def network_log_density(request: Request) -> Answer:
    """Log-likelihood of each row of a request."""
    return {"values": packed(_results(request["state"]).loglike(*_rows(request)))}


def network_predict(request: Request) -> Answer:
    """Each variable of a Bayesian network from its parents."""
    res = _results(request["state"])
    assert isinstance(res, BayesianNetworkResults)
    return {"values": packed(res.predict(*_rows(request)))}


def network_simulate(request: Request) -> Answer:
    """Draw one row of variables for each context of a request."""
    res = _results(request["state"])
    return {"values": packed(res.simulate(_context_rows(request), seed=int(request["seed"])))}


def network_heterogeneity(request: Request) -> Answer:
    """Tests of variation, for the rows of the fit."""
    res = _results(request["state"])
    rows = res.data.recipe.apply(*_rows(request))
    data = replace(
        res.data, z=res.data.standardise(rows.x), contexts=np.asfortranarray(rows.contexts), row_labels=rows.row_labels
    )
    return packed_tests(replace(res, data=data))


def network_graphml(request: Request) -> Answer:
    """Write the network at one context as GraphML."""
    res = _results(request["state"])
    res.to_graphml(request["file"], _context_rows(request), q_max=request.get("q_max"))
    return {}


def _rows(request: Request) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    variables, contexts = predictors_and_contexts(request)
    return variables, contexts if len(contexts.columns) else None


def _context_rows(request: Request) -> pd.DataFrame:
    labels = row_labels(request["labels"], int(request["n"]))
    if not request["contexts"]:
        return pd.DataFrame({"row": np.arange(len(labels))}, index=labels)  # a network without context reads no column
    return context_frame(request["contexts"], labels)


def _state(res: NetworkResults) -> str:
    """Everything but the rows of the fit, as JSON."""
    return json.dumps(serialize.to_dict(without_rows(res)), allow_nan=False, separators=(",", ":"))


def without_rows(value: Any) -> Any:
    """A fit without the rows of its data; what it says at given contexts does not need them."""
    if isinstance(value, NetworkData):
        return replace(value, z=value.z[:0], contexts=value.contexts[:0], row_labels=pd.RangeIndex(0))
    if not is_dataclass(value):
        return value
    with_data = {"data", "equations", "scores", "gating"}.intersection(field.name for field in fields(value))
    parts = {name: getattr(value, name) for name in sorted(with_data)}
    return replace(value, **{name: without_rows(part) for name, part in parts.items()})  # type: ignore[type-var]


@lru_cache(maxsize=4)
def _results(state: str) -> NetworkResults:
    found = serialize.from_dict(json.loads(state))
    if not isinstance(found, NetworkResults):
        raise ContextstatsError("The saved state is not that of a network.")
    return found


ACTIONS: dict[str, Callable[[Request], Answer]] = {
    "fit_network": fit_network,
    "network_stability": network_stability,
    "network_bootstrap": network_bootstrap,
    "network_edges": network_edges,
    "network_matrices": network_matrices,
    "network_log_density": network_log_density,
    "network_predict": network_predict,
    "network_simulate": network_simulate,
    "network_heterogeneity": network_heterogeneity,
    "network_graphml": network_graphml,
}

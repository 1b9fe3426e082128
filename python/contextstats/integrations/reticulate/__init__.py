"""The Python side of the R package: requests and answers of plain values.

R's package `contextstats` calls :func:`call` and nothing else. A request and its answer are dicts of text, numbers,
lists and arrays, an array being a dict of its bytes, its shape and its type. That is all that crosses, because it
arrives unchanged with every version of R's reticulate, numpy and pandas. Missing values never cross: R has dropped
them. Errors and warnings are part of the answer, so that R can raise them as its own.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from contextstats import families
from contextstats._version import __version__
from contextstats.design import Design
from contextstats.design.matrix import Columns
from contextstats.errors import ContextstatsError
from contextstats.integrations.reticulate.interrupts import plain_interrupts
from contextstats.integrations.reticulate.networks import ACTIONS as _NETWORK_ACTIONS
from contextstats.integrations.reticulate.results import describe_results
from contextstats.integrations.reticulate.transport import (
    Answer,
    Request,
    array,
    context_frame,
    optional_array,
    packed,
    packed_table,
    predictors_and_contexts,
    row_labels,
)
from contextstats.models import ContextualGLM
from contextstats.results import serialize
from contextstats.results.diagnostics import concurvity_table, k_check_table
from contextstats.results.predictor import Predictor

_FAMILIES: dict[str, Callable[..., families.Family]] = dict(families.FAMILIES)


def call(action: str, request: Request) -> Answer:
    """Answer a request.

    Parameters
    ----------
    action : str
        One of "fit", "predict", "coefficients", "design_matrix", "concurvity", "k_check", or of the actions of
        :mod:`contextstats.integrations.reticulate.networks`.
    request : dict
        See the function of that name.

    Returns
    -------
    dict
        "value", "interrupted" or "error" (type, bases, message), and "warnings" (type, message).
    """
    answer: Answer = {}
    with plain_interrupts(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answer["value"] = _ACTIONS[action](request)
        except KeyboardInterrupt:
            answer["interrupted"] = True
        except Exception as error:  # noqa: BLE001  # R raises it again, whatever it is
            answer["error"] = _described(error)
    answer["warnings"] = [{"type": one.category.__name__, "message": str(one.message)} for one in caught if _ours(one)]
    return answer


def _described(error: Exception) -> dict[str, Any]:
    bases = [cls.__name__ for cls in type(error).__mro__ if issubclass(cls, Exception) and cls is not Exception]
    return {"type": type(error).__name__, "bases": bases, "message": str(error) or type(error).__name__}


def _ours(one: warnings.WarningMessage) -> bool:
    return issubclass(one.category, UserWarning | RuntimeWarning)


def _family(sent: Request) -> families.Family:
    options = {name: sent[name] for name in ("alpha", "power") if sent.get(name) is not None}
    return _FAMILIES[sent["name"]](link=sent["link"], **options)


def version(request: Request) -> Answer:
    """Which contextstats answers."""
    del request
    return {"version": __version__}


def fit(request: Request) -> Answer:
    """Fit a contextual GLM to the predictors, contexts and row inputs of a request."""
    predictors, contexts = predictors_and_contexts(request)
    by_row = {
        name: None if request.get(name) is None else pd.Series(array(request[name]), index=predictors.index)
        for name in ("offset", "var_weights", "freq_weights")
    }
    model = ContextualGLM(
        pd.Series(array(request["y"]), index=predictors.index, name=request["y_name"]),
        predictors,
        contexts if len(contexts.columns) else None,
        encoder=request["context"] or {},
        family=_family(request["family"]),
        missing="raise",
        **by_row,
    )
    groups = optional_array(request, "groups")
    smoothing = request["smoothing"]
    options = request["options"]
    res = model.fit(
        smoothing=smoothing if isinstance(smoothing, str | Mapping) else array(smoothing),
        cov_type=request["cov_type"],
        cov_kwds=None if groups is None else {"groups": groups},
        information=request["information"],
        select=bool(request["select"]),
        method=options["method"],
        maxiter=int(options["maxiter"]),
        tol=float(options["tol"]),
        threads=None if options.get("threads") is None else int(options["threads"]),
        progress=options.get("progress") or False,
    )
    return describe_results(res)


def predict(request: Request) -> Answer:
    """Predict the rows of a request: linear predictors, and standard errors if they are asked for."""
    predictor, rows, offset = (
        _predictor(request["state"]),
        predictors_and_contexts(request),
        optional_array(request, "offset"),
    )
    offset = np.zeros(len(rows[0])) if offset is None else offset
    if not request["se"]:
        return {"link": packed(predictor.predict(rows, type="link", offset=offset))}
    found = predictor.get_prediction(rows, offset=offset)
    return {"link": packed(found.linear_predictor), "se_link": packed(found.se_linear)}


def design_matrix(request: Request) -> Answer:
    """Rows of a request in the coordinates of the coefficients."""
    return {"matrix": packed(_predictor(request["state"]).design_matrix(predictors_and_contexts(request)))}


def coefficients(request: Request) -> Answer:
    """beta_j(c) with bands at the contexts of a request."""
    contexts = context_frame(request["contexts"], row_labels(request["labels"], int(request["n"])))
    table = _predictor(request["state"]).coefficients(
        contexts,
        level=float(request["level"]),
        simultaneous=bool(request["simultaneous"]),
        terms=request.get("terms"),
    )
    return {"table": packed_table(table.drop(columns="row"))}


def concurvity(request: Request) -> Answer:
    """How far each term can be imitated by the others, from the rows of a request."""
    predictor = _predictor(request["state"])
    return {"table": packed_table(concurvity_table(_design_of_rows(request), predictor.theta))}


def k_check(request: Request) -> Answer:
    """Whether the basis of each smooth is rich enough, from the rows and residuals of a request."""
    residuals, edf = array(request["residuals"]), array(request["edf"])
    return {"table": packed_table(k_check_table(_design_of_rows(request), residuals, edf, int(request["seed"])))}


def _design_of_rows(request: Request) -> Design:
    design = _predictor(request["state"]).design
    rows = design.recipe.apply(predictors_and_contexts(request))
    return replace(design, y=np.zeros(len(rows.x)), x=Columns.of(rows.x), contexts=Columns.of(rows.contexts))


@lru_cache(maxsize=4)
def _predictor(state: str) -> Predictor:
    found = serialize.from_dict(json.loads(state))
    if not isinstance(found, Predictor):
        raise ContextstatsError("The saved state is not that of a fit.")
    return found


_ACTIONS: dict[str, Callable[[Request], Answer]] = {
    "version": version,
    "fit": fit,
    "predict": predict,
    "design_matrix": design_matrix,
    "coefficients": coefficients,
    "concurvity": concurvity,
    "k_check": k_check,
    **_NETWORK_ACTIONS,
}

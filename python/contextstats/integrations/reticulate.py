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
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from contextstats import families
from contextstats._version import __version__
from contextstats.design.design import Block
from contextstats.errors import ContextstatsError
from contextstats.models import ContextualGLM
from contextstats.results import GLMResults, serialize
from contextstats.results.predictor import Predictor
from contextstats.results.summary_notes import covariance_note, reading_notes

Request = Mapping[str, Any]
Answer = dict[str, Any]

_TYPES = {"double": "<f8", "integer": "<i4"}
_FAMILIES: dict[str, Callable[..., families.Family]] = dict(families.FAMILIES)


def call(action: str, request: Request) -> Answer:
    """Answer a request.

    Parameters
    ----------
    action : str
        One of "fit", "predict", "coefficients", "design_matrix".
    request : dict
        See the function of that name.

    Returns
    -------
    dict
        "value" or "error" (type, bases, message), and "warnings" (type, message).
    """
    answer: Answer = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answer["value"] = _ACTIONS[action](request)
        except Exception as error:  # noqa: BLE001  # R raises it again, whatever it is
            answer["error"] = _described(error)
    answer["warnings"] = [{"type": one.category.__name__, "message": str(one.message)} for one in caught if _ours(one)]
    return answer


def _described(error: Exception) -> dict[str, Any]:
    bases = [cls.__name__ for cls in type(error).__mro__ if issubclass(cls, Exception) and cls is not Exception]
    return {"type": type(error).__name__, "bases": bases, "message": str(error) or type(error).__name__}


def _ours(one: warnings.WarningMessage) -> bool:
    return issubclass(one.category, UserWarning | RuntimeWarning)


# ---- what R sends ------------------------------------------------------------------------------------------------


def array(sent: Request) -> Any:
    """Read an array: its bytes in R's order, its shape and its type; no copy is made."""
    flat = np.frombuffer(sent["bytes"], dtype=_TYPES[sent["type"]])
    return flat.reshape([int(size) for size in sent["shape"]], order="F")


def _optional(request: Request, name: str) -> Any:
    sent = request.get(name)
    return None if sent is None else array(sent)


def _labels(sent: Request, n: int) -> pd.Index:
    """Labels of the rows: text, numbers, or 1 to n."""
    if sent.get("text") is not None:
        return pd.Index(bytes(sent["text"]).decode().split("\x1f"))
    numbers = _optional(sent, "numbers")
    return pd.RangeIndex(1, n + 1) if numbers is None else pd.Index(numbers)


def _contexts(sent: list[Request], labels: pd.Index) -> pd.DataFrame:
    columns = {}
    for column in sent:
        values = array(column["values"])
        if column.get("levels") is not None:
            values = pd.Categorical.from_codes(values, pd.Index(list(column["levels"]), dtype=object))
        columns[str(column["name"])] = pd.Series(values, index=labels)
    return pd.DataFrame(columns, index=labels)


def _rows(request: Request) -> tuple[pd.DataFrame, pd.DataFrame]:
    x = array(request["x"])
    labels = _labels(request["labels"], len(x))
    predictors = pd.DataFrame(x, index=labels, columns=list(request["x_names"]), copy=False)
    return predictors, _contexts(request["contexts"], labels)


def _family(sent: Request) -> families.Family:
    options = {name: sent[name] for name in ("alpha", "power") if sent.get(name) is not None}
    return _FAMILIES[sent["name"]](link=sent["link"], **options)


# ---- what R receives ---------------------------------------------------------------------------------------------


def packed(values: Any) -> dict[str, Any]:
    """Write an array as its bytes in R's order, its shape and its type."""
    numbers = np.asarray(values)
    kind = "integer" if numbers.dtype.kind in "bi" else "double"
    numbers = numbers.astype(_TYPES[kind], copy=False)
    return {"bytes": bytearray(numbers.tobytes(order="F")), "shape": list(numbers.shape), "type": kind}


def _table(frame: pd.DataFrame) -> dict[str, Any]:
    """Write a data frame by its columns, numbers packed and text as lists."""
    return {
        str(name): packed(column) if column.dtype.kind in "fib" else [str(value) for value in column]
        for name, column in frame.items()
    }


# ---- actions -----------------------------------------------------------------------------------------------------


def version(request: Request) -> Answer:
    """Which contextstats answers."""
    del request
    return {"version": __version__}


def fit(request: Request) -> Answer:
    """Fit a contextual GLM to the predictors, contexts and row inputs of a request."""
    predictors, contexts = _rows(request)
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
    groups = _optional(request, "groups")
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
    return _results(res)


def predict(request: Request) -> Answer:
    """Predict the rows of a request: linear predictors, and standard errors if they are asked for."""
    predictor, rows, offset = _predictor(request["state"]), _rows(request), _optional(request, "offset")
    offset = np.zeros(len(rows[0])) if offset is None else offset
    if not request["se"]:
        return {"link": packed(predictor.predict(rows, type="link", offset=offset))}
    found = predictor.get_prediction(rows, offset=offset)
    return {"link": packed(found.linear_predictor), "se_link": packed(found.se_linear)}


def design_matrix(request: Request) -> Answer:
    """Rows of a request in the coordinates of the coefficients."""
    return {"matrix": packed(_predictor(request["state"]).design_matrix(_rows(request)))}


def coefficients(request: Request) -> Answer:
    """beta_j(c) with bands at the contexts of a request."""
    contexts = _contexts(request["contexts"], _labels(request["labels"], int(request["n"])))
    table = _predictor(request["state"]).coefficients(
        contexts,
        level=float(request["level"]),
        simultaneous=bool(request["simultaneous"]),
        terms=request.get("terms"),
    )
    return {"table": _table(table.drop(columns="row"))}


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
}


# ---- the answer to a fit -----------------------------------------------------------------------------------------


def _results(res: GLMResults) -> Answer:
    """Everything that R's methods show, as plain values."""
    user_map = res.design.user_map
    varying = bool(res.varying)
    return {
        "names": list(res.design.coef_names),
        "coefficients": packed(res.params),
        "vcov": packed(res.cov_params()),
        "conditional": packed(user_map @ res.estimates.conditional @ user_map.T),
        "smooth": packed(res.is_smooth_coef),
        "edf": packed(res.edf_by_coefficient),
        "edf_information": res.df_information,
        "df_residual": res.df_resid,
        "nobs": res.nobs,
        "scale": res.scale,
        "deviance": res.deviance,
        "null_deviance": res.null_deviance,
        "linear_predictor": packed(res.rows.eta),
        "fitted": packed(res.rows.mu),
        "working_weights": packed(res.rows.weight),
        "parameter": res.family.parameter,
        "parameter_estimated": res.family_estimated,
        "cov_type": res.cov_type,
        "information": res.estimates.information,
        "criterion": res.criterion,
        "criterion_name": res.criterion_name,
        "smoothing_parameters": packed(res.smoothing_parameters),
        "penalty_names": list(res.design.penalty_names),
        "converged": res.converged,
        "iterations": res.fit.iterations,
        "termination": res.fit.termination,
        "gradient_norm": res.fit.gradient_norm,
        "solver": res.fit.solver,
        "notes": list(res.notes),
        "covariance_note": covariance_note(res),
        "reading_note": "".join(reading_notes(res)[:1]),
        "blocks": [_block(res, block) for block in res.design.blocks],
        "average_effects": _table(res.average_effects()),
        **(_varying(res) if varying else {}),
    }


def _block(res: GLMResults, block: Block) -> Answer:
    term = block.term
    return {
        "predictor": res.design.x_names[block.predictor],
        "first": block.start + 1,
        "last": block.stop,
        "label": "" if term is None else term.label,
        "kind": "constant" if term is None else term.kind,
        "variables": [] if term is None else list(term.variables),
    }


def _varying(res: GLMResults) -> Answer:
    test = res.test_population()
    return {
        "heterogeneity": _table(res.heterogeneity()),
        "population_test": {"statistic": test.statistic, "df": test.df, "p.value": test.p_value, "method": test.method},
        "curves": [_curve(res, predictor, context) for predictor, context in res.varying],
        "state": json.dumps(serialize.to_dict(res.predictor()), allow_nan=False, separators=(",", ":")),
    }


def _curve(res: GLMResults, predictor: str, context: str) -> Answer:
    curve = res.curve(predictor, context).rename(columns={context: "at"})
    return {
        "predictor": predictor,
        "context": context,
        "at": [str(level) for level in curve["at"]] if context in res.design.context_levels else packed(curve["at"]),
        "estimate": packed(curve["estimate"]),
        "std_error": packed(curve["std_error"]),
    }

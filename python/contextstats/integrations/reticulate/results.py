"""Everything that R's methods show of a fit, as plain values."""

from __future__ import annotations

import json

import numpy as np

from contextstats.design.design import Block
from contextstats.integrations.reticulate.transport import Answer, packed, packed_table
from contextstats.results import GLMResults, effects, serialize
from contextstats.results.row_values import row_derivatives
from contextstats.results.summary_notes import covariance_note, reading_notes

_GRID = 40  # points of a surface in each direction


def describe_results(res: GLMResults) -> Answer:
    """Describe a fit: estimates, tables, rows, notes, and what predictions for new data need."""
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
        "working_weights": packed(row_derivatives(res.design, res.family, res.rows.eta).weight),
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
        "estimation_rows": packed(res.design.kept_rows.to_numpy() + 1.0) if res.design.n_learning else None,
        "notes": list(res.notes),
        "covariance_note": covariance_note(res),
        "reading_note": "".join(reading_notes(res)[:1]),
        "blocks": [_block(res, block) for block in res.design.blocks],
        "average_effects": packed_table(res.average_effects()),
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
        "heterogeneity": packed_table(res.heterogeneity()),
        "population_test": {"statistic": test.statistic, "df": test.df, "p.value": test.p_value, "method": test.method},
        **_pictures(res),
        "state": json.dumps(serialize.to_dict(res.predictor()), allow_nan=False, separators=(",", ":")),
    }


def _pictures(res: GLMResults) -> Answer:
    """What plots draw: a curve for each term of one context, a surface for each of two."""
    terms = [(block.predictor, block.term) for block in res.design.blocks if block.term is not None]
    curves = dict.fromkeys((j, term.variables[0]) for j, term in terms if len(term.variables) == 1)
    surfaces = dict.fromkeys((j, term.variables) for j, term in terms if len(term.variables) == 2)
    return {
        "curves": [_curve(res, res.design.x_names[j], context) for j, context in curves],
        "surfaces": [_surface(res, j, contexts) for j, contexts in surfaces],
    }


def _surface(res: GLMResults, predictor: int, contexts: tuple[str, ...]) -> Answer:
    design = res.design
    first, second = (list(design.context_names).index(name) for name in contexts)
    ends = [(design.contexts[:, k].min(), design.contexts[:, k].max()) for k in (first, second)]
    across, up = (np.linspace(low, high, _GRID) for low, high in ends)
    grid = effects.typical_contexts(design, _GRID * _GRID)
    grid[:, first], grid[:, second] = np.tile(across, _GRID), np.repeat(up, _GRID)
    estimate, *_ = effects.band_at(res, predictor, grid, level=0.95, simultaneous=False)
    return {
        "predictor": design.x_names[predictor],
        "contexts": list(contexts),
        "first": packed(across),
        "second": packed(up),
        "estimate": packed(estimate.reshape(_GRID, _GRID, order="F")),
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

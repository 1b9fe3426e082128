"""Child process: the varying-coefficient model with contextualized-ml, its options at their defaults."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import numpy as np
from contextualized.easy import ContextualizedClassifier, ContextualizedRegressor
from measure import load, measure, report, task, write_coefficients

logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
warnings.simplefilter("ignore")


def main() -> None:
    job = task()
    columns = load(job["data"])
    y = columns[f"y_{job['response']}"][:, None]
    x = np.column_stack([values for name, values in columns.items() if name.startswith("x")])
    contexts = np.column_stack([columns["c1"], columns["c2"]])
    model_of = ContextualizedRegressor if job["response"] == "gaussian" else ContextualizedClassifier

    def fit(rows: int | None) -> Any:
        model = model_of(normalize=False, encoder_type="mlp")
        model.fit(contexts[:rows], x[:rows], y[:rows], progress_bar=False)
        return model

    model, figures = measure(fit, warm_up=False)  # minutes, of which loading code is no part
    grid = np.column_stack([columns["grid_c1"], columns["grid_c2"]])
    slopes, offsets = model.predict_params(grid)
    estimates = np.column_stack([np.reshape(offsets, len(grid)), np.reshape(slopes, (len(grid), -1))])
    write_coefficients(job["out"], estimates)
    slopes, offsets = model.predict_params(contexts)
    eta = np.reshape(offsets, len(y)) + (np.reshape(slopes, x.shape) * x).sum(axis=1)
    if job["response"] == "gaussian":
        deviance = float(np.sum((y[:, 0] - eta) ** 2))
    else:
        deviance = float(2 * np.sum(np.logaddexp(0.0, eta) - y[:, 0] * eta))
    report(figures | {"deviance": deviance, "edf": float("nan"), "converged": 1.0})


main()

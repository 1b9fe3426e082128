"""Child process: the varying-coefficient model with pygam, its penalties at their default (it has no REML)."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

import numpy as np
from measure import load, measure, report, task, write_coefficients
from pygam import GammaGAM, LinearGAM, LogisticGAM, PoissonGAM, l, s

MODELS = {"gaussian": LinearGAM, "logit": LogisticGAM, "poisson": PoissonGAM, "gamma": GammaGAM}


def terms(n_predictors: int) -> Any:
    """Smooths of the contexts (columns 0 and 1), alone and multiplied by each predictor; predictors linear."""
    varying = [s(k, n_splines=10, by=j) for j in range(2, 2 + n_predictors) for k in (0, 1)]
    return reduce(add, [s(0, n_splines=10), s(1, n_splines=10), *varying, *(l(2 + j) for j in range(n_predictors))])


def main() -> None:
    job = task()
    columns = load(job["data"])
    y = columns[f"y_{job['response']}"]
    predictors = [name for name in columns if name.startswith("x")]
    data = np.column_stack([columns[name] for name in ("c1", "c2", *predictors)])

    def fit(rows: int | None) -> Any:
        model = MODELS[job["response"]](terms(len(predictors))).fit(data[:rows], y[:rows])
        assert np.isfinite(model.statistics_["se"]).all()
        return model

    model, figures = measure(fit)
    contexts = np.column_stack([columns["grid_c1"], columns["grid_c2"]])
    curves, errors = [], []
    covariance = model.statistics_["cov"]
    for j in range(1 + len(predictors)):
        new = np.zeros((len(contexts), data.shape[1]))
        new[:, :2] = contexts
        rows = model._modelmat(new).toarray()
        if j:
            new[:, 1 + j] = 1.0
            rows = model._modelmat(new).toarray() - rows
        curves.append(rows @ model.coef_)
        errors.append(np.sqrt(np.einsum("ij,jk,ik->i", rows, covariance, rows, optimize=True)))
    write_coefficients(job["out"], np.column_stack(curves), np.column_stack(errors))
    deviance = float(np.sum(model.distribution.deviance(y=y, mu=model.predict_mu(data), scaled=False)))
    report(figures | {"deviance": deviance, "edf": float(model.statistics_["edof"]), "converged": 1.0})


main()

"""Child process: point estimates of one unpenalised model with scikit-learn, which has no standard errors."""

from __future__ import annotations

from typing import Any

import numpy as np
from measure import kronecker, load, measure, plain, report, task, write_coefficients
from sklearn.linear_model import LinearRegression, LogisticRegression


def main() -> None:
    job = task()
    columns = load(job["data"])
    y = columns[f"y_{job['response']}"]
    build = {"plain": plain, "linear": kronecker}[job["model"]]

    def fit(rows: int | None) -> Any:
        design = build(columns, rows)
        if job["response"] == "gaussian":
            model = LinearRegression(fit_intercept=False)
        else:
            model = LogisticRegression(C=np.inf, fit_intercept=False, solver="newton-cholesky", tol=1e-8)
        return model.fit(design, y[:rows])

    model, figures = measure(fit)
    coefficients = model.coef_.ravel()
    eta = build(columns, None) @ coefficients
    if job["response"] == "gaussian":
        deviance = float(np.sum((y - eta) ** 2))
    else:
        deviance = float(2 * np.sum(np.logaddexp(0.0, eta) - y * eta))
    if job["model"] == "linear":
        n_predictors = 1 + sum(name.startswith("x") for name in columns)
        write_coefficients(job["out"], coefficients.reshape(n_predictors, -1))
    report(figures | {"deviance": deviance, "edf": float(len(coefficients)), "converged": 1.0})


main()

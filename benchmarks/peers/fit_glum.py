"""Child process: one unpenalised model with glum, standard errors included."""

from __future__ import annotations

import numpy as np
from glum import GeneralizedLinearRegressor
from measure import kronecker, load, measure, plain, report, task, write_coefficients

FAMILIES = {"gaussian": ("normal", "identity"), "logit": ("binomial", "logit"), "poisson": ("poisson", "log")}


def main() -> None:
    job = task()
    columns = load(job["data"])
    y = columns[f"y_{job['response']}"]
    family, link = FAMILIES[job["response"]]
    build = {"plain": plain, "linear": kronecker}[job["model"]]

    def fit(rows: int | None) -> tuple[GeneralizedLinearRegressor, np.ndarray, np.ndarray]:
        design = build(columns, rows)
        model = GeneralizedLinearRegressor(family=family, link=link, alpha=0.0, fit_intercept=False)
        model.fit(design, y[:rows])
        covariance = model.covariance_matrix(X=design, y=y[:rows], robust=False, expected_information=True)
        errors = np.sqrt(np.diag(covariance))
        assert np.isfinite(errors).all()
        return model, errors, design

    (model, errors, design), figures = measure(fit)
    if job["model"] == "linear":
        n_predictors = 1 + sum(name.startswith("x") for name in columns)
        write_coefficients(job["out"], model.coef_.reshape(n_predictors, -1), errors.reshape(n_predictors, -1))
    deviance = float(model.family_instance.deviance(y, model.predict(design)))
    report(
        figures | {"deviance": deviance, "edf": float(len(errors)), "converged": float(model.n_iter_ < model.max_iter)}
    )


main()

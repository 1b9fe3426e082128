"""Child process: the varying-coefficient model with gamfit."""

from __future__ import annotations

import warnings
from typing import Any

import gamfit
import numpy as np
import pandas as pd
from measure import load, measure, report, task, write_coefficients

FAMILIES = {"logit": "binomial", "negative_binomial": "negative-binomial"}


def main() -> None:
    warnings.simplefilter("ignore")
    job = task()
    columns = load(job["data"])
    predictors = [name for name in columns if name.startswith("x")]
    names = [*predictors, "c1", "c2"]
    frame = pd.DataFrame({name: columns[name] for name in names} | {"y": columns[f"y_{job['response']}"]})
    smooth = "s({}, bs='ps', k=10{})"
    parts = [*predictors, *(smooth.format(c, "") for c in ("c1", "c2"))]
    parts += [smooth.format(c, f", by={x}") for x in predictors for c in ("c1", "c2")]
    formula = "y ~ " + " + ".join(parts)
    family = FAMILIES.get(job["response"], job["response"])

    def fit(rows: int | None) -> Any:
        return gamfit.fit(frame[:rows], formula, family=family)

    model, figures = measure(fit)
    curves = []
    for j in range(1 + len(predictors)):
        new = pd.DataFrame({"c1": columns["grid_c1"], "c2": columns["grid_c2"]} | dict.fromkeys(predictors, 0.0))
        if j:
            new[predictors[j - 1]] = 1.0
        curves.append(np.asarray(model.predict(new, interval=0.95)["linear_predictor_plugin"], dtype=float))
    estimates = np.column_stack(curves)
    estimates[:, 1:] -= estimates[:, :1]
    write_coefficients(job["out"], estimates)
    report(figures | {"deviance": float(model.deviance), "edf": float(model.edf_total), "converged": 1.0})


main()

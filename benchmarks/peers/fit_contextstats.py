"""Child process: one model with contextstats, with everything a user looks at: standard errors, tests, the summary."""

from __future__ import annotations

import numpy as np
import pandas as pd
from measure import load, measure, report, task, write_coefficients

import contextstats as cs

FAMILIES = {"logit": "binomial", "gamma": cs.families.Gamma(link="log")}


def main() -> None:
    job = task()
    response, threads = job["response"], int(job["threads"]) or None
    columns = load(job["data"])
    grid = pd.DataFrame({name: columns.pop(f"grid_{name}") for name in ("c1", "c2") if f"grid_{name}" in columns})
    data = {name: values for name, values in columns.items() if not name.startswith("y_")}
    frame = pd.DataFrame(data | {"y": columns[f"y_{response}"]})
    family = FAMILIES.get(response, response)
    predictors = " + ".join(name for name in data if name.startswith("x"))
    contexts = " + ".join(name for name in data if name.startswith("c"))
    additive = {"Intercept": "s(c1, bs='bs') + s(c2, bs='bs')"}
    context = {"varying": "s(c1) + s(c2)", "linear": contexts, "additive": additive}.get(job["model"])

    def fit(rows: int | None) -> cs.GLMResults:
        given = {"smoothing": 1.0} if job["model"] == "additive" else {}
        res = cs.glm(f"y ~ {predictors}", context, frame[:rows], family=family).fit(threads=threads, **given)
        assert np.isfinite(res.bse).all()
        assert str(res.summary())
        return res

    res, figures = measure(fit)
    if job["model"] == "varying":
        table = res.coefficients(grid)
        shape = (len(grid), len(res.design.x_names))
        parts = (table[name].to_numpy().reshape(shape, order="F") for name in ("estimate", "std_error"))
        write_coefficients(job["out"], *parts)
    elif job["model"] == "linear":
        write_coefficients(job["out"], *(_by_predictor(res, part) for part in (res.params, res.bse)))
    report(figures | {"deviance": float(res.deviance), "edf": float(res.edf), "converged": float(res.converged)})


def _by_predictor(res: cs.GLMResults, values: pd.Series) -> np.ndarray:
    """Coefficients in rows of predictors and columns 1, c_1, c_2, ..."""
    return values.to_numpy().reshape(len(res.design.x_names), -1)


main()

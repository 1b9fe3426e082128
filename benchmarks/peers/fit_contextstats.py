"""Child process: one model with contextstats."""

from __future__ import annotations

import numpy as np
import pandas as pd
from measure import load, measure, report, task

import contextstats as cs

FAMILIES = {"gaussian": "gaussian", "logit": "binomial", "poisson": "poisson"}
BOTH = "s(c1) + s(c2)"


def main() -> None:
    job = task()
    response, threads = job["response"], int(job["threads"]) or None
    columns = load(job["data"])
    grid = pd.DataFrame({name: columns.pop(f"grid_{name}") for name in ("c1", "c2") if f"grid_{name}" in columns})
    frame = pd.DataFrame(columns)
    predictors = [name for name in frame.columns if name.startswith("x")]
    y, x = frame[f"y_{response}"].to_numpy(), frame[predictors].to_numpy()
    family = FAMILIES[response]

    def fit(rows: int | None) -> cs.GLMResults:
        if job["model"] == "plain":
            exog = np.column_stack([np.ones(len(y[:rows])), x[:rows]])
            res = cs.ContextualGLM(y[:rows], exog, family=family).fit(threads=threads)
        elif job["model"] == "additive":
            context = {"Intercept": "s(c1, bs='bs') + s(c2, bs='bs')"}
            model = cs.glm(f"y_{response} ~ x2 + x3 + x4 + x5", context, frame[:rows], family=family)
            res = model.fit(smoothing=1.0, threads=threads)
        else:
            model = cs.glm(f"y_{response} ~ x2 + x3 + x4 + x5", BOTH, frame[:rows], family=family)
            res = model.fit(threads=threads)
        assert np.isfinite(res.bse).all()
        return res

    res, figures = measure(fit)
    if job["model"] == "varying":
        np.asfortranarray(res.coefficient_array(grid)).T.tofile(job["out"])
    report(figures | {"deviance": float(res.deviance), "edf": float(res.edf), "converged": float(res.converged)})


main()

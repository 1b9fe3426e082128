"""Child process: one model with statsmodels.

GLMGam has no smooth terms that multiply a predictor and does not estimate smoothing parameters by REML, so it takes
part with an additive model whose penalty weights are given.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import statsmodels.api as sm
from measure import load, measure, report, task
from statsmodels.gam.api import BSplines, GLMGam

FAMILIES = {"gaussian": sm.families.Gaussian, "logit": sm.families.Binomial, "poisson": sm.families.Poisson}


def main() -> None:
    job = task()
    columns = load(job["data"])
    y = columns[f"y_{job['response']}"]
    x = np.column_stack([values for name, values in columns.items() if name.startswith("x")])
    family = FAMILIES[job["response"]]()

    def fit(rows: int | None) -> Any:
        exog = np.column_stack([np.ones(len(y[:rows])), x[:rows]])
        if job["model"] == "plain":
            res = sm.GLM(y[:rows], exog, family=family).fit()
        else:
            contexts = np.column_stack([columns["c1"], columns["c2"]])[:rows]
            smoother = BSplines(contexts, df=[10, 10], degree=[3, 3])
            res = GLMGam(y[:rows], exog, smoother=smoother, alpha=[1e-3, 1e-3], family=family).fit()
        assert np.isfinite(res.bse).all()
        return res

    res, figures = measure(fit)
    edf = float(np.sum(res.edf)) if job["model"] == "additive" else x.shape[1] + 1.0
    report(figures | {"deviance": float(res.deviance), "edf": edf, "converged": float(bool(res.converged))})


main()

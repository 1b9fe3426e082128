"""Child process: one model with statsmodels.

GLMGam has no smooth terms that multiply a predictor and does not estimate smoothing parameters by REML, so it takes
part with an additive model whose penalty weights are given.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import statsmodels.api as sm
from measure import kronecker, load, measure, plain, report, task, write_coefficients
from statsmodels.gam.api import BSplines, GLMGam

FAMILIES = {
    "gaussian": sm.families.Gaussian,
    "logit": sm.families.Binomial,
    "poisson": sm.families.Poisson,
}


def main() -> None:
    job = task()
    columns = load(job["data"])
    y = columns[f"y_{job['response']}"]
    family = FAMILIES[job["response"]]()

    def fit(rows: int | None) -> Any:
        if job["model"] == "additive":
            contexts = np.column_stack([columns["c1"], columns["c2"]])[:rows]
            smoother = BSplines(contexts, df=[10, 10], degree=[3, 3])
            model = GLMGam(y[:rows], plain(columns, rows), smoother=smoother, alpha=[1e-3, 1e-3], family=family)
        else:
            design = {"plain": plain, "linear": kronecker}[job["model"]](columns, rows)
            model = sm.GLM(y[:rows], design, family=family)
        res = model.fit()
        assert np.isfinite(res.bse).all()
        assert np.isfinite(res.pvalues).all()
        return res

    res, figures = measure(fit)
    if job["model"] == "linear":
        n_predictors = 1 + sum(name.startswith("x") for name in columns)
        write_coefficients(job["out"], res.params.reshape(n_predictors, -1), res.bse.reshape(n_predictors, -1))
    edf = float(np.sum(res.edf)) if job["model"] == "additive" else float(len(res.params))
    report(figures | {"deviance": float(res.deviance), "edf": edf, "converged": float(bool(res.converged))})


main()

"""Coverage of bands and size of tests with neural encoders: learned from one half of the rows, or from all of them.

    python benchmarks/neural/coverage.py 240 > coverage.csv

1000 rows, an intercept that is linear in the first context, an effect made of two functions of sums of contexts (two or
five contexts), and a constant effect, whose tests say how often a true hypothesis is rejected. In the scenario
"constant" all three are constants. Prints one line for each scenario, family and way of learning: means over data sets
and their Monte-Carlo errors.
"""

from __future__ import annotations

import itertools
import sys
import warnings

import numpy as np

import contextstats as cs
from contextstats.design import Design

ROWS, NEW = 1000, 300
COLUMNS = (
    *(f"{what}{j}" for what in ("band", "average", "rmse") for j in range(3)),
    "wald", "score", "omnibus", "power",
)  # fmt: skip


def two(c):
    return 0.5 * np.sin(3 * c[:, 0] * c[:, 1]) + 0.5 * np.tanh(3 * (c[:, 0] - c[:, 1]))


def five(c):
    u, v = (c[:, 0] + c[:, 1] - c[:, 2]) / np.sqrt(3), (c[:, 3] - c[:, 0]) / np.sqrt(2)
    return np.sin(3 * u) + 0.5 * np.tanh(4 * v)


SCENARIOS = {"two": (2, two), "five": (5, five), "constant": (2, None)}


def truth(c, effect):
    if effect is None:
        return np.tile([0.0, 0.5, 0.5], (len(c), 1))
    return np.column_stack([0.5 * c[:, 0], effect(c), np.full(len(c), 0.5)])


def one(seed, scenario, family, honest):
    d, effect = SCENARIOS[scenario]
    rng = np.random.default_rng(seed)
    contexts, x = rng.uniform(-1, 1, (ROWS, d)), rng.normal(size=(ROWS, 2))
    exog = np.column_stack([np.ones(ROWS), x])
    eta = np.einsum("ij,ij->i", exog, truth(contexts, effect))
    y = eta + rng.normal(size=ROWS) if family == "gaussian" else 1.0 * (rng.uniform(size=ROWS) < 1 / (1 + np.exp(-eta)))
    encoder = cs.MLP(seed=seed, honest=honest)
    res = cs.ContextualGLM(y, exog, contexts, encoder=encoder, family=family).fit(threads=1)
    used = truth(contexts[res.design.kept_rows], effect)
    new = rng.uniform(-1, 1, (NEW, d))
    table, true = res.coefficients(new), truth(new, effect)
    bands, rmse = [], np.sqrt(np.mean((res.coefficient_array(new) - true) ** 2, axis=0))
    for j, name in enumerate(res.design.x_names):
        own = table[table["term"] == name]
        bands.append(np.mean((own["conf_low"] <= true[:, j]) & (true[:, j] <= own["conf_high"])))
    average = res.average_effects()
    within = (average["conf_low"] <= used.mean(axis=0)) & (used.mean(axis=0) <= average["conf_high"])
    tests = res.heterogeneity().set_index(["predictor", "context"])
    constant, varying = tests.loc[("x2", "any")], tests.loc[("x1", "any")]
    omnibus = res.test_population().p_value if effect is None else np.nan
    rejected = [p < 0.05 for p in (constant["p_value"], constant["score_p_value"], omnibus, varying["score_p_value"])]
    return [*bands, *within, *rmse, *rejected]


def main(n):
    warnings.simplefilter("ignore")
    Design.is_honest = property(lambda _: True)  # what the tests would say if they were shown
    print("scenario,family,honest,n," + ",".join(f"{name},{name}_se" for name in COLUMNS))
    for honest, scenario, family in itertools.product((True, False), SCENARIOS, ("gaussian", "binomial")):
        found = np.array([one(seed, scenario, family, honest) for seed in range(n)], dtype=float)
        pairs = zip(found.mean(axis=0), found.std(axis=0) / np.sqrt(n), strict=True)
        cells = ",".join(f"{mean:.4f},{error:.4f}" for mean, error in pairs)
        print(f"{scenario},{family},{honest},{n},{cells}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 240)

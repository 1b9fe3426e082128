"""Two demonstrations of contextualized-ml whose encoders are neural networks, with the encoders of this package.

    python benchmarks/neural/contextualized_ml.py

"Grid": effects c1 + c2^2 and c1^2 + c2 of two predictors, learned in five small discs of a 75 x 75 grid of contexts and
asked for on the rest of it. "Diabetes": scikit-learn's data, contexts age, sex and bmi, 353 rows to fit and 89 held
out, straight lines penalised too (`select=True`).
The figures of contextualized-ml 0.2.9 are those that its notebooks print. Data without a seed there are drawn here by
ten seeds; the printed values are means and their Monte-Carlo errors.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

import contextstats as cs

ENCODERS = {
    "MLP(honest=False)": lambda seed: cs.MLP(honest=False, seed=seed),
    "MLP()": lambda seed: cs.MLP(seed=seed),
    "NeuralAdditive(honest=False)": lambda seed: cs.NeuralAdditive(honest=False, seed=seed),
    "Additive()": lambda _: cs.Additive(),
    "Linear()": lambda _: cs.Linear(),
}


def grid(seed):
    rng = np.random.default_rng(seed)
    axis = np.linspace(-1, 1, 75)
    contexts = np.array(np.meshgrid(axis, axis)).reshape(2, -1).T
    x = rng.uniform(-1, 1, (len(contexts), 2))
    beta = np.column_stack([contexts[:, 0] + contexts[:, 1] ** 2, contexts[:, 0] ** 2 + contexts[:, 1]])
    centres = np.array([(0, 0), *((a, b) for a in (-0.5, 0.5) for b in (-0.5, 0.5))])
    near = (np.linalg.norm(contexts[:, None] - centres, axis=2) <= 0.1).any(axis=1)
    return (beta * x).sum(axis=1), x, contexts, beta, near


def on_grid(encoder, seed):
    y, x, contexts, beta, near = grid(seed)
    exog = np.column_stack([np.ones(len(y)), x])
    res = cs.ContextualGLM(y[near], exog[near], contexts[near], encoder=encoder).fit()
    found = res.coefficient_array(contexts[~near])
    errors = found[:, 1:] - beta[~near]
    return np.mean((res.predict((exog[~near], contexts[~near])) - y[~near]) ** 2), np.mean(errors**2)


def on_diabetes(encoder):
    raw, target = load_diabetes(return_X_y=True)
    fit, held = train_test_split(np.arange(len(raw)), test_size=0.2, random_state=1)
    values = np.column_stack([raw, target])
    values = (values - values[fit].mean(axis=0)) / values[fit].std(axis=0)
    contexts, exog, y = values[:, :3], np.column_stack([np.ones(len(raw)), values[:, 3:10]]), values[:, 10]
    encoder = cs.Additive(linear=("c2",)) if isinstance(encoder, cs.Additive) else encoder  # sex has two values
    res = cs.ContextualGLM(y[fit], exog[fit], contexts[fit], encoder=encoder).fit(select=True)
    return np.mean((res.predict((exog[held], contexts[held])) - y[held]) ** 2), np.nan


def main():
    warnings.simplefilter("ignore")
    print(f"rows to fit on the grid: {int(grid(0)[-1].sum())}")
    for name, make in ENCODERS.items():
        for what, run in (("grid", on_grid), ("diabetes", lambda encoder, _: on_diabetes(encoder))):
            found = [run(make(seed), seed) for seed in range(10)]
            mean, error = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
            cells = f"y {mean[0]:.5f} ({error[0]:.5f})  beta {mean[1]:.5f} ({error[1]:.5f})"
            print(f"{name:30s}{what:10s}{cells}", flush=True)


if __name__ == "__main__":
    main()

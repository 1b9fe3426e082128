"""A Gaussian model from arrays, with variance weights and heteroskedasticity-robust standard errors.

Run with `python examples/growth_with_weights.py`. The data are simulated, so the true curve is known.
"""

from __future__ import annotations

import numpy as np

import contextstats as cs


def simulate(n: int = 2000, seed: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Yield of a crop: fertiliser helps, and helps most at a middle temperature."""
    rng = np.random.default_rng(seed)
    fertiliser = rng.uniform(0, 2, size=n)
    temperature = rng.uniform(5, 35, size=n)
    plots = rng.integers(1, 10, size=n)
    effect = 3 * np.exp(-(((temperature - 20) / 6) ** 2))
    crop = 10 + 0.1 * temperature + effect * fertiliser + rng.normal(size=n) / np.sqrt(plots)
    return crop, fertiliser, temperature, plots


def main() -> None:
    crop, fertiliser, temperature, plots = simulate()
    exog = np.column_stack([np.ones_like(fertiliser), fertiliser])

    model = cs.ContextualGLM(crop, exog, temperature[:, None], encoder=cs.Additive(k=15), var_weights=plots)
    res = model.fit()
    robust = model.fit(cov_type="HC3")

    grid = np.linspace(5, 35, 7)[:, None]
    truth = 3 * np.exp(-(((grid[:, 0] - 20) / 6) ** 2))
    print("temperature", grid[:, 0])
    print("estimate   ", res.coefficient_array(grid)[:, 1].round(2))
    print("truth      ", truth.round(2))
    print(res.average_effects().round(3).to_string(index=False))
    print(robust.average_effects().round(3).to_string(index=False))


if __name__ == "__main__":
    main()

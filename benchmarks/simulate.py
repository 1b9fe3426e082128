"""Data with known coefficients, written as one file of doubles for each column."""

from __future__ import annotations

from pathlib import Path

import numpy as np

PREDICTORS = ("x2", "x3", "x4", "x5")
RESPONSES = ("gaussian", "logit", "poisson", "gamma", "negative_binomial")
PLAIN_P = 20
LINEAR_PREDICTORS = 10
LINEAR_CONTEXTS = 10
GRID_SIDE = 25
GAMMA_SHAPE = 4.0
NEGATIVE_BINOMIAL_ALPHA = 0.5


def coefficients(c1: np.ndarray, c2: np.ndarray) -> np.ndarray:
    """beta_1(c) to beta_5(c), one column each, for the Gaussian and logit responses.

    The functions of tests/reference/data/vc_grid.csv: all of them vary with both contexts, except that the second is
    constant in c2 and the fourth is zero.
    """
    bumps = 0.2 * c2**11 * (10 * (1 - c2)) ** 6 + 10 * (10 * c2) ** 3 * (1 - c2) ** 10
    return np.column_stack(
        [
            0.2 + 1.2 * (np.sin(np.pi * c1) - 2 / np.pi) + 0.5 * np.sin(2 * np.pi * c2),
            0.5 + 0.15 * (np.exp(2 * c1) - (np.exp(2) - 1) / 2),
            -0.4 + 0.35 * np.cos(4 * np.pi * c1) + 0.4 * np.sin(2 * np.pi * c2),
            np.zeros_like(c1),
            c1 - 0.62 + 0.125 * bumps,
        ]
    )


def linear_coefficients() -> np.ndarray:
    """Intercepts and slopes of the linear encoder, (predictors, 1 + contexts); fixed numbers of a moderate size."""
    shape = (LINEAR_PREDICTORS, 1 + LINEAR_CONTEXTS)
    return 0.15 * np.sin(1.0 + np.arange(shape[0])[:, None] * 1.7 + np.arange(shape[1]) * 2.3)


def grid() -> tuple[np.ndarray, np.ndarray]:
    """Contexts at which estimated and true coefficients are compared."""
    points = (np.arange(GRID_SIDE) + 0.5) / GRID_SIDE
    c1, c2 = np.meshgrid(points, points, indexing="ij")
    return c1.ravel(), c2.ravel()


def size_of_effects(response: str) -> float:
    """What `coefficients` are multiplied with: means on the log scale are kept moderate."""
    return 1.0 if response in ("gaussian", "logit") else 0.5


def truth(response: str) -> np.ndarray:
    """True coefficients on the grid, shape (625, 5)."""
    return size_of_effects(response) * coefficients(*grid())


def draw(response: str, eta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Responses whose linear predictor is `size_of_effects` times eta."""
    if response == "gaussian":
        return rng.normal(eta, 1.0)
    if response == "logit":
        return rng.binomial(1, 1 / (1 + np.exp(-eta))).astype(float)
    mu = np.exp(eta / 2)
    if response == "poisson":
        return rng.poisson(mu).astype(float)
    if response == "gamma":
        return rng.gamma(GAMMA_SHAPE, mu / GAMMA_SHAPE)
    return rng.poisson(mu * rng.gamma(1 / NEGATIVE_BINOMIAL_ALPHA, NEGATIVE_BINOMIAL_ALPHA, mu.shape)).astype(float)


def correlated_normal(n: int, p: int, rng: np.random.Generator) -> np.ndarray:
    """Standard normal columns, each pair with correlation 0.2."""
    return np.sqrt(0.8) * rng.normal(size=(n, p)) + np.sqrt(0.2) * rng.normal(size=(n, 1))


def write_varying(folder: Path, n: int, seed: int) -> None:
    """Four predictors, two contexts, five responses, and the grid of contexts."""
    rng = np.random.default_rng([seed, n])
    x, c = correlated_normal(n, len(PREDICTORS), rng), rng.uniform(size=(n, 2))
    eta = (np.column_stack([np.ones(n), x]) * coefficients(c[:, 0], c[:, 1])).sum(axis=1)
    columns = dict(zip(PREDICTORS, x.T, strict=True)) | {"c1": c[:, 0], "c2": c[:, 1]}
    columns |= {f"y_{response}": draw(response, eta, rng) for response in RESPONSES}
    columns |= dict(zip(("grid_c1", "grid_c2"), grid(), strict=True))
    _write(folder, columns)


def write_linear(folder: Path, n: int, seed: int) -> None:
    """Predictors whose coefficients are linear in ten contexts: 110 coefficients, 100 of them interactions."""
    rng = np.random.default_rng([seed, n, LINEAR_CONTEXTS])
    x = np.column_stack([np.ones(n), correlated_normal(n, LINEAR_PREDICTORS - 1, rng)])
    c = rng.normal(size=(n, LINEAR_CONTEXTS))
    beta = linear_coefficients()
    eta = (x * (beta[:, 0] + c @ beta[:, 1:].T)).sum(axis=1)
    columns = {f"x{j + 1:02d}": x[:, j] for j in range(1, LINEAR_PREDICTORS)}
    columns |= {f"c{k + 1:02d}": c[:, k] for k in range(LINEAR_CONTEXTS)}
    _write(folder, columns | {f"y_{response}": draw(response, eta, rng) for response in RESPONSES[:2]})


def write_plain(folder: Path, n: int, seed: int) -> None:
    """A matrix of predictors with an intercept, and responses whose coefficients are constant."""
    rng = np.random.default_rng([seed, n, PLAIN_P])
    x = correlated_normal(n, PLAIN_P - 1, rng)
    eta = 0.2 + x @ np.linspace(-0.2, 0.2, PLAIN_P - 1)
    columns = {f"x{j + 2:02d}": x[:, j] for j in range(PLAIN_P - 1)}
    _write(folder, columns | {f"y_{response}": draw(response, eta, rng) for response in RESPONSES[:2]})


def _write(folder: Path, columns: dict[str, np.ndarray]) -> None:
    folder.mkdir(parents=True)
    for name, values in columns.items():
        np.ascontiguousarray(values, dtype=float).tofile(folder / f"{name}.f64")

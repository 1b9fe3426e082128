"""Random models: a few hundred combinations of family, context, weights and data, drawn by a seed."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

import contextstats as cs

settings.register_profile(
    "properties",
    deadline=None,
    max_examples=200 if os.environ.get("CONTEXTSTATS_FULL") == "1" else 20,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("properties")

F = cs.families
FAMILIES: dict[str, cs.families.Family] = {
    "gaussian": F.Gaussian(),
    "logit": F.Binomial(),
    "probit": F.Binomial("probit"),
    "counted": F.Binomial(),
    "poisson": F.Poisson(),
    "gamma": F.Gamma("log"),
    "inverse_gaussian": F.InverseGaussian("log"),
    "negative_binomial": F.NegativeBinomial(alpha=0.4),
    "tweedie": F.Tweedie(power=1.5),
}
CONTEXTS: dict[str, Any] = {
    "none": None,
    "linear": "a + g",
    "smooth": "s(a, k=6)",
    "mixed": {"Intercept": "s(a, k=7, bs='cr') + g", "x": "s(b, k=6) + s(a, k=5)"},
    "tensor": {"Intercept": "te(a, b, k=4)", "x": "a"},
}


@dataclass(frozen=True)
class RandomModel:
    """A model and the data frame it is fitted to."""

    frame: pd.DataFrame
    model: cs.ContextualGLM
    options: dict[str, Any] = field(default_factory=dict)

    def fit(self, **options: Any) -> cs.GLMResults:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cs.ConvergenceWarning)  # tiny data; properties hold wherever it stopped
            warnings.simplefilter("ignore", cs.DataWarning)
            return self.model.fit(**(self.options | options))


def draw(family: str, mean: np.ndarray, trials: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A response with a mean near `mean`, of the kind the family takes."""
    share = np.clip(mean / 3, 0.05, 0.95)
    draws: dict[str, Callable[[], np.ndarray]] = {
        "gaussian": lambda: rng.normal(mean),
        "logit": lambda: rng.binomial(1, share),
        "probit": lambda: rng.binomial(1, share),
        "counted": lambda: rng.binomial(trials, share),
        "poisson": lambda: rng.poisson(mean),
        "gamma": lambda: rng.gamma(4.0, mean / 4),
        "inverse_gaussian": lambda: rng.wald(mean, 4 * mean),
        "negative_binomial": lambda: rng.poisson(rng.gamma(2.5, mean / 2.5)),
        "tweedie": lambda: np.where(rng.uniform(size=len(mean)) < 0.2, 0.0, rng.gamma(4.0, mean / 4)),
    }
    return np.asarray(draws[family](), dtype=float)


def make_model(
    family: str,
    context: str,
    seed: int,
    *,
    weighted: bool = False,
    n: int | None = None,
    responses: np.ndarray | None = None,
) -> RandomModel:
    """Draw data by `seed` and set the model up; `responses` take the place of those drawn."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(90, 160)) if n is None else n
    frame = pd.DataFrame({"x": rng.uniform(-1, 1, n), "a": rng.uniform(size=n), "b": rng.normal(50, 10, n)})
    frame["g"] = pd.Categorical(np.resize(["u", "v", "w"], n))
    frame["trials"] = rng.integers(1, 9, n)
    frame["shift"] = rng.uniform(-0.2, 0.2, n) if weighted else 0.0
    frame["copies"] = rng.integers(1, 4, n) if weighted else 1
    eta = 0.4 + rng.uniform(-0.5, 0.5) * np.sin(4 * frame.a) + frame.x * rng.uniform(-1, 1) * (frame.b / 50 - 0.5)
    frame["y"] = draw(family, np.exp(eta.to_numpy()), frame.trials.to_numpy(), rng) if responses is None else responses
    frame["failures"] = frame.trials - frame.y
    response = "y + failures" if family == "counted" else "y"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.DataWarning)
        model = cs.glm(
            f"{response} ~ x",
            context=CONTEXTS[context],
            data=frame,
            family=FAMILIES[family],
            offset="shift",
            freq_weights="copies",
        )
    return RandomModel(frame, model)


@pytest.fixture(scope="session")
def random_model() -> Callable[..., RandomModel]:
    return make_model


@pytest.fixture(scope="session")
def families() -> dict[str, cs.families.Family]:
    return FAMILIES

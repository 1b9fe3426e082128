"""With `select=True` and no heterogeneity the model falls back on the population model."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammaln

pytestmark = [
    pytest.mark.statistical,
    pytest.mark.filterwarnings("ignore::contextstats.ExtrapolationWarning"),  # new contexts at the ends of the range
]
FAMILY = pytest.mark.parametrize("family", ["gaussian", "logit", "poisson"])


def loss(res, frame, family: str) -> float:
    """Mean negative log-likelihood of new data; Gaussian with variance one, the true one."""
    mu, y = res.predict(frame).to_numpy(), frame["y"].to_numpy()
    if family == "gaussian":
        return float(np.mean((y - mu) ** 2) / 2 + np.log(2 * np.pi) / 2)
    if family == "logit":
        return float(-np.mean(y * np.log(mu) + (1 - y) * np.log1p(-mu)))
    return float(-np.mean(y * np.log(mu) - mu - gammaln(y + 1)))


@FAMILY
def test_loss_on_new_data_is_within_half_a_percent_of_the_population_model(
    family, draw_data, fit_data, repeat, assert_mean
):
    """n = 1000, both contexts in both coefficients: 36 basis functions that are not needed."""
    excess, plain = [], []
    for seed in range(repeat(40, 400)):
        frame, _ = draw_data(family, 0.0, 700_000 + seed, rows=1000)
        new, _ = draw_data(family, 0.0, 800_000 + seed, rows=10_000)
        population = loss(fit_data(frame, family, context=None), new, family)
        excess.append(loss(fit_data(frame, family, select=True), new, family) / population - 1)
        plain.append(loss(fit_data(frame, family), new, family) / population - 1)
    assert_mean(excess, 0.0, 0.003, name=f"{family} select")
    assert np.mean(excess) < 0.005
    assert np.quantile(excess, 0.9) < 0.01
    assert np.mean(excess) < np.mean(plain)


@FAMILY
def test_selection_costs_little_where_there_is_heterogeneity(family, draw_data, fit_data, repeat, strengths):
    excess = []
    for seed in range(repeat(20, 200)):
        frame, _ = draw_data(family, strengths[family], 900_000 + seed, rows=1000)
        new, _ = draw_data(family, strengths[family], 950_000 + seed, rows=10_000)
        plain = loss(fit_data(frame, family), new, family)
        excess.append(loss(fit_data(frame, family, select=True), new, family) / plain - 1)
    print(f"{family} select, with heterogeneity: {np.mean(excess):.5f}")
    assert np.mean(excess) < 0.005

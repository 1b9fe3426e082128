"""Simulation from a fitted model, and the bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from contextstats.algorithms.joint import CoreProblem, Floats, fit_joint
from contextstats.design import Design
from contextstats.errors import DataError, OptionError
from contextstats.options import resolve_threads
from contextstats.results.residuals import prior_weight

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults

Kind = Literal["parametric", "cases"]


def draw_responses(res: GLMResults, rng: np.random.Generator, rows: Any = slice(None)) -> Floats:
    """One new response for each of some rows of the fit (default: all), drawn from the fitted distribution."""
    mu, prior = res.rows.mu[rows], prior_weight(res)[rows]
    local = res.scale / prior
    name, parameter = res.family.core_name, res.family.parameter
    if name == "gaussian":
        return np.asarray(rng.normal(mu, np.sqrt(local)))
    if name == "binomial":
        return np.asarray(rng.binomial(_whole_trials(prior), mu) / prior)
    if res.family.scale_known and not (prior == 1).all():
        raise OptionError(
            f"Responses cannot be drawn for family {name!r} with var_weights: no distribution has the variance "
            "they stand for. Use kind='cases' to bootstrap."
        )
    if name == "poisson":
        return np.asarray(rng.poisson(mu), dtype=np.float64)
    if name == "gamma":
        return np.asarray(rng.gamma(1 / local, mu * local))
    if name == "inverse_gaussian":
        return np.asarray(rng.wald(mu, 1 / local))
    if name == "negative_binomial":
        return np.asarray(rng.poisson(rng.gamma(1 / parameter, mu * parameter)), dtype=np.float64)
    return _draw_tweedie(mu, local, parameter, rng)


def _whole_trials(prior: Floats) -> Any:
    trials = np.rint(prior).astype(np.int64)
    if not np.array_equal(trials, prior):
        raise OptionError(
            "Binomial responses can be drawn if var_weights are numbers of trials, but they are not whole numbers. "
            "Use kind='cases' to bootstrap."
        )
    return trials


def _draw_tweedie(mu: Floats, phi: Floats, power: float, rng: np.random.Generator) -> Floats:
    """Compound Poisson sum of gammas, 1 < power < 2 (Jorgensen 1997, chapter 4)."""
    if not 1 < power < 2:
        raise OptionError(f"Responses can be drawn for a Tweedie power between 1 and 2, but it is {power}.")
    events = rng.poisson(mu ** (2 - power) / (phi * (2 - power)))
    shape = events * (2 - power) / (power - 1)
    scale = phi * (power - 1) * mu ** (power - 1)
    return np.where(events > 0, rng.gamma(np.maximum(shape, 1e-300), scale), 0.0)


def simulate(res: GLMResults, n: int, seed: int | None) -> pd.DataFrame:
    """n simulated responses, one a column: sim_1, sim_2, ..."""
    if n < 1:
        raise OptionError(f"n must be at least 1, but is {n}.")
    rng = np.random.default_rng(seed)
    draws = {f"sim_{i + 1}": draw_responses(res, rng) for i in range(n)}
    return pd.DataFrame(draws, index=res.design.row_labels)


@dataclass(frozen=True, eq=False)
class BootstrapResults:
    """Replicates of the coefficients.

    Attributes
    ----------
    params : (n, P) data frame
        Coefficients of each replicate, in user coordinates.
    theta : (n, P) array
        The same in the core's coordinates, for curves.
    kind : str
        "parametric" or "cases".
    n_failed : int
        Replicates that did not converge; they are left out.
    """

    params: pd.DataFrame
    theta: Floats
    kind: str
    n_failed: int

    @property
    def bse(self) -> pd.Series:
        """Bootstrap standard errors."""
        return self.params.std(ddof=1)

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Percentile intervals."""
        return pd.DataFrame({"lower": self.params.quantile(alpha / 2), "upper": self.params.quantile(1 - alpha / 2)})


def bootstrap(
    res: GLMResults,
    n: int,
    *,
    kind: Kind,
    seed: int | None,
    n_jobs: int | None,
    progress: bool | Callable[[int, int], None],
) -> BootstrapResults:
    """Refit to resampled data; smoothing parameters are estimated again unless they were given.

    Replicate r draws from its own stream, spawned from `seed`, so that results do not depend on `n_jobs`.
    """
    if kind not in ("parametric", "cases"):
        raise OptionError(f"kind must be 'parametric' or 'cases', but is {kind!r}.")
    if n < 2:
        raise OptionError(f"n must be at least 2, but is {n}.")
    streams = np.random.SeedSequence(seed).spawn(n)
    jobs = min(resolve_threads(n_jobs), n)
    fixed = res.fit.smoothing_parameters if res.fit.smoothing == "fixed" else None
    done = 0

    def one(stream: np.random.SeedSequence) -> Floats | None:
        problem = CoreProblem.of(_resampled(res, kind, np.random.default_rng(stream)), 1)
        try:
            fit = fit_joint(
                problem,
                res.family,
                smoothing=fixed if fixed is not None else _criterion(res),
                start=res.fit.theta,
                smoothing_start_values=res.fit.smoothing_parameters,
            )
        except DataError:  # no finite fit to this replicate
            return None
        return fit.theta if fit.converged else None

    replicates = []
    with ThreadPoolExecutor(jobs) as pool:
        for theta in pool.map(one, streams):
            replicates.append(theta)
            done += 1
            if callable(progress):
                progress(done, n)
            elif progress:
                print(f"\rbootstrap {done}/{n}", end="" if done < n else "\n", flush=True)  # noqa: T201
    kept = np.array([theta for theta in replicates if theta is not None]).reshape(-1, len(res.fit.theta))
    names = list(res.design.coef_names)
    return BootstrapResults(
        params=pd.DataFrame(kept @ res.design.user_map.T, columns=names),
        theta=kept,
        kind=kind,
        n_failed=n - len(kept),
    )


def _criterion(res: GLMResults) -> str:
    return res.fit.smoothing if res.fit.smoothing in ("reml", "ml", "gcv") else "reml"


def _resampled(res: GLMResults, kind: Kind, rng: np.random.Generator) -> Any:
    """The design with new responses, one for each copy of a row, or with multinomial frequencies of cases."""
    design = res.design
    if kind == "parametric":
        copies = _whole_copies(design.freq_weights)
        rows = np.repeat(np.arange(len(copies)), copies)
        return _at_rows(design, rows, y=draw_responses(res, rng, rows), freq_weights=np.ones(len(rows)))
    total = round(float(design.freq_weights.sum()))
    counts = rng.multinomial(total, design.freq_weights / design.freq_weights.sum()).astype(float)
    keep = np.flatnonzero(counts)
    return _at_rows(design, keep, y=design.y[keep], freq_weights=counts[keep])


def _whole_copies(freq_weights: Floats) -> Any:
    copies = np.rint(freq_weights).astype(np.int64)
    if not np.array_equal(copies, freq_weights):
        raise OptionError(
            "The parametric bootstrap draws one response for each copy of a row, so freq_weights must be whole "
            "numbers, but are not. Use kind='cases'."
        )
    return copies


def _at_rows(design: Design, rows: Any, *, y: Floats, freq_weights: Floats) -> Design:
    """The design at some of its rows, which may repeat, with given responses and frequencies."""
    return replace(
        design,
        y=y,
        x=design.x.take(rows),
        contexts=design.contexts.take(rows),
        offset=design.offset[rows],
        freq_weights=freq_weights,
        var_weights=design.var_weights[rows],
        trials=None if design.trials is None else design.trials[rows],
    )

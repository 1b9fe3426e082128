"""Neither the order of the rows nor the number of threads is part of a model."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import contextstats as cs

pytestmark = pytest.mark.filterwarnings("error::contextstats.ConvergenceWarning")
CASES = {
    "gaussian": ("gaussian", {"Intercept": "s(a)", "x": "s(b, k=6) + g"}),
    "poisson": ("poisson", {"Intercept": "s(a)", "x": "s(b, k=6) + g"}),
    "binomial": ("binary", "a + g"),
    "glm": ("poisson", None),
}


def fit(case, frame, **options) -> cs.GLMResults:
    response, context = CASES[case]
    family = "binomial" if response == "binary" else response
    return cs.glm(f"{response} ~ x + z", context=context, data=frame, family=family).fit(**options)


@pytest.mark.parametrize("case", CASES)
def test_order_of_the_rows_does_not_matter(case, frame):
    """To 1e-10 at given smoothing parameters. Not to the bit: sums over rows in another order round differently."""
    shuffled = frame.sample(frac=1.0, random_state=3)
    smoothing = fit(case, frame).smoothing_parameters.to_numpy()
    for kind in ("bayes", "nonrobust", "HC3", "cluster"):

        def options(data, kind=kind):
            groups = {"groups": data["center"]} if kind == "cluster" else None
            return {"smoothing": smoothing, "tol": 1e-13, "cov_type": kind, "cov_kwds": groups}

        one, other = fit(case, frame, **options(frame)), fit(case, shuffled, **options(shuffled))
        # Coordinates of the smooths themselves come from the rows: what a user reads off is compared.
        one_table, other_table = one.coefficients(frame.iloc[:40]), other.coefficients(frame.iloc[:40])
        for column in ("estimate", "std_error"):
            size = np.abs(one_table[column]).max()
            assert_allclose(other_table[column] / size, one_table[column] / size, atol=1e-10, rtol=0)
        assert_allclose(other.fittedvalues[frame.index], one.fittedvalues, rtol=1e-10)
        for name in ("llf", "deviance", "scale", "edf", "aic"):
            assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-10, err_msg=name)


@pytest.mark.parametrize("case", ["gaussian", "poisson"])
def test_order_of_the_rows_does_not_move_the_smoothing_parameters(case, frame, assert_same_fit):
    assert_same_fit(fit(case, frame.sample(frac=1.0, random_state=4)), fit(case, frame), rtol=1e-6)


def assert_same_bits(one: cs.GLMResults, other: cs.GLMResults) -> None:
    for field in (
        "theta",
        "gram_observed",
        "gram_expected",
        "inverse",
        "smoothing_parameters",
        "score_hessian",
        "dtheta",
    ):
        assert_array_equal(getattr(one.fit, field), getattr(other.fit, field), err_msg=field)
    assert (one.fit.iterations, one.fit.evaluations) == (other.fit.iterations, other.fit.evaluations)
    assert_array_equal(one.natural_covariance, other.natural_covariance)
    assert_array_equal(one.fittedvalues, other.fittedvalues)
    assert_array_equal(
        [one.deviance, one.scale, one.llf, one.edf, one.aic],
        [other.deviance, other.scale, other.llf, other.edf, other.aic],
    )


@pytest.mark.parametrize("method", ["newton", "lbfgs"])
@pytest.mark.parametrize("case", CASES)
def test_any_number_of_threads_gives_the_same_bits(case, method, frame_of):
    frame = frame_of(5_000, seed=1)
    one = fit(case, frame, method=method, threads=1)
    for threads in (2, 7):
        assert_same_bits(fit(case, frame, method=method, threads=threads), one)


@pytest.mark.parametrize("kind", ["HC0", "HC3", "cluster"])
def test_any_number_of_threads_gives_the_same_robust_covariance(kind, frame_of):
    frame = frame_of(5_000, seed=1)
    options = {"cov_type": kind, "cov_kwds": {"groups": frame["center"]} if kind == "cluster" else None}
    one = fit("poisson", frame, threads=1, smoothing=1.0, **options)
    for threads in (2, 7):
        assert_same_bits(fit("poisson", frame, threads=threads, smoothing=1.0, **options), one)


@pytest.mark.parametrize("case", ["gaussian", "binomial"])
def test_any_number_of_threads_gives_the_same_bits_for_50000_rows(case, frame_of):
    frame = frame_of(50_000, seed=2)
    one = fit(case, frame, threads=1)
    for threads in (2, 7):
        assert_same_bits(fit(case, frame, threads=threads), one)


def test_a_fit_repeated_gives_the_same_bits(frame):
    assert_same_bits(fit("poisson", frame), fit("poisson", frame))

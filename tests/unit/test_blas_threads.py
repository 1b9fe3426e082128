"""Matrices of the size of the coefficients are left to one BLAS thread, whatever the machine has."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import contextstats as cs
from contextstats.algorithms.blas import single_threaded_blas
from contextstats.results import statistics, summary


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(3)
    data = {"y": rng.normal(size=60), "x": rng.normal(size=60), "c": rng.uniform(size=60)}
    return cs.glm("y ~ x", "s(c, k=5)", data)


@pytest.mark.parametrize(("module", "name"), [(summary, "blocks"), (statistics, "upper_point")])
def test_summaries_and_standard_errors_run_with_one_blas_thread(model, monkeypatch, module, name):
    seen, original = [], getattr(module, name)

    def recorded(*args, **kwargs):
        seen.append(blas_threads())
        return original(*args, **kwargs)

    with threadpool_limits(2, user_api="blas"):
        if blas_threads() != {2}:
            pytest.skip("this BLAS has one thread")
        res = model.fit()
        monkeypatch.setattr(module, name, recorded)
        str(res.summary())
        assert seen
        assert set.union(*seen) == {1}
        assert blas_threads() == {2}


def test_threads_of_the_caller_come_back_after_an_error():
    @single_threaded_blas
    def fails() -> None:
        assert blas_threads() == {1}
        raise KeyError("asked for")

    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with pytest.raises(KeyError, match="asked for"):
            fails()
        assert blas_threads() == before

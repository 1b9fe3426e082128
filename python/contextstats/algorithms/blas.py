"""One BLAS thread for matrices of the size of the coefficients.

The data are the core's, which has threads of its own. What is left to numpy and scipy are matrices of a few hundred
rows, for which BLAS threads cost many times what they save, and would make the last bits depend on their number.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

P = ParamSpec("P")
R = TypeVar("R")


@functools.cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def single_threaded_blas(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function with one BLAS thread."""

    @functools.wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        with _controller().limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited

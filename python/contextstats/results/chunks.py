"""Rows in portions that stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Iterator

_ROWS_AT_ONCE = 8192  # OpenBLAS gives longer dot products to threads, which cost more than they save


def chunks(n: int) -> Iterator[slice]:
    """Slices that cover n rows, each small enough for a dense basis and for its temporary arrays to be reused."""
    for start in range(0, n, _ROWS_AT_ONCE):
        yield slice(start, min(start + _ROWS_AT_ONCE, n))

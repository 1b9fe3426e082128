"""Cheap checks of predictors that explain what the core will find when it looks for dependent columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from contextstats.design.matrix import Columns


def constant_columns(x: Columns, names: Sequence[str]) -> list[str]:
    """Return the names of predictors with a single value other than zero."""
    first, last = x[0], x[-1]
    candidates = np.flatnonzero((first == last) & (first != 0))
    return [names[int(j)] for j in candidates if (x[:, j] == first[j]).all()]


def duplicate_columns(x: Columns, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return pairs of predictors that are the same in every row."""
    candidates = [(i, j) for i, j in combinations(range(x.shape[1]), 2) if x[0, i] == x[0, j] and x[-1, i] == x[-1, j]]
    return [(names[i], names[j]) for i, j in candidates if np.array_equal(x[:, i], x[:, j])]


def predictor_notes(x: Columns, names: Sequence[str]) -> list[str]:
    """Say which predictors are copies of each other, or constant beside another constant."""
    if len(x) < 2:
        return []
    constant = constant_columns(x, names)
    notes = [
        f"The predictors {first} and {second} are the same in every row."
        for first, second in duplicate_columns(x, names)
        if first not in constant
    ]
    if len(constant) > 1:
        notes.append(f"The predictors {', '.join(constant)} are all constant: only one can be estimated.")
    zero = [name for j, name in enumerate(names) if x[0, j] == 0 and not x[:, j].any()]
    return notes + [f"The predictor {name} is zero in every row." for name in zero]

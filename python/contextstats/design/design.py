"""The data and terms of a fit, as the compiled core and the results read them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from contextstats.design.columns import Floats, Level
from contextstats.design.matrix import Columns
from contextstats.design.recipe import Recipe
from contextstats.encoders.basis import BasisSpec
from contextstats.encoders.fitted import FittedTerm


@dataclass(frozen=True, eq=False)
class Block:
    """The coefficients of one term of one predictor.

    Attributes
    ----------
    predictor : int
        Column of `Design.x`.
    term : FittedTerm or None
        None for the constant part of the coefficient.
    start, stop : int
        Its coefficients are `theta[start:stop]`.
    """

    predictor: int
    term: FittedTerm | None
    start: int
    stop: int


CoreBlock = tuple[int, int, Floats]


@dataclass(frozen=True, eq=False)
class Design:
    """Everything a fit reads, complete and checked.

    Attributes
    ----------
    y : (n,) array
        Response; binomial: the proportion of successes.
    x : Columns, (n, p)
        Predictors.
    contexts : Columns, (n, d)
        Contexts, codes of categorical ones.
    offset, freq_weights, var_weights : (n,) array
        Offset (log exposure included) and weights.
    trials : (n,) array or None
        Binomial with counts: successes + failures.
    x_names, context_names : tuple of str
        Names of the columns.
    context_levels : dict of str to tuple
        Levels of the categorical contexts.
    y_name : str
        Name of the response.
    row_labels : pandas.Index, length n
        Labels of the rows that are used.
    kept_rows : pandas.Index of int, length n
        Their positions in the data.
    n_missing : dict of str to int
        Rows left out, by variable with a missing value and for "zero weight"; a row may count twice.
    n_dropped : int
        Rows left out, each counted once; those that hidden layers were learned from among them.
    notes : tuple of str
        What the user should know, as sentences.
    blocks : tuple of Block
        By predictor, the constant first.
    penalties : (K, P) array
        Diagonals of the penalties, one row for each smoothing parameter.
    penalty_names, coef_names : tuple of str
        Names of smoothing parameters (K) and coefficients (P).
    user_map : (P, P) array
        L: `params = L theta` are coefficients of the contexts as the user measured them.
    recipe : Recipe
        Makes predictors and contexts of new data.
    n_learning : int
        Rows that hidden layers were learned from and nothing else.
    """

    y: Floats
    x: Columns
    contexts: Columns
    offset: Floats
    freq_weights: Floats
    var_weights: Floats
    trials: Floats | None
    x_names: tuple[str, ...]
    context_names: tuple[str, ...]
    context_levels: dict[str, tuple[Level, ...]]
    y_name: str
    row_labels: pd.Index
    kept_rows: pd.Index
    n_missing: dict[str, int]
    n_dropped: int
    notes: tuple[str, ...]
    blocks: tuple[Block, ...]
    penalties: Floats
    penalty_names: tuple[str, ...]
    coef_names: tuple[str, ...]
    user_map: Floats
    recipe: Recipe
    n_learning: int = 0

    @property
    def n_rows(self) -> int:
        """Number of rows used."""
        return int(self.y.size)

    @property
    def n_coefficients(self) -> int:
        """Number of coefficients, P."""
        return len(self.coef_names)

    @cached_property
    def is_honest(self) -> bool:
        """Whether every basis was given before responses were seen; else no test of what varies is valid."""
        return all(block.term is None or block.term.honest for block in self.blocks)

    def without_rows(self) -> Design:
        """Return what new data need: terms and recipe, and not one row of the fit."""
        none = np.empty(0)
        return replace(
            self,
            y=none,
            x=self.x.take(slice(0)),
            contexts=self.contexts.take(slice(0)),
            offset=none,
            freq_weights=none,
            var_weights=none,
            trials=None,
            row_labels=pd.RangeIndex(0),
            kept_rows=pd.RangeIndex(0),
        )

    def core_layout(self) -> tuple[list[dict[str, Any]], list[CoreBlock]]:
        """Return bases and blocks for `_core.Design`.

        Returns
        -------
        bases : list of dict
            First one dense basis with the constant and every straight line, then one for each other basis.
        blocks : list of (predictor, basis, transform)
            In the order of `blocks`; transforms are (n_raw, m) arrays, columns first.
        """
        return core_layout(self.blocks)


def core_layout(blocks: tuple[Block, ...]) -> tuple[list[dict[str, Any]], list[CoreBlock]]:
    """Collect the different bases of some blocks, the dense ones merged; see :meth:`Design.core_layout`."""
    lines: dict[tuple[int, float, float], int] = {}
    others: dict[BasisSpec, int] = {}
    for block in blocks:
        if block.term is None:
            continue
        basis = block.term.basis
        if basis.kind == "dense":
            for line in _lines(basis):
                lines.setdefault(line, len(lines) + 1)
        else:
            others.setdefault(basis, len(others) + 1)
    merged = BasisSpec(
        kind="dense",
        columns=tuple(line[0] for line in lines),
        centers=tuple(line[1] for line in lines),
        scales=tuple(line[2] for line in lines),
        intercept=True,
    )
    placed = [_place(block, lines, others, merged.n_raw) for block in blocks]
    return [merged.to_dict(), *(basis.to_dict() for basis in others)], placed


def _lines(basis: BasisSpec) -> list[tuple[int, float, float]]:
    return list(zip(basis.columns, basis.centers, basis.scales, strict=True))


def _place(
    block: Block, lines: dict[tuple[int, float, float], int], others: dict[BasisSpec, int], n_raw: int
) -> CoreBlock:
    if block.term is None:
        transform = np.zeros((n_raw, 1), order="F")
        transform[0, 0] = 1.0
        return block.predictor, 0, transform
    basis = block.term.basis
    if basis.kind != "dense":
        return block.predictor, others[basis], np.asfortranarray(block.term.transform)
    transform = np.zeros((n_raw, block.term.n_coefficients), order="F")
    rows = [lines[line] for line in _lines(basis)]
    transform[rows] = block.term.transform[1:] if basis.intercept else block.term.transform
    return block.predictor, 0, transform

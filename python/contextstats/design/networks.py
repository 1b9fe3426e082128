"""The data of a network: variables, contexts, and one context basis that all functions of context share."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contextstats.design.arrays import read_columns
from contextstats.design.assemble import assemble
from contextstats.design.columns import Column, Floats, Level, lay_out
from contextstats.design.context import Contexts, for_array_contexts, prepare_contexts
from contextstats.design.design import Block, CoreBlock, core_layout
from contextstats.design.missing import keep_rows
from contextstats.design.recipe import Recipe
from contextstats.design.table import common_index
from contextstats.encoders.additive import Additive
from contextstats.encoders.parse import parse_context
from contextstats.encoders.terms import Term
from contextstats.errors import DataError, ExtrapolationWarning, OptionError
from contextstats.options import check_missing

_SAME = 1e-12  # standardised columns that differ by less are copies


@dataclass(frozen=True, eq=False)
class NetworkData:
    """Everything a network fit reads, complete and checked.

    Every function of context in the network is f(c) = b(c)'theta with the same basis b of m functions: the constant
    first, then the natural coordinates of each context term.

    Attributes
    ----------
    z : (n, p) array, columns first
        Variables, each with mean zero and variance one (divisor n) over the rows of the fit.
    center, scale : (p,) array
        Means and standard deviations: the variables as measured are center + scale z.
    contexts : (n, d) array, columns first
        Contexts, codes of categorical ones.
    names : tuple of str
        Names of the variables.
    context_names : tuple of str
    context_levels : dict of str to tuple
        Levels of the categorical contexts.
    blocks : tuple of Block
        The constant and the context terms, with their places in the basis.
    penalties : (K, m) array
        Diagonals of the penalties of one function of context.
    penalty_names, basis_names : tuple of str
        Names of the K penalties and of the m basis functions.
    row_labels : pandas.Index, length n
    n_missing : dict of str to int
        Rows left out by variable with a missing value.
    n_dropped : int
    notes : tuple of str
        What the user should know.
    recipe : Recipe
        Makes variables and contexts of new data.
    context_text : str
        The context as it was asked for.
    """

    z: Floats
    center: Floats
    scale: Floats
    contexts: Floats
    names: tuple[str, ...]
    context_names: tuple[str, ...]
    context_levels: dict[str, tuple[Level, ...]]
    blocks: tuple[Block, ...]
    penalties: Floats
    penalty_names: tuple[str, ...]
    basis_names: tuple[str, ...]
    row_labels: pd.Index
    n_missing: dict[str, int]
    n_dropped: int
    notes: tuple[str, ...]
    recipe: Recipe
    context_text: str

    @property
    def n_rows(self) -> int:
        """Rows used, n."""
        return int(self.z.shape[0])

    @property
    def n_variables(self) -> int:
        """Variables, p."""
        return int(self.z.shape[1])

    @property
    def n_basis(self) -> int:
        """Functions in the context basis, m."""
        return len(self.basis_names)

    @property
    def n_free(self) -> int:
        """Functions in the context basis that no penalty touches."""
        return int((self.penalties.sum(axis=0) == 0).sum()) if len(self.penalties) else self.n_basis

    def basis(self, contexts: Floats) -> Floats:
        """The context basis at some contexts, shape (n, m)."""
        parts = [np.ones((len(contexts), 1))]
        parts += [block.term.evaluate(contexts) for block in self.blocks if block.term is not None]
        return np.hstack(parts)

    def core_layout(self) -> tuple[list[dict[str, Any]], list[CoreBlock]]:
        """The context basis as bases and blocks of a `_core.Design` with a single predictor."""
        return core_layout(self.blocks)

    def repeated_layout(self, n_predictors: int) -> tuple[list[dict[str, Any]], list[CoreBlock]]:
        """The same for so many predictors, each with the whole basis, predictor by predictor."""
        bases, blocks = self.core_layout()
        return bases, [(j, basis, transform) for j in range(n_predictors) for _, basis, transform in blocks]

    def standardise(self, x: Floats) -> Floats:
        """Variables of new rows in the units of `z`."""
        return np.asfortranarray((x - self.center) / self.scale)

    def contexts_of(self, context: Any) -> tuple[Floats, pd.Index, NDArray[np.bool_]]:
        """Contexts of new rows (of the fit for None), labels, and which lie outside the range of the fit.

        Raises
        ------
        DataError
            If a context is missing or infinite, or a level was not seen in the fit.

        Warns
        -----
        ExtrapolationWarning
            If a context lies outside the range of the fit.
        """
        if context is None:
            return self.contexts, self.row_labels, np.zeros(self.n_rows, dtype=bool)
        rows = self.recipe.apply_contexts(context)
        warn_outside(rows.outside, rows.outside_names)
        return rows.contexts, rows.row_labels, rows.outside

    def typical_context(self) -> Floats:
        """The medians of the contexts, and the most frequent level of categorical ones, as one row."""
        row = np.empty((1, self.contexts.shape[1]), order="F")
        for k, name in enumerate(self.context_names):
            column = self.contexts[:, k]
            row[0, k] = np.bincount(column.astype(int)).argmax() if name in self.context_levels else np.median(column)
        return row


def warn_outside(outside: NDArray[np.bool_], names: Sequence[str]) -> None:
    """Warn about contexts outside the range of the fit."""
    if outside.any():
        warnings.warn(
            f"{int(outside.sum())} of {outside.size} contexts lie outside the range of the fit ({', '.join(names)}). "
            "The network there continues straight lines, which nothing in the data supports.",
            ExtrapolationWarning,
            stacklevel=4,
        )


def build_network_data(
    variables: Any, context: Any = None, encoder: Any = None, *, missing: Any = "drop", select: bool = False
) -> NetworkData:
    """Read and check the data of a network.

    Parameters
    ----------
    variables : (n, p) array, data frame or dict of arrays
        The nodes of the network: numeric columns with different names.
    context : (n, d) array, data frame, column or None
        What the network depends on.
    encoder : encoder or str, optional
        How: `Constant()`, `Linear()`, `Additive()` (default), or a context formula "s(age) + sex".
    missing : {"drop", "raise"}
        What to do with rows that have a missing value.
    select : bool
        Penalise also what smoothing leaves free.

    Returns
    -------
    NetworkData

    Raises
    ------
    DataError, FormulaError, OptionError
        Saying what must hold, what was found, where, and what to do.
    """
    missing = check_missing(missing)
    nodes = [column.as_numbers() for column in read_columns(variables, "X", "x")]
    in_context = [] if context is None else read_columns(context, "context", "c")
    _check_nodes(nodes, in_context)
    index = common_index({"X": variables, "context": context})
    labels = pd.RangeIndex(nodes[0].data.size) if index is None else index
    kept = keep_rows([*nodes, *in_context], None, labels, missing)
    labels = labels if kept.rows is None else labels[kept.rows]
    x = lay_out([column.take(kept.rows).data for column in nodes], kept.n)
    names = tuple(column.name for column in nodes)
    z, center, scale = standardised(x, names)
    complete = {column.name: column.take(kept.rows).used_levels_only() for column in in_context}
    terms, text = _terms(encoder, list(complete.values()))
    contexts = prepare_contexts(_used(complete, terms), (terms,), kept.n)
    layout = assemble(("Intercept",), contexts, select=select, freq_weights=None)
    return NetworkData(
        z=z,
        center=center,
        scale=scale,
        contexts=np.asarray(contexts.matrix),
        names=names,
        context_names=tuple(variable.name for variable in contexts.variables),
        context_levels={v.name: v.levels for v in contexts.variables if v.levels is not None},
        blocks=layout.blocks,
        penalties=layout.penalties,
        penalty_names=_penalty_names(layout.blocks),
        basis_names=layout.coef_names,
        row_labels=labels,
        n_missing=kept.causes,
        n_dropped=kept.n_dropped,
        notes=(*contexts.notes, *layout.notes),
        recipe=Recipe("arrays", names, contexts.variables, given_contexts=tuple(c.name for c in in_context)),
        context_text=text or _text(contexts),
    )


def standardised(x: Floats, names: Sequence[str]) -> tuple[Floats, Floats, Floats]:
    """Variables with mean zero and variance one, their means and standard deviations.

    Raises
    ------
    DataError
        If a variable is constant, or two are copies of each other up to sign and units.
    """
    center = x.mean(axis=0)
    deviation = x - center
    largest = np.abs(deviation).max(axis=0)
    flat = largest <= 64 * np.finfo(float).eps * np.abs(x).max(axis=0)
    if flat.any():
        j = int(np.argmax(flat))
        raise DataError(
            f"Every variable of a network must vary, but {int(flat.sum())} of {len(names)} do not (first: {names[j]}, "
            f"{x[0, j]:g} in all {len(x)} rows). Leave constant variables out."
        )
    scale = largest * np.sqrt(np.mean((deviation / largest) ** 2, axis=0))
    z = np.asfortranarray(deviation / scale)
    correlation = np.abs(z.T @ z) / len(z)
    for i, j in zip(*np.nonzero(np.triu(correlation > 1 - 1e-9, 1)), strict=True):
        sign = 1.0 if z[:, i] @ z[:, j] > 0 else -1.0
        if np.mean((z[:, i] - sign * z[:, j]) ** 2) < _SAME:
            raise DataError(
                f"The variables {names[i]} and {names[j]} must differ, but one is a multiple of the other in every "
                "row (up to a shift). Leave one of them out."
            )
    return z, center, scale


def require_rank(data: NetworkData, what: str) -> None:
    """Refuse variables that are linearly dependent, or too few rows for them.

    Raises
    ------
    DataError
        Naming the rank, the numbers of variables and rows, and, where there is one, a dependent variable.
    """
    n, p = data.n_rows, data.n_variables
    _, singular, rows = np.linalg.svd(np.linalg.qr(data.z, mode="r"))
    rank = int((singular > 1e-9 * singular[0]).sum())
    if rank < p and n <= p:
        raise DataError(
            f"{what} needs linearly independent variables, but {n} rows give {p} variables a rank of {rank}. Use fewer "
            "variables, more rows, or CorrelationNetwork(method='pairwise'), which looks at two variables at a time."
        )
    if rank < p:
        involved = [data.names[j] for j in np.flatnonzero(np.abs(rows[-1]) > 1e-6)]
        raise DataError(
            f"{what} needs linearly independent variables, but the rank of the {p} variables is {rank}: "
            f"{', '.join(involved[:8])} add up to a constant with some weights. Leave one of them out."
        )
    if n <= p * data.n_free:
        raise DataError(
            f"{what} needs more rows than free coefficients in one regression, but {p} variables times {data.n_free} "
            f"functions of context that no penalty holds are {p * data.n_free}, so that the rank of the design is at "
            f"most {n}, the number of rows. Use fewer variables or contexts, or select=True."
        )


def _check_nodes(nodes: Sequence[Column], in_context: Sequence[Column]) -> None:
    if len(nodes) < 2:
        raise DataError(f"A network must have at least two variables, but X has {len(nodes)}.")
    for what, columns in (("X", nodes), ("context", in_context)):
        names = [column.name for column in columns]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise DataError(
                f"The columns of {what} must have different names, but {twice[0]} stands twice. Rename them."
            )
    for column in nodes:
        if column.levels is not None:
            raise DataError(
                f"X must hold numbers, but its column {column.name} holds levels "
                f"({', '.join(repr(level) for level in column.levels[:4])}). Leave it out, or use it as context."
            )
    both = {column.name for column in nodes}.intersection(column.name for column in in_context)
    if both:
        raise DataError(
            f"A variable of the network cannot be its context, but {sorted(both)[0]} is in X and in context. "
            "Leave it out of one of them."
        )
    lengths = {"X": nodes[0].data.size} | ({"context": in_context[0].data.size} if in_context else {})
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise DataError(f"X and context must have the same number of rows, but {found}.")


def _terms(encoder: Any, columns: Sequence[Column]) -> tuple[tuple[Term, ...], str]:
    if isinstance(encoder, str):
        if not columns:
            raise OptionError(f"encoder={encoder!r} names contexts, but context is missing. Pass context=.")
        return parse_context(encoder), encoder
    if not columns:
        return (), ""
    return for_array_contexts(Additive() if encoder is None else encoder, columns), ""


def _used(columns: dict[str, Column], terms: Sequence[Term]) -> dict[str, Column]:
    """The columns that terms name.

    Raises
    ------
    DataError
        If there is no such context.
    """
    names = dict.fromkeys(name for term in terms for name in term.variables)
    for name in names:
        if name not in columns:
            raise DataError(f"The encoder needs the context {name!r}, but the contexts are {', '.join(columns)}.")
    return {name: columns[name] for name in names}


def _penalty_names(blocks: Sequence[Block]) -> tuple[str, ...]:
    return tuple(label for block in blocks if block.term is not None for label in block.term.penalty_labels)


def _text(contexts: Contexts) -> str:
    return " + ".join(term.label for term in contexts.terms[0])

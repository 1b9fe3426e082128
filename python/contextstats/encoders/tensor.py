"""Tensor product smooths of two contexts: te(a, b), and the pure interaction ti(a, b).

Each margin is a smooth of one context. As in mgcv the coefficients of a margin are first made values of its
function at evenly spaced points (those of "cr" and "cc" already are values at knots), so that the two
penalties weigh the same wiggliness along their own context; each marginal penalty is divided by its largest
eigenvalue.

With each margin rotated so that its penalty is diagonal, both penalties of the product are diagonal in the
products of the rotated coordinates. For ti each margin is centred before the product is taken.

Source: Wood (2006), Low-rank scale-invariant tensor product smooths for generalized additive mixed models,
*Biometrics* 62.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contextstats.encoders.basis import BasisSpec
from contextstats.encoders.column import Inputs
from contextstats.encoders.constraint import diagonalise, orthogonal_complement
from contextstats.encoders.construction import Construction, summarise_rows
from contextstats.encoders.fitted import FittedTerm
from contextstats.encoders.penalty import comparable_scale, with_null_space
from contextstats.encoders.smooth_options import check_tensor
from contextstats.encoders.terms import Tensor
from contextstats.encoders.univariate import CONSTRUCTIONS

FloatArray = NDArray[np.float64]
_UNSTABLE = np.finfo(float).eps ** 0.66


@dataclass(frozen=True, eq=False)
class _Margin:
    """One margin, in the coordinates of its penalty and in rotated ones.

    `kept` (k, d) takes the former to coefficients of the construction and `root` (r, d) is the root of the
    penalty there; `rotation` (d, d) takes rotated coordinates to them, where the penalty is `diagonal` (d,).
    """

    values: FloatArray
    built: Construction
    kept: FloatArray
    root: FloatArray
    rotation: FloatArray
    diagonal: FloatArray
    null_dim: int

    def at(self, points: FloatArray) -> FloatArray:
        return self.built.at(points) @ self.kept

    def to_raw(self) -> FloatArray:
        """Return the map from rotated coordinates to raw coefficients, (n_raw, d)."""
        return self.built.mapping @ self.kept @ self.rotation


def fit_tensor(term: Tensor, inputs: Inputs) -> FittedTerm:
    """Build `te(a, b)` or `ti(a, b)` on the rows of the fit."""
    check_tensor(term)
    a, b = (_margin(term, which, inputs) for which in (0, 1))
    basis = BasisSpec(
        kind="tensor",
        columns=a.built.basis.columns + b.built.basis.columns,
        margins=(a.built.basis, b.built.basis),
    )
    products = np.asarray(np.kron(a.to_raw(), b.to_raw()), dtype=float)
    means, row_norm = summarise_rows([(a.values, a.at), (b.values, b.at)], inputs.freq_weights)
    diagonals = np.vstack(
        [
            comparable_scale(a.root, row_norm) * np.kron(a.diagonal, np.ones(b.diagonal.size)),
            comparable_scale(b.root, row_norm) * np.kron(np.ones(a.diagonal.size), b.diagonal),
        ]
    )
    centre = _centre_by_constant if term.interaction else _centre_by_null_space
    transform, penalties = centre(products, diagonals, (a.rotation.T @ means @ b.rotation).ravel())
    labels = tuple(f"{term.label}:{name}" for name in term.variables)
    if inputs.select:
        penalties, labels = with_null_space(penalties, labels, term.label)
    return FittedTerm(
        label=term.label,
        variables=term.variables,
        kind="tensor",
        basis=basis,
        transform=transform,
        penalties=penalties,
        penalty_labels=labels,
        coef_names=tuple(f"{term.label}.{i + 1}" for i in range(transform.shape[1])),
        null_dim=a.null_dim * b.null_dim - (0 if term.interaction else 1),
        constrained=True,
    )


def _centre_by_constant(
    products: FloatArray, diagonals: FloatArray, means: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Subtract from every function its mean; the number of functions stays. For ti."""
    return products - means, diagonals


def _centre_by_null_space(
    products: FloatArray, diagonals: FloatArray, means: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Use up one unpenalised function, the one along which the mean changes fastest, to centre all others.

    Moving a penalised function along an unpenalised one leaves both penalties diagonal. This choice keeps the
    unpenalised coordinates orthonormal in those of the product, as mgcv has them for `select`.
    """
    free = (diagonals == 0).all(axis=0)
    steepest = products[:, free] @ means[free] / (means[free] @ means[free])
    unpenalised = products[:, free] @ orthogonal_complement(means[free])
    penalised = products[:, ~free] - np.outer(steepest, means[~free])
    diagonals = np.hstack([np.zeros((2, unpenalised.shape[1])), diagonals[:, ~free]])
    return np.hstack([unpenalised, penalised]), diagonals


def _margin(term: Tensor, which: int, inputs: Inputs) -> _Margin:
    smooth = term.margin(which)
    column = inputs.columns[smooth.variable]
    built = CONSTRUCTIONS[smooth.bs](smooth, column, term.label)
    k = built.root.shape[1]
    kept = np.eye(k)
    if term.interaction:
        means, _ = summarise_rows([(column.values, built.at)], inputs.freq_weights)
        kept = orthogonal_complement(means)
    if not built.by_values:
        kept = kept @ _value_coordinates(built, column.values, kept)
    root = built.root @ kept
    root = root / np.linalg.norm(root, 2)
    null_dim = max(built.null_dim - 1, 0) if term.interaction else built.null_dim
    diagonal, rotation = diagonalise(root, null_dim)
    return _Margin(column.values, built, kept, root, rotation, diagonal, null_dim)


def _value_coordinates(built: Construction, values: FloatArray, kept: FloatArray) -> FloatArray:
    """Return the inverse of the map from coefficients to values at evenly spaced points of the data range.

    Where that map is singular to rounding (bounds far wider than the data) the coefficients stay what they
    are.
    """
    points = np.linspace(values.min(), values.max(), kept.shape[1])
    left, singular, right = np.linalg.svd(built.at(points) @ kept)
    if singular[-1] < _UNSTABLE * singular[0]:
        return np.eye(singular.size)
    return np.asarray((right.T / singular) @ left.T)

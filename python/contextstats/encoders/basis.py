"""Raw bases as plain data, with a slow and right evaluation in numpy.

The compiled core evaluates the same specifications; its tests compare the two.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from contextstats.encoders.bspline import local_values_continued, scatter

FloatArray = NDArray[np.float64]
BasisKind = Literal["dense", "bspline", "factor", "tensor", "neural"]


@dataclass(frozen=True)
class BasisSpec:
    """A basis b(c) of functions of context.

    Attributes
    ----------
    kind : {"dense", "bspline", "factor", "tensor", "neural"}
        How the functions are evaluated.
    columns : tuple of int
        Columns of the context matrix they depend on.
    centers, scales : tuple of float
        dense: raw column k is z_k = (c_k - center_k) / scale_k. neural: the inputs of the network.
    intercept : bool
        dense: the first raw column is the constant 1.
    knots : tuple of float
        bspline: full knot vector, n_raw + degree + 1 values. Outside [knots[degree], knots[n_raw]] every
        function goes on as a straight line.
    degree : int
        bspline: degree of the pieces.
    periodic : bool
        bspline: contexts are first wrapped into [knots[degree], knots[n_raw]).
    n_levels : int
        factor: codes 0 to n_levels - 1, one indicator each; any other code gives a row of zeros.
    margins : tuple of BasisSpec
        tensor: two bases a and b; raw column i * n_b + j is a_i(c) b_j(c).
    widths : tuple of int
        neural: units of each hidden layer.
    weights : tuple of float
        neural: for each layer its weights (units, inputs) column by column, then its biases.
    projection : tuple of float
        neural: raw columns are [1, z, h, s, s z_1, ...] P with h the last hidden layer and s = 1 - h^2. P column by
        column; none for the identity.
    """

    kind: BasisKind
    columns: tuple[int, ...]
    centers: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()
    intercept: bool = False
    knots: tuple[float, ...] = ()
    degree: int = 3
    periodic: bool = False
    n_levels: int = 0
    margins: tuple[BasisSpec, ...] = ()
    widths: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()
    projection: tuple[float, ...] = ()

    @property
    def n_raw(self) -> int:
        """Number of functions in the basis."""
        if self.kind == "tensor":
            return self.margins[0].n_raw * self.margins[1].n_raw
        if self.kind == "neural":
            return len(self.projection) // self.n_features or self.n_features
        if self.kind == "bspline":
            return len(self.knots) - self.degree - 1
        return self.n_levels if self.kind == "factor" else len(self.columns) + self.intercept

    @property
    def n_features(self) -> int:
        """neural: rows of P."""
        return 1 + len(self.columns) + (2 + len(self.columns)) * self.widths[-1]

    def evaluate(self, contexts: FloatArray) -> FloatArray:
        """Evaluate every function in every row.

        Parameters
        ----------
        contexts : (n, d) array
            The context matrix, factors as codes.

        Returns
        -------
        (n, n_raw) array
        """
        return _EVALUATE[self.kind](self, contexts)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain lists, numbers and strings, ready for JSON and for the core."""
        state = {field.name: getattr(self, field.name) for field in fields(self)}
        state["margins"] = [margin.to_dict() for margin in self.margins]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in state.items()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> BasisSpec:
        """Rebuild the specification that `to_dict` wrote."""
        values: dict[str, Any] = {f.name: state[f.name] for f in fields(cls) if f.name in state}
        values["margins"] = [cls.from_dict(margin) for margin in state["margins"]]
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
        return cls(**values)


def _evaluate_dense(spec: BasisSpec, contexts: FloatArray) -> FloatArray:
    columns = (contexts[:, list(spec.columns)] - np.array(spec.centers)) / np.array(spec.scales)
    return np.column_stack([np.ones(len(contexts)), columns]) if spec.intercept else columns


def _evaluate_bspline(spec: BasisSpec, contexts: FloatArray) -> FloatArray:
    x = contexts[:, spec.columns[0]]
    knots = np.array(spec.knots)
    if spec.periodic:
        low, high = knots[spec.degree], knots[spec.n_raw]
        x = x - np.floor((x - low) / (high - low)) * (high - low)
    return scatter(*local_values_continued(x, knots, spec.degree), spec.n_raw)


def _evaluate_factor(spec: BasisSpec, contexts: FloatArray) -> FloatArray:
    return np.asarray(contexts[:, spec.columns[0]][:, None] == np.arange(spec.n_levels), dtype=float)


def _evaluate_tensor(spec: BasisSpec, contexts: FloatArray) -> FloatArray:
    a, b = (margin.evaluate(contexts) for margin in spec.margins)
    return (a[:, :, None] * b[:, None, :]).reshape(len(contexts), spec.n_raw)


def _evaluate_neural(spec: BasisSpec, contexts: FloatArray) -> FloatArray:
    z = (contexts[:, list(spec.columns)] - np.array(spec.centers)) / np.array(spec.scales)
    hidden, weights, start = z, np.array(spec.weights), 0
    for width in spec.widths:
        end = start + width * hidden.shape[1]
        layer, bias = weights[start:end].reshape(-1, width), weights[end : end + width]
        hidden, start = np.tanh(hidden @ layer + bias), end + width
    slope = 1 - hidden**2
    moved = [slope * z[:, [k]] for k in range(z.shape[1])]
    features = np.column_stack([np.ones(len(z)), z, hidden, slope, *moved])
    return features @ np.reshape(spec.projection, (spec.n_features, -1), order="F") if spec.projection else features


_EVALUATE = {
    "dense": _evaluate_dense,
    "bspline": _evaluate_bspline,
    "factor": _evaluate_factor,
    "tensor": _evaluate_tensor,
    "neural": _evaluate_neural,
}

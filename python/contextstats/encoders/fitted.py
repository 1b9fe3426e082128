"""A term after it has seen the data: a raw basis, a transform and diagonal penalties."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from contextstats.encoders.basis import BasisSpec
from contextstats.encoders.terms import Term

TermKind = Literal["linear", "factor", "smooth", "tensor", "neural"]


@dataclass(frozen=True, eq=False)
class FittedTerm:
    r"""What a term became on the contexts of the fit.

    The function of context it stands for is :math:`f(c) = b(c)^\top T \theta`, with penalty
    :math:`\frac12 \sum_k \lambda_k \theta^\top \mathrm{diag}(d_k)\, \theta`.

    Attributes
    ----------
    label : str
        As printed, "s(age)".
    variables : tuple of str
        Contexts it depends on.
    kind : {"linear", "factor", "smooth", "tensor", "neural"}
        What was built.
    basis : BasisSpec
        The raw basis b(c), with `n_raw` columns.
    transform : (n_raw, m) array
        T: natural coefficients to raw coefficients. It carries the constraint, so no column of b(c)'T is a
        constant over the rows of the fit.
    penalties : (n_penalties, m) array
        Diagonals d_k >= 0, one row for each smoothing parameter. A zero is exact.
    penalty_labels : tuple of str
        Name of each smoothing parameter.
    coef_names : tuple of str
        Name of each natural coefficient.
    null_dim : int
        Number of natural coefficients that no smoothness penalty touches.
    constrained : bool
        True where every column of b(c)'T sums to zero over the rows of the fit.
    notes : tuple of str
        What the user should know about how the term was built, as full sentences.
    setup : (k, m) array or None
        Natural coefficients to those of the k functions the smooth was set up with, before it was centred; they
        sum to one everywhere. None for terms that are not smooths of one context.
    request : Term or None
        What was asked for, for building it on other rows. Not saved.
    honest : bool
        False where the basis was learned from the responses of the rows of the fit: then there are no tests.
    """

    label: str
    variables: tuple[str, ...]
    kind: TermKind
    basis: BasisSpec
    transform: NDArray[np.float64]
    penalties: NDArray[np.float64]
    penalty_labels: tuple[str, ...]
    coef_names: tuple[str, ...]
    null_dim: int
    constrained: bool
    notes: tuple[str, ...] = ()
    setup: NDArray[np.float64] | None = None
    request: Term | None = field(default=None, metadata={"saved": False})
    honest: bool = True

    @property
    def n_coefficients(self) -> int:
        """Number of natural coefficients, m."""
        return int(self.transform.shape[1])

    def evaluate(self, contexts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return b(c)'T for every row of the context matrix, shape (n, m)."""
        return self.basis.evaluate(contexts) @ self.transform

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, numbers and strings, ready for JSON."""
        state = asdict(replace(self, request=None))
        del state["request"]
        state["basis"] = self.basis.to_dict()
        state["transform"] = self.transform.tolist()
        state["penalties"] = self.penalties.tolist()
        state["setup"] = None if self.setup is None else self.setup.tolist()
        return state

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> FittedTerm:
        """Rebuild the term that `to_dict` wrote."""
        columns = len(state["coef_names"])
        return cls(
            label=state["label"],
            variables=tuple(state["variables"]),
            kind=state["kind"],
            basis=BasisSpec.from_dict(state["basis"]),
            transform=np.array(state["transform"], dtype=float).reshape(-1, columns),
            penalties=np.array(state["penalties"], dtype=float).reshape(-1, columns),
            penalty_labels=tuple(state["penalty_labels"]),
            coef_names=tuple(state["coef_names"]),
            null_dim=state["null_dim"],
            constrained=state["constrained"],
            notes=tuple(state["notes"]),
            honest=state.get("honest", True),
            setup=None if state["setup"] is None else np.array(state["setup"], dtype=float),
        )

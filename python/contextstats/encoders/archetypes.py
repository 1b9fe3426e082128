"""Functions of context that are mixtures of a few archetypes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from contextstats.encoders.additive import Linear
from contextstats.errors import OptionError
from contextstats.options import check_choice


@dataclass(frozen=True, kw_only=True)
class Archetypes:
    r"""Coefficients that mix `k` archetypes with weights that depend on context.

    .. math:: W(c) = \sum_k z_k(c) A_k

    Parameters
    ----------
    k : int
        Number of archetypes.
    encoder : Linear, Additive, MLP, NeuralAdditive or str
        How the weights depend on context; a string is a context formula.
    gates : {"softmax", "linear"}
        "softmax": weights are positive and sum to one (NOTMAD). "linear": any weights, so that the coefficients have
        rank `k` in the basis of `encoder`.
    starts : int
        Random starts of the search; the best is kept, as the problem is not convex.
    ridge : float
        Penalty on the coefficients of the weights, per row.
    seed : int
        Seed of the starts.

    Raises
    ------
    OptionError
        If an option has a value outside its range.
    """

    k: int = 4
    encoder: Any = field(default_factory=Linear)
    gates: Literal["softmax", "linear"] = "softmax"
    starts: int = 5
    ridge: float = 1e-4
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("gates", self.gates, ("softmax", "linear"))
        for name, value, least in (("k", self.k, 1), ("starts", self.starts, 1)):
            if int(value) != value or value < least:
                raise OptionError(f"{name} of Archetypes must be a whole number of at least {least}, but is {value!r}.")
        if not self.ridge > 0:
            raise OptionError(f"ridge of Archetypes must be positive, but is {self.ridge!r}.")
        if not (hasattr(self.encoder, "terms") or isinstance(self.encoder, str)):
            raise OptionError(
                "encoder of Archetypes must be Linear(), Additive() or a context formula, but is of type "
                f"{type(self.encoder).__name__}."
            )

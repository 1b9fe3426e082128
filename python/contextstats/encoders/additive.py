"""Encoders for users of arrays: one object that says how every context column enters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contextstats.encoders import terms as t
from contextstats.encoders.smooth_options import check_smooth
from contextstats.errors import OptionError


@dataclass(frozen=True)
class Constant:
    """Coefficients that do not depend on context: an ordinary GLM."""

    def terms(self, context_names: Sequence[str], is_categorical: Sequence[bool]) -> tuple[t.Term, ...]:
        """Return no term, whatever the contexts."""
        del context_names, is_categorical
        return ()


@dataclass(frozen=True)
class Linear:
    """Coefficients linear in every numeric context, with one shift for each level of a categorical one."""

    def terms(self, context_names: Sequence[str], is_categorical: Sequence[bool]) -> tuple[t.Term, ...]:
        """Return one term for each context column."""
        pairs = zip(context_names, is_categorical, strict=True)
        return tuple(t.Factor(name) if categorical else t.Linear(name) for name, categorical in pairs)


@dataclass(frozen=True, kw_only=True)
class Additive:
    """Coefficients that are sums of smooths of the numeric contexts and shifts for the levels of categorical
    ones.

    Parameters
    ----------
    k : int
        Basis functions for each smooth, before it is centred.
    bs : {"ps", "bs", "cr", "cc"}
        Kind of basis.
    m : int or (int, int), optional
        Order of the basis and of the penalty, in the meaning `bs` gives them.
    linear : sequence of str
        Names of numeric contexts that enter as straight lines, such as those with few distinct values.

    Raises
    ------
    OptionError
        If an option has a value outside its range.
    """

    k: int = 10
    bs: str = "ps"
    m: t.Order | None = None
    linear: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_smooth(self._smooth("context"))

    def terms(self, context_names: Sequence[str], is_categorical: Sequence[bool]) -> tuple[t.Term, ...]:
        """Return one term for each context column.

        Raises
        ------
        OptionError
            If `linear` names a context that is not there.
        """
        unknown = [name for name in self.linear if name not in context_names]
        if unknown:
            raise OptionError(
                f"linear must name contexts, but {unknown[0]!r} is none. The contexts are {', '.join(context_names)}."
            )
        pairs = zip(context_names, is_categorical, strict=True)
        return tuple(self._term(name, categorical) for name, categorical in pairs)

    def _term(self, name: str, categorical: bool) -> t.Term:
        if categorical:
            return t.Factor(name)
        return t.Linear(name) if name in self.linear else self._smooth(name)

    def _smooth(self, name: str) -> t.Smooth:
        return t.Smooth(name, k=self.k, bs=self.bs, m=self.m)

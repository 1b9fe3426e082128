"""The terms of a context formula: what the user asked for, before any data are seen.

Each term has a `label`, as it is printed, and the tuple of its `variables`. Its `components` are the parts of
the functional ANOVA decomposition it spans: a smooth of `a` spans the main effect {a}; te(a, b) spans {a},
{b} and {a, b}; ti(a, b) only {a, b}; mlp(a, b, c) {a}, {b}, {c} and {a, b, c}. Two terms that share a component
cannot be told apart by the data.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contextstats.encoders.basis import BasisSpec
from contextstats.errors import FormulaError

Order = int | tuple[int, int]
"""The option `m` of a smooth: one order, or the pair (basis, penalty)."""

Bounds = tuple[float, float]
"""The option `bounds`: the lowest and the highest knot inside which a smooth is curved."""


@dataclass(frozen=True)
class _OneVariable:
    """Common ground of the terms of a single context."""

    variable: str

    @property
    def variables(self) -> tuple[str, ...]:
        return (self.variable,)

    @property
    def label(self) -> str:
        return self.variable

    @property
    def components(self) -> frozenset[frozenset[str]]:
        return frozenset({frozenset(self.variables)})


@dataclass(frozen=True)
class Bare(_OneVariable):
    """A name alone: linear for a numeric context, a factor for a categorical one."""


@dataclass(frozen=True)
class Linear(_OneVariable):
    """A straight line in a numeric context."""


@dataclass(frozen=True)
class Factor(_OneVariable):
    """One coefficient for each level of a categorical context but the first."""


@dataclass(frozen=True)
class Smooth(_OneVariable):
    """A penalised smooth of one context, `s(x, k, bs, m, bounds)`.

    Attributes
    ----------
    variable : str
        Name of the context.
    k : int
        Number of basis functions, before the term is centred.
    bs : str
        Kind of basis: "ps", "bs", "cr", "cc" or "re".
    m : int or (int, int), optional
        Order of the basis and of the penalty, in the meaning `bs` gives them.
    bounds : (float, float), optional
        Lowest and highest knot. The default is taken from the data.
    """

    k: int = 10
    bs: str = "ps"
    m: Order | None = None
    bounds: Bounds | None = None

    @property
    def label(self) -> str:
        """The term as it is printed."""
        return f"s({self.variable})"


@dataclass(frozen=True)
class Tensor:
    """A tensor product smooth of two contexts, `te(a, b)`, or its pure interaction, `ti(a, b)`.

    Attributes
    ----------
    variables : (str, str)
        Names of the two contexts.
    k : (int, int)
        Number of basis functions of each margin.
    bs : (str, str)
        Kind of basis of each margin: "ps", "bs", "cr" or "cc".
    m : pair of (int or (int, int) or None)
        Order of the basis and of the penalty of each margin.
    interaction : bool
        True for `ti`: the main effects are left out.
    bounds : pair of ((float, float) or None)
        Lowest and highest knot of each margin.
    """

    variables: tuple[str, str]
    k: tuple[int, int] = (5, 5)
    bs: tuple[str, str] = ("ps", "ps")
    m: tuple[Order | None, Order | None] = (None, None)
    interaction: bool = False
    bounds: tuple[Bounds | None, Bounds | None] = (None, None)

    @property
    def label(self) -> str:
        """The term as it is printed."""
        return f"{'ti' if self.interaction else 'te'}({','.join(self.variables)})"

    @property
    def components(self) -> frozenset[frozenset[str]]:
        """The effects the term contains: {a, b}, and for te also {a} and {b}."""
        both = frozenset(self.variables)
        if self.interaction:
            return frozenset({both})
        return frozenset({both} | {frozenset({name}) for name in self.variables})

    def margin(self, which: int) -> Smooth:
        """Return margin 0 or 1 as the smooth of one context it is built from."""
        return Smooth(
            self.variables[which],
            k=self.k[which],
            bs=self.bs[which],
            m=self.m[which],
            bounds=self.bounds[which],
        )


@dataclass(frozen=True)
class Neural:
    """A neural network of some contexts, `mlp(a, b, width, layers, honest, seed)`.

    Attributes
    ----------
    variables : tuple of str
        Names of the contexts.
    width, layers : int
        Units in each hidden layer, and number of hidden layers.
    honest : bool
        Whether the hidden layers are learned from other rows than everything else.
    seed : int
        Of the split of the rows and of the starting weights.
    learned : BasisSpec, optional
        The hidden layers, once they are learned.
    """

    variables: tuple[str, ...]
    width: int = 16
    layers: int = 1
    honest: bool = True
    seed: int = 0
    learned: BasisSpec | None = None

    @property
    def label(self) -> str:
        """The term as it is printed."""
        return f"mlp({','.join(self.variables)})"

    @property
    def components(self) -> frozenset[frozenset[str]]:
        """The effects the term contains: those of each context, and of all together."""
        return frozenset({frozenset(self.variables), *(frozenset({name}) for name in self.variables)})


Term = Bare | Linear | Factor | Smooth | Tensor | Neural


def check_overlap(terms: Iterable[Term]) -> None:
    """Refuse two terms that contain the same effect of a context.

    Raises
    ------
    FormulaError
        Naming the two terms and what they share.
    """
    owner: dict[frozenset[str], Term] = {}
    for term in terms:
        for component in sorted(term.components, key=lambda names: (len(names), sorted(names))):
            if component in owner:
                raise FormulaError(_overlap_message(owner[component], term, component))
            owner[component] = term


def _overlap_message(first: Term, second: Term, component: frozenset[str]) -> str:
    shared = " by ".join(sorted(component))
    problem = f"{first.label} and {second.label} both contain the effect of {shared}: they cannot be told apart."
    if first.label == second.label:
        return f"{first.label} stands twice in one context formula. Keep one of the two."
    if any(isinstance(term, Neural) for term in (first, second)):
        return f"{problem} mlp() contains the effect of each of its contexts. Keep one of the two."
    if any(isinstance(term, Tensor) and not term.interaction for term in (first, second)):
        return f"{problem} te() contains the main effects: use it alone, or write s(a) + s(b) + ti(a, b)."
    return f"{problem} Keep one of the two (a smooth contains the straight line)."

"""Which variables of a network belong to which factor: given by name, or found by clustering."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contextstats.design.networks import NetworkData
from contextstats.errors import OptionError
from contextstats.options import did_you_mean

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FactorGroups:
    """A partition of the variables.

    Attributes
    ----------
    names : tuple of str
        Names of the factors.
    members : tuple of tuple of int
        Positions of the variables of each; the first one loads positively.
    """

    names: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]

    @property
    def membership(self) -> NDArray[np.bool_]:
        """(p, F): which variable belongs to which factor."""
        out = np.zeros((sum(map(len, self.members)), len(self.members)), dtype=bool)
        for f, own in enumerate(self.members):
            out[list(own), f] = True
        return out


def read_groups(factors: Any, variables: Sequence[str]) -> FactorGroups | int:
    """The factors a user asked for: their variables, or their number.

    Raises
    ------
    OptionError
        If there are fewer than two factors or more than variables, one is empty, a variable is in none or in two, or
        a name is unknown.
    """
    if isinstance(factors, Mapping):
        return _given(factors, variables)
    if isinstance(factors, bool) or not isinstance(factors, int | np.integer):
        raise OptionError(
            "factors must be a number of factors, or a dict of the variables of each such as "
            f"{{'first': ['{variables[0]}', '{variables[1]}'], ...}}, but is {factors!r}."
        )
    _check_number(int(factors), len(variables))
    return int(factors)


def cluster_groups(correlation: Floats, count: int, variables: Sequence[str]) -> FactorGroups:
    """Variables joined step by step, the two groups whose mean absolute correlation is largest first.

    A factor is named "factor1", "factor2", ... in the order of the variables, or like its only variable. Its most
    central variable comes first.
    """
    groups = [[j] for j in range(len(variables))]
    alike = np.abs(correlation)
    while len(groups) > count:
        means = np.array([[alike[np.ix_(a, b)].mean() if a is not b else -1.0 for b in groups] for a in groups])
        first, second = sorted(int(at) for at in np.unravel_index(means.argmax(), means.shape))
        groups[first] = sorted(groups[first] + groups.pop(second))
    groups.sort()
    central = [[own[k] for k in np.argsort(-alike[np.ix_(own, own)].sum(axis=0), kind="stable")] for own in groups]
    names = tuple(variables[own[0]] if len(own) == 1 else f"factor{f}" for f, own in enumerate(groups, start=1))
    return FactorGroups(names, tuple(map(tuple, central)))


def correlations_given_context(data: NetworkData) -> Floats:
    """Correlations of the variables around their means as functions of context, (p, p)."""
    q, _ = np.linalg.qr(data.basis(data.contexts))
    left = data.z - q @ (q.T @ data.z)
    left /= np.sqrt((left**2).sum(axis=0))
    return np.asarray(left.T @ left)


def _given(factors: Mapping[Any, Any], variables: Sequence[str]) -> FactorGroups:
    _check_number(len(factors), len(variables))
    members: list[tuple[int, ...]] = []
    owner: dict[str, Any] = {}
    for factor, own in factors.items():
        if isinstance(own, str) or not isinstance(own, Iterable):
            raise OptionError(f"The factor {factor!r} must be a list of names of variables, but is {own!r}.")
        own = list(own)
        if not own:
            raise OptionError(f"Every factor must have a variable, but {factor!r} has none. Leave it out.")
        for name in own:
            if name not in variables:
                hint = did_you_mean(str(name), variables)
                raise OptionError(
                    f"factors must name variables ({', '.join(variables)}), but {name!r} of {factor!r} is none.{hint}"
                )
            if name in owner:
                where = f"{owner[name]!r} and {factor!r}" if owner[name] != factor else f"{factor!r} twice"
                raise OptionError(f"A variable belongs to one factor, but {name} is in {where}. Keep one of them.")
            owner[name] = factor
        members.append(tuple(variables.index(name) for name in own))
    missing = [name for name in variables if name not in owner]
    if missing:
        raise OptionError(
            f"Every variable must belong to a factor, but {', '.join(missing)} belongs to none. Leave it out of X, or "
            "give it a factor of its own."
        )
    return FactorGroups(tuple(map(str, factors)), tuple(members))


def _check_number(count: int, variables: int) -> None:
    if not 2 <= count <= variables:
        raise OptionError(
            f"There must be at least two factors and no more than variables, but there are {count} factors of "
            f"{variables} variables."
        )

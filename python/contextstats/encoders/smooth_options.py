"""Which values the options k, bs, m and bounds of a smooth can take, and what they mean for each basis."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contextstats.encoders.terms import Order, Smooth, Tensor
from contextstats.errors import OptionError


def _difference_orders(m: Order | None) -> tuple[int, int]:
    """Read m = (a, b) of "ps": degree a + 1, penalised differences of order b; (2, 2) by default."""
    basis, penalty = (2, 2) if m is None else (m, m) if isinstance(m, int) else m
    if min(basis, penalty) < 0:
        raise OptionError(f"m must not be negative, but is {m}.")
    return basis + 1, penalty


def _derivative_orders(m: Order | None) -> tuple[int, int]:
    """Read m = (a, b) of "bs": degree a, penalised derivative of order b; (3, 2) by default."""
    degree, penalty = (3, 2) if m is None else (m, max(m - 1, 0)) if isinstance(m, int) else m
    if degree < 1 or not 0 <= penalty <= degree:
        raise OptionError(
            "m = (degree, derivative) of a 'bs' smooth must have degree >= 1 and "
            f"0 <= derivative <= degree, but is {m}."
        )
    return degree, penalty


@dataclass(frozen=True)
class _Rules:
    """What one kind of basis allows."""

    orders: Callable[[Order | None], tuple[int, int]] | None = None
    minimum_k: int = 1
    bounds: bool = True
    margin: bool = True


_RULES = {
    "ps": _Rules(orders=_difference_orders),
    "bs": _Rules(orders=_derivative_orders),
    "cr": _Rules(minimum_k=3),
    "cc": _Rules(minimum_k=4),
    "re": _Rules(bounds=False, margin=False),
}


def orders(smooth: Smooth) -> tuple[int, int]:
    """Return the degree of the spline and the order of the penalty of a "ps" or "bs" smooth."""
    rule = _RULES[smooth.bs].orders
    if rule is None:
        raise OptionError(
            f"m has no meaning for a {smooth.bs!r} smooth, but is {smooth.m} in {smooth.label}. Leave it out."
        )
    return rule(smooth.m)


def smallest_k(smooth: Smooth) -> int:
    """Return the smallest number of basis functions a smooth of this kind and order can have."""
    rules = _RULES[smooth.bs]
    if rules.orders is None and smooth.m is None:
        return rules.minimum_k
    return max(orders(smooth)) + 1


def check_smooth(smooth: Smooth) -> Smooth:
    """Return the smooth unchanged if its options make sense.

    Raises
    ------
    OptionError
        Naming the term and the option.
    """
    rules = next((rules for name, rules in _RULES.items() if name == smooth.bs), None)
    if rules is None:
        raise OptionError(f"bs must be one of {', '.join(map(repr, _RULES))}, but is {smooth.bs!r} in {smooth.label}.")
    if not _is_integer(smooth.k):
        raise OptionError(f"k must be an integer, but is {smooth.k!r} in {smooth.label}.")
    if not (smooth.m is None or _is_integer(smooth.m) or _is_pair(smooth.m, _is_integer)):
        raise OptionError(f"m must be an integer or a pair of integers, but is {smooth.m!r} in {smooth.label}.")
    smallest = smallest_k(smooth)
    if smooth.k < smallest:
        raise OptionError(
            f"k must be at least {smallest} for a {smooth.bs!r} smooth"
            f"{f' with m={smooth.m}' if smooth.m is not None else ''}, but is {smooth.k} in {smooth.label}."
        )
    _check_bounds(smooth, rules)
    return smooth


def _check_bounds(smooth: Smooth, rules: _Rules) -> None:
    if smooth.bounds is None:
        return
    if not rules.bounds:
        raise OptionError(f"bounds have no meaning for a {smooth.bs!r} smooth. Leave them out of {smooth.label}.")
    if not _is_pair(smooth.bounds, _is_number) or not smooth.bounds[0] < smooth.bounds[1]:
        raise OptionError(
            f"bounds must be a pair of finite numbers, the lower one first, but are {smooth.bounds!r} "
            f"in {smooth.label}."
        )


def check_tensor(tensor: Tensor) -> Tensor:
    """Return the tensor product unchanged if the options of its margins make sense.

    Raises
    ------
    OptionError
        Naming the margin and the option.
    """
    for which in (0, 1):
        margin = check_smooth(tensor.margin(which))
        rules = _RULES[margin.bs]
        if not rules.margin:
            usable = ", ".join(repr(name) for name, rule in _RULES.items() if rule.margin)
            raise OptionError(
                f"bs must be one of {usable} in {tensor.label}, but is {margin.bs!r} for {margin.variable}."
            )
        if not tensor.interaction and rules.orders is not None and orders(margin)[1] == 0:
            raise OptionError(
                f"The penalty of {tensor.label} must leave constants free, but m={margin.m} of "
                f"{margin.variable} penalises the function itself. Use a penalty order of 1 or more."
            )
    return tensor


def as_value(value: Any) -> Any:
    """Turn lists into tuples, all the way down."""
    return tuple(as_value(item) for item in value) if isinstance(value, list | tuple) else value


def margin_pair(option: str, value: Any) -> tuple[Any, Any]:
    """Spread an option of te() or ti() over the two margins: one value serves both.

    Raises
    ------
    OptionError
        If the value is neither one value nor two.
    """
    value = as_value(value)
    if not isinstance(value, tuple) or (option == "bounds" and _is_pair(value, _is_number)):
        return value, value
    if len(value) != 2:
        raise OptionError(f"{option} must be one value or a pair, one for each margin, but is {value!r}.")
    return value[0], value[1]


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_pair(value: Any, accept: Callable[[Any], bool]) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(accept(item) for item in value)

"""Numbers, names and sentences, written the same way in tables, plots and reports."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

FAMILIES = {
    "gaussian": "Gaussian",
    "binomial": "Binomial",
    "poisson": "Poisson",
    "gamma": "Gamma",
    "inverse_gaussian": "Inverse Gaussian",
    "negative_binomial": "Negative binomial",
    "tweedie": "Tweedie",
}

_LINKED = {
    "identity": "{}",
    "log": "log({})",
    "logit": "logit({})",
    "probit": "probit({})",
    "cloglog": "cloglog({})",
    "inverse": "1/{}",
    "inverse_squared": "1/{}²",
    "sqrt": "sqrt({})",
}


def family_name(name: str) -> str:
    """The name of a family as it is printed, "Negative binomial"."""
    return FAMILIES.get(name, name)


def linked(link: str, response: str) -> str:
    """The scale on which effects add up, "logit(y)"."""
    return _LINKED.get(link, link + "({})").format(response)


def shorten(name: str, width: int = 24) -> str:
    """Cut the middle out of a long name, so that both ends stay legible."""
    if len(name) <= width:
        return name
    tail = (width - 1) // 2
    head = width - 1 - tail
    return f"{name[:head]}…{name[-tail:] if tail else ''}"


def fixed(value: float, width: int = 9, decimals: int = 4) -> str:
    """A number with fixed decimals, or in scientific notation where that shows nothing or is too wide."""
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0 or 10.0**-decimals <= abs(value) < 1e6:
        for places in range(decimals, 0, -1):
            text = f"{value:.{places}f}"
            if len(text) <= width:
                return text
    for digits in range(4, 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= width:
            return text
    return f"{value:.0e}"


def places(value: float, decimals: int = 2, width: int = 12) -> str:
    """A number with fixed decimals, as long as it fits into `width`; then with four significant digits."""
    if math.isnan(value):
        return ""
    text = f"{value:.{decimals}f}"
    return text if len(text) <= width else f"{value:.4g}"


def general(value: float, digits: int = 6) -> str:
    """A number with so many significant digits, and no decimals if it is whole."""
    if math.isnan(value):
        return ""
    if math.isfinite(value) and value == round(value) and abs(value) < 1e12:
        return f"{value:.0f}"
    return f"{value:.{digits}g}"


def p_value(value: float) -> str:
    """A p-value with three decimals; never "0.000"."""
    if math.isnan(value):
        return ""
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def p_phrase(value: float) -> str:
    """A p-value inside a sentence, "p = 0.012" or "p < 0.001", with blanks that do not break."""
    text = "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def decimals_for(error: float) -> int:
    """Decimals that show two digits of a standard error."""
    if not math.isfinite(error) or error <= 0:
        return 3
    return min(max(0, 1 - math.floor(math.log10(error))), 12)


def rounded(value: float, decimals: int) -> str:
    """A number for a sentence: so many decimals, a true minus sign."""
    if not math.isfinite(value):
        return general(value)
    text = f"{value:,.{decimals}f}" if abs(value) < 1e9 else f"{value:.4g}"
    return minus(text)


def minus(text: str) -> str:
    """Hyphens in front of numbers as minus signs."""
    return re.sub(r"(?<![\w.])-(?=[\d.])", "\N{MINUS SIGN}", text)


def percent(share: float) -> str:
    """A share as a percentage, "12.3%"."""
    if math.isnan(share):
        return ""
    return f"{round(100 * share, 1) + 0.0:.1f}%"


def count(number: float, noun: str, plural: str | None = None) -> str:
    """A number with its noun, "1 row" or "20,190 rows"."""
    return f"{number:,.0f} {noun if number == 1 else plural or noun + 's'}"


def listing(words: Iterable[str], most: int | None = None) -> str:
    """Join words as in a sentence: "a, b and c", or "a, b and 5 others"."""
    items = list(words)
    if most is not None and len(items) > most + 1:
        items = [*items[:most], f"{len(items) - most} others"]
    return _joined(items)


def _joined(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""

"""Families of responses and their links, as the user names them.

A family here is a name, a link and at most one parameter; the formulas are in the compiled core. Names and
default links are those of statsmodels, whose instances are understood too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from contextstats.errors import OptionError
from contextstats.options import did_you_mean

LINKS = ("identity", "log", "logit", "probit", "cloglog", "inverse", "inverse_squared", "sqrt")
_POSITIVE_MEAN = ("log", "identity", "inverse", "inverse_squared", "sqrt")
_LINK_ALIASES = {
    "inverse_power": "inverse",
    "inversepower": "inverse",
    "inversesquared": "inverse_squared",
    "1/mu^2": "inverse_squared",
}
_LINK_OF_POWER = {1.0: "identity", 0.0: "log", -1.0: "inverse", -2.0: "inverse_squared", 0.5: "sqrt"}


@dataclass(frozen=True)
class Family:
    """Common ground of the families.

    Parameters
    ----------
    link : str or statsmodels link, optional
        Name, class or instance; the default is that of statsmodels.

    Attributes
    ----------
    core_name : str
        Name of the family, in the compiled core and in messages.
    link_name : str
        Name of the link, one of `links`.
    parameter : float
        Negative binomial: alpha; Tweedie: the power of the variance; otherwise 0.
    scale_known : bool
        Whether the scale phi is 1 and not estimated.
    support : str
        What a response must be, as the end of a sentence.

    Raises
    ------
    OptionError
        If the link is unknown, or unsuited to the family.
    """

    link: Any = None

    core_name: ClassVar[str] = ""
    default_link: ClassVar[str] = "identity"
    links: ClassVar[tuple[str, ...]] = LINKS
    scale_known: ClassVar[bool] = False
    support: ClassVar[str] = "must be finite"

    def __post_init__(self) -> None:
        name = self.default_link if self.link is None else resolve_link(self.link)
        if name not in self.links:
            raise OptionError(
                f"The link of family {self.core_name!r} must be one of {', '.join(self.links)}, but is {name!r}."
            )
        object.__setattr__(self, "link", name)

    @property
    def link_name(self) -> str:
        """Name of the link."""
        return str(self.link)

    @property
    def parameter(self) -> float:
        """The parameter that does not depend on context; 0 where there is none."""
        return 0.0

    @property
    def counts(self) -> bool:
        """Whether responses are whole numbers."""
        return False


@dataclass(frozen=True)
class Gaussian(Family):
    """Normal responses with constant variance phi."""

    core_name: ClassVar[str] = "gaussian"


@dataclass(frozen=True)
class Binomial(Family):
    """Binary responses, proportions, or successes out of a number of trials."""

    core_name: ClassVar[str] = "binomial"
    default_link: ClassVar[str] = "logit"
    links: ClassVar[tuple[str, ...]] = ("logit", "probit", "cloglog", "log", "identity")
    scale_known: ClassVar[bool] = True
    support: ClassVar[str] = "must be 0 or 1, or a proportion between them,"


@dataclass(frozen=True)
class Poisson(Family):
    """Counts with variance mu."""

    core_name: ClassVar[str] = "poisson"
    default_link: ClassVar[str] = "log"
    links: ClassVar[tuple[str, ...]] = _POSITIVE_MEAN
    scale_known: ClassVar[bool] = True
    support: ClassVar[str] = "must be a non-negative count"

    @property
    def counts(self) -> bool:
        """Whether responses are whole numbers."""
        return True


@dataclass(frozen=True)
class Gamma(Family):
    """Positive responses with variance phi mu^2."""

    core_name: ClassVar[str] = "gamma"
    default_link: ClassVar[str] = "inverse"
    links: ClassVar[tuple[str, ...]] = _POSITIVE_MEAN
    support: ClassVar[str] = "must be positive"


@dataclass(frozen=True)
class InverseGaussian(Family):
    """Positive responses with variance phi mu^3."""

    core_name: ClassVar[str] = "inverse_gaussian"
    default_link: ClassVar[str] = "inverse_squared"
    links: ClassVar[tuple[str, ...]] = _POSITIVE_MEAN
    support: ClassVar[str] = "must be positive"


@dataclass(frozen=True)
class NegativeBinomial(Family):
    """Counts with variance mu + alpha mu^2.

    Parameters
    ----------
    link : str or statsmodels link, optional
        Default "log".
    alpha : float, optional
        Dispersion, positive. Without it alpha is estimated with the coefficients.
    """

    alpha: float | None = None

    core_name: ClassVar[str] = "negative_binomial"
    default_link: ClassVar[str] = "log"
    links: ClassVar[tuple[str, ...]] = _POSITIVE_MEAN
    scale_known: ClassVar[bool] = True
    support: ClassVar[str] = "must be a non-negative count"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.alpha is None:
            return
        alpha = _number("alpha", self.alpha)
        if not alpha > 0:
            raise OptionError(
                f"alpha must be positive, but is {alpha:g}. Leave it out to estimate it, or use family='poisson' for 0."
            )
        object.__setattr__(self, "alpha", alpha)

    @property
    def parameter(self) -> float:
        """The dispersion alpha; NaN while it is still to be estimated."""
        return math.nan if self.alpha is None else self.alpha

    @property
    def counts(self) -> bool:
        """Whether responses are whole numbers."""
        return True


@dataclass(frozen=True)
class Tweedie(Family):
    """Non-negative responses, exact zeros among them, with variance phi mu^power.

    Parameters
    ----------
    link : str or statsmodels link, optional
        Default "log".
    power : float
        Between 1 and 2, both excluded.
    """

    power: float = 1.5

    core_name: ClassVar[str] = "tweedie"
    default_link: ClassVar[str] = "log"
    links: ClassVar[tuple[str, ...]] = _POSITIVE_MEAN
    support: ClassVar[str] = "must not be negative"

    def __post_init__(self) -> None:
        super().__post_init__()
        power = _number("power", self.power)
        if not 1 < power < 2:
            raise OptionError(
                f"The power of a Tweedie family must lie between 1 and 2, both excluded, but is {power:g}. "
                "For a power of 0, 1, 2 or 3 use the gaussian, poisson, gamma or inverse_gaussian family."
            )
        object.__setattr__(self, "power", power)

    @property
    def parameter(self) -> float:
        """The power of the variance function."""
        return self.power


FAMILIES: dict[str, type[Family]] = {
    cls.core_name: cls for cls in (Gaussian, Binomial, Poisson, Gamma, InverseGaussian, NegativeBinomial, Tweedie)
}
_STATSMODELS: dict[str, type[Family]] = {cls.__name__: cls for cls in FAMILIES.values()}
_FAMILY_ALIASES = {
    "normal": "gaussian",
    "bernoulli": "binomial",
    "inversegaussian": "inverse_gaussian",
    "negativebinomial": "negative_binomial",
    "nbinom": "negative_binomial",
}


def resolve_family(family: Any) -> Family:
    """Understand what the user gave as `family`.

    Parameters
    ----------
    family : str, Family or statsmodels family
        A name such as "poisson", an object or class of this module, or an instance (or class) of a
        statsmodels family, whose link and parameter are taken over.

    Returns
    -------
    Family

    Raises
    ------
    OptionError
        If the family, or its link, is not available here.
    """
    if isinstance(family, Family):
        return family
    if isinstance(family, type) and issubclass(family, Family) and family is not Family:
        return family()
    if isinstance(family, str):
        name = family.strip().lower().replace(" ", "_").replace("-", "_")
        name = _FAMILY_ALIASES.get(name, name)
        if name in FAMILIES:
            return FAMILIES[name]()
        raise OptionError(
            f"family must be one of {', '.join(FAMILIES)}, but is {family!r}.{did_you_mean(name, FAMILIES)}"
        )
    cls = family if isinstance(family, type) else type(family)
    if cls.__module__.startswith("statsmodels.") and cls.__name__ in _STATSMODELS:
        return _from_statsmodels(family() if isinstance(family, type) else family)
    raise OptionError(
        f"family must be a name ({', '.join(FAMILIES)}), an object of contextstats.families or a statsmodels "
        f"family, but is of type {cls.__module__}.{cls.__qualname__}."
    )


def _from_statsmodels(family: Any) -> Family:
    cls = _STATSMODELS[type(family).__name__]
    if cls is NegativeBinomial:
        return NegativeBinomial(link=family.link, alpha=float(family.alpha))
    if cls is Tweedie:
        return Tweedie(link=family.link, power=float(family.var_power))
    return cls(link=family.link)


def resolve_link(link: Any) -> str:
    """Return our name of a link given as a name, a statsmodels link class or an instance of one.

    Raises
    ------
    OptionError
        If there is no such link here.
    """
    if isinstance(link, str):
        name = link.strip().lower()
    else:
        cls = link if isinstance(link, type) else type(link)
        name = cls.__name__.lower()
        power = getattr(link, "power", None)
        if cls.__module__.startswith("statsmodels.") and name == "power" and power in _LINK_OF_POWER:
            name = _LINK_OF_POWER[power]
        if not cls.__module__.startswith("statsmodels."):
            name = f"{cls.__module__}.{cls.__qualname__}"
    name = _LINK_ALIASES.get(name, name)
    if name in LINKS:
        return name
    raise OptionError(f"link must be one of {', '.join(LINKS)}, but is {name!r}.{did_you_mean(name, LINKS)}")


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise OptionError(f"{name} must be a finite number, but is {value!r}.")
    return number

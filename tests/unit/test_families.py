"""Families and links: names, defaults, parameters, and statsmodels' instances."""

import math

import pytest
import statsmodels.api as sm

from contextstats import families as f
from contextstats.errors import OptionError
from contextstats.options import check_choice, check_missing

DEFAULTS = {
    "gaussian": ("identity", False),
    "binomial": ("logit", True),
    "poisson": ("log", True),
    "gamma": ("inverse", False),
    "inverse_gaussian": ("inverse_squared", False),
    "negative_binomial": ("log", True),
    "tweedie": ("log", False),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_default_links_are_those_of_statsmodels(name):
    family = f.resolve_family(name)
    assert (family.core_name, family.link_name, family.scale_known) == (name, *DEFAULTS[name])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (" Poisson ", f.Poisson()),
        ("inverse-gaussian", f.InverseGaussian()),
        ("InverseGaussian", f.InverseGaussian()),
        ("bernoulli", f.Binomial()),
        (f.Gamma("log"), f.Gamma(link="log")),
        (f.Gamma, f.Gamma(link="inverse")),
        (sm.families.Gaussian(), f.Gaussian()),
        (sm.families.Gamma(), f.Gamma()),
        (sm.families.Gamma(sm.families.links.Log()), f.Gamma(link="log")),
        (sm.families.InverseGaussian(), f.InverseGaussian()),
        (sm.families.Binomial(sm.families.links.CLogLog()), f.Binomial(link="cloglog")),
        (sm.families.Binomial(sm.families.links.Probit()), f.Binomial(link="probit")),
        (sm.families.Poisson, f.Poisson()),
        (sm.families.NegativeBinomial(alpha=0.5), f.NegativeBinomial(alpha=0.5)),
        (sm.families.Tweedie(var_power=1.3), f.Tweedie(power=1.3)),
    ],
)
def test_every_way_to_name_a_family_gives_the_same_object(given, expected):
    assert f.resolve_family(given) == expected


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("inverse_power", "inverse"),
        ("1/mu^2", "inverse_squared"),
        (sm.families.links.InversePower(), "inverse"),
        (sm.families.links.InverseSquared, "inverse_squared"),
        (sm.families.links.Sqrt(), "sqrt"),
        (sm.families.links.Power(power=0.5), "sqrt"),
        (sm.families.links.Power(power=-1), "inverse"),
    ],
)
def test_links_are_understood(given, name):
    assert f.resolve_link(given) == name


@pytest.mark.parametrize(
    "link",
    [
        sm.families.links.Cauchy(),
        sm.families.links.LogLog(),
        sm.families.links.LogC(),
        sm.families.links.Power(power=3),
        "logti",
        42,
    ],
)
def test_a_link_that_is_not_there_is_not_taken_for_another(link):
    with pytest.raises(OptionError, match="link must be one of identity, log, logit"):
        f.resolve_link(link)


def test_near_misses_are_named():
    with pytest.raises(OptionError, match="Did you mean 'poisson'"):
        f.resolve_family("poison")
    with pytest.raises(OptionError, match="Did you mean 'logit'"):
        f.Binomial(link="logti")


@pytest.mark.parametrize(
    ("family", "link"),
    [(f.Poisson, "logit"), (f.Binomial, "sqrt"), (f.Gamma, "probit"), (f.Tweedie, "cloglog")],
)
def test_a_link_that_does_not_suit_the_family_is_refused(family, link):
    with pytest.raises(OptionError, match=f"link of family '{family.core_name}' must be one of .*'{link}'"):
        family(link=link)


def test_parameters():
    assert f.Poisson().parameter == 0.0
    assert math.isnan(f.NegativeBinomial().parameter)
    assert f.NegativeBinomial(alpha=2).parameter == 2.0
    assert f.Tweedie(power=1.2).parameter == 1.2
    with pytest.raises(OptionError, match="alpha must be positive, but is 0"):
        f.NegativeBinomial(alpha=0)
    with pytest.raises(OptionError, match="alpha must be a finite number"):
        f.NegativeBinomial(alpha="big")
    with pytest.raises(OptionError, match="power of a Tweedie family must lie between 1 and 2"):
        f.Tweedie(power=2)
    with pytest.raises(OptionError, match="power of a Tweedie family"):
        f.resolve_family(sm.families.Tweedie())


def test_something_else_is_no_family():
    with pytest.raises(OptionError, match=r"family must be a name .* but is of type builtins.int"):
        f.resolve_family(3)


def test_options():
    assert check_missing("raise") == "raise"
    with pytest.raises(OptionError, match="missing must be one of 'drop', 'raise', but is 'omit'"):
        check_missing("omit")
    with pytest.raises(OptionError, match="Did you mean 'newton'"):
        check_choice("method", "newtn", ("newton", "lbfgs"))

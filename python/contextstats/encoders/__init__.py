"""How context becomes coefficients: terms, their bases and their penalties."""

from contextstats.encoders.additive import Additive, Constant, Linear
from contextstats.encoders.archetypes import Archetypes

__all__ = ["Additive", "Archetypes", "Constant", "Linear"]

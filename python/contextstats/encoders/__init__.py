"""How context becomes coefficients: terms, their bases and their penalties."""

from contextstats.encoders.additive import Additive, Constant, Linear

__all__ = ["Additive", "Constant", "Linear"]

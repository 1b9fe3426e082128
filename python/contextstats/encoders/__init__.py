"""How context becomes coefficients: terms, their bases and their penalties."""

from contextstats.encoders.additive import Additive, Constant, Linear
from contextstats.encoders.archetypes import Archetypes
from contextstats.encoders.neural import MLP, NeuralAdditive

__all__ = ["MLP", "Additive", "Archetypes", "Constant", "Linear", "NeuralAdditive"]

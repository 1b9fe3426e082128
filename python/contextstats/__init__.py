"""Regression models whose coefficients are functions of context."""

from contextstats import datasets, families
from contextstats._version import __version__
from contextstats.encoders import MLP, Additive, Archetypes, Constant, Linear, NeuralAdditive
from contextstats.errors import (
    ContextstatsError,
    ConvergenceWarning,
    DataError,
    DataWarning,
    ExtrapolationWarning,
    FormulaError,
    OptionError,
)
from contextstats.models import BayesianNetwork, ContextualGLM, CorrelationNetwork, MarkovNetwork, glm
from contextstats.results import GLMResults
from contextstats.results.networks.compare import compare_networks
from contextstats.results.serialize import load

__all__ = [
    "MLP",
    "Additive",
    "Archetypes",
    "BayesianNetwork",
    "Constant",
    "ContextstatsError",
    "ContextualGLM",
    "ConvergenceWarning",
    "CorrelationNetwork",
    "DataError",
    "DataWarning",
    "ExtrapolationWarning",
    "FormulaError",
    "GLMResults",
    "Linear",
    "MarkovNetwork",
    "NeuralAdditive",
    "OptionError",
    "__version__",
    "compare_networks",
    "datasets",
    "families",
    "glm",
    "load",
]

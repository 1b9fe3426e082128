"""Models: data and a specification, with a `fit` method."""

from contextstats.models.bayesian_network import BayesianNetwork
from contextstats.models.contextual_glm import ContextualGLM, glm
from contextstats.models.correlation_network import CorrelationNetwork
from contextstats.models.markov_network import MarkovNetwork

__all__ = ["BayesianNetwork", "ContextualGLM", "CorrelationNetwork", "MarkovNetwork", "glm"]

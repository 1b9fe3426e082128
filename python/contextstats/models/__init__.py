"""Models: data and a specification, with a `fit` method."""

from contextstats.models.contextual_glm import ContextualGLM, glm
from contextstats.models.correlation_network import CorrelationNetwork
from contextstats.models.markov_network import MarkovNetwork

__all__ = ["ContextualGLM", "CorrelationNetwork", "MarkovNetwork", "glm"]

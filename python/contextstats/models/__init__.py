"""Models: data and a specification, with a `fit` method."""

from contextstats.models.contextual_glm import ContextualGLM, glm

__all__ = ["ContextualGLM", "glm"]

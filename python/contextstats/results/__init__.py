"""What a fit leaves behind: frozen values, tables, predictions."""

from contextstats.results.glm import GLMResults

__all__ = ["GLMResults"]

"""Plots of fits: figures of their own, or on the caller's axes. No global state is touched."""

from contextstats.plotting.diagnostics import plot_diagnostics
from contextstats.plotting.effects import plot
from contextstats.plotting.heterogeneity import plot_heterogeneity

__all__ = ["plot", "plot_diagnostics", "plot_heterogeneity"]

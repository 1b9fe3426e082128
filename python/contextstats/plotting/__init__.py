"""Plots of fits: figures of their own, or on the caller's axes. No global state is touched."""

from contextstats.plotting.diagnostics import plot_diagnostics
from contextstats.plotting.effects import plot
from contextstats.plotting.heterogeneity import plot_heterogeneity
from contextstats.plotting.networks import plot_network, plot_network_edges, plot_network_heatmap

__all__ = [
    "plot",
    "plot_diagnostics",
    "plot_heterogeneity",
    "plot_network",
    "plot_network_edges",
    "plot_network_heatmap",
]

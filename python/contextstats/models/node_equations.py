"""The equations of a Bayesian network, once its graph is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from contextstats import _core
from contextstats.algorithms.networks.dag_archetypes import ArchetypeSolution
from contextstats.algorithms.networks.dag_search import Structure
from contextstats.design.columns import Floats
from contextstats.design.networks import NetworkData, build_network_data
from contextstats.design.node_design import node_design
from contextstats.encoders.additive import Linear
from contextstats.families import resolve_family
from contextstats.inference.smoothing_integration import integrated_covariance
from contextstats.models.contextual_glm import ContextualGLM
from contextstats.results import GLMResults
from contextstats.results.context_moments import ContextMoments
from contextstats.results.heterogeneity import heterogeneity_table
from contextstats.results.networks.base import slices
from contextstats.results.networks.equations import GraphPerContext, NodeEquation
from contextstats.results.notes import shortened

FAINT = 2.0  # a difference of two in the log-likelihood is that of a p-value of 0.05


def gated_data(data: NetworkData, archetypes: ArchetypeSolution, gates: Sequence[int]) -> NetworkData:
    """The data of a network with the weights of its archetypes as contexts, which enter as straight lines."""
    values = data.center + data.scale * data.z
    frame = pd.DataFrame(values, columns=list(data.names), index=data.row_labels)
    if not gates:
        return build_network_data(frame)
    z = archetypes.gating(data.contexts)
    contexts = {f"archetype{k + 1}": z[:, k] for k in gates}
    return build_network_data(frame, pd.DataFrame(contexts, index=data.row_labels), Linear())


def graph_notes(names: Sequence[str], structure: Structure) -> tuple[str, ...]:
    """Name the edges whose direction the data hardly tell."""
    faint = np.argwhere(structure.evidence < FAINT)
    if not len(faint):
        return ()
    edges = [f"{names[i]} -> {names[j]}" for i, j in faint]
    return (
        f"The data hardly tell the direction of {len(faint)} of {int(structure.graph.sum())} edges "
        f"({shortened(edges)}): turning one around lowers the log-likelihood by less than {FAINT:g}. See directions().",
    )


def node_equations(
    data: NetworkData, parents: Sequence[Sequence[int]], smoothing: Any, threads: int
) -> tuple[NodeEquation, ...]:
    """Fit every equation, each with its parents, as a contextual GLM; they share the moments of their contexts."""
    moments = ContextMoments.of(node_design(data, 0, []), threads)
    return tuple(_node_equation(data, j, own, smoothing, threads, moments) for j, own in enumerate(parents))


def _node_equation(
    data: NetworkData, node: int, parents: Sequence[int], smoothing: Any, threads: int, moments: ContextMoments
) -> NodeEquation:
    model = ContextualGLM.of_design(node_design(data, node, parents), resolve_family("gaussian"))
    res = model.fit(smoothing=smoothing, threads=threads)
    return NodeEquation(
        parents=tuple(parents),
        theta=res.fit.theta.reshape(len(parents) + 1, data.n_basis),
        covariance=_covariance(res),
        variance=res.fit.deviance / data.n_rows,
        edf=float(res.edf),
        heterogeneity=heterogeneity_table(res, moments),
        converged=res.converged,
    )


def _covariance(res: GLMResults) -> Floats:
    """The default covariance of a contextual GLM, with the prior of smoothing parameters that networks have."""
    if res.estimates.integrated is None:
        return res.natural_covariance
    return integrated_covariance(
        res.estimates.gram,
        res.design.penalties,
        res.fit.smoothing_parameters,
        res.estimates.scale,
        res.fit.theta,
        active=res.fit.identified,
        prior_exponent=_core.network_prior_exponent,
    )


def with_margins(equations: GraphPerContext, data: NetworkData, smoothing: Any, threads: int) -> GraphPerContext:
    """Intercepts as functions of context and residual variances, given the weights without cycles."""
    left = np.empty_like(data.z)
    for part in slices(data.n_rows):
        left[part] = data.z[part] - np.einsum("nij,ni->nj", equations.weights(data.contexts[part]), data.z[part])
    residual = replace(data, z=left)
    margins = node_equations(residual, [[]] * data.n_variables, smoothing, threads)
    return replace(
        equations,
        intercept=np.column_stack([margin.theta[0] for margin in margins]),
        variances=np.array([margin.variance for margin in margins]),
        edf=equations.edf + sum(margin.edf + 1 for margin in margins),
    )

"""A Bayesian network between factors: scores, the network between them, and what they leave of the variables."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from contextstats._version import __version__
from contextstats.algorithms.networks.dag_problem import StructuralProblem
from contextstats.algorithms.networks.dag_rules import Graph
from contextstats.algorithms.networks.dag_search import SearchOptions, search_structure
from contextstats.algorithms.networks.factor_groups import FactorGroups
from contextstats.algorithms.networks.factor_scores import canonical_weights, contrasts, likeliest_weights
from contextstats.algorithms.networks.factor_uncertainty import weight_directions
from contextstats.design.columns import Floats
from contextstats.design.networks import NetworkData
from contextstats.design.node_design import node_design
from contextstats.families import resolve_family
from contextstats.models.contextual_glm import ContextualGLM
from contextstats.models.structural_fit import fit_structure, warn_unconverged
from contextstats.results.networks.equations import OneGraph
from contextstats.results.networks.factor_equations import FactorEquations, WithinFactors, score_data
from contextstats.results.networks.factors import GIVEN_GROUPS, FactorNetworkResults

if TYPE_CHECKING:
    from contextstats.models.bayesian_network import BayesianNetwork

ROUNDS = 10


def fit_factors(
    model: BayesianNetwork, groups: FactorGroups, options: SearchOptions, smoothing: Any
) -> FactorNetworkResults:
    """Weights of the scores, then the network between the scores by the methods of every network.

    Weights that need no graph come first; with the graph they lead to, the likeliest weights; with these, the graph
    again, until it stays.
    """
    data = model.data
    problem = StructuralProblem.of(data, options.threads)
    weights = canonical_weights(problem, groups)
    graph: Graph | None = None
    for _ in range(ROUNDS):
        scores = StructuralProblem.of(score_data(data, groups, weights), options.threads)
        found = search_structure(scores, model.rules, options, with_evidence=False).graph
        if graph is not None and (found == graph).all():
            break
        graph = found
        weights = likeliest_weights(problem, groups, graph, weights)
    else:
        warn_unconverged(f"The graph and the weights of the factors did not settle in {ROUNDS} rounds.")
    own = copy.copy(model)
    own.data = score_data(data, groups, weights)
    between = fit_structure(own, options, smoothing)
    assert isinstance(between.equations, OneGraph)
    within = _within_factors(data, groups, weights, contrasts(problem, groups, weights), smoothing, options.threads)
    directions = weight_directions(problem, groups, between.equations.graph > 0, weights)
    return FactorNetworkResults(
        data=data,
        notes=(GIVEN_GROUPS, *between.notes),
        version=__version__,
        equations=FactorEquations(
            groups,
            weights,
            between.equations,
            within,
            directions.with_loadings(within.loading_errors(len(groups.members))),
            data,
        ),
        acyclicity=model.acyclicity,
        equal_variances=False,
        known_graph=between.known_graph,
    )


def _within_factors(
    data: NetworkData, groups: FactorGroups, weights: Floats, axes: Floats, smoothing: Any, threads: int
) -> WithinFactors:
    """Regress each contrast on the score of its factor."""
    factor = np.repeat(np.arange(len(groups.members)), [len(own) - 1 for own in groups.members])
    m, count = data.n_basis, len(factor)
    intercept, slope, slope_error, variance = (np.zeros(shape) for shape in ((m, count), count, count, count))
    edf, converged = 0.0, True
    family = resolve_family("gaussian")
    for k, f in enumerate(factor):
        pair = replace(
            data, z=np.asfortranarray(np.column_stack([data.z @ axes[:, k], data.z @ weights[:, f]])), names=("t", "s")
        )
        design = node_design(pair, 0, [1], constant_effects=True)
        res = ContextualGLM.of_design(design, family).fit(smoothing=smoothing, threads=threads)
        intercept[:, k], slope[k] = res.fit.theta[:m], res.fit.theta[m]
        slope_error[k] = np.sqrt(res.natural_covariance[m, m])
        variance[k] = res.fit.deviance / data.n_rows
        edf, converged = edf + float(res.edf), converged and res.converged
    return WithinFactors(axes, factor, intercept, slope, slope_error, variance, edf, converged)

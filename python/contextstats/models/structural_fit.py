"""A Bayesian network fitted: the search for its graph, or graphs, and then its equations."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from contextstats._version import __version__
from contextstats.algorithms.networks.dag_archetypes import ArchetypeSolution, search_archetypes
from contextstats.algorithms.networks.dag_problem import StructuralProblem
from contextstats.algorithms.networks.dag_rules import EdgeRules
from contextstats.algorithms.networks.dag_search import SearchOptions, Structure, search_continuous, search_structure
from contextstats.encoders.archetypes import Archetypes
from contextstats.errors import ConvergenceWarning
from contextstats.models.node_equations import gated_data, graph_notes, node_equations, with_margins
from contextstats.results.networks.bayesian import CONDITIONAL, BayesianNetworkResults
from contextstats.results.networks.equations import GraphPerContext, OneGraph

if TYPE_CHECKING:
    from contextstats.models.bayesian_network import BayesianNetwork

PER_CONTEXT = (
    "Every context has its own graph: edf counts all coefficients, and standard errors come from "
    "BayesianNetwork.bootstrap()."
)


def fit_structure(model: BayesianNetwork, options: SearchOptions, smoothing: Any) -> BayesianNetworkResults:
    """Fit the equations of the model's variables, as :meth:`BayesianNetwork.fit` does without factors."""
    problem = StructuralProblem.of(model.data, options.threads)
    per_context = model.acyclicity == "per_sample"
    archetypes = None
    if isinstance(model.encoder, Archetypes):
        equal = replace(options, equal_variances=True)
        archetypes = search_archetypes(problem, model.rules, equal, model.encoder, per_context=per_context)
    fit = _fit_per_context if per_context else _fit_one_graph
    return fit(model, problem, options, archetypes, smoothing)


def warn_unconverged(message: str) -> None:
    """Warn the user who called `fit`."""
    warnings.warn(message, ConvergenceWarning, stacklevel=6)


def _fit_one_graph(
    model: BayesianNetwork,
    problem: StructuralProblem,
    options: SearchOptions,
    archetypes: ArchetypeSolution | None,
    smoothing: Any,
) -> BayesianNetworkResults:
    data, gating = model.data, None
    gates: tuple[int, ...] = ()
    if archetypes is not None:
        gating, gates = archetypes.gating, tuple(archetypes.independent_gates())
        data = gated_data(model.data, archetypes, gates)
        problem = StructuralProblem.of(data, options.threads)
    structure = search_structure(problem, model.rules, options)
    parents = [np.flatnonzero(of_node).tolist() for of_node in structure.graph.T]
    nodes = node_equations(data, parents, smoothing, options.threads)
    if not structure.converged:
        warn_unconverged(f"The search for the graph did not converge (acyclicity {structure.h:.2g}). Raise maxiter.")
    known = _graph_is_given(structure, model.rules)
    return BayesianNetworkResults(
        data=model.data,
        notes=() if known else (*graph_notes(model.data.names, structure), CONDITIONAL),
        version=__version__,
        equations=OneGraph(nodes, structure.order, structure.evidence, data, gating, gates),
        acyclicity=model.acyclicity,
        equal_variances=model.equal_variances,
        known_graph=known,
    )


def _graph_is_given(structure: Structure, rules: EdgeRules) -> bool:
    return bool((structure.graph == rules.required).all() or (structure.graph == rules.allowed).all())


def _fit_per_context(
    model: BayesianNetwork,
    problem: StructuralProblem,
    options: SearchOptions,
    archetypes: ArchetypeSolution | None,
    smoothing: Any,
) -> BayesianNetworkResults:
    data = model.data
    if archetypes is None:
        found = search_continuous(problem, model.rules, options, per_context=True)
        coefficients, gating, converged, h = found.coefficients, None, found.converged, found.h
        size = 0
    else:
        coefficients, gating = archetypes.archetypes, archetypes.gating
        converged, h, size = archetypes.converged, archetypes.h, archetypes.gating.weights.size
    if not converged:
        warn_unconverged(f"The search for the graphs did not converge (acyclicity {h:.2g}). Raise maxiter.")
    count = len(coefficients) * int(model.rules.allowed.sum()) + size
    equations = GraphPerContext(
        coefficients=coefficients,
        intercept=np.zeros((data.n_basis, data.n_variables)),
        variances=np.ones(data.n_variables),
        scale=data.scale,
        threshold=options.threshold or 0.0,
        data=data,
        gating=gating,
        edf=float(count),
        converged=converged,
    )
    return BayesianNetworkResults(
        data=data,
        notes=(PER_CONTEXT,),
        version=__version__,
        equations=with_margins(equations, data, smoothing, options.threads),
        acyclicity=model.acyclicity,
        equal_variances=model.equal_variances,
        known_graph=False,
    )

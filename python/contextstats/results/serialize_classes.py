"""The classes a saved fit may hold: an explicit table, so that a file can name no other."""

from __future__ import annotations

from functools import cache


@cache
def saved_classes() -> dict[str, type]:
    """Classes by their names in files; imported here, because results import the module that saves them."""
    from contextstats import families
    from contextstats.algorithms.joint import CoreFit
    from contextstats.algorithms.networks.dag_archetypes import Gating
    from contextstats.algorithms.networks.factor_groups import FactorGroups
    from contextstats.algorithms.networks.factor_uncertainty import FactorDirections
    from contextstats.algorithms.networks.glasso import GlassoFit
    from contextstats.algorithms.networks.likelihood import PrecisionFit
    from contextstats.algorithms.networks.neighborhoods import NeighborhoodFit
    from contextstats.algorithms.networks.pairs import PairsFit
    from contextstats.algorithms.networks.problem import NodeFit
    from contextstats.design.context import ContextVariable
    from contextstats.design.design import Block, Design
    from contextstats.design.evaluation import Variable
    from contextstats.design.formula_state import FormulaState
    from contextstats.design.matrix import Columns
    from contextstats.design.networks import NetworkData
    from contextstats.design.recipe import Recipe
    from contextstats.encoders.basis import BasisSpec
    from contextstats.encoders.fitted import FittedTerm
    from contextstats.results.estimates import Estimates
    from contextstats.results.glm import GLMResults
    from contextstats.results.networks.bayesian import BayesianNetworkResults
    from contextstats.results.networks.cholesky import CholeskyEstimate, OrderedNodes
    from contextstats.results.networks.correlation import CorrelationResults
    from contextstats.results.networks.equations import GraphPerContext, NodeEquation, OneGraph
    from contextstats.results.networks.factor_equations import FactorEquations, WithinFactors
    from contextstats.results.networks.factors import FactorNetworkResults
    from contextstats.results.networks.grouped import GroupedEstimate
    from contextstats.results.networks.linear_precision import LinearPrecisionEstimate
    from contextstats.results.networks.markov import MarkovResults
    from contextstats.results.networks.neighborhood import NeighborhoodEstimate
    from contextstats.results.networks.pairwise import PairwiseEstimate
    from contextstats.results.predictor import Predictor
    from contextstats.results.row_values import RowValues

    design = (Design, Columns, Block, FittedTerm, BasisSpec, Recipe, ContextVariable, FormulaState, Variable)
    fit = (GLMResults, Predictor, CoreFit, Estimates, RowValues)
    networks = (
        *(
            NetworkData,
            NodeFit,
            NeighborhoodFit,
            PairsFit,
            PrecisionFit,
            LinearPrecisionEstimate,
            GlassoFit,
            GroupedEstimate,
        ),
        *(CorrelationResults, MarkovResults, CholeskyEstimate, OrderedNodes, NeighborhoodEstimate, PairwiseEstimate),
        *(BayesianNetworkResults, OneGraph, NodeEquation, GraphPerContext, Gating),
        *(FactorNetworkResults, FactorEquations, WithinFactors, FactorGroups, FactorDirections),
    )
    return {cls.__name__: cls for cls in (*design, *fit, *networks, *families.FAMILIES.values())}

"""The classes a saved fit may hold: an explicit table, so that a file can name no other."""

from __future__ import annotations

from functools import cache


@cache
def saved_classes() -> dict[str, type]:
    """Classes by their names in files; imported here, because results import the module that saves them."""
    from contextstats import families
    from contextstats.algorithms.joint import CoreFit
    from contextstats.design.context import ContextVariable
    from contextstats.design.design import Block, Design
    from contextstats.design.evaluation import Variable
    from contextstats.design.formula_state import FormulaState
    from contextstats.design.recipe import Recipe
    from contextstats.encoders.basis import BasisSpec
    from contextstats.encoders.fitted import FittedTerm
    from contextstats.results.estimates import Estimates, RowValues
    from contextstats.results.glm import GLMResults

    design = (Design, Block, FittedTerm, BasisSpec, Recipe, ContextVariable, FormulaState, Variable)
    fit = (GLMResults, CoreFit, Estimates, RowValues)
    return {cls.__name__: cls for cls in (*design, *fit, *families.FAMILIES.values())}

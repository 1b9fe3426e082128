"""From data and formulas to the arrays a fit reads, complete, checked and named."""

from contextstats.design.build import build_design_from_arrays, build_design_from_formula
from contextstats.design.design import Block, Design
from contextstats.design.new_rows import NewRows
from contextstats.design.recipe import Recipe

__all__ = ["Block", "Design", "NewRows", "Recipe", "build_design_from_arrays", "build_design_from_formula"]

"""Pick the build of the numerical core that suits this processor.

The core is compiled once for each level of x86-64 (v2: SSE4.2, v3: AVX2 and FMA). ``CONTEXTSTATS_ISA=v2`` forces the
older one; results agree to rounding, not to the bit, between levels.
"""

from __future__ import annotations

import importlib
import os
from importlib.util import find_spec
from typing import Any


def _levels() -> list[str]:
    asked = os.environ.get("CONTEXTSTATS_ISA")
    if asked:
        return [asked]
    features = importlib.import_module("numpy._core._multiarray_umath").__cpu_features__
    newest = ["v3"] if features.get("AVX2") and features.get("FMA3") else []
    return [*newest, "v2", "base"]


def _load() -> Any:
    for level in _levels():
        name = f"contextstats._core_{level}"
        if find_spec(name) is not None:
            return importlib.import_module(name)
    raise ImportError(
        f"The compiled core of contextstats was not found (looked for levels {', '.join(_levels())}). "
        "Install the package with pip, which compiles it."
    )


_module = _load()

instruction_set: str = _module.__name__.rsplit("_", 1)[-1]
Design = _module.Design
Loss = _module.Loss
OrderScores = _module.OrderScores
basis_matrix = _module.basis_matrix
basis_sums = _module.basis_sums
column_range = _module.column_range
fit = _module.fit
gradient = _module.gradient
gram = _module.gram
grouped_scores = _module.grouped_scores
integrated_root = _module.integrated_root
kernel_forms = _module.kernel_forms
kernel_weights = _module.kernel_weights
lay_out = _module.lay_out
learn_features = _module.learn_features
linear_predictor = _module.linear_predictor
mixture_tails = _module.mixture_tails
network_gram = _module.network_gram
network_log_variances = _module.network_log_variances
network_neighborhoods = _module.network_neighborhoods
network_nodes = _module.network_nodes
network_pairs = _module.network_pairs
network_precision = _module.network_precision
network_precision_terms = _module.network_precision_terms
network_prior_exponent: float = _module.network_prior_exponent
network_residuals = _module.network_residuals
null_score = _module.null_score
project_to_dag = _module.project_to_dag
quadratic_form = _module.quadratic_form
saddlepoint_tails = _module.saddlepoint_tails
search_archetypes = _module.search_archetypes
search_dag = _module.search_dag
sparse_path = _module.sparse_path
without_rounding = _module.without_rounding

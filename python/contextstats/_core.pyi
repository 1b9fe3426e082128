"""Types of the compiled core. Arrays are float64; matrices are column-major ("F") and are never copied.

A `Matrix` may also be given by its columns.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

class _Columns(Protocol):
    """Columns that lie apart from each other, of n numbers each."""

    @property
    def parts(self) -> tuple[Floats, ...]: ...
    @property
    def n(self) -> int: ...

Matrix = Floats | _Columns

instruction_set: str
network_prior_exponent: float

class Design:
    def __init__(
        self, bases: list[dict[str, Any]], blocks: list[tuple[int, int, Floats]], n_predictors: int
    ) -> None: ...
    @property
    def n_coefficients(self) -> int: ...

class Loss:
    def __init__(self, family: str, link: str, parameter: float) -> None: ...
    @property
    def scale_known(self) -> bool: ...
    @property
    def canonical(self) -> bool: ...
    @property
    def name(self) -> str: ...
    def mean(self, eta: Floats, threads: int) -> Floats: ...
    def evaluate(self, y: Floats, eta: Floats) -> Floats: ...
    def deviance(self, y: Floats, eta: Floats, weight: Floats, threads: int) -> float: ...
    def saturated(self, y: Floats, var_weight: Floats, freq_weight: Floats, phi: float, threads: int) -> float: ...
    def pearson(
        self, y: Floats, mu: Floats, freq_weight: Floats, var_weight: Floats, threads: int
    ) -> tuple[float, float]: ...

class OrderScores:
    def __init__(self, gram: Floats, roughness: Floats, allowed: Floats, node_weight: Floats) -> None: ...
    def search(self, required: Floats, starts: list[list[int]], restarts: int, seed: int) -> dict[str, Any]: ...

def learn_features(
    networks: list[dict[str, Any]],
    loss: Loss,
    x: Floats,
    contexts: Floats,
    y: Floats,
    offset: Floats,
    weight: Floats,
    unit: float,
    starts: Floats,
    decays: list[float],
    n_training: int,
    maxiter: int,
    threads: int,
    progress: Callable[[int, float, float], None] | None,
) -> dict[str, Any]: ...
def lay_out(columns: Sequence[Floats], n: int, threads: int) -> Floats: ...
def column_range(values: Floats, threads: int) -> tuple[float, float]: ...
def basis_sums(basis: dict[str, Any], contexts: Matrix, weights: Floats | None, threads: int) -> Floats: ...
def basis_matrix(basis: dict[str, Any], contexts: Matrix) -> Floats: ...
def linear_predictor(design: Design, x: Matrix, contexts: Matrix, theta: Floats, threads: int) -> Floats: ...
def gradient(design: Design, x: Matrix, contexts: Matrix, v: Floats, threads: int) -> Floats: ...
def gram(design: Design, x: Matrix, contexts: Matrix, w: Floats, threads: int) -> Floats: ...
def quadratic_form(design: Design, x: Matrix, contexts: Matrix, v: Floats, threads: int) -> Floats: ...
def grouped_scores(
    design: Design, x: Matrix, contexts: Matrix, v: Floats, groups: NDArray[np.int64], n_groups: int
) -> Floats: ...
def fit(
    design: Design,
    loss: Loss | str,
    x: Matrix,
    contexts: Matrix,
    y: Floats,
    offset: Floats,
    weight: Floats,
    var_weight: Floats,
    freq_weight: Floats,
    penalties: Floats,
    method: str,
    smoothing: str,
    smoothing_parameters: Floats,
    start: Floats,
    maxiter: int,
    tolerance: float,
    threads: int,
    progress: Callable[[int, float, float], None] | None,
) -> dict[str, Any]: ...
def search_dag(
    gram: Floats,
    roughness: Floats,
    allowed: Floats,
    basis: Floats,
    weight: Floats,
    per_context: bool,
    node_weight: Floats,
    sparsity: Floats,
    strategy: str,
    maxiter: int,
    tolerance: float,
    threads: int,
    progress: Callable[[int, float, float], None] | None,
) -> dict[str, Any]: ...
def search_archetypes(
    x: Floats,
    basis: Floats,
    start: Floats,
    n_archetypes: int,
    allowed: Floats,
    per_context: bool,
    softmax: bool,
    node_weight: Floats,
    sparsity: Floats,
    edge_ridge: float,
    gate_ridge: float,
    strategy: str,
    maxiter: int,
    tolerance: float,
    threads: int,
    progress: Callable[[int, float, float], None] | None,
) -> dict[str, Any]: ...
def project_to_dag(weights: Floats, threshold: float) -> Floats: ...
def mixture_tails(
    weights: Floats, df: Floats, q: Floats, agreement: float
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]: ...
def saddlepoint_tails(weights: Floats, df: Floats, q: Floats) -> Floats: ...
def integrated_root(
    inverse: Floats, estimate: Floats, penalties: Floats, lambdas: Floats, scale: float, prior_exponent: float
) -> Floats: ...
def without_rounding(information: Floats, size: Floats) -> Floats: ...
def null_score(
    theta: Floats, inverse: Floats, influence: Floats, gram_diagonal: Floats
) -> tuple[Floats, Floats] | None: ...
def kernel_weights(penalty: Floats, information: Floats, groups: NDArray[np.int64]) -> Floats: ...
def kernel_forms(
    score: Floats, information: Floats, kernel: Floats, groups: NDArray[np.int64], scale: float
) -> list[tuple[float, Floats]]: ...
def network_gram(design: Design, penalties: Floats, z: Floats, contexts: Floats, threads: int) -> Floats: ...
def network_neighborhoods(
    design: Design,
    penalties: Floats,
    gram: Floats,
    n: float,
    smoothing_parameters: Floats,
    shared: bool,
    threads: int,
) -> dict[str, Any]: ...
def network_residuals(
    design: Design, penalties: Floats, z: Floats, contexts: Floats, coefficients: Floats, threads: int
) -> Floats: ...
def network_log_variances(
    design: Design,
    penalties: Floats,
    contexts: Floats,
    residuals: Floats,
    kept: Floats,
    smoothing_parameters: Floats,
    maxiter: int,
    tolerance: float,
    threads: int,
) -> list[dict[str, Any]]: ...
def network_nodes(
    design: Design,
    penalties: Floats,
    z: Floats,
    contexts: Floats,
    predecessors: bool,
    smoothing_parameters: Floats,
    maxiter: int,
    tolerance: float,
    threads: int,
) -> list[dict[str, Any]]: ...
def network_pairs(
    design: Design,
    penalties: Floats,
    contexts: Floats,
    u: Floats,
    smoothing_parameters: Floats,
    maxiter: int,
    tolerance: float,
    threads: int,
) -> list[dict[str, Any]]: ...
def network_precision(
    penalties: Floats,
    x: Floats,
    basis: Floats,
    start: Floats,
    smoothing_parameters: Floats,
    optimizer: str,
    maxiter: int,
    tolerance: float,
    threads: int,
) -> dict[str, Any]: ...
def network_precision_terms(x: Floats, basis: Floats, theta: Floats) -> tuple[float, Floats, Floats]: ...
def sparse_path(
    gram: Floats,
    cross: Floats,
    total: float,
    starts: list[int],
    sizes: list[int],
    weights: list[float],
    l1_ratio: float,
    penalties: Floats,
    count: int,
    ratio: float,
) -> dict[str, Any]: ...

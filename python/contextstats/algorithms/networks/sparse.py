"""Sparse neighbourhoods: edges that are absent, constant, or vary, by a sparse-group lasso for every node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from contextstats import _core
from contextstats.algorithms.networks.neighborhoods import NeighborhoodFit, with_log_variances
from contextstats.algorithms.networks.problem import Floats, NetworkProblem
from contextstats.design.networks import NetworkData
from contextstats.errors import OptionError

N_PENALTIES = 60
FOLDS = 5


@dataclass(frozen=True)
class Sparsity:
    """How sparse neighbourhoods are chosen.

    Attributes
    ----------
    criterion : "bic", "cv" or float
        BIC or five-fold cross-validation for each node, or the penalty.
    l1_ratio : float
        Share of the lasso in the penalty of a varying part, between 0 (all functions of a context term together) and 1.
    rule : {"and", "or"}
        An edge is kept if both of its nodes have it, or one.
    """

    criterion: str | float
    l1_ratio: float = 0.0
    rule: Literal["and", "or"] = "and"


def read_sparsity(criterion: Any, l1_ratio: float, rule: Any) -> Sparsity:
    """Check the options of a sparse fit.

    Raises
    ------
    OptionError
        Saying which one has no meaning.
    """
    number = isinstance(criterion, int | float) and not isinstance(criterion, bool)
    if not (criterion in ("bic", "cv") or (number and criterion > 0)):
        raise OptionError(f"sparsity must be 'bic', 'cv' or a positive penalty, but is {criterion!r}.")
    if not 0 <= l1_ratio <= 1:
        raise OptionError(f"l1_ratio must lie between 0 and 1, but is {l1_ratio!r}.")
    if rule not in ("and", "or"):
        raise OptionError(f"rule must be 'and' or 'or', but is {rule!r}.")
    return Sparsity(float(criterion) if number else criterion, float(l1_ratio), rule)


@dataclass(frozen=True)
class _Whitened:
    """Cross products over the rows in a basis whose terms are centred and have unit covariance."""

    gram: Floats  # (q m, q m), a mean over rows
    transform: Floats  # (m, m): natural coefficients from whitened ones
    n: int


@dataclass(frozen=True)
class Selected:
    """Coefficients of sparse neighbourhoods.

    Attributes
    ----------
    coefficients : (p, p + 1, m) array
        As in :class:`contextstats.algorithms.networks.neighborhoods.NeighborhoodFit`.
    penalties, edf : (p,) array
        The penalty of each node, and its non-zero coefficients with those of the intercept.
    converged : bool
    """

    coefficients: Floats
    penalties: Floats
    edf: Floats
    converged: bool


def fit_sparse_neighborhoods(problem: NetworkProblem, sparsity: Sparsity) -> NeighborhoodFit:
    """Neighbourhoods of all nodes; standard errors do not exist and are missing."""
    data = problem.data
    p, m = data.n_variables, data.n_basis
    found = select_neighborhoods(problem, sparsity, np.arange(data.n_rows))
    return with_log_variances(
        problem,
        coefficients=found.coefficients,
        spread=np.full((p, p + 1, m, m), np.nan),
        smoothing_parameters=found.penalties[:, None],
        edf=found.edf,
        converged=found.converged,
    )


def select_neighborhoods(problem: NetworkProblem, sparsity: Sparsity, rows: NDArray[np.intp]) -> Selected:
    """The sparse regressions of all nodes on some of the rows."""
    data = problem.data
    p, m = data.n_variables, data.n_basis
    white = _whitened(_gram(problem, rows), data, len(rows))
    folds = [_gram(problem, rows[f::FOLDS]) for f in range(FOLDS)] if sparsity.criterion == "cv" else []
    nodes = [_node(white, j, data, sparsity, folds) for j in range(p)]
    whitened = np.array([node.coefficients for node in nodes])
    _apply_rule(whitened, sparsity.rule)
    return Selected(
        whitened @ white.transform.T,
        np.array([node.penalty for node in nodes]),
        np.array([node.selected + m for node in nodes]),
        all(node.converged for node in nodes),
    )


@dataclass(frozen=True)
class _Node:
    coefficients: Floats  # (p + 1, m), whitened
    penalty: float
    selected: float
    converged: bool


def _gram(problem: NetworkProblem, rows: NDArray[np.intp]) -> Floats:
    data = problem.data
    z, contexts = np.asfortranarray(data.z[rows]), np.asfortranarray(data.contexts[rows])
    return np.asarray(_core.network_gram(problem.design, problem.penalties, z, contexts, problem.threads))


def _whitened(gram: Floats, data: NetworkData, n: int) -> _Whitened:
    m = data.n_basis
    mean = gram[0, :m] / n
    covariance = gram[:m, :m] / n - np.outer(mean, mean)
    transform = np.eye(m)
    for block in data.blocks:
        if block.term is None:
            continue
        own = slice(block.start, block.stop)
        root = np.linalg.inv(np.linalg.cholesky(covariance[own, own])).T
        transform[own, own] = root
        transform[0, own] = -mean[own] @ root
    return _Whitened(_turned(gram, transform) / n, transform, n)


def _turned(gram: Floats, transform: Floats) -> Floats:
    m = len(transform)
    q = len(gram) // m
    blocks = gram.reshape(q, m, q, m)
    return np.asarray(np.einsum("ai,qarb,bj->qirj", transform, blocks, transform, optimize=True)).reshape(gram.shape)


def _node(white: _Whitened, j: int, data: NetworkData, sparsity: Sparsity, folds: list[Floats]) -> _Node:
    fixed = not isinstance(sparsity.criterion, str)
    path = _path(white.gram, j, data, sparsity, np.array([sparsity.criterion]) if fixed else np.empty(0))
    best = 0
    if sparsity.criterion == "bic":
        best = int(np.argmin(white.n * np.log(path["residual"]) + np.log(white.n) * path["selected"]))
    elif sparsity.criterion == "cv":
        best = int(np.argmin(_fold_errors(white, j, data, sparsity, folds, path["penalties"])))
    coefficients = _with_intercept(white.gram, path["coefficients"][:, [best]], j, data.n_basis)
    return _Node(
        coefficients.reshape(-1, data.n_basis),
        float(path["penalties"][best]),
        float(path["selected"][best]),
        bool(path["converged"]),
    )


def _path(gram: Floats, j: int, data: NetworkData, sparsity: Sparsity, penalties: Floats) -> dict[str, Any]:
    """The path of node j after its intercept function, which is not penalised, was projected out."""
    m, p = data.n_basis, data.n_variables
    onto = np.linalg.solve(gram[:m, :m], gram[:m, m:])
    rest = gram[m:, m:] - gram[m:, :m] @ onto
    others = np.delete(np.arange(p * m), np.arange(j * m, (j + 1) * m))
    starts, sizes = [], []
    for k in range(p - 1):
        for block in data.blocks:
            starts.append(k * m + block.start)
            sizes.append(block.stop - block.start)
    return _core.sparse_path(
        rest[np.ix_(others, others)],
        rest[others, j * m],
        float(rest[j * m, j * m]),
        starts,
        sizes,
        np.sqrt(sizes).tolist(),
        sparsity.l1_ratio,
        penalties,
        N_PENALTIES,
        0.01,
    )


def _with_intercept(gram: Floats, coefficients: Floats, j: int, m: int) -> Floats:
    """All (p + 1) m coefficients of node j, one column for each penalty: intercept first, zeros in its own block."""
    full = np.insert(coefficients, [j * m] * m, 0.0, axis=0)
    intercept = np.linalg.solve(gram[:m, :m], gram[:m, [(j + 1) * m]] - gram[:m, m:] @ full)
    return np.vstack([intercept, full])


def _fold_errors(
    white: _Whitened, j: int, data: NetworkData, sparsity: Sparsity, folds: list[Floats], penalties: Floats
) -> Floats:
    """Sums of squared errors of prediction of the rows left out, for each penalty."""
    m, at = data.n_basis, (j + 1) * data.n_basis
    errors = np.zeros(len(penalties))
    for fold in folds:
        left_out = _turned(fold, white.transform)
        kept = (white.gram * white.n - left_out) / (white.n - left_out[0, 0])
        path = _path(kept, j, data, sparsity, penalties)
        a = _with_intercept(kept, path["coefficients"], j, m)
        errors += left_out[at, at] - 2 * left_out[at] @ a + np.einsum("ip,ij,jp->p", a, left_out, a, optimize=True)
    return errors


def _apply_rule(coefficients: Floats, rule: str) -> None:
    """Keep edges, and their varying parts, that both regressions have."""
    if rule == "or":
        return
    edges = coefficients[:, 1:]
    present, varying = (edges != 0).any(axis=2), (edges[:, :, 1:] != 0).any(axis=2)
    edges[:, :, 1:][~(varying & varying.T)] = 0.0
    edges[~(present & present.T)] = 0.0

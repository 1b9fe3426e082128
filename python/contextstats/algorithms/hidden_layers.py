"""Hidden layers of neural terms: learned from some rows, given to the model as a basis.

What is learned is a basis, not the model. A run of L-BFGS fits hidden layers and heads together with a weight decay;
several runs differ in their start and decay, and the one that predicts held-out rows best is kept. Its heads are
forgotten: the model estimates coefficients of the hidden layers again, with a smoothing parameter for each effect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contextstats import _core
from contextstats.encoders.basis import BasisSpec
from contextstats.encoders.neural import starting_weights
from contextstats.encoders.terms import Neural
from contextstats.errors import DataError, OptionError

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Progress = Callable[[int, float, float], None]

PRECISIONS = (3.0, 1.5, 0.75)
"""Weight decays that are tried: precisions of a normal prior of the weights, for standardised data."""

STARTS = 2
HELD_OUT = 0.25
MAXITER = 200
FEWEST_ROWS = 40
MOST_ROWS = 20_000


@dataclass(frozen=True)
class Network:
    """One neural term of a task.

    Attributes
    ----------
    term : Neural
    columns : list of int
        Its columns of the contexts.
    users : list of (response, predictor)
        The coefficients it is part of.
    """

    term: Neural
    columns: list[int]
    users: list[tuple[int, int]]

    @property
    def widths(self) -> list[int]:
        """Units of each hidden layer."""
        return [int(self.term.width)] * int(self.term.layers)

    @property
    def n_hidden(self) -> int:
        """Parameters of the hidden layers."""
        inputs = (len(self.columns), *self.widths[:-1])
        return sum(width * (below + 1) for below, width in zip(inputs, self.widths, strict=True))

    @property
    def n_head(self) -> int:
        """Coefficients of the constant, the contexts and the last hidden layer, for all users."""
        return (1 + len(self.columns) + self.widths[-1]) * len(self.users)

    def start(self, rng: np.random.Generator) -> Floats:
        """Random hidden layers, and a head of zeros."""
        return np.concatenate([starting_weights(len(self.columns), self.widths, rng), np.zeros(self.n_head)])

    def to_dict(self) -> dict[str, Any]:
        """What the core reads."""
        return {"columns": self.columns, "widths": self.widths, "users": self.users}


@dataclass(frozen=True, eq=False)
class LearningTask:
    """What hidden layers are learned from: r responses that share predictors, contexts and networks.

    Attributes
    ----------
    networks : tuple of Network
    x, contexts, y, offset, weight : arrays of n rows
        Predictors, contexts, responses (n, r), what is known of their linear predictors (n, r), and weights.
    loss : _core.Loss
    unit : float
        The deviance of a row of noise.
    """

    networks: tuple[Network, ...]
    x: Floats
    contexts: Floats
    y: Floats
    offset: Floats
    weight: Floats
    loss: Any
    unit: float


def common_options(terms: Sequence[Neural]) -> tuple[bool, int]:
    """`honest` and `seed` of the networks of a model, which must agree.

    Raises
    ------
    OptionError
        If they do not.
    """
    options = {(term.honest, term.seed) for term in terms}
    if len(options) > 1:
        found = " and ".join(f"honest={honest}, seed={seed}" for honest, seed in sorted(options))
        raise OptionError(
            "All mlp() terms of a model must have the same honest and the same seed, as their hidden layers are "
            f"learned together, but they have {found}."
        )
    return options.pop()


def split_rows(
    n: int, honest: bool, seed: int, clusters: NDArray[np.intp] | None = None, most: int = MOST_ROWS
) -> tuple[Rows, Rows]:
    """Rows to learn hidden layers from, and rows for everything else; whole clusters go together.

    Raises
    ------
    DataError
        If there are too few rows.
    """
    if n < FEWEST_ROWS:
        raise DataError(
            f"A neural encoder needs at least {FEWEST_ROWS} rows, but there are {n}. Use Additive() or Linear()."
        )
    everything = np.arange(n)
    if not honest:
        return everything, everything
    codes = everything if clusters is None else clusters
    first = np.random.default_rng([seed, 1]).permutation(int(codes.max()) + 1)
    share = min(n // 2, most)
    sizes = np.cumsum(np.bincount(codes, minlength=len(first))[first])
    taken = int(np.clip(np.searchsorted(sizes, share, side="right"), 1, len(first) - 1))
    learns = np.zeros(len(first), dtype=bool)
    learns[first[:taken]] = True
    return np.flatnonzero(learns[codes]), np.flatnonzero(~learns[codes])


def learn_hidden_layers(task: LearningTask, *, threads: int, progress: Progress | None = None) -> dict[Neural, Neural]:
    """Learn the hidden layers of all networks of a task together.

    Returns
    -------
    dict of Neural to Neural
        The same terms with `learned`.

    Raises
    ------
    DataError
        If a context does not vary in the rows of the task.
    """
    rng = np.random.default_rng([task.networks[0].term.seed, 2])
    n = len(task.x)
    n_training = n - round(HELD_OUT * n)
    order = rng.permutation(n)
    center, scale = task.contexts.mean(axis=0), task.contexts.std(axis=0)
    for network in task.networks:
        for name, column in zip(network.term.variables, network.columns, strict=True):
            if not scale[column] > 0:
                raise DataError(
                    f"{network.term.label} needs contexts that vary, but {name} is the same in all {n} rows that its "
                    "hidden layers are learned from. Leave it out."
                )
    size = np.sqrt(np.mean(task.x**2, axis=0))
    found = _core.learn_features(
        [network.to_dict() for network in task.networks],
        task.loss,
        np.asfortranarray((task.x / np.where(size > 0, size, 1.0))[order]),
        np.asfortranarray(((task.contexts - center) / np.where(scale > 0, scale, 1.0))[order]),
        np.asfortranarray(task.y[order]),
        np.asfortranarray(task.offset[order]),
        np.ascontiguousarray(task.weight[order]),
        float(task.unit),
        np.column_stack([np.concatenate([network.start(rng) for network in task.networks]) for _ in range(STARTS)]),
        [precision / n_training for precision in PRECISIONS],
        n_training,
        MAXITER,
        threads,
        progress,
    )
    learned, at = {}, 0
    for network in task.networks:
        basis = BasisSpec(
            kind="neural",
            columns=tuple(network.columns),
            centers=tuple(center[network.columns].tolist()),
            scales=tuple(scale[network.columns].tolist()),
            widths=tuple(network.widths),
            weights=tuple(found["theta"][at : at + network.n_hidden].tolist()),
        )
        learned[network.term] = replace(network.term, learned=basis)
        at += network.n_hidden + network.n_head
    return learned


def learning_note(terms: list[Neural], honest: bool, n_learning: int, n_left: int) -> str:
    """Say where hidden layers come from, and what that means for standard errors and tests."""
    labels = ", ".join(term.label for term in terms)
    if honest:
        return (
            f"The hidden layers of {labels} were learned from {n_learning} rows drawn at random (seed "
            f"{terms[0].seed}); estimates, standard errors and tests come from the other {n_left} rows and take the "
            "hidden layers as given. Bands do not allow for what these layers cannot follow."
        )
    return (
        f"The hidden layers of {labels} were learned from the same rows as everything else (honest=False): standard "
        "errors take them as given and are too small, and there are no p-values."
    )

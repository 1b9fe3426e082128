"""Neural terms: straight lines and the last hidden layer of a network, whose weights are learned from data.

The hidden layers are learned by :mod:`contextstats.algorithms.hidden_layers`; until then they are those of a random
network. Given them, a neural term is a basis like any other: its functions are centred over the rows of the fit, the
straight lines are free, and what the hidden layer adds to them has a ridge penalty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contextstats.encoders.basis import BasisSpec
from contextstats.encoders.column import Inputs, require_numeric
from contextstats.encoders.fitted import FittedTerm
from contextstats.encoders.penalty import with_null_space
from contextstats.encoders.terms import Factor, Neural, Term
from contextstats.errors import OptionError

FloatArray = NDArray[np.float64]
_NEGLIGIBLE = 1e-7
_CHUNK = 1 << 14


@dataclass(frozen=True, kw_only=True)
class MLP:
    r"""Coefficients that are one neural network of all numeric contexts together.

    .. math:: \beta_j(c) = a_j + z^\top b_j + h(z)^\top \theta_j

    with z the standardised contexts and h the last hidden layer (tanh units), which all coefficients share. The hidden
    layers are learned first, from half of the rows; the rest is a penalised regression on the other half, with
    smoothing parameters, standard errors and tests as for splines. Categorical contexts shift coefficients by level.

    Parameters
    ----------
    width : int
        Units in each hidden layer.
    layers : int
        Number of hidden layers.
    honest : bool
        Learn the hidden layers from a random half of the rows (at most 20 000) and estimate everything else from the
        others, so that standard errors and tests are those of a model whose basis is given. False uses all rows for
        both: with few contexts estimates are closer to the truth, but standard errors are too small and there are no
        tests.
    seed : int
        Of the random half and of the starting weights. The same seed gives the same numbers.

    Raises
    ------
    OptionError
        If an option has a value outside its range.
    """

    width: int = 16
    layers: int = 1
    honest: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        check_neural(self._term(("context",)))

    def terms(self, context_names: Sequence[str], is_categorical: Sequence[bool]) -> tuple[Term, ...]:
        """Return one network of the numeric contexts and one factor for each other context."""
        pairs = list(zip(context_names, is_categorical, strict=True))
        numeric = tuple(name for name, categorical in pairs if not categorical)
        network = (self._term(numeric),) if numeric else ()
        return (*network, *(Factor(name) for name, categorical in pairs if categorical))

    def _term(self, names: tuple[str, ...]) -> Neural:
        return Neural(names, width=self.width, layers=self.layers, honest=self.honest, seed=self.seed)


@dataclass(frozen=True, kw_only=True)
class NeuralAdditive:
    """Coefficients that are sums of one neural network for each numeric context, and shifts by level.

    Parameters
    ----------
    width, layers, honest, seed
        As in :class:`MLP`, for each network.

    Raises
    ------
    OptionError
        If an option has a value outside its range.
    """

    width: int = 8
    layers: int = 1
    honest: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        check_neural(self._term("context"))

    def terms(self, context_names: Sequence[str], is_categorical: Sequence[bool]) -> tuple[Term, ...]:
        """Return one term for each context column."""
        pairs = zip(context_names, is_categorical, strict=True)
        return tuple(Factor(name) if categorical else self._term(name) for name, categorical in pairs)

    def _term(self, name: str) -> Neural:
        return Neural((name,), width=self.width, layers=self.layers, honest=self.honest, seed=self.seed)


def check_neural(term: Neural) -> Neural:
    """Return the term unchanged if its options make sense.

    Raises
    ------
    OptionError
        Naming the option.
    """
    numbers: tuple[tuple[str, Any, int], ...] = (
        ("width", term.width, 1),
        ("layers", term.layers, 1),
        ("seed", term.seed, 0),
    )
    for name, value, least in numbers:
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise OptionError(
                f"{name} of a neural encoder must be a whole number of at least {least}, but is {value!r}."
            )
    if not isinstance(term.honest, bool):
        raise OptionError(f"honest must be True or False, but is {term.honest!r}.")
    return term


def starting_weights(n_inputs: int, widths: Sequence[int], rng: np.random.Generator) -> FloatArray:
    """Draw weights of hidden layers: units that bend somewhere within the data, in random directions."""
    parts = []
    for inputs, width in zip((n_inputs, *widths[:-1]), widths, strict=True):
        weights = rng.normal(size=(width, inputs)) * (1.5 / np.sqrt(inputs))
        parts += [weights.ravel(order="F"), rng.normal(size=width)]
    return np.concatenate(parts)


def fit_neural(term: Neural, inputs: Inputs) -> FittedTerm:
    """Build `mlp(a, b)` on the rows of the fit, with the hidden layers of `term.learned` or random ones."""
    check_neural(term)
    for name in term.variables:
        require_numeric(name, inputs.columns[name], term.label)
    layers = _random_layers(term, inputs) if term.learned is None else term.learned
    projection, sizes = _natural_functions(layers, inputs)
    basis = replace(layers, projection=tuple(projection.ravel(order="F").tolist()))
    n_functions = projection.shape[1]
    penalties = np.repeat(np.eye(3)[1:], sizes, axis=1)
    present = np.array(sizes[1:]) > 0
    penalties = penalties[present]
    labels = tuple(label for label, here in zip((term.label, f"{term.label}:units"), present, strict=True) if here)
    if inputs.select:
        penalties, labels = with_null_space(penalties, labels, term.label)
    return FittedTerm(
        label=term.label,
        variables=term.variables,
        kind="neural",
        basis=basis,
        transform=np.eye(n_functions),
        penalties=penalties,
        penalty_labels=labels,
        coef_names=tuple(f"{term.label}.{i + 1}" for i in range(n_functions)),
        null_dim=sizes[0],
        constrained=True,
        honest=term.honest,
    )


def _random_layers(term: Neural, inputs: Inputs) -> BasisSpec:
    columns = [inputs.columns[name] for name in term.variables]
    centers = [float(np.average(column.values, weights=inputs.freq_weights)) for column in columns]
    scales = [
        float(np.sqrt(np.average((column.values - center) ** 2, weights=inputs.freq_weights)))
        for column, center in zip(columns, centers, strict=True)
    ]
    widths = (int(term.width),) * int(term.layers)
    weights = starting_weights(len(columns), widths, np.random.default_rng(term.seed))
    return BasisSpec(
        kind="neural",
        columns=tuple(column.index for column in columns),
        centers=tuple(centers),
        scales=tuple(scales),
        widths=widths,
        weights=tuple(weights.tolist()),
    )


def _natural_functions(layers: BasisSpec, inputs: Inputs) -> tuple[FloatArray, tuple[int, int, int]]:
    """Straight lines; what the hidden layer adds to them; what moving its units could add to that. All centred.

    The two last parts are in principal directions, as a rotation leaves a ridge penalty what it is: of the hidden layer
    all in which it moves, of its moved units the first two for each unit.

    Returns
    -------
    projection : (n_features, K) array
    sizes : (int, int, int)
        Number of functions of each part, K together.
    """
    d, m = len(layers.columns), layers.widths[-1]
    moments = _moments(layers, inputs)
    lines, hidden, moved = np.split(np.arange(layers.n_features), [1 + d, 1 + d + m])
    projection = np.zeros((layers.n_features, d))
    projection[lines[1:], :] = np.eye(d)
    projection[0] = -moments[0, 1 : 1 + d]
    parts = [projection, _added(moments, lines, hidden)]
    parts.append(_added(moments, np.concatenate([lines, hidden]), moved)[:, : 2 * m])
    return np.hstack(parts), (parts[0].shape[1], parts[1].shape[1], parts[2].shape[1])


def _moments(layers: BasisSpec, inputs: Inputs) -> FloatArray:
    """Mean products of the features over the rows, chunk by chunk."""
    n = next(iter(inputs.columns.values())).values.size
    contexts = np.zeros((n, max(layers.columns) + 1), order="F")
    for column in inputs.columns.values():
        if column.index in layers.columns:
            contexts[:, column.index] = column.values
    weights = np.ones(n) if inputs.freq_weights is None else inputs.freq_weights
    total = np.zeros((layers.n_features, layers.n_features))
    for start in range(0, n, _CHUNK):
        features = layers.evaluate(contexts[start : start + _CHUNK])
        total += (features.T * weights[start : start + _CHUNK]) @ features
    return np.asarray(total / weights.sum())


def _added(moments: FloatArray, known: NDArray[np.intp], new: NDArray[np.intp]) -> FloatArray:
    """Principal directions of what some features add to others that are known, as columns of the projection."""
    explained = np.linalg.lstsq(moments[np.ix_(known, known)], moments[np.ix_(known, new)], rcond=1e-10)[0]
    left = moments[np.ix_(new, new)] - moments[np.ix_(new, known)] @ explained
    values, directions = np.linalg.eigh((left + left.T) / 2)
    kept = directions[:, values > _NEGLIGIBLE * max(moments[new, new].max(), _NEGLIGIBLE)][:, ::-1]
    signs = np.sign(kept[np.abs(kept).argmax(axis=0), np.arange(kept.shape[1])])
    projection = np.zeros((len(moments), kept.shape[1]))
    projection[new] = kept * signs
    projection[known] = -explained @ (kept * signs)
    return projection

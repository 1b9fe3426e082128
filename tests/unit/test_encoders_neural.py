"""Neural terms: what can be asked for, and the functions of context they become."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import contextstats as cs
from contextstats import _core
from contextstats.algorithms.hidden_layers import split_rows
from contextstats.encoders import terms as t
from contextstats.encoders.basis import BasisSpec
from contextstats.encoders.build import fit_term
from contextstats.encoders.column import ContextColumn
from contextstats.encoders.fitted import FittedTerm
from contextstats.encoders.format import format_context
from contextstats.encoders.parse import parse_context


@pytest.fixture(scope="module")
def columns() -> dict[str, ContextColumn]:
    rng = np.random.default_rng(1)
    return {name: ContextColumn(rng.normal(10, 3, size=200), None, i) for i, name in enumerate("abc")}


def contexts_of(columns):
    return np.asfortranarray(np.column_stack([column.values for column in columns.values()]))


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("mlp(a)", t.Neural(("a",))),
        ("mlp(a, b, c, width=8)", t.Neural(("a", "b", "c"), width=8)),
        ("mlp(a, b, layers=2, honest=False, seed=3)", t.Neural(("a", "b"), layers=2, honest=False, seed=3)),
    ],
)
def test_a_formula_is_read_and_written(text, term):
    assert parse_context(text) == (term,)
    assert format_context([term]) == text


def test_encoders_ask_for_networks_of_numeric_contexts_and_shifts_by_level():
    names, categorical = ("a", "sex", "b"), (False, True, False)
    assert cs.MLP(width=5).terms(names, categorical) == (t.Neural(("a", "b"), width=5), t.Factor("sex"))
    alone = tuple(t.Neural((name,), width=8) for name in "ab")
    assert cs.NeuralAdditive().terms(names, categorical) == (alone[0], t.Factor("sex"), alone[1])
    assert cs.MLP().terms(("sex",), (True,)) == (t.Factor("sex"),)


@pytest.mark.parametrize("layers", [1, 2])
def test_the_core_evaluates_the_functions_that_numpy_does(columns, layers):
    term = fit_term(t.Neural(("a", "c"), width=6, layers=layers), columns)
    contexts = contexts_of(columns)
    slow = term.basis.evaluate(contexts)
    assert_allclose(_core.basis_matrix(term.basis.to_dict(), contexts), slow, rtol=0, atol=1e-11 * np.abs(slow).max())
    assert term.basis.n_raw == slow.shape[1]


@pytest.mark.parametrize("weights", [None, np.arange(200.0) % 4])
def test_functions_are_centred_and_each_part_is_what_it_adds_to_those_before(columns, weights):
    term = fit_term(t.Neural(("a", "b"), width=6), columns, freq_weights=weights)
    values = term.evaluate(contexts_of(columns))
    share = np.full(200, 1 / 200) if weights is None else weights / weights.sum()
    moments = (values.T * share) @ values
    assert_allclose(share @ values, 0, atol=1e-9)
    parts = [np.arange(2), *(np.flatnonzero(row) for row in term.penalties)]
    assert [len(part) > 0 for part in parts] == [True, True, True]
    assert sum(map(len, parts)) == term.n_coefficients
    for i, part in enumerate(parts):
        for other in parts[:i]:
            assert np.abs(moments[np.ix_(part, other)]).max() < 1e-9
    assert set(np.unique(term.penalties)) == {0.0, 1.0}
    z = (contexts_of(columns)[:, :2] - term.basis.centers) / term.basis.scales
    assert_allclose(values[:, :2], z - share @ z, atol=1e-12)


def test_select_penalises_the_straight_lines_too(columns):
    term = fit_term(t.Neural(("a", "b"), width=6), columns, select=True)
    assert term.penalty_labels == ("mlp(a,b)", "mlp(a,b):units", "mlp(a,b):null")
    assert_array_equal(np.flatnonzero(term.penalties[2]), [0, 1])


def test_learned_layers_are_kept_and_a_term_survives_plain_data(columns):
    random = fit_term(t.Neural(("a", "b"), width=3), columns)
    layers = replace(random.basis, weights=tuple(0.5 * w for w in random.basis.weights), projection=())
    term = fit_term(t.Neural(("a", "b"), width=3, learned=layers), columns)
    assert term.basis.weights == layers.weights
    again = FittedTerm.from_dict(term.to_dict())
    assert again.basis == term.basis
    assert again.penalty_labels == term.penalty_labels


def test_a_basis_saved_before_there_were_networks_can_be_read():
    spec = BasisSpec(kind="factor", columns=(0,), n_levels=3)
    old = {key: value for key, value in spec.to_dict().items() if key not in ("widths", "weights", "projection")}
    assert BasisSpec.from_dict(old) == spec


def test_a_layer_without_curvature_leaves_straight_lines(columns):
    """All output weights of a layer may decay to nothing; the term is then linear, with fewer penalties."""
    basis = fit_term(t.Neural(("a", "b"), width=3), columns).basis
    flat = replace(basis, weights=(0.0,) * len(basis.weights), projection=())
    term = fit_term(t.Neural(("a", "b"), width=3, learned=flat), columns)
    assert term.n_coefficients == 2
    assert term.penalties.shape == (0, 2)


def test_rows_are_split_in_half_by_whole_clusters_and_never_more_than_the_limit():
    first, second = split_rows(101, True, 0)
    assert_array_equal(np.sort(np.concatenate([first, second])), np.arange(101))
    assert len(first) == 50
    clusters = np.repeat(np.arange(20), 7)
    first, second = split_rows(140, True, 3, clusters)
    assert not set(clusters[first]) & set(clusters[second])
    assert 56 <= len(first) <= 70
    assert len(split_rows(100_000, True, 0)[0]) == 20_000
    uneven = np.repeat([0, 1], [95, 5])
    assert {len(part) for part in split_rows(100, True, 0, uneven)} == {5, 95}
    everything = split_rows(100, False, 0)
    assert_array_equal(everything[0], everything[1])

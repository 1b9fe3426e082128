"""Fitted terms: what every smooth promises, and what is decided for data that cannot carry it."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from contextstats.encoders.build import fit_term
from contextstats.encoders.column import ContextColumn
from contextstats.encoders.fitted import FittedTerm
from contextstats.encoders.terms import Bare, Factor, Linear, Smooth, Tensor
from contextstats.errors import ConstantContextError, DataError, OptionError

N = 120
RNG = np.random.default_rng(7)
CONTEXTS = np.column_stack([RNG.uniform(size=N), RNG.gamma(2.0, size=N), RNG.integers(0, 4, N)])
LEVELS = {"g": ("p", "q", "r", "s")}
SMOOTHS = [
    Smooth("a"),
    Smooth("b", k=14, m=(2, 3)),
    Smooth("b", bs="bs"),
    Smooth("a", bs="bs", m=(2, 1)),
    Smooth("b", bs="cr"),
    Smooth("a", bs="cc"),
    Smooth("b", bounds=(-1.0, 30.0)),
    Tensor(("a", "b")),
    Tensor(("a", "b"), bs=("cc", "cr"), k=(6, 4)),
    Tensor(("a", "b"), interaction=True),
    Tensor(("b", "a"), bs=("cr", "bs"), interaction=True),
]
PARAMETRIC = [Bare("a"), Bare("g"), Linear("b"), Factor("g"), Smooth("b", bs="re"), Smooth("g", bs="re")]


def columns(contexts=CONTEXTS, names=("a", "b", "g")):
    return {name: ContextColumn(contexts[:, i], LEVELS.get(name), i) for i, name in enumerate(names)}


def describe(term):
    return f"{term.label} {getattr(term, 'bs', '')}"


@pytest.mark.parametrize("select", [False, True])
@pytest.mark.parametrize("term", SMOOTHS + PARAMETRIC, ids=describe)
def test_shapes_and_names_agree(term, select):
    fitted = fit_term(term, columns(), select=select)
    m = fitted.n_coefficients
    assert fitted.transform.shape == (fitted.basis.n_raw, m)
    assert fitted.penalties.shape == (len(fitted.penalty_labels), m)
    assert len(set(fitted.coef_names)) == m
    assert (fitted.label, fitted.variables) == (term.label, term.variables)
    assert fitted.penalties.min(initial=0.0) >= 0
    assert fitted.evaluate(CONTEXTS).shape == (N, m)


@pytest.mark.parametrize("term", SMOOTHS, ids=describe)
def test_smooths_are_centred_and_of_full_rank(term):
    fitted = fit_term(term, columns())
    values = fitted.evaluate(CONTEXTS)
    assert fitted.constrained
    assert_allclose(values.sum(axis=0), 0.0, atol=1e-9 * np.abs(values).max())
    assert np.linalg.matrix_rank(np.column_stack([np.ones(N), values])) == fitted.n_coefficients + 1 or fitted.notes


@pytest.mark.parametrize("term", SMOOTHS, ids=describe)
def test_null_space_is_what_no_penalty_touches(term):
    fitted = fit_term(term, columns())
    free = (fitted.penalties == 0).all(axis=0)
    assert free.sum() == fitted.null_dim
    selected = fit_term(term, columns(), select=True)
    if fitted.null_dim:
        assert_array_equal(selected.penalties[:-1], fitted.penalties)
        assert_array_equal(selected.penalties[-1], free)
        assert selected.penalty_labels[-1] == f"{term.label}:null"
    else:
        assert selected.penalty_labels == fitted.penalty_labels


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(30, 80),
    term=st.sampled_from([Smooth("c"), Smooth("c", bs="bs"), Smooth("c", bs="cr"), Smooth("c", bs="cc", k=6)]),
    skew=st.floats(0.5, 3),
)
def test_columns_sum_to_zero_over_any_data(seed, n, term, skew):
    c = np.random.default_rng(seed).uniform(size=n) ** skew
    values = fit_term(term, {"c": ContextColumn(c)}).evaluate(c[:, None])
    assert np.abs(values.sum(axis=0)).max() < 1e-9 * max(1.0, np.abs(values).max())


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    bs=st.sampled_from(["ps", "bs", "cr"]),
    shift=st.floats(-1e6, 1e6),
    scale=st.floats(1e-3, 1e3),
)
def test_the_penalty_leaves_straight_lines_free(seed, bs, shift, scale):
    c = shift + scale * np.random.default_rng(seed).uniform(size=50)
    fitted = fit_term(Smooth("c", bs=bs), {"c": ContextColumn(c)})
    beyond = np.concatenate([c, shift + scale * np.array([-1.0, 2.0])])
    free = fitted.evaluate(beyond[:, None])[:, fitted.penalties[0] == 0]
    line = beyond - c.mean()
    assert free.shape[1] == 1
    slope = free[0, 0] / line[0]
    rounding = 1e-8 + 1e-13 * abs(shift) / scale
    assert_allclose(free[:, 0], slope * line, rtol=rounding, atol=rounding * np.abs(slope) * scale)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    bs=st.sampled_from(["ps", "bs", "cr", "cc"]),
    shift=st.floats(-1e4, 1e4),
    scale=st.floats(1e-4, 1e4),
)
def test_terms_do_not_depend_on_the_units_of_a_context(seed, bs, shift, scale):
    c = np.random.default_rng(seed).uniform(size=60)
    moved = shift + scale * c
    points = np.concatenate([c, [-0.4, 1.3]])
    original = fit_term(Smooth("c", bs=bs), {"c": ContextColumn(c)})
    other = fit_term(Smooth("c", bs=bs), {"c": ContextColumn(moved)})
    rounding = 1e-8 + 1e-9 * abs(shift) / scale
    assert_allclose(other.penalties, original.penalties, rtol=rounding, atol=rounding * original.penalties.max())
    values = [
        (f.penalties[0] > 0) * f.evaluate(x[:, None]) for f, x in ((original, points), (other, shift + scale * points))
    ]
    assert_allclose(np.abs(values[1]), np.abs(values[0]), rtol=100 * rounding, atol=100 * rounding)


@pytest.mark.parametrize(
    "term", [Smooth("c"), Smooth("c", bs="bs"), Smooth("c", bs="cr"), Smooth("c", bs="cc")], ids=describe
)
def test_a_context_shifted_by_1e8_gives_the_same_term(term):
    c = RNG.uniform(size=200)
    far = c + 1e8
    near = far - 1e8
    shifted = fit_term(term, {"c": ContextColumn(far)})
    original = fit_term(term, {"c": ContextColumn(near)})
    assert_allclose(shifted.penalties, original.penalties, rtol=1e-5)
    assert_allclose(shifted.evaluate(far[:, None]), original.evaluate(near[:, None]), atol=1e-5)


@pytest.mark.parametrize("term", SMOOTHS, ids=describe)
def test_a_frequency_weight_of_two_is_the_row_twice(term):
    twice = RNG.integers(1, 3, N)
    repeated = np.repeat(CONTEXTS, twice, axis=0)
    weighted = fit_term(term, columns(), freq_weights=twice.astype(float))
    expanded = fit_term(term, columns(repeated))
    assert_allclose(weighted.penalties, expanded.penalties, rtol=1e-9)
    assert_allclose(weighted.evaluate(CONTEXTS), expanded.evaluate(CONTEXTS), atol=1e-8)


def test_linear_term_is_standardised():
    fitted = fit_term(Linear("b"), columns())
    values = fitted.evaluate(CONTEXTS)[:, 0]
    assert_allclose([values.mean(), values.std()], [0.0, 1.0], atol=1e-12)
    assert (fitted.kind, fitted.null_dim, fitted.penalties.shape) == ("linear", 1, (0, 1))


def test_linear_term_has_a_scale_for_any_units():
    for scale in (1e-170, 1e170):
        fitted = fit_term(Linear("c"), {"c": ContextColumn(CONTEXTS[:, 0] * scale)})
        assert_allclose(fitted.basis.scales[0] / scale, CONTEXTS[:, 0].std(), rtol=1e-12)


def test_factor_has_a_reference_level_and_a_random_effect_has_none():
    fixed, random = fit_term(Factor("g"), columns()), fit_term(Smooth("g", bs="re"), columns())
    assert fixed.coef_names == ("g[T.q]", "g[T.r]", "g[T.s]")
    assert random.coef_names == ("s(g)[p]", "s(g)[q]", "s(g)[r]", "s(g)[s]")
    assert_array_equal(np.eye(4)[CONTEXTS[:, 2].astype(int)], random.evaluate(CONTEXTS))
    assert_array_equal(fixed.evaluate(CONTEXTS), random.evaluate(CONTEXTS)[:, 1:])
    assert (fixed.constrained, random.constrained) == (False, False)


def test_numeric_random_effect_is_the_column_itself():
    fitted = fit_term(Smooth("b", bs="re"), columns())
    assert_array_equal(fitted.evaluate(CONTEXTS), CONTEXTS[:, [1]])
    assert_allclose(fitted.penalties, CONTEXTS[:, 1].max() ** 2)


@pytest.mark.parametrize("term", SMOOTHS + PARAMETRIC, ids=describe)
def test_fitted_terms_survive_json(term):
    fitted = fit_term(term, columns(), select=True)
    again = FittedTerm.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert again.basis == fitted.basis
    assert_array_equal(again.transform, fitted.transform)
    assert_array_equal(again.penalties, fitted.penalties)
    assert again.to_dict() == fitted.to_dict()


def test_periodic_smooth_meets_itself():
    fitted = fit_term(Smooth("a", bs="cc", bounds=(0.0, 1.0)), columns())
    step = 1e-5
    ends = fitted.basis.evaluate(np.array([[0.0], [step], [1.0 - step], [1.0]])) @ fitted.transform
    assert_allclose(ends[0], ends[3], atol=1e-12)
    assert_allclose((ends[1] - ends[0]) / step, (ends[3] - ends[2]) / step, atol=1e-2)


def test_natural_spline_has_no_curvature_at_its_ends():
    fitted = fit_term(Smooth("b", bs="cr"), columns())
    low, high = CONTEXTS[:, 1].min(), CONTEXTS[:, 1].max()
    for edge in (low, high):
        left, middle, right = fitted.evaluate(np.column_stack([np.zeros(3), edge + np.array([-1e-3, 0, 1e-3])]))
        assert_allclose(left - 2 * middle + right, 0.0, atol=1e-6)


def test_functions_without_data_are_noted():
    fitted = fit_term(Smooth("a", bounds=(0.0, 5.0)), columns())
    assert fitted.notes == (
        "5 of 10 basis functions of s(a) have no data under them; there the penalty alone shapes the curve.",
    )


def numeric(values):
    return {
        "c": ContextColumn(np.array(values, dtype=float)),
        "d": ContextColumn(np.arange(len(values)) * 1.0, index=1),
    }


@pytest.mark.parametrize("term", [Bare("c"), Linear("c"), Smooth("c"), Smooth("c", bs="re"), Tensor(("c", "d"))])
def test_constant_context_has_an_error_of_its_own(term):
    with pytest.raises(ConstantContextError, match="a context that varies, but c is 3 in all 20 rows"):
        fit_term(term, numeric([3.0] * 20))


@pytest.mark.parametrize("term", [Bare("c"), Factor("c"), Smooth("c", bs="re")])
def test_context_with_one_level_has_an_error_of_its_own(term):
    one = {"c": ContextColumn(np.zeros(9), ("only",))}
    with pytest.raises(ConstantContextError, match="c has the same level in all 9 rows"):
        fit_term(term, one)


@pytest.mark.parametrize(
    ("term", "values", "said"),
    [
        (
            Smooth("c"),
            [*range(6)] * 5,
            r"s\(c\) needs at least k=10 distinct values of c, but there are 6. Lower k to 6",
        ),
        (Smooth("c"), [0, 1, 2] * 5, r"there are 3. Instead use c itself, .* or C\(c\)"),
        (Smooth("c", bs="cr", k=4), [0, 1, 2] * 5, r"there are 3. Lower k to 3 or less"),
        (Tensor(("c", "d")), [0, 1, 2] * 5, r"te\(c,d\) needs at least k=5 distinct values of c"),
        (
            Smooth("c", bounds=(0, 9)),
            [*range(12)],
            r"c must lie within bounds=\(0, 9\) of s\(c\); 2 of 12 rows .* row 10",
        ),
        (
            Smooth("c"),
            [*range(12), np.nan],
            r"c must be finite; 1 of 13 rows break this \(first: row 12, value nan\)",
        ),
        (Linear("c"), [1, np.inf, 2], r"c must be finite; 1 of 3 rows"),
        (Smooth("c"), 1e16 + 2.0 * np.arange(12), "large against its rounding error"),
        (Smooth("c", bs="cr"), [0, 1e-13, *range(1, 9)], r"The knots of s\(c\) must differ"),
        (Factor("c"), [1, 2, 3], "needs a categorical context, but c is numeric"),
        (Smooth("z"), [1, 2, 3], "needs the context 'z', but the contexts are c, d"),
        (Smooth("c"), [], "c has no rows"),
    ],
)
def test_data_that_cannot_carry_a_term(term, values, said):
    with pytest.raises(DataError, match=said):
        fit_term(term, numeric(values))


def test_smooth_of_a_categorical_context():
    with pytest.raises(DataError, match=r"s\(g\) needs a numeric context, but g is categorical .* s\(g, bs='re'\)"):
        fit_term(Smooth("g"), columns())


def test_levels_without_rows_are_refused_for_factors_and_kept_for_random_effects():
    some = {"g": ContextColumn(np.array([0.0, 2.0, 2.0]), ("p", "q", "r"))}
    with pytest.raises(DataError, match=r"1 of 3 have none \(first: 'q'\)"):
        fit_term(Factor("g"), some)
    assert fit_term(Smooth("g", bs="re"), some).n_coefficients == 3


@pytest.mark.parametrize("term", [Smooth("a", k=3), Smooth("a", bs="xx"), Tensor(("a", "b"), bs=("re", "ps"))])
def test_options_are_checked_for_terms_made_by_hand(term):
    with pytest.raises(OptionError):
        fit_term(term, columns())

"""Raw bases: values, continuation outside the knots, wrapping, and the way to JSON and back."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.interpolate import BSpline

from contextstats.encoders import bspline
from contextstats.encoders.basis import BasisSpec


def uneven_knots(seed, degree, pieces):
    inner = np.cumsum(np.random.default_rng(seed).uniform(0.1, 1.0, pieces + 2 * degree + 1))
    return tuple(inner)


def spline(knots, degree, **options):
    return BasisSpec(kind="bspline", columns=(0,), knots=knots, degree=degree, **options)


def evaluate(spec, points):
    return spec.evaluate(np.asarray(points, dtype=float).reshape(-1, 1))


splines = st.builds(uneven_knots, st.integers(0, 1000), st.shared(st.integers(1, 4), key="degree"), st.integers(1, 8))
degrees = st.shared(st.integers(1, 4), key="degree")
points = st.lists(st.floats(-20, 40), min_size=1, max_size=20)


@pytest.mark.parametrize("derivative", [0, 1, 2, 3])
def test_bsplines_agree_with_scipy(derivative):
    knots = np.array(uneven_knots(1, 3, 6))
    x = np.linspace(knots[3], knots[-4], 50, endpoint=False)[1:]
    expected = [BSpline(knots, unit, 3).derivative(derivative)(x) for unit in np.eye(knots.size - 4)]
    assert_allclose(bspline.design(x, knots, 3, derivative), np.transpose(expected), rtol=1e-12, atol=1e-12)


@given(splines, degrees, points)
def test_functions_sum_to_one_everywhere(knots, degree, x):
    values = evaluate(spline(knots, degree), x)
    assert_allclose(values.sum(axis=1), 1.0, atol=1e-10)


@given(splines, degrees, points)
def test_inside_the_knots_functions_are_local_and_not_negative(knots, degree, x):
    inside = np.clip(x, knots[degree], knots[-degree - 1])
    values = evaluate(spline(knots, degree), inside)
    assert values.min() >= 0
    assert (values > 0).sum(axis=1).max() <= degree + 1


@given(splines, degrees, st.sampled_from(["low", "high"]))
def test_continuation_outside_the_knots_is_linear_with_continuous_slope(knots, degree, side):
    spec = spline(knots, degree)
    edge, outward = (knots[degree], -1.0) if side == "low" else (knots[-degree - 1], 1.0)
    step = 1e-6
    at_edge, near, far = evaluate(spec, edge + outward * np.array([0.0, step, 7.0]))
    inside = evaluate(spec, [edge - outward * step])[0]
    slope = (near - at_edge) / step
    # Away from the edge: one straight line. Towards the inside: its slope, up to the curvature times step.
    assert_allclose(far - at_edge, 7 * slope, atol=1e-6)
    assert_allclose((at_edge - inside) / step, slope, atol=1e-3)


@given(splines, degrees, points, st.floats(0.01, 100), st.floats(-1000, 1000))
def test_shifted_and_scaled_contexts_give_the_same_functions(knots, degree, x, scale, shift):
    moved = spline(tuple(shift + scale * np.array(knots)), degree)
    assert_allclose(
        evaluate(moved, shift + scale * np.array(x)), evaluate(spline(knots, degree), x), rtol=1e-6, atol=1e-6
    )


def test_a_shift_of_1e8_costs_no_more_than_its_rounding():
    knots = np.arange(-3.0, 12.0)
    x = np.linspace(0, 8, 101)
    shifted = (x + 1e8) - 1e8
    assert_allclose(
        evaluate(spline(tuple(knots + 1e8), 3), x + 1e8),
        evaluate(spline(tuple(knots), 3), shifted),
        atol=1e-15,
    )


def test_values_at_both_boundary_knots_belong_to_the_last_piece_inside():
    spec = spline((0.0,) * 4 + (1.0, 2.0) + (3.0,) * 4, 3)
    assert_array_equal(evaluate(spec, [0.0, 3.0]), np.eye(6)[[0, 5]])


@given(st.floats(-50, 50), st.integers(-3, 3))
def test_periodic_contexts_are_wrapped(x, turns):
    spec = spline(tuple(np.arange(-3.0, 12.0)), 3, periodic=True)
    # Functions j and j + 8 are one function of a periodic spline: its coefficients repeat.
    one_period = np.eye(8)[np.arange(spec.n_raw) % 8]
    assert_allclose(evaluate(spec, [x]) @ one_period, evaluate(spec, [x + 8.0 * turns]) @ one_period, atol=1e-12)


def test_dense_basis_centres_and_scales():
    spec = BasisSpec(kind="dense", columns=(2, 0), centers=(1.0, 2.0), scales=(2.0, 4.0), intercept=True)
    assert spec.n_raw == 3
    assert_array_equal(spec.evaluate(np.array([[6.0, 0.0, 5.0]])), [[1.0, 2.0, 1.0]])


def test_factor_basis_gives_indicators_and_zeros_for_unknown_codes():
    spec = BasisSpec(kind="factor", columns=(0,), n_levels=3)
    assert_array_equal(evaluate(spec, [2, 0, 3, -1]), [[0, 0, 1], [1, 0, 0], [0, 0, 0], [0, 0, 0]])


def test_tensor_basis_multiplies_its_margins():
    margins = (spline(tuple(np.arange(8.0)), 3), BasisSpec(kind="factor", columns=(1,), n_levels=2))
    spec = BasisSpec(kind="tensor", columns=(0, 1), margins=margins)
    contexts = np.array([[3.2, 1.0], [4.0, 0.0]])
    expected = [np.kron(margins[0].evaluate(row[None])[0], margins[1].evaluate(row[None])[0]) for row in contexts]
    assert spec.n_raw == 8
    assert_allclose(spec.evaluate(contexts), expected)


@settings(max_examples=30)
@given(splines, degrees)
def test_derivative_root_integrates_squares(knots, degree):
    knots = np.array(knots)
    for derivative in range(degree + 1):
        root = bspline.derivative_root(knots, degree, derivative)
        breaks = knots[degree : knots.size - degree]
        x = np.concatenate([np.linspace(a, b, 2001)[1:] - (b - a) / 4000 for a, b in itertools.pairwise(breaks)])
        width = np.repeat(np.diff(breaks) / 2000, 2000)
        values = bspline.design(x, knots, degree, derivative)
        midpoint_rule = (values.T * width) @ values
        assert_allclose(root.T @ root, midpoint_rule, rtol=1e-4, atol=1e-4 * np.abs(midpoint_rule).max())


def test_specifications_survive_json():
    margins = (
        spline(uneven_knots(3, 3, 4), 3, periodic=True),
        BasisSpec(kind="factor", columns=(1,), n_levels=2),
    )
    for spec in (
        BasisSpec(kind="tensor", columns=(0, 1), margins=margins),
        BasisSpec(kind="dense", columns=(1,), centers=(0.1,), scales=(3.0,)),
    ):
        assert BasisSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec

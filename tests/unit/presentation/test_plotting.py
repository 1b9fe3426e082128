"""Figures: what is drawn, where, and that nothing global is touched."""

from __future__ import annotations

import io
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.testing import assert_allclose
from scipy import special

import contextstats as cs
from contextstats.errors import OptionError
from contextstats.plotting import plot, plot_diagnostics, plot_heterogeneity, style
from contextstats.plotting.diagnostics import bins
from contextstats.plotting.envelope import normal_envelope, plotting_positions

pytestmark = pytest.mark.filterwarnings("error")


def lines_of(ax, colour):
    """Lines of one colour that are more than two points long."""
    return [line for line in ax.lines if to_hex(line.get_color()) == colour and len(line.get_xdata()) > 2]


def draw(figure):
    """Render, so that what only fails then fails here."""
    figure.savefig(io.BytesIO(), format="png", dpi=40)
    return figure


def test_one_panel_for_each_varying_coefficient_with_its_curve(smooth_fit):
    figure = draw(plot(smooth_fit))
    assert isinstance(figure, Figure)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["Intercept", "dose", "sex"]
    curve = smooth_fit.curve("dose", "age", n=200)
    (line,) = lines_of(figure.axes[1], style.BLUE)
    assert_allclose(line.get_xdata(), curve["age"])
    assert_allclose(line.get_ydata(), curve["estimate"])


def test_the_band_is_the_confidence_band(smooth_fit):
    def extent(figure):
        (band,) = figure.axes[0].collections[:1]
        vertices = band.get_paths()[0].vertices
        return vertices[:, 1].min(), vertices[:, 1].max()

    curve = smooth_fit.curve("dose", "age", n=200)
    assert_allclose(extent(plot(smooth_fit, "dose")), (curve["conf_low"].min(), curve["conf_high"].max()))
    narrow, wide = extent(plot(smooth_fit, "dose", level=0.5)), extent(plot(smooth_fit, "dose", simultaneous=True))
    assert narrow[1] < curve["conf_high"].max() < wide[1]


def test_the_average_effect_is_marked(smooth_fit):
    ax = plot(smooth_fit, "dose").axes[0]
    average = smooth_fit.average_effects().set_index("term").loc["dose", "estimate"]
    dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert any(np.allclose(line.get_ydata(), average) for line in dashed)


def test_axes_are_labelled_in_words(smooth_fit, factor_fit):
    assert plot(smooth_fit, "dose").axes[0].get_ylabel() == "effect of dose on y"
    figure = plot(factor_fit, "Intercept")
    assert figure.axes[0].get_ylabel() == "baseline logit(case)"
    assert figure.axes[0].get_xlabel() == "center"


def test_factors_are_points_with_the_rows_of_each_level(factor_fit, table):
    ax = draw(plot(factor_fit, "dose", context="center")).axes[0]
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert [label.split("\n")[0] for label in labels] == ["north", "south", "west"]
    assert labels[0].split("\n")[1] == f"({(table['center'] == 'north').sum()})"
    assert_allclose(ax.lines[-1].get_ydata(), factor_fit.curve("dose", "center")["estimate"])


def test_a_tensor_product_is_a_filled_contour_plot_with_a_scale(surface_fit):
    figure = draw(plot(surface_fit, "dose", context=("age", "bmi")))
    panel, scale = figure.axes
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("age", "bmi")
    assert scale.get_ylabel() == "effect of dose on log(count)"


def test_panels_of_a_coefficient_share_their_scale(factor_fit):
    axes = plot(factor_fit, "dose").axes
    assert len(axes) == 3
    assert len({ax.get_ylim() for ax in axes}) == 1


def test_it_draws_on_the_callers_axes(smooth_fit):
    figure = Figure()
    axes = figure.subplots(1, 3)
    assert plot(smooth_fit, ax=axes) is axes
    assert axes[2].get_title(loc="left") == "sex"
    (ax,) = [Figure().add_subplot()]
    assert plot(smooth_fit, "dose", ax=ax) is ax
    with pytest.raises(OptionError, match="one Axes for each of 3 panels, but holds 2"):
        plot(smooth_fit, ax=axes[:2])


def test_what_cannot_be_drawn_is_an_error(glm_fit, smooth_fit):
    with pytest.raises(OptionError, match="No coefficient of this model varies"):
        plot(glm_fit)
    with pytest.raises(OptionError, match="nothing to compare"):
        plot_heterogeneity(glm_fit)
    with pytest.raises(OptionError, match=r"no panel for \['nobody'\].*Intercept by age, dose by age"):
        plot(smooth_fit, "nobody")
    with pytest.raises(OptionError, match="no panel"):
        plot(smooth_fit, context="bmi")
    with pytest.raises(OptionError, match="what must be"):
        plot_heterogeneity(smooth_fit, what="everything")


def test_no_global_state_is_touched(smooth_fit):
    before = dict(mpl.rcParams)
    loaded = "matplotlib.pyplot" in sys.modules
    for function in (plot, plot_heterogeneity, plot_diagnostics):
        draw(function(smooth_fit))
    assert dict(mpl.rcParams) == before
    assert loaded or "matplotlib.pyplot" not in sys.modules


def test_figures_show_themselves_in_notebooks(smooth_fit):
    assert plot(smooth_fit, "dose")._repr_png_().startswith(b"\x89PNG")


def test_dollars_and_underscores_in_names_are_not_mathematics():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"cost_$_in_$^{x": rng.normal(size=60), "$age$": rng.uniform(size=60)})
    data["y_$\\alpha$"] = rng.normal(size=60)
    model = cs.ContextualGLM(data["y_$\\alpha$"], data[["cost_$_in_$^{x"]].assign(const=1.0), data[["$age$"]])
    res = model.fit()
    figure = draw(plot(res))
    assert figure.axes[0].get_title(loc="left") == r"cost_\$_in_\$^{x"
    draw(plot_diagnostics(res))
    draw(plot_heterogeneity(res))


def test_the_rug_is_thinned_to_the_shape_of_the_data():
    values = np.random.default_rng(0).exponential(size=100_000)
    kept = style.thinned(values, 250)
    assert len(kept) == 250
    assert (kept[0], kept[-1]) == (values.min(), values.max())
    assert_allclose(np.median(kept), np.median(values), rtol=0.02)
    assert_allclose(style.thinned(values[:9], 250), np.sort(values[:9]))


def test_heterogeneity_draws_every_share_and_p_value(factor_fit):
    table = factor_fit.heterogeneity()
    shares, p_values = draw(plot_heterogeneity(factor_fit)).axes
    terms = table[(table["context"] != "any")]
    drawn = next(line for line in shares.lines if line.get_marker() == "o").get_xdata()
    assert_allclose(np.sort(drawn), np.sort(100 * terms["share"]))
    assert [label.get_text() for label in shares.get_yticklabels()][1] == "dose · s(age)"
    points = np.concatenate([line.get_xdata() for line in p_values.lines if line.get_marker() in "o>"])
    shown = table.drop(index=table.index[(table["predictor"] == "Intercept") & (table["context"] == "any")])
    expected = np.concatenate([shown["p_value"], shown["score_p_value"]])
    assert_allclose(np.sort(points), np.sort(np.maximum(expected, 1e-5)))


def test_shares_are_left_out_where_all_are_one(smooth_fit):
    assert len(plot_heterogeneity(smooth_fit).axes) == 1
    assert len(plot_heterogeneity(smooth_fit, what="share").axes) == 1


def test_diagnostics_have_a_panel_for_each_context(factor_fit):
    figure = draw(plot_diagnostics(factor_fit))
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles[:3] == ["Normal quantiles", "Response and fit", "Residuals and fit"]
    assert sorted(titles[3:]) == ["Residuals and age", "Residuals and bmi", "Residuals and center"]


def test_diagnostics_are_the_same_at_every_call(smooth_fit):
    def points():
        return [line.get_ydata() for line in plot_diagnostics(smooth_fit).axes[0].lines]

    for first, second in zip(points(), points(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_wrong_family_leaves_the_envelope(table):
    data = table.assign(skewed=np.exp(table["y"]))
    wrong = cs.glm("skewed ~ dose", data=data).fit()
    right = cs.glm("y ~ dose", context="s(age)", data=data).fit()

    def outside(res):
        return sum(len(line.get_xdata()) for line in plot_diagnostics(res).axes[0].lines
                   if to_hex(line.get_color()) == style.ORANGE)  # fmt: skip

    assert outside(wrong) > 20
    assert outside(right) == 0


@pytest.mark.parametrize("n", [25, 4000])
def test_the_envelope_holds_whole_normal_samples(n):
    ranks, theory = plotting_positions(n)
    assert (ranks[0], ranks[-1]) == (1, n)
    assert_allclose(special.ndtr(theory), (ranks - 0.5) / n)
    low, high = normal_envelope(n, ranks)
    samples = np.sort(np.random.default_rng(3).normal(size=(1000, n)), axis=1)[:, ranks - 1]
    inside = ((samples >= low) & (samples <= high)).all(axis=1).mean()
    assert 0.92 < inside < 0.975


def test_bins_hold_every_row_once_and_keep_ties_together():
    values = np.repeat([0.0, 1.0, 5.0], [50, 3, 60])
    groups = bins(values)
    assert sorted(np.concatenate(groups)) == list(range(113))
    assert all(len(np.unique(values[rows])) <= 2 for rows in groups)
    assert len(bins(np.arange(1000.0))) == 20

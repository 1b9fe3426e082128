"""The summary, as exact text."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from statsmodels.iolib.summary import Summary

from contextstats.errors import OptionError
from contextstats.results import summary
from contextstats.results.wording import fixed, listing, p_value, shorten

SNAPSHOTS = Path(__file__).parents[2] / "snapshots"


def assert_snapshot(name, text):
    """Compare with a stored text; CONTEXTSTATS_WRITE_SNAPSHOTS=1 stores it anew, to be read in the diff."""
    path = SNAPSHOTS / name
    if os.environ.get("CONTEXTSTATS_WRITE_SNAPSHOTS"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def renamed(fake, predictor="dose", context="s(age)", response="response"):
    """The same numbers under other names."""
    names = [name.replace("dose", predictor) for name in fake.params.index]
    for column in (fake.params, fake.bse, fake.tvalues, fake.pvalues):
        column.index = names
    fake.table = fake.table.replace({"predictor": {"dose": predictor}, "context": {"s(age)": context}})
    fake.design.y_name = response
    return fake


def test_text_of_a_contextual_model(fake):
    assert_snapshot("summary_contextual.txt", str(summary.summary(fake)) + "\n")


def test_text_of_a_model_without_context(plain_glm):
    text = str(summary.summary(plain_glm))
    assert_snapshot("summary_glm.txt", text + "\n")
    assert "Varying" not in text


def test_latex_and_markdown(fake):
    assert_snapshot("summary_contextual.tex", summary.to_latex(fake) + "\n")
    assert_snapshot("summary_contextual.md", summary.to_markdown(fake))


def test_it_is_a_statsmodels_summary(fake):
    result = summary.summary(fake)
    assert isinstance(result, Summary)
    assert len(result.tables) == 3
    assert "Contextual GLM Results" in result.as_csv() or "coef" in result.as_csv()


def test_the_cells_of_a_table_are_in_its_html(fake):
    rows = ElementTree.fromstring(summary.summary(fake).tables[1].as_html()).findall("tr")
    cells = [[cell.text or "" for cell in row] for row in rows]
    assert cells[0][:4] == ["", "coef", "std err", "z"]
    assert cells[2][:4] == ["dose", "1.2500", "0.2500", "5.000"]


def test_no_line_is_wider_than_80_characters_however_long_the_names(fake):
    long = "C(self_rated_health, Treatment('good'))[T.excellent]"
    text = str(summary.summary(renamed(fake, long, "te(a_long_context_name,another_long_name)", "y" * 60)))
    assert max(map(len, text.splitlines())) <= 80
    assert "…" in text


def test_extreme_numbers_do_not_widen_it(fake):
    fake.params[:] = [-1.23456789e-300, 9.87654321e300, 0.0, -123456.789, 0.0]
    fake.bse[:] = [1e200, 1e-200, 0.0, 99999.9999, 0.0]
    fake.llf, fake.aic, fake.deviance = -1.23456789e15, 1e300, np.inf
    fake.nobs = 123456789.0
    assert max(map(len, str(summary.summary(fake)).splitlines())) <= 80


def test_names_are_escaped_for_html(fake):
    html = summary.to_html(renamed(fake, "<script>&", 's("q")', "<y>"))
    assert "<script>" not in html
    assert "&lt;script&gt;&amp;" in html
    ElementTree.fromstring(f"<div>{html}</div>")


def test_names_are_escaped_for_latex(fake):
    latex = summary.to_latex(renamed(fake, "a_b%c&d#e$f{g}~^\\", "s(x_1)"))
    assert r"a\_b\%c\&d\#e\$f\{g\}" in latex
    assert r"s(x\_1)" in latex
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 3


def test_names_are_escaped_for_markdown(fake):
    markdown = summary.to_markdown(renamed(fake, "a|b_*c*"))
    assert r"a\|b\_\*c\*" in markdown
    tables = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables} == {5, 8, 9}


def test_aliased_coefficients_are_marked_and_missing_numbers_blank(fake):
    for column in (fake.params, fake.bse, fake.tvalues, fake.pvalues):
        column["dose"] = np.nan
    text = str(summary.summary(fake))
    (line,) = [line for line in text.splitlines() if line.startswith("dose ") and "s(age)" not in line]
    assert line.split() == ["dose", "aliased"]
    assert "nan" not in text.lower()


def test_a_fit_that_did_not_converge_says_so(fake):
    fake.converged = False
    fake.notes = ("The fit did not converge: the limit on iterations was reached; raise maxiter.",)
    text = str(summary.summary(fake))
    assert re.search(r"Converged: +NO ", text)
    assert "[1] The fit did not converge" in text


@pytest.mark.parametrize(
    ("cov_type", "words"),
    [
        ("HC3", "leave-one-out"),
        ("cluster", "cluster sums"),
        ("nonrobust", "under the model"),
        ("bayes", "averaged over the smoothing parameters"),
        ("bayes_corrected", "to first order"),
    ],
)
def test_the_covariance_is_explained(fake, cov_type, words):
    fake.cov_type = cov_type
    assert words in " ".join(str(summary.summary(fake)).split())


def test_an_estimated_scale_gives_t_and_f(fake):
    fake.use_t = True
    fake.scale = 2.5
    fake.family = SimpleNamespace(core_name="gaussian", link_name="identity", parameter=0.0, scale_known=False)
    text = str(summary.summary(fake))
    assert "P>|t|" in text
    assert "Chi.sq" not in text
    assert re.search(r"Scale: +2\.5 ", text)


def test_the_dispersion_of_a_negative_binomial_is_shown(fake):
    fake.family = SimpleNamespace(core_name="negative_binomial", link_name="log", parameter=1.2345, scale_known=True)
    assert re.search(r"Neg\. binomial\(1\.23[45]\)", str(summary.summary(fake)))


def test_other_levels_are_named(fake):
    text = str(summary.summary(fake, alpha=0.1))
    assert "[0.05 " in text
    assert " 0.95]" in text
    with pytest.raises(OptionError, match="alpha must lie between 0 and 1, but is 95"):
        summary.summary(fake, alpha=95)


def test_equal_fits_print_equal_text(fake):
    assert str(summary.summary(fake)) == str(summary.summary(fake))


def test_real_fits_print_in_every_format(smooth_fit, factor_fit, glm_fit):
    for fit in (smooth_fit, factor_fit, glm_fit):
        text = str(fit.summary())
        assert max(map(len, text.splitlines())) <= 80
        assert "nan" not in text.lower()
        assert fit.to_html().count("<table") == (2 if fit is glm_fit else 3)
        assert fit.to_markdown().startswith("## ")


def test_real_summary_repeats_the_results(smooth_fit):
    text = str(smooth_fit.summary())
    assert f"{smooth_fit.params['dose']:.4f}" in text
    assert f"{smooth_fit.llf:.2f}" in text
    row = smooth_fit.heterogeneity().iloc[0]
    assert re.search(rf"{row.predictor} +{re.escape(row.context)} +{row.edf:.2f} ", text)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0.0000"),
        (-123.4567, "-123.4567"),
        (12345.678, "12345.678"),
        (1e-5, "1e-05"),
        (np.nan, ""),
        (np.inf, "inf"),
    ],
)
def test_numbers(number, text):
    assert fixed(number) == text


def test_words():
    assert p_value(0.0) == "<0.001"
    assert p_value(0.0010001) == "0.001"
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert listing("abcdef", 2) == "a, b and 4 others"
    assert shorten("abcdefghij", 5) == "ab…ij"
    assert len(shorten("x" * 100, 24)) == 24

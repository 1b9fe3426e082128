"""The report: one page that needs nothing else, with every name escaped."""

from __future__ import annotations

import datetime
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import contextstats as cs
from contextstats.reporting import findings, page
from contextstats.reporting.code import program

pytestmark = pytest.mark.filterwarnings("error")
VOID = {"meta", "img", "br", "link", "hr", "wbr"}


class Page(HTMLParser):
    """Checks that elements are closed in order; collects headings, links and sources."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.headings = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


@pytest.fixture(scope="module")
def text(factor_fit):
    return page.render(factor_fit)


def test_it_has_all_sections_in_order(text):
    assert Page(text).headings == [
        "Summary",
        "Coefficients as functions of context",
        "Does the effect vary?",
        "Average effects",
        "Diagnostics",
        "Data",
        "Notes",
        "How to reproduce",
    ]


def test_no_placeholder_is_left_in_the_text(text):
    body = text.split("</style>")[1]
    without_code = re.sub(r"<pre>.*?</pre>", "", body, flags=re.DOTALL)
    assert "{" not in without_code
    assert "nan" not in re.sub(r'src="[^"]*"', "", without_code).lower()


def test_it_needs_no_other_file_no_network_and_no_script(text):
    found = Page(text)
    assert "script" not in found.tags
    assert "link" not in found.tags
    sources = [value for _, name, value in found.attributes if name in ("src", "href", "srcset", "data")]
    assert all(value.startswith(("data:image/svg+xml;base64,", "#")) for value in sources)
    assert not re.search(r"url\(|@import|http-equiv", text)
    assert not any(name.startswith("on") for _, name, _ in found.attributes)


def test_its_links_lead_somewhere(text):
    found = Page(text).attributes
    targets = {value for _, name, value in found if name == "id"}
    assert {value[1:] for _, name, value in found if name == "href"} <= targets
    assert all(value for tag, name, value in found if tag == "img" and name == "alt")


def test_equal_fits_give_equal_pages(factor_fit, text):
    assert page.render(factor_fit) == text


def test_it_is_written_where_it_was_asked_to_be(glm_fit, tmp_path):
    written = glm_fit.report(tmp_path / "out.html", title="A <title> & more")
    content = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert written == tmp_path / "out.html"
    assert "<title>A &lt;title&gt; &amp; more</title>" in content
    assert datetime.date.today().isoformat() in content


def test_a_model_without_context_leaves_out_what_it_has_not(glm_fit):
    headings = Page(page.render(glm_fit)).headings
    assert "Does the effect vary?" not in headings
    assert headings[:2] == ["Summary", "Diagnostics"]


def test_all_names_are_escaped(tmp_path):
    rng = np.random.default_rng(4)
    hostile = '"><script>alert(1)</script>'
    data = pd.DataFrame(
        {
            f"x{hostile}": rng.normal(size=80),
            "const": 1.0,
        }
    )
    context = pd.DataFrame({f"c{hostile}": pd.Categorical(rng.choice([f"u{hostile}", "v"], 80))})
    response = pd.Series(rng.normal(size=80), name=f"y{hostile}")
    content = page.render(cs.ContextualGLM(response, data, context).fit(), title=hostile)
    assert "<script" not in content
    assert "x&quot;&gt;&lt;script&gt;alert(1)" in content
    Page(content)


def test_the_numbers_are_those_of_the_fit(factor_fit, text):
    plain = text.replace("−", "-")
    for row in factor_fit.heterogeneity().itertuples():
        assert f">{row.edf:.2f}<" in plain
    for value in factor_fit.params[~factor_fit.is_smooth_coef]:
        assert f">{value:.4f}<" in plain
    assert f"{factor_fit.nobs:,.0f}" in plain


def test_dropped_rows_and_missing_values_are_counted(table):
    data = table.copy()
    data.loc[data.index[:3], "dose"] = np.nan
    content = page.render(cs.glm("y ~ dose", context="center", data=data).fit())
    assert "Rows dropped, by cause: dose: 3." in content


def test_sentences_follow_the_tests(smooth_fit):
    sentences = findings.effect_sentences(smooth_fit)
    assert sentences["dose"].startswith("The effect of dose on y varies with age: p\u00a0<\u00a00.001 (Wald)")
    average = smooth_fit.average_effects().set_index("term").loc["dose"]
    number = re.search(r"On average it is (−?)([\d.]+)", sentences["dose"])
    assert abs(float(number[2]) - abs(average["estimate"])) < average["std_error"]
    assert (number[1] == "−") == (average["estimate"] < 0)


@pytest.mark.parametrize(
    ("p_value", "score", "start"),
    [
        (0.01, 0.02, "The effect of dose on y varies with age"),
        (0.3, 0.2, "There is no clear evidence that the effect of dose on y varies with age"),
        (0.3, np.nan, "There is no clear evidence"),
        (0.01, 0.2, "The tests disagree on whether the effect of dose on y varies with age"),
        (np.nan, np.nan, "Whether the effect of dose on y varies with age could not be tested"),
    ],
)
def test_what_a_sentence_says_depends_on_both_tests(smooth_fit, p_value, score, start):
    rows = smooth_fit.heterogeneity().query("predictor == 'dose'").assign(p_value=p_value, score_p_value=score)
    average = smooth_fit.average_effects().set_index("term").loc["dose"]
    assert findings._effect_sentence(smooth_fit, "dose", rows, average, np.array([0.0, 1.0])).startswith(start)


def test_counts_that_vary_too_much_are_pointed_out(table):
    wild = table.assign(count=table["count"] ** 2)
    res = cs.glm("count ~ dose", data=wild, family="poisson").fit()
    (warning,) = findings.warnings_in_words(res)
    assert "more than a Poisson model allows" in warning
    assert f"{res.pearson_chi2 / res.df_resid:.1f} per degree of freedom" in warning
    assert warning in page.render(res).replace("&#x27;", "'")


def test_ratios_have_the_right_name(factor_fit, surface_fit, smooth_fit):
    assert findings.ratio_name(factor_fit) == "odds ratio"
    assert findings.ratio_name(surface_fit) == "rate ratio"
    assert findings.ratio_name(smooth_fit) == ""


@pytest.mark.parametrize("name", ["smooth_fit", "factor_fit", "surface_fit", "glm_fit"])
def test_the_program_in_the_report_makes_the_fit_again(request, table, name):
    fit = request.getfixturevalue(name)
    namespace = {"data": table}
    exec(program(fit), namespace)
    assert str(namespace["res"].summary()) == str(fit.summary())


def test_the_program_names_links_parameters_and_weights(table):
    weights = np.where(np.arange(len(table)) % 2, 2.0, 1.0)
    family = cs.families.Gamma(link="log")
    data = table.assign(cost=np.exp(table["y"]))
    res = cs.glm("cost ~ dose", data=data, family=family, freq_weights=weights, offset=weights).fit(cov_type="HC1")
    text = program(res)
    assert 'family=cs.families.Gamma(link="log")' in text
    assert "freq_weights=...," in text
    assert "offset=...," in text
    assert 'cov_type="HC1"' in text
    assert "context" not in text.replace("contextstats", "")

"""Context formulas: what they mean, and what is said when they mean nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextstats.encoders import Additive, Constant, Linear
from contextstats.encoders import terms as t
from contextstats.encoders.format import format_context
from contextstats.encoders.parse import parse_context
from contextstats.errors import FormulaError, OptionError


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("1", ()),
        ("1 + age", (t.Bare("age"),)),
        ("center", (t.Bare("center"),)),
        ("C(center)", (t.Factor("center"),)),
        (
            "s(age) + s(bmi, k=15) + center",
            (t.Smooth("age"), t.Smooth("bmi", k=15), t.Bare("center")),
        ),
        ("s(hour, bs='cc', bounds=(0, 24))", (t.Smooth("hour", bs="cc", bounds=(0, 24)),)),
        ("s(x, m=[2, 1], k=8)", (t.Smooth("x", m=(2, 1), k=8),)),
        ('`my name` + s(Q("a+b"))', (t.Bare("my name"), t.Smooth("a+b"))),
        ("s(`two\nlines`)", (t.Smooth("two\nlines"),)),
        ("te(a, b)", (t.Tensor(("a", "b")),)),
        ("te(a, b, k=7, bs='cr')", (t.Tensor(("a", "b"), k=(7, 7), bs=("cr", "cr")),)),
        (
            "ti(a, b, k=(4, 6), m=((2, 1), None), bounds=((0, 1), None)) + s(a) + b",
            (
                t.Tensor(("a", "b"), k=(4, 6), m=((2, 1), None), bounds=((0, 1), None), interaction=True),
                t.Smooth("a"),
                t.Bare("b"),
            ),
        ),
        ("te(a, b, bounds=(0, 1), m=2)", (t.Tensor(("a", "b"), bounds=((0, 1), (0, 1)), m=(2, 2)),)),
        ("s(\N{MICRO SIGN}g)", (t.Smooth("\N{MICRO SIGN}g"),)),
    ],
)
def test_formula_is_read(text, terms):
    assert parse_context(text) == terms


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a term is missing"),
        ("s(a) + + b", "character 8"),
        ("b + s(a, k=ten)", "character 5: 's\\(a, k=ten\\)': the option k must be a number"),
        ("s(a, k=2.5)", "k must be an integer, but is 2.5"),
        ("s(a, k=True)", "k must be an integer"),
        ("s(a, k=3)", "k must be at least 4"),
        ("s(a, k=3, bs='cc')", "k must be at least 4 for a 'cc' smooth"),
        ("s(a, bs='tp')", "bs must be one of 'ps', 'bs', 'cr', 'cc', 're', but is 'tp'"),
        ("s(a, bs=['ps'])", "bs must be one of"),
        ("s(a, m='x')", "m must be an integer or a pair"),
        ("s(a, m=-1)", "must not be negative"),
        ("s(a, bs='bs', m=(2, 3))", "0 <= derivative <= degree"),
        ("s(a, bs='cr', m=2)", "m has no meaning for a 'cr' smooth"),
        ("s(a, bounds=(1, 0))", "the lower one first"),
        ("s(a, bounds=(0, 1e400))", "finite numbers"),
        ("s(a, bs='re', bounds=(0, 1))", "bounds have no meaning"),
        ("s(a, by=x)", "no option by; it takes k, bs, m, bounds"),
        ("s(a, **d)", "no option \\*\\*"),
        ("s(a, k=5, k=6)", "k is given twice"),
        ("C(a, k=5)", "it takes none"),
        ("C(a, b)", "takes one context, but got 2"),
        ("s(a, b)", "write te\\(a, b\\)"),
        ("s(a, 15)", "options are written by name"),
        ("s(log(a))", "Compute it as a column"),
        ("s()", "takes one context, but got 0"),
        ("te(a)", "write s\\(a\\)"),
        ("te(a, b, c)", "takes two contexts, but got 3"),
        ("te(a, a)", "two different contexts"),
        ("te(a, b, k=(1, 2, 3))", "one value or a pair"),
        ("te(a, b, bs='re')", "bs must be one of 'ps', 'bs', 'cr', 'cc' in te"),
        ("te(a, b, m=((2, 0), 2))", "must leave constants free"),
        ("log(a)", "the function log\\(\\) is not known"),
        ("np.log(a)", "the function np.log\\(\\) is not known"),
        ("a * b", "ti\\(a, b\\)"),
        ("a:b", "ti\\(a, b\\)"),
        ("a - b", "can be added only"),
        ("-1", "cannot be removed"),
        ("0 + a", "cannot be removed"),
        ("(a + b)", "without brackets"),
        ("a.b", "back-quotes, as in `a.b`"),
        ("a b", "cannot be read"),
        ("s(a", "cannot be read"),
        ("2", "not a term"),
        ("'a'", "not a term"),
        ("True", "not a term"),
        ("s(``)", "one name in quotes"),
        ("Q(a)", "one name in quotes"),
        ("`abc", "opened but not closed"),
        ("a # + b", "no comments"),
    ],
)
def test_formula_error_says_what_is_wrong(text, said):
    with pytest.raises(FormulaError, match=said):
        parse_context(text)


def test_formula_must_be_text():
    with pytest.raises(FormulaError, match="must be a string, but is of type int"):
        parse_context(1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("s(a) + b + s(a, k=5)", "s\\(a\\) stands twice"),
        ("a + a", "a stands twice"),
        ("a + s(a)", "a and s\\(a\\) both contain the effect of a"),
        ("s(g, bs='re') + g", "both contain the effect of g"),
        ("te(a, b) + s(b)", "te\\(a,b\\) and s\\(b\\) both .* use it alone, or write"),
        ("te(a, b) + te(b, c)", "both contain the effect of b"),
        ("te(a, b) + ti(b, a)", "both contain the effect of a by b"),
    ],
)
def test_the_same_effect_twice_is_refused(text, said):
    with pytest.raises(FormulaError, match=said):
        parse_context(text)


def test_nothing_in_a_formula_is_executed():
    with pytest.raises(FormulaError):
        parse_context("s(x, k=__import__('os').getpid())")


names = st.text(min_size=1, max_size=8).filter(lambda name: "\0" not in name and name.isprintable())
orders = st.none() | st.integers(1, 3) | st.tuples(st.integers(1, 3), st.integers(1, 3))
bounds = st.none() | st.tuples(st.integers(-5, 0), st.floats(0.5, 1e6))
smooths = st.one_of(
    st.builds(t.Smooth, names, k=st.integers(6, 40), bs=st.just("ps"), m=orders, bounds=bounds),
    st.builds(t.Smooth, names, k=st.integers(4, 40), bs=st.sampled_from(["cr", "cc"]), bounds=bounds),
    st.builds(t.Smooth, names, bs=st.just("re")),
)
tensors = st.builds(
    t.Tensor,
    st.tuples(names, names).filter(lambda pair: pair[0] != pair[1]),
    k=st.tuples(st.integers(5, 9), st.integers(5, 9)),
    bs=st.tuples(st.sampled_from(["cr", "cc"]), st.just("ps")),
    m=st.tuples(st.none(), orders),
    interaction=st.booleans(),
    bounds=st.tuples(bounds, bounds),
)


@given(smooths | tensors | st.builds(t.Bare, names) | st.builds(t.Factor, names))
def test_a_term_written_and_read_again_is_the_same(term):
    assert parse_context(format_context([term])) == (term,)


def test_several_terms_written_and_read_again_are_the_same():
    terms = parse_context("s(a) + C(g) + ti(b, `c d`, k=(6, 7)) + x")
    assert parse_context(format_context(terms)) == terms
    assert format_context(()) == "1"


def test_encoders_name_a_term_for_every_context():
    columns, categorical = ("age", "sex", "site"), (False, False, True)
    assert Constant().terms(columns, categorical) == ()
    assert Linear().terms(columns, categorical) == (t.Linear("age"), t.Linear("sex"), t.Factor("site"))
    assert Additive(k=12, bs="cr", linear=["sex"]).terms(columns, categorical) == (
        t.Smooth("age", k=12, bs="cr"),
        t.Linear("sex"),
        t.Factor("site"),
    )


def test_encoder_options_are_checked_when_they_are_given():
    with pytest.raises(OptionError, match="k must be at least 4"):
        Additive(k=2)
    with pytest.raises(OptionError, match="linear must name contexts, but 'sx' is none"):
        Additive(linear=["sx"]).terms(("age", "sex"), (False, False))

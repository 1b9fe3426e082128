"""The summary of a network as a statsmodels Summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contextstats.results.summary_blocks import Block
from contextstats.results.tidy import records
from contextstats.results.wording import count, fixed, general, p_phrase, p_value, places, shorten

if TYPE_CHECKING:
    import pandas as pd
    from statsmodels.iolib.summary import Summary

    from contextstats.results.networks.base import NetworkResults

ANY = "any"
FISHER_NOTE = "z, P>|z| and interval: of Fisher's z, atanh(estimate). std err: of the estimate itself."
_Pairs = list[tuple[str, str]]


def summary(res: NetworkResults, *, level: float = 0.95, most: int = 15) -> Summary:
    """Tabulate a network: header, the clearest edges at the typical context, those that vary most clearly, notes.

    A function of the results alone, so that equal fits print equal text.

    Parameters
    ----------
    res : NetworkResults
    level : float
        Coverage of the intervals.
    most : int
        Number of edges to print in each table.
    """
    from contextstats.results.summary_tables import ContextualSummary

    table = res.edges(level=level)
    tested = bool(table["std_error"].notna().any())
    edges = edge_block(res, table, level, most) if tested else estimates_block(res, table, most)
    blocks, notes = [edges], all_notes(res)
    if tested and not res.directed:
        notes = (*notes, FISHER_NOTE)
    tests = res.edge_tests()
    if tests is not None and len(tests):
        blocks.append(varying_block(tests, most))
        notes = (*notes, variation_note(res, tests))
    return ContextualSummary(res.title, header_pairs(res), blocks, notes)


def header_pairs(res: NetworkResults) -> tuple[_Pairs, _Pairs]:
    """Left and right column of the header as (label, value) pairs, equally many."""
    left = [
        ("Method", res.method),
        ("Context", shorten(res.data.context_text or "none", 24)),
        ("Variables", f"{res.data.n_variables}"),
        ("Converged", "yes" if res.converged else "NO"),
    ]
    right = [
        ("No. Observations", general(res.nobs, 10)),
        ("Effective df (edf)", places(res.edf)),
        ("Log-Likelihood", places(res.llf)),
        ("AIC", places(res.aic)),
        ("BIC", places(res.bic)),
    ]
    left += [("", "")] * (len(right) - len(left))
    return left, right


def edge_block(res: NetworkResults, table: pd.DataFrame, level: float, most: int) -> Block:
    """The edges with the smallest p-values at the typical context."""
    shown = table.sort_values(["p_value", "source", "target"], kind="stable").head(most)
    tail = (1 - level) / 2
    header = ("", "", "estimate", "std err", "z", "P>|z|", "q-value", f"[{tail:.4g}", f"{1 - tail:.4g}]")
    rows = tuple(
        (
            shorten(row.source, 16),
            shorten(row.target, 16),
            fixed(row.estimate),
            fixed(row.std_error, 8),
            fixed(row.statistic, 8, 3),
            p_value(row.p_value),
            p_value(row.q_value),
            places(row.conf_low, 3, 8),
            places(row.conf_high, 3, 8),
        )
        for row in records(shown)
    )
    return Block(_title(res, "clearest", shown, table), header, rows, labels=2)


def estimates_block(res: NetworkResults, table: pd.DataFrame, most: int) -> Block:
    """The strongest edges at the typical context, where they have no standard errors."""
    there = table[table["estimate"] != 0]
    shown = there.sort_values("estimate", key=lambda edge: -edge.abs(), kind="stable").head(most)
    rows = tuple((shorten(row.source, 16), shorten(row.target, 16), fixed(row.estimate)) for row in records(shown))
    return Block(_title(res, "strongest", shown, there), ("", "", "estimate"), rows, labels=2)


def _title(res: NetworkResults, which: str, shown: pd.DataFrame, table: pd.DataFrame) -> str:
    kind = f"{res.edge_name}s".capitalize()
    where = " at the typical context" if res.data.context_names else ""
    of = f", the {which} {len(shown)} of {count(len(table), 'edge')}" if len(shown) < len(table) else ""
    return f"{kind}{where}{of}"


def varying_block(tests: pd.DataFrame, most: int) -> Block:
    """The edges whose variation with all contexts together is clearest, from a table of heterogeneity."""
    terms = tests["context"].unique()
    table = tests[tests["context"] == (ANY if ANY in terms else terms[0])]
    shown = table.sort_values(["p_value", "source", "target"], kind="stable").head(most)
    size = "sd" if "sd" in table else "edf"
    rows = tuple(
        (
            shorten(row.source, 16),
            shorten(row.target, 16),
            fixed(getattr(row, size)),
            fixed(row.statistic, 8, 3),
            p_value(row.p_value),
            p_value(row.q_value),
        )
        for row in records(shown)
    )
    of = f", the clearest {len(shown)} of {count(len(table), 'edge')}" if len(shown) < len(table) else ""
    named = [term for term in terms if term != ANY]
    by = f"with {named[0]}" if len(named) == 1 else "with context"
    return Block(f"Variation {by}{of}", ("", "", size, "statistic", "p-value", "q-value"), rows, labels=2)


def variation_note(res: NetworkResults, tests: pd.DataFrame) -> str:
    """What the columns of the table of varying edges mean, and the test of all edges together."""
    size = "sd: standard deviation of the edge over the rows" if "sd" in tests else "edf: as in a contextual GLM"
    together = f"That no edge varies: {p_phrase(res.test_population().p_value)}."
    return f"{size}. p-value: test that the edge is the same at every context. {together}"


def all_notes(res: NetworkResults) -> tuple[str, ...]:
    """What the user should know: how the contexts were set, missing rows, notes of the fit."""
    notes = []
    data = res.data
    if data.context_names:
        typical = data.typical_context()[0]
        parts = []
        for name, value in zip(data.context_names, typical, strict=True):
            levels = data.context_levels.get(name)
            parts.append(f"{name} = {general(value, 4) if levels is None else levels[int(value)]}")
        notes.append(f"The typical context is {', '.join(parts)}.")
    if data.n_dropped:
        causes = ", ".join(f"{name}: {number}" for name, number in data.n_missing.items())
        notes.append(f"{count(data.n_dropped, 'row')} left out for missing values ({causes}).")
    return (*notes, *data.notes, *res.notes)

"""The summary of a network between factors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contextstats.results.networks import summary as of_network
from contextstats.results.summary_blocks import Block
from contextstats.results.tidy import records
from contextstats.results.wording import count, fixed, shorten

if TYPE_CHECKING:
    from statsmodels.iolib.summary import Summary

    from contextstats.results.networks.factors import FactorNetworkResults


def summary(res: FactorNetworkResults, *, level: float, most: int) -> Summary:
    """Tabulate the edges between factors, the variables of each factor, which edges vary, and notes."""
    from contextstats.results.summary_tables import ContextualSummary

    scores = res.factor_network
    left, right = of_network.header_pairs(res)
    left[-1] = ("Factors", f"{len(res.factors)}")
    blocks = [of_network.edge_block(scores, scores.edges(level=level), level, most), loading_block(res, most)]
    notes = of_network.all_notes(res)
    tests = res.edge_tests()
    if tests is not None and len(tests):
        blocks.append(of_network.varying_block(tests, most))
        notes = (*notes, of_network.variation_note(scores, tests))
    return ContextualSummary(res.title, (left, right), blocks, notes)


def loading_block(res: FactorNetworkResults, most: int) -> Block:
    """Weights and loadings of the first factors, as many as `most` variables have."""
    table = res.loadings
    shown = table.head(most)
    rows = tuple(
        (shorten(row.factor, 16), shorten(row.variable, 16), fixed(row.weight), fixed(row.loading))
        for row in records(shown)
    )
    of = f", {len(shown)} of {count(len(table), 'variable')}" if len(shown) < len(table) else ""
    return Block(
        f"Factors and their variables, in standard deviations{of}", ("", "", "weight", "loading"), rows, labels=2
    )

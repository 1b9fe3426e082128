"""A fit as one self-contained HTML page."""

from contextstats.reporting.page import report

__all__ = ["report"]

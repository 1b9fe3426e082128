"""Networks of the same variables side by side: population, grouped, contextual."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from contextstats.errors import OptionError
from contextstats.results.networks.base import NetworkResults
from contextstats.results.wording import listing


def compare_networks(fits: Mapping[str, NetworkResults], X: Any = None, context: Any = None) -> pd.DataFrame:
    """Information criteria of several networks, and how well they predict new data.

    Parameters
    ----------
    fits : dict of str to results
        Fits of the same variables to the same rows.
    X, context : array-like, optional
        New data; with `context` as for `loglike`.

    Returns
    -------
    DataFrame
        One row for each fit: network, edf, llf, aic, bic, and with new data held_out, the average log-likelihood of
        a row. The largest held_out, or the smallest aic, is the best.

    Raises
    ------
    OptionError
        If the fits are of other variables or rows.
    """
    first = next(iter(fits.values()), None)
    if first is None:
        raise OptionError("fits must hold at least one network, but is empty.")
    rows = []
    for name, fit in fits.items():
        if fit.names != first.names or fit.nobs != first.nobs:
            raise OptionError(
                f"All networks must be fits of the same rows of the same variables, but {name!r} has {fit.nobs} rows "
                f"of {listing(fit.names, 5)}, and the first has {first.nobs} rows of {listing(first.names, 5)}. "
                "A fit with a neural encoder has half of the rows: compare it by loglike() of new data."
            )
        row = {"network": name, "edf": fit.edf, "llf": fit.llf, "aic": fit.aic, "bic": fit.bic}
        if X is not None:
            row["held_out"] = float(fit.loglike(X, context if fit.data.context_names else None).mean())
        rows.append(row)
    return pd.DataFrame(rows)

"""Tables of the study as text, every share with its Monte-Carlo standard error."""

from __future__ import annotations

import design
import machine
import numpy as np
import pandas as pd

Records = dict[str, pd.DataFrame]
NULL_TERMS = ("x4 s(c1)", "x4 s(c2)", "x2 s(c2)")
WEAK_TERMS = ("x4 s(c1)", "x4 s(c2)")
LEVEL = 0.05
KINDS = {"default": 'cov_type="bayes"', "bayes_conditional": "bayes_conditional"}


def tables(records: Records, peers: Records) -> dict[str, list[str]]:
    """Lines of each table by its file name."""
    head = [line for line in machine.facts() if not line.startswith("Load")]
    return {
        "bands": head + bands(records),
        "tests": head + tests(records),
        "beside_mgcv": head + beside_mgcv(records, peers),
    }


def level_of(null: pd.DataFrame) -> float:
    """p-value below which a test rejects 5% of the true hypotheses."""
    return float(np.quantile(null.to_numpy(), LEVEL))


def share(values: pd.DataFrame | pd.Series) -> str:
    """Mean of the data sets' means, and its standard error."""
    each = values.mean(axis=1) if isinstance(values, pd.DataFrame) else values.astype(float)
    return f"{each.mean():.3f} ({each.std(ddof=1) / np.sqrt(len(each)):.3f})"


def bands(records: Records) -> list[str]:
    """Coverage of 95% bands in the scenario "mixed"."""
    lines = []
    for what in ("pointwise", "simultaneous"):
        where = "average over a grid of contexts" if what == "pointwise" else "all points of the grid at once"
        lines += ["", f"Coverage of {what} 95% bands ({where})", ""]
        lines.append(f"{'':<29}{'sets':>5}{'all':>15}" + "".join(f"{term:>15}" for term in design.TERMS))
        for k, family, every in _of(records, "mixed"):
            for kind, label in KINDS.items():
                if f"{kind} {what} {design.TERMS[0]}" not in every:
                    continue
                found = every.dropna(subset=f"{kind} {what} {design.TERMS[0]}")
                columns = [f"{kind} {what} {term}" for term in design.TERMS]
                each = "".join(f"{share(found[column]):>15}" for column in columns)
                name = f"{family} k={k}" if kind == "default" else f"  {label}"
                lines.append(f"{name:<29}{len(found):>5}{share(found[columns]):>15}{each}")
    return lines


def tests(records: Records) -> list[str]:
    """Share of p-values below 5%: size where there is no effect, and power."""
    lines = ["", "Share of p-values below 0.05 where there is no effect", ""]
    lines.append(f"{'':<29}{'sets':>5}" + "".join(f"{name:>15}" for name in ("Wald", "score", "omnibus", "parametric")))
    everywhere = tuple(f"{term} s({context})" for term in design.TERMS for context in ("c1", "c2"))
    any_context = tuple(f"{term} any" for term in design.TERMS)
    for scenario, terms in (
        ("mixed", NULL_TERMS),
        ("mixed", ("x4 any",)),
        ("constant", everywhere),
        ("constant", any_context),
    ):
        lines += ["", f"{scenario}: {', '.join(terms) if len(terms) < 4 else f'all {len(terms)}: {terms[0]} ...'}"]
        for k, family, found in _of(records, scenario):
            single = " s(" in terms[0]
            cells = [share(found[[f"{test} {term}" for term in terms]] < LEVEL) for test in ("wald", "score")]
            cells.append(share(found["population"] < LEVEL) if scenario == "constant" and single else "")
            cells.append(share(found["parametric x4"] < LEVEL) if single else "")
            lines.append(f"{f'{family} k={k}':<29}{len(found):>5}" + "".join(f"{cell:>15}" for cell in cells))
    return [*lines, *power(records)]


def power(records: Records) -> list[str]:
    """Share of p-values below 5% for curves that are smooth and weak, and for one with two periods."""
    lines = ["", "Share of p-values below 0.05 where there is an effect (power)"]
    for scenario, curves in (
        ("weak", ("x4 s(c1)", "x4 s(c2)", "x4 any")),
        ("mixed", ("x3 s(c1)", "x3 s(c2)", "x3 any")),
    ):
        labels = [f"{test} {term[3:]}" for test in ("Wald", "score") for term in curves]
        lines += ["", f"{f'{scenario}: {curves[0][:2]}':<29}{'sets':>5}" + "".join(f"{label:>15}" for label in labels)]
        for k, family, found in _of(records, scenario):
            cells = [share(found[f"{test} {term}"] < LEVEL) for test in ("wald", "score") for term in curves]
            lines.append(f"{f'{family} k={k}':<29}{len(found):>5}" + "".join(f"{cell:>15}" for cell in cells))
    lines += ["", 'The same at the levels at which each test rejects 5% of the true hypotheses about x4 in "mixed"', ""]
    nulls = {(k, family): found for k, family, found in _of(records, "mixed")}
    for k, family, found in _of(records, "weak"):
        cells = []
        for test in ("wald", "score"):
            for terms in (WEAK_TERMS[:1], WEAK_TERMS[1:], ("x4 any",)):
                single = WEAK_TERMS if terms != ("x4 any",) else terms
                level = level_of(nulls[k, family][[f"{test} {term}" for term in single]])
                cells.append(share(found[[f"{test} {term}" for term in terms]] < level))
        lines.append(f"{f'{family} k={k}':<29}{len(found):>5}" + "".join(f"{cell:>15}" for cell in cells))
    return lines


def beside_mgcv(records: Records, peers: Records) -> list[str]:
    """The same data sets with mgcv: coverage, error, size, power."""
    lines = ["", "The same data sets with mgcv's gam(REML), bs = 'ps'; differences are paired", ""]
    for family in design.FAMILIES:
        pairs = {scenario: _pair(records, peers, family, scenario) for scenario in ("mixed", "weak")}
        if any(pair is None for pair in pairs.values()):
            continue
        lines += ["", f"{family}, k=10, {len(pairs['mixed'][0])} data sets"]
        lines += _coverage_beside(*pairs["mixed"])
        lines += _power_beside(pairs)
    return lines


def _pair(records: Records, peers: Records, family: str, scenario: str) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    ours, theirs = records.get(f"{family}-{scenario}-10"), peers.get(f"mgcv-{family}-{scenario}-10")
    if ours is None or theirs is None or not len(ours):
        return None
    both = sorted(set(ours["seed"].astype(int)) & set(theirs["seed"]))
    return ours.set_index("seed").loc[both], theirs.set_index("seed").loc[both]


def _coverage_beside(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[str]:
    def of(frame: pd.DataFrame, prefix: str) -> pd.DataFrame:
        return frame[[f"{prefix} {term}" for term in design.TERMS]]

    def row(label: str, frame: pd.DataFrame) -> str:
        return f"  {label:<27}{share(frame):>20}" + "".join(f"{share(frame[c]):>15}" for c in frame)

    root = [np.sqrt(of(frame, "mse").mean(axis=1)) for frame in (ours, theirs)]
    ratio = root[0] / root[1]
    return [
        f"{'  pointwise coverage':<29}{'all':>20}" + "".join(f"{term:>15}" for term in design.TERMS),
        row("contextstats", of(ours, "default pointwise")),
        row("mgcv, default", of(theirs, "Vp pointwise")),
        row("mgcv, unconditional", of(theirs, "Vc pointwise")),
        f"  {'RMSE, ours over mgcv':<27}{share(ratio):>20}",
    ]


def _power_beside(pairs: dict[str, tuple[pd.DataFrame, pd.DataFrame]]) -> list[str]:
    """Size and power at 5%, and power at the level at which each test rejects 5% of the null terms."""
    lines = [f"  {'tests of single terms':<27}{'size':>20}{'power':>15}{'size-adjusted power':>24}"]
    for label, which, name in (
        ("contextstats, score", 0, "score"),
        ("contextstats, Wald", 0, "wald"),
        ("mgcv", 1, "wald"),
    ):
        null = pairs["mixed"][which][[f"{name} {term}" for term in NULL_TERMS]]
        weak = pairs["weak"][which][[f"{name} {term}" for term in WEAK_TERMS]]
        adjusted = level_of(null)
        lines.append(f"  {label:<27}{share(null < LEVEL):>20}{share(weak < LEVEL):>15}{share(weak < adjusted):>24}")
    ours, theirs = (pairs["weak"][which] for which in (0, 1))
    more = (ours[[f"score {t}" for t in WEAK_TERMS]] < LEVEL).mean(axis=1) - (
        theirs[[f"wald {t}" for t in WEAK_TERMS]] < LEVEL
    ).mean(axis=1)
    size = {"contextstats": pairs["mixed"][0]["parametric x4"], "mgcv": pairs["mixed"][1]["parametric x4"]}
    return [
        *lines,
        f"  {'power, score less mgcv':<27}{'':>20}{share(more):>15}",
        *(f"  {'size, parametric x4: ' + name:<34}{share(values < LEVEL):>13}" for name, values in size.items()),
    ]


def _of(records: Records, scenario: str) -> list[tuple[int, str, pd.DataFrame]]:
    found = []
    for k in sorted({int(name.rsplit("-", 1)[1]) for name in records}):
        for family in design.FAMILIES:
            frame = records.get(f"{family}-{scenario}-{k}")
            if frame is not None and len(frame):
                found.append((k, family, frame))
    return found

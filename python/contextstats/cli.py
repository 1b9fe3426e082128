"""The command line: `contextstats fit`, `contextstats demo`, `contextstats --version`."""

from __future__ import annotations

import argparse
import sys
import textwrap
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contextstats._version import __version__
from contextstats.errors import ContextstatsError, ConvergenceWarning, DataError, OptionError

if TYPE_CHECKING:
    import pandas as pd

    from contextstats.results import GLMResults

FITTED, FAILED, NOT_CONVERGED = 0, 1, 2

_EPILOG = """\
exit codes: 0 fitted, 1 an error in the data or the options, 2 the fit did not converge

example:
  contextstats fit "y ~ dose + sex" --context "s(age) + center" --data trial.csv --family binomial --report
  trial.html
"""


class _Parser(argparse.ArgumentParser):
    """Ends with the exit code of an option error; argparse's own is taken by fits that did not converge."""

    def error(self, message: str) -> Any:
        self.print_usage(sys.stderr)
        self.exit(FAILED, f"{self.prog}: error: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those the program was called with.

    Returns
    -------
    int
        0 fitted, 1 data or option error (told on standard error), 2 not converged.
    """
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = _show_warning
            return command(options)
    except (ContextstatsError, OSError) as error:
        print(f"contextstats: error: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("contextstats: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="contextstats",
        description="Regression models whose coefficients are functions of context.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"contextstats {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_fit(commands)
    demo = commands.add_parser("demo", help="fit a real data set that ships with the package and write a report")
    demo.add_argument("--output", metavar="DIR", default="contextstats-demo", help="folder for report and plot")
    demo.set_defaults(command=_demo)
    return parser


def _add_fit(commands: Any) -> None:
    fit = commands.add_parser(
        "fit",
        help="fit a contextual GLM to a table",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    fit.add_argument("formula", metavar="FORMULA", help='response and predictors, "y ~ dose + sex"')
    fit.add_argument("--data", metavar="FILE", required=True, help="CSV, TSV, Parquet, Feather or .rds of R")
    fit.add_argument(
        "--context",
        metavar="TERMS",
        help='what effects vary with: "s(age) + center"; for each predictor: "dose: s(age); sex: center"',
    )
    fit.add_argument("--categorical", metavar="COLUMNS", help="columns of numbers that are codes, separated by commas")
    fit.add_argument("--family", default="gaussian", help="gaussian (default), binomial, poisson, gamma, ...")
    fit.add_argument("--link", help="identity, log, logit, ...; default: that of the family")
    for name, meaning in (
        ("offset", "added to the linear predictor"),
        ("exposure", "its logarithm is added to the linear predictor"),
        ("freq-weights", "how often each row was seen"),
        ("var-weights", "weights that divide the variance"),
    ):
        fit.add_argument(f"--{name}", metavar="COLUMN", help=meaning)
    fit.add_argument("--smoothing", default="reml", help="reml (default), ml, gcv, or values separated by commas")
    fit.add_argument("--select", action="store_true", help="let coefficients shrink to constants")
    fit.add_argument(
        "--cov-type",
        default="bayes",
        help="bayes (default), bayes_corrected, bayes_conditional, nonrobust, HC0 ... HC3, cluster",
    )
    fit.add_argument("--cluster", metavar="COLUMN", help="clusters of rows; implies --cov-type cluster")
    fit.add_argument("--threads", type=int, help="default: all")
    fit.add_argument("--report", metavar="FILE", help="write an HTML report")
    fit.add_argument("--json", metavar="FILE", help="save the fit, for contextstats.load()")
    fit.add_argument("--coefficients", metavar="FILE", help="write the coefficients of every row as CSV")
    fit.add_argument("--title", help="heading of the report")
    fit.add_argument("--progress", action="store_true", help="print the iterations")
    fit.add_argument("--quiet", action="store_true", help="do not print the summary")
    fit.set_defaults(command=_fit)


def _fit(options: argparse.Namespace) -> int:
    import contextstats as cs

    for name in ("report", "json", "coefficients"):
        _require_folder(f"--{name}", getattr(options, name))
    table = _as_categories(read_table(Path(options.data)), options.categorical)
    cov_type, cov_kwds = _covariance(options, table)
    model = cs.glm(
        options.formula,
        context=parse_context(options.context),
        data=table,
        family=_family(options.family, options.link),
        offset=_column(options.offset, "--offset", table),
        exposure=_column(options.exposure, "--exposure", table),
        freq_weights=_column(options.freq_weights, "--freq-weights", table),
        var_weights=_column(options.var_weights, "--var-weights", table),
    )
    res = model.fit(
        smoothing=parse_smoothing(options.smoothing),
        select=options.select,
        cov_type=cov_type,
        cov_kwds=cov_kwds,
        threads=options.threads,
        progress=_progress if options.progress else False,
    )
    if not options.quiet:
        print(res.summary())
    if options.coefficients:
        res.coefficients().to_csv(options.coefficients, index=False)
    if options.json:
        res.save(options.json)
    if options.report:
        res.report(options.report, title=options.title)
    return _finish(res)


def _demo(options: argparse.Namespace) -> int:
    import contextstats as cs
    from contextstats.reporting.findings import effect_sentences

    output = Path(options.output)
    output.mkdir(parents=True, exist_ok=True)
    print(
        "The RAND Health Insurance Experiment: does the number of outpatient visits depend on sex "
        "and on the share of\n"
        "the bill that the patient pays, and does either effect change with age?\n"
    )
    start = time.perf_counter()
    data = cs.datasets.load_rand_hie()
    model = cs.glm(
        "visits ~ female + log_coinsurance",
        context={"Intercept": "s(age) + health", "female": "s(age)", "log_coinsurance": "s(age)"},
        data=data,
        family="negative_binomial",
        exposure=data["years_eligible"],
    )
    res = model.fit(cov_type="cluster", cov_kwds={"groups": data["person"]})
    seconds = time.perf_counter() - start
    print(f"{res.summary()}\n")
    for sentence in effect_sentences(res).values():
        print(textwrap.fill(sentence.replace("\N{NO-BREAK SPACE}", " "), 78))
    picture = output / "effects.png"
    res.plot().savefig(picture, dpi=150)
    page = res.report(output / "report.html", title="Who sees the doctor more often?")
    print(f"\nFitted {len(data):,} rows in {seconds:.1f} seconds.\nReport: {page}\nPlot:   {picture}")
    return _finish(res)


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV, TSV, Parquet or Feather file, or one written by R's saveRDS().

    Raises
    ------
    DataError
        If the file is missing, empty, of another kind, or its reader is not installed.
    """
    import pandas as pd

    kind = path.name.lower().removesuffix(".gz").rsplit(".", 1)[-1]
    if not path.is_file():
        raise DataError(f"--data must name a file, but there is none at {path}.")
    if kind == "rds":
        from contextstats.integrations.r import read_rds

        return read_rds(path)
    try:
        if kind in ("csv", "tsv", "txt"):
            return pd.read_csv(path, sep="," if kind == "csv" else "\t")
        if kind in ("parquet", "pq"):
            return pd.read_parquet(path)
        if kind in ("feather", "arrow"):
            return pd.read_feather(path)
    except ImportError:
        raise DataError(
            f"Reading {path.name} needs pyarrow. Install it (pip install 'contextstats[arrow]'), "
            "or convert the file to CSV."
        ) from None
    except (ValueError, OSError) as error:
        raise DataError(f"{path} cannot be read as {kind}: {error}") from None
    raise DataError(f"--data must be a .csv, .tsv, .parquet, .feather or .rds file, but is {path.name}.")


def parse_context(text: str | None) -> str | dict[str, str] | None:
    """One text for all predictors, or "predictor: terms" for each, separated by semicolons."""
    if text is None or ":" not in text:
        return text
    pairs: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, colon, terms = part.rpartition(":")
        if not colon or not name.strip() or not terms.strip():
            raise OptionError(f'--context must read "predictor: terms; predictor: terms", but has {part!r}.')
        if name.strip() in pairs:
            raise OptionError(f"--context names {name.strip()} twice. Join its terms by +.")
        pairs[name.strip()] = terms.strip()
    return pairs


def parse_smoothing(text: str) -> Any:
    """The name of a criterion, or smoothing parameters separated by commas."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return text
    return values[0] if len(values) == 1 else values


def _covariance(options: argparse.Namespace, table: pd.DataFrame) -> tuple[str, dict[str, Any] | None]:
    if options.cluster is None:
        return options.cov_type, None
    if options.cov_type not in ("bayes", "cluster"):
        raise OptionError(f"--cluster goes with --cov-type cluster, but that is {options.cov_type}.")
    return "cluster", {"groups": _column(options.cluster, "--cluster", table)}


def _as_categories(table: pd.DataFrame, names: str | None) -> pd.DataFrame:
    wanted = [name.strip() for name in names.split(",")] if names else []
    columns = {name: _column(name, "--categorical", table).astype("category") for name in wanted}
    return table.assign(**columns)


def _family(name: str, link: str | None) -> Any:
    if link is None:
        return name
    from contextstats import families

    return type(families.resolve_family(name))(link=link)


def _column(name: str | None, option: str, table: pd.DataFrame) -> Any:
    if name is None:
        return None
    if name not in table.columns:
        raise DataError(
            f"{option} must name a column of the data ({', '.join(map(str, table.columns))}), but is {name!r}."
        )
    return table[name]


def _require_folder(option: str, file: str | None) -> None:
    """Refuse a file that cannot be written before the fit, not after it."""
    if file is not None and not Path(file).absolute().parent.is_dir():
        raise OptionError(f"{option} must name a file in a folder that exists, but is {file}. Make the folder first.")


def _progress(iteration: int, value: float, gradient: float) -> None:
    print(
        f"iteration {iteration:3d}  criterion {value:.8g}  gradient {gradient:.2e}",
        file=sys.stderr,
        flush=True,
    )


def _finish(res: GLMResults) -> int:
    return FITTED if res.converged else NOT_CONVERGED


def _show_warning(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
    """Warnings on standard error, without the line of code; those of other packages are left out."""
    if category is ConvergenceWarning or category.__module__.startswith("contextstats"):
        print(f"contextstats: warning: {message}", file=sys.stderr)

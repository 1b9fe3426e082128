"""The command line: what it fits, what it writes, and the codes it ends with."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import contextstats as cs
from contextstats import cli
from contextstats.errors import DataError, MissingPackageError, OptionError


@pytest.fixture(scope="module")
def folder(tmp_path_factory, table):
    path = tmp_path_factory.mktemp("data")
    table.to_csv(path / "d.csv")
    table.to_csv(path / "d.tsv", sep="\t")
    with gzip.open(path / "d.csv.gz", "wt") as file:
        table.to_csv(file)
    pytest.importorskip("pyarrow")
    table.to_parquet(path / "d.parquet")
    table.reset_index(drop=True).to_feather(path / "d.feather")
    return path


def run(*arguments):
    """The exit code, also where argparse ends the program."""
    try:
        return cli.main([str(argument) for argument in arguments])
    except SystemExit as end:
        return end.code


def test_fit_writes_what_was_asked_for(folder, tmp_path, capsys, smooth_fit):
    code = run(
        *("fit", "y ~ dose + sex", "--context", "s(age, k=6)", "--data", folder / "d.csv"),
        *("--report", tmp_path / "r.html", "--json", tmp_path / "f.json", "--coefficients", tmp_path / "b.csv"),
        *("--title", "A title"),
    )
    assert code == cli.FITTED
    assert "Contextual GLM Results" in capsys.readouterr().out
    assert "<h1>A title</h1>" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert_allclose(cs.load(tmp_path / "f.json").params, smooth_fit.params, rtol=1e-6)
    beta = pd.read_csv(tmp_path / "b.csv")
    assert beta.columns.tolist() == ["row", "term", "estimate", "std_error", "conf_low", "conf_high"]
    assert len(beta) == 3 * 300


@pytest.mark.parametrize("name", ["d.tsv", "d.csv.gz", "d.parquet", "d.feather"])
def test_all_kinds_of_tables_give_the_same_fit(folder, capsys, name):
    def printed(file):
        assert run("fit", "case ~ dose", "--context", "center", "--data", folder / file, "--family", "binomial") == 0
        return capsys.readouterr().out

    assert printed(name) == printed("d.csv")


def test_files_of_r_are_read(monkeypatch):
    path = Path(__file__).parents[2] / "reference" / "r_frame.rds"
    assert cli.read_table(path)["kind"].cat.categories.tolist() == ["v", "u", "unused"]
    monkeypatch.setitem(sys.modules, "rdata.parser", None)
    with pytest.raises(MissingPackageError, match=r"contextstats\[rds\]"):
        cli.read_table(path)


def test_options_reach_the_fit(folder, tmp_path, table):
    data = table.assign(time=np.linspace(1, 2, len(table)), times=2.0, group=np.arange(len(table)) // 10)
    data.to_csv(tmp_path / "d.csv")
    code = run(
        *("fit", "count ~ dose", "--context", "dose: s(age, k=5); Intercept: group", "--data", tmp_path / "d.csv"),
        *("--family", "poisson", "--link", "sqrt", "--offset", "time", "--freq-weights", "times", "--quiet"),
        *("--smoothing", "0.5", "--cluster", "group", "--categorical", "sex,group", "--json", tmp_path / "f.json"),
        *("--threads", "1", "--select"),
    )
    assert code == 0
    res = cs.load(tmp_path / "f.json")
    assert res.family.link_name == "sqrt"
    assert res.cov_type == "cluster"
    assert res.nobs == 600
    assert_allclose(res.design.offset, data["time"])
    assert_allclose(res.fit.smoothing_parameters, 0.5)
    assert "group" in res.design.context_levels
    assert len(res.design.penalty_names) == 2


def test_exposure_is_its_logarithm_in_the_offset(folder, tmp_path, table):
    table.assign(time=np.linspace(1, 2, len(table))).to_csv(tmp_path / "d.csv")
    arguments = ("fit", "count ~ dose", "--data", tmp_path / "d.csv", "--family", "poisson", "--exposure", "time")
    assert run(*arguments, "--json", tmp_path / "f.json", "--quiet") == 0
    assert_allclose(cs.load(tmp_path / "f.json").design.offset, np.log(np.linspace(1, 2, len(table))))


def test_progress_goes_to_standard_error_and_quiet_prints_nothing(folder, capsys):
    arguments = ("fit", "y ~ dose", "--context", "s(age)", "--data", folder / "d.csv", "--quiet", "--progress")
    assert run(*arguments) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "iteration" in captured.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("y ~ dose", "--data", "none.csv"), "there is none at none.csv"),
        (("y ~ dos", "--data", "d.csv"), "no such column"),
        (("y ~", "--data", "d.csv"), "must name its predictors"),
        (("y ~ dose", "--data", "d.csv", "--family", "poison"), "Did you mean 'poisson'"),
        (("y ~ dose", "--data", "d.csv", "--family", "gamma"), "must be positive"),
        (("y ~ dose", "--data", "d.csv", "--link", "logarithm"), "link must be one of"),
        (("y ~ dose", "--data", "d.csv", "--offset", "time"), "--offset must name a column of the data"),
        (("y ~ dose", "--data", "d.csv", "--smoothing", "aic"), "smoothing must be"),
        (("y ~ dose", "--data", "d.csv", "--cov-type", "HC9"), "cov_type must be one of"),
        (("y ~ dose", "--data", "d.csv", "--cov-type", "HC1", "--cluster", "sex"), "--cluster goes with"),
        (("y ~ dose", "--data", "d.csv", "--threads", "0"), "threads must be at least 1"),
        (("y ~ dose", "--data", "d.csv", "--context", "s(age"), "context"),
        (("y ~ dose", "--data", "d.csv", "--context", "dose: s(age); dose: center"), "names dose twice"),
        (("y ~ dose", "--data", "d.csv", "--threads", "two"), "invalid int value"),
        (("y ~ dose",), "required: --data"),
        (("y ~ dose", "--data", "d.csv", "--report", "none/r.html"), "in a folder that exists, but is none/r.html"),
    ],
)
def test_errors_end_with_one_sentence_on_standard_error(folder, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(folder)
    assert run("fit", *arguments, "--quiet") == cli.FAILED
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_a_fit_that_does_not_converge_ends_with_two(folder, capsys, monkeypatch):
    fit = cs.ContextualGLM.fit
    monkeypatch.setattr(cs.ContextualGLM, "fit", lambda self, **options: fit(self, **options, maxiter=1))
    arguments = ("fit", "count ~ dose", "--context", "s(age)", "--data", folder / "d.csv", "--family", "poisson")
    assert run(*arguments) == cli.NOT_CONVERGED
    captured = capsys.readouterr()
    assert captured.err.count("did not converge") == 1
    assert "The fit did not converge" in captured.out


def test_warnings_are_one_line(folder, tmp_path, capsys, table):
    table.assign(twice=2 * table["dose"]).to_csv(tmp_path / "d.csv")
    assert run("fit", "y ~ dose + twice", "--data", tmp_path / "d.csv", "--quiet") == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("contextstats: warning: 1 coefficient is not identified")


def test_version_help_and_no_command(capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out.strip() == f"contextstats {cs.__version__}"
    assert run("fit", "--help") == 0
    assert "exit codes: 0 fitted" in capsys.readouterr().out
    assert run() == cli.FAILED
    assert "COMMAND" in capsys.readouterr().err


@pytest.mark.slow
def test_the_demo_fits_prints_and_writes(tmp_path, capsys):
    assert run("demo", "--output", tmp_path / "out") == 0
    printed = capsys.readouterr().out
    assert "Contextual GLM Results" in printed
    assert "The effect of female on log(visits) varies with age" in printed
    assert (tmp_path / "out" / "effects.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")[:100]
    assert (tmp_path / "out" / "report.html").stat().st_size > 50_000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (None, None),
        ("s(age) + center", "s(age) + center"),
        ("dose: s(age); Intercept: 1", {"dose": "s(age)", "Intercept": "1"}),
        ("a:b: s(age);", {"a:b": "s(age)"}),
    ],
)
def test_context_of_each_predictor(text, value):
    assert cli.parse_context(text) == value


def test_context_that_cannot_be_read():
    with pytest.raises(OptionError, match="has 's\\(bmi\\)'"):
        cli.parse_context("dose: s(age); s(bmi)")


def test_smoothing_is_a_name_or_numbers():
    assert cli.parse_smoothing("gcv") == "gcv"
    assert cli.parse_smoothing("2") == 2.0
    assert cli.parse_smoothing("1, 2e3") == [1.0, 2000.0]


def test_files_that_cannot_be_read(tmp_path, monkeypatch):
    (tmp_path / "d.xlsx").write_text("x")
    with pytest.raises(DataError, match=r"must be a \.csv, \.tsv, \.parquet, \.feather or \.rds file"):
        cli.read_table(tmp_path / "d.xlsx")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DataError, match=r"cannot be read as csv: No columns"):
        cli.read_table(tmp_path / "empty.csv")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match="cannot be read as parquet"):
        cli.read_table(tmp_path / "broken.parquet")

    def missing(path):
        raise ImportError("no pyarrow")

    monkeypatch.setattr(pd, "read_parquet", missing)
    with pytest.raises(DataError, match=r"needs pyarrow. Install it \(pip install"):
        cli.read_table(tmp_path / "broken.parquet")

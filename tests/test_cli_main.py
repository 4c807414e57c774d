"""The command line as a whole: quick to start, one place for exit codes, data apart from talk."""

import importlib
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli_root import DROPSCORE, process
from dropscore.cli import SECTIONS, VERBS, cli, errors
from dropscore.cli.errors import Code, DaemonDown, report
from dropscore.domain.errors import Locked, Misconfigured, Refused, Rejected, Unavailable
from dropscore.domain.problems import Problem


def test_nothing_but_click_is_imported_for_help() -> None:
    heavy = [
        "pydantic",
        "sqlalchemy",
        "structlog",
        "rich",
        "pandas",
        "numpy",
        "pyarrow",
        "sklearn",
        "dropscore.settings",
        "dropscore.domain",
    ]
    code = f"import sys, dropscore.cli; print([name for name in {heavy!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("verb", VERBS)
def test_each_verbs_summary_is_its_own_first_sentence(verb: str) -> None:
    command = importlib.import_module(f"dropscore.cli.{verb}").command
    assert isinstance(command, click.Command)
    assert (command.help or "").replace("\n", " ").startswith(VERBS[verb].removesuffix("."))


def test_every_verb_is_in_one_section_and_in_the_help() -> None:
    assert sum(len(verbs) for verbs in SECTIONS.values()) == len(VERBS)
    text = CliRunner().invoke(cli, ["--help"]).stdout
    assert all(f"\n  {verb} " in text for verb in VERBS)


def test_python_dash_m_works_too() -> None:
    found = subprocess.run([sys.executable, "-m", "dropscore", "--version"], capture_output=True, text=True, check=True)
    assert found.stdout.startswith("dropscore ")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Misconfigured("m", "f:1"), 12),
        (Locked("held by another"), 11),
        (DaemonDown("none"), 10),
        (Rejected([Problem("no-rows")]), 4),
        (Refused("no"), 1),
        (Unavailable("disk:x", "The disk is full."), 1),
        (PermissionError(13, "Permission denied", "/x"), 1),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("a bug"), 1),
    ],
)
def test_exceptions_become_exit_codes(error: BaseException, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(error) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert ("Traceback" in captured.err or "ZeroDivisionError" in captured.err) is (type(error) is ZeroDivisionError)


def test_an_error_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    report(Refused("file \x1b[2J\udce9.csv\nsecond line"))
    assert capsys.readouterr().err == "dropscore: file �[2J�.csv\ndropscore: second line\n"


def test_codes_are_those_that_are_documented() -> None:
    text = (cli.help or "").replace("\n", " ")
    documented = {Code.FINE: "delivered or fine", Code.PARTIAL: "partial", Code.REJECTED: "rejected"}
    documented |= {Code.DAEMON_DOWN: "the daemon is down", Code.MISCONFIGURED: "the configuration is invalid"}
    for code, words in documented.items():
        assert f"{int(code)} {words}" in text
    assert set(errors._CODES.values()) <= set(Code)


def test_wrong_usage_is_2() -> None:
    found = process("no-such-verb")
    assert (found.returncode, found.stdout) == (2, "")
    assert process("score").returncode == 2


def test_a_reader_that_has_seen_enough_ends_it_quietly(tmp_path: Path) -> None:
    script = f'"{DROPSCORE}" config schema; echo "code $?" >&2'
    found = subprocess.run(
        ["/bin/bash", "-c", f"({script}) | head -c 1 >/dev/null; sleep 0"], capture_output=True, text=True, check=True
    )
    assert "Traceback" not in found.stderr
    assert "dropscore:" not in found.stderr

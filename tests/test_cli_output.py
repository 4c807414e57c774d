"""Data and talk: a terminal gets drawn tables, a pipe gets tabs, and neither is steered by what others wrote."""

import os
import pty
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli_root import DROPSCORE, make_house, process
from dropscore.cli.drawing import bar
from dropscore.cli.output import counted, local, plain, put_table, size


def on_a_terminal(*arguments: object, **environ: str) -> str:
    """Return what a call writes to a terminal."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [DROPSCORE, *map(str, arguments)], stdout=theirs, stderr=theirs, stdin=theirs, env=os.environ | environ
    )
    os.close(theirs)
    written = b""
    try:
        while chunk := os.read(ours, 65536):
            written += chunk
    except OSError:
        pass  # the terminal's other end is closed: the call has ended
    child.wait(30)
    os.close(ours)
    return written.decode()


def test_a_terminal_gets_a_drawn_table_and_a_pipe_gets_tabs(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    drawn = on_a_terminal("config", "show", "--config", house.config, TERM="xterm-256color", COLUMNS="200")
    assert "─────" in drawn
    assert "\t" not in drawn
    piped = process("config", "show", "--config", house.config).stdout
    assert "zone\tUTC\tdefault" in piped
    assert "─" not in piped
    assert "\x1b" not in piped


def test_no_color_is_honoured(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    plain_text = on_a_terminal("config", "show", "--config", house.config, TERM="xterm-256color", NO_COLOR="1")
    assert "\x1b[3" not in plain_text
    assert "─────" in plain_text


def test_what_others_wrote_cannot_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert plain("a\x1b[2Jb\u202ec\udce9d\n") == "a�[2Jb�c�d�"
    put_table(("x\ty",), [["[bold]1[/bold]\t2"], [None]])
    assert capsys.readouterr().out == "x\ty\n[bold]1[/bold]�2\n\n"


def test_times_sizes_and_counts_for_people() -> None:
    assert local(datetime(2027, 7, 1, 22, 0, tzinfo=UTC), "Europe/Madrid") == "2027-07-02 00:00:00"
    assert local("2027-01-01T00:00:00Z", "UTC") == "2027-01-01 00:00:00"
    assert local(None, "UTC") == ""
    assert [size(number) for number in (0, 999, 1500, 2_000_000, 3.2e9, 5e12)] == [
        "0 B", "999 B", "1.5 kB", "2.0 MB", "3.2 GB", "5.0 TB",
    ]  # fmt: skip
    assert (counted(1, "row"), counted(1200, "row")) == ("1 row", "1,200 rows")


def test_a_bar_talks_on_standard_error_only(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("[red]sales.csv") as move:
        move(1, 2)
    assert capsys.readouterr().out == ""

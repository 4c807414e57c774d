"""`status --watch`: what is said of jobs at work, on a terminal and to a pipe."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dropscore.cli import watching
from dropscore.cli.reading import Daemon

JOB = {"code": "K7F2QXM4", "name": "sales.csv", "stage": "work", "held": None}


def looks(*progress: dict[str, Any] | None) -> Iterator[Daemon]:
    """A daemon that gets on with one job, and then stops."""
    for found in progress:
        job = JOB if found is None else {**JOB, "progress": found}
        yield Daemon({"pid": 1}, {"jobs": [job]})
    yield Daemon(None, {})


def told(rows: int, read: int, left: float | None) -> dict[str, Any]:
    return {"rows": rows, "bytes": read, "total": 200, "rows_per_second": 50_000, "seconds_left": left}


def test_a_pipe_gets_a_line_whenever_something_has_moved(capsys: pytest.CaptureFixture[str]) -> None:
    found = looks(None, told(50_000, 50, 3.0), told(50_000, 50, 3.0), told(100_000, 100, 2.0))
    pauses: list[float] = []
    watching.watch(lambda: next(found), pauses.append)
    assert capsys.readouterr().out.splitlines() == [
        "K7F2QXM4  sales.csv: work",
        "K7F2QXM4  sales.csv: work, 25 %, 50,000 rows, 50,000 a second, 3 s left",
        "K7F2QXM4  sales.csv: work, 50 %, 100,000 rows, 50,000 a second, 2 s left",
    ]
    assert pauses == [watching.SECONDS] * 4


def test_control_c_is_the_end_and_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    def stopped(_: float) -> None:
        raise KeyboardInterrupt

    found = looks(None)
    watching.watch(lambda: next(found), stopped)
    assert "sales.csv" in capsys.readouterr().out


def test_a_terminal_gets_a_bar() -> None:
    program = """
        import sys
        from dropscore.cli import watching
        from test_cli_watching import looks, told
        found = looks(told(50_000, 50, 3.0), told(150_000, 150, 1.0))
        watching.watch(lambda: next(found), lambda _: None)
    """
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=theirs,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent), "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    shown = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # how a terminal ends
            break
        shown += piece
    os.close(ours)
    assert child.wait(60) == 0
    text = shown.decode()
    assert "K7F2QXM4" in text and "━" in text and "150,000 rows, 50,000 a second, 1 s left" in text

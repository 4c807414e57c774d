"""What an exception means to the shell, and the sentence that goes with it."""

from __future__ import annotations

import os
import sys
import traceback
from enum import IntEnum

import click

from dropscore.cli.output import plain
from dropscore.domain.errors import Locked, Misconfigured, Refused, Rejected, Unavailable


class Code(IntEnum):
    FINE = 0
    ERROR = 1
    USAGE = 2
    PARTIAL = 3
    REJECTED = 4
    DAEMON_DOWN = 10
    LOCKED = 11
    MISCONFIGURED = 12
    INTERRUPTED = 130


class DaemonDown(Exception):
    """The verb needs a running daemon, and there is none."""


_CODES: dict[type[BaseException], Code] = {
    DaemonDown: Code.DAEMON_DOWN,
    Locked: Code.LOCKED,
    Misconfigured: Code.MISCONFIGURED,
    Rejected: Code.REJECTED,
    Refused: Code.ERROR,
    Unavailable: Code.ERROR,
}
_EXTRAS = {"fastapi": "web", "uvicorn": "web", "pwdlib": "web", "python_multipart": "web"}
"""Modules that a plain installation has not, by the extra that brings them."""


def report(error: BaseException) -> int:
    """Say on standard error what went wrong, and return the exit code."""
    if isinstance(error, KeyboardInterrupt):
        return Code.INTERRUPTED
    if isinstance(error, BrokenPipeError):  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Code.ERROR
    for kind, code in _CODES.items():
        if isinstance(error, kind):
            _say(str(error))
            return code
    if isinstance(error, ModuleNotFoundError) and (extra := _EXTRAS.get(str(error.name).partition(".")[0])):
        _say(f"this needs {error.name}, which is not installed. Install it with: pip install 'dropscore[{extra}]'")
        return Code.ERROR
    if isinstance(error, OSError) and error.strerror:
        where = os.fsdecode(error.filename) if error.filename else ""
        _say(f"{where}: {error.strerror}" if where else error.strerror)
        return Code.ERROR
    click.echo("".join(traceback.format_exception(error)), err=True)
    _say(f"this is a fault of Dropscore itself ({type(error).__name__}). Please report it with the lines above.")
    return Code.ERROR


def _say(sentence: str) -> None:
    click.echo("\n".join(f"dropscore: {plain(line)}" for line in sentence.splitlines()), err=True)

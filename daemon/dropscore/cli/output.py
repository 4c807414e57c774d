"""Data on standard output, talk on standard error. A terminal gets tables; a pipe gets tab-separated lines."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click


def plain(text: str) -> str:
    """Return a text that cannot steer a terminal: names and cells are other people's."""
    decoded = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() else "�" for sign in decoded)


def say(text: str) -> None:
    """Talk to the person at the keyboard."""
    click.echo(text, err=True)


def put(text: str) -> None:
    """Write data."""
    click.echo(text)


def put_json(document: Any) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, default=str))


def on_terminal() -> bool:
    return sys.stdout.isatty()


def put_table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, right: Iterable[str] = ()) -> None:
    """Write a table: drawn on a terminal, else tab-separated with its headings. `right` are columns of numbers."""
    lines = [["" if cell is None else plain(str(cell)) for cell in row] for row in rows]
    if not on_terminal():
        for line in [list(headings), *lines]:
            click.echo("\t".join(line))
        return
    # Rich costs 50 ms, and only a person at a terminal has any use for it.
    importlib.import_module("dropscore.cli.drawing").table(headings, lines, frozenset(right))


def local(moment: datetime | str | None, zone: str) -> str:
    """Return a time as its reader's clock shows it."""
    if not moment:
        return ""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"

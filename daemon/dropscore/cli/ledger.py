"""`ledger rebuild`: the table of jobs again, from the receipts that are kept. `ledger copy`: to another database."""

from __future__ import annotations

import importlib
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from pydantic import ValidationError

from dropscore.app import locked
from dropscore.cli.errors import Code
from dropscore.cli.output import counted, put, put_json, say
from dropscore.cli.place import config_option, json_option, open_place
from dropscore.domain.errors import Misconfigured
from dropscore.folders import Root, now_utc
from dropscore.ledger import Kept, Ledger
from dropscore.receipt import Event, Receipt
from dropscore.service.codes import remember_code
from dropscore.settings import ledger_url


@click.group()
def command() -> None:
    """Look after the table of jobs."""


@command.command()
@config_option
@json_option
def rebuild(config: Path | None, as_json: bool) -> int:
    """Restore a lost or damaged ledger. The daemon must not run. It may be broken off and done again."""
    place = open_place(config)
    with locked(place.root):
        damaged: list[str] = []
        aside = _set_aside_if_damaged(ledger_url(place.settings))
        ledger = Ledger.open(ledger_url(place.settings))
        try:
            result = ledger.rebuild(_with_codes(place.root, kept(place.root, damaged)), now_utc())
        finally:
            ledger.close()
    if as_json:
        facts = {"jobs": result.jobs, "events": result.events, "owed": result.owed, "sent": result.sent}
        put_json({**facts, "damaged": damaged, "set_aside": str(aside) if aside else None})
    else:
        put(
            f"{counted(result.jobs, 'job')} and {counted(result.events, 'event')} restored; "
            f"{counted(result.owed, 'message')} still owed, {result.sent:,} taken as sent."
        )
        if aside:
            say(f"The damaged ledger was set aside as {aside}.")
        for path in damaged:
            say(f"Passed over, because it cannot be read: {path}")
    return Code.ERROR if damaged else Code.FINE


@command.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@config_option
@json_option
def copy(source: str, target: str, config: Path | None, as_json: bool) -> int:
    """Copy a ledger to another database, and compare the two.

    FROM and TO are URLs, such as sqlite:////srv/dropscore/state/ledger.sqlite; @FILE, a file that holds the URL; or
    env:NAME, an environment variable that does. Others on this machine can see what stands on a command line, so a
    URL with a password belongs in one of these.
    A copy that was broken off goes on where it was. The daemon must not run while its own ledger is copied.
    """
    urls = [_url_given(given) for given in (source, target)]
    place = open_place(config)
    with ExitStack() as open_ones:
        taken = Ledger(urls[0], reading=True)
        open_ones.callback(taken.close)
        given = Ledger(urls[1])
        open_ones.callback(given.close)
        if any(ledger.is_at(ledger_url(place.settings)) for ledger in (taken, given)):
            open_ones.enter_context(locked(place.root))
        with _progress("copying and comparing") as move:
            result = taken.copy_to(given, move)
        described = [taken.described, given.described]
    if as_json:
        put_json({"from": described[0], "to": described[1], **asdict(result)})
        return Code.FINE
    put(
        f"{counted(result.jobs, 'job')}, {counted(result.events, 'event')} and "
        f"{counted(result.notifications, 'message')} are in both; {counted(result.written, 'row')} written."
    )
    say(f"From {described[0]} to {described[1]}.")
    return Code.FINE


def _url_given(given: str) -> str:
    """Return the URL itself, or the one in the file or variable named. OSError, Misconfigured where there is none."""
    if given.startswith("@"):
        return Path(given[1:]).read_text(encoding="utf-8").strip()
    if not given.startswith("env:"):
        return given
    url = os.environ.get(given.removeprefix("env:"), "").strip()
    if not url:
        raise Misconfigured(f"the environment variable {given.removeprefix('env:')} is not set.")
    return url


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    # Rich is for terminals, and costs every other call its loading.
    with importlib.import_module("dropscore.cli.drawing").bar(what) as move:
        yield move


def _set_aside_if_damaged(url: str) -> Path | None:
    """Rename an SQLite file that is no database any more, and return its new name. Nothing is removed."""
    path = Path(url.removeprefix("sqlite:///"))
    if not url.startswith("sqlite:///") or not path.is_file() or not _is_damaged(path):
        return None
    aside = path.with_name(f"{path.name}.damaged-{now_utc():%Y%m%dT%H%M%S}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


def _is_damaged(path: Path, patience: float = 5.0) -> bool:
    try:
        with closing(sqlite3.connect(path, timeout=patience)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except sqlite3.OperationalError:
        return False  # locked, or a disk that is full: the file itself may well be whole
    except sqlite3.DatabaseError:
        return True


def kept(root: Root, damaged: list[str]) -> Iterator[Kept]:
    """Yield every kept receipt with its events, month by month; those that cannot be read are named in `damaged`."""
    for path in sorted(root.receipts.glob("*/*.json")):
        try:
            receipt = Receipt.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            damaged.append(root.relative(path))
            continue
        yield Kept(receipt, tuple(_events(path.with_name(f"{path.stem}.events.jsonl"))), root.relative(path))


def _with_codes(root: Root, found: Iterable[Kept]) -> Iterator[Kept]:
    """Pass on what is kept, and write each code down: those that were given may be lost with the ledger."""
    for one in found:
        remember_code(root, one.receipt.code)
        yield one


def _events(path: Path) -> Iterator[Event]:
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            yield Event.model_validate_json(line)
        except ValidationError:
            continue  # torn by a power cut while it was written, so nothing was ever told of it

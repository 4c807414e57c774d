"""`NAME.waiting.json` beside a drop that has waited for long: what `why` says, where its sender looks.

A help and no part of any drop's way: what cannot be written is left, and written at a later look. Only what this
program wrote is ever replaced or removed.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from dropscore import durable
from dropscore.folders import CLAIMS, now_utc, shown
from dropscore.intake.names import NOTICE, is_notice
from dropscore.intake.scan import Ignored, Inbox
from dropscore.service.templates import open_to_senders
from dropscore.service.waiting import Waits, document_of
from dropscore.service.watching import InboxState

log = structlog.get_logger()

LOOK_SECONDS = 2.0
AGAIN_SECONDS = 60.0
"""A notice whose reason is the same is written anew no sooner: positions and estimates change all the time."""
MOST_NOTICES = 1000
"""In one inbox; those that come first in the queue."""
MOST_AT_ONCE = 10
"""In one look: each is synced, and the loop waits for that."""
_LONGEST_NAME = 255
_MOST_BYTES = 65_536
_BY = "dropscore"


@dataclass(slots=True)
class _Told:
    reason: str
    written: float
    since: str
    """ISO 8601, UTC: kept as it was first told."""


@dataclass(slots=True)
class _Watched:
    """One inbox: since when (monotonic) each drop lies there, whatever became of it meanwhile, and what was told."""

    since: dict[str, float] = field(default_factory=dict)
    told: dict[str, _Told] = field(default_factory=dict)
    others: tuple[Ignored, ...] | None = None


class Notices:
    """All notices. `overdue` says which drops have waited for longer than the configured time."""

    def __init__(self) -> None:
        self._inboxes: dict[Path, _Watched] = {}
        self._next_look = 0.0

    def look(self, states: list[InboxState], now: float) -> bool:
        """Take note of what lies in each inbox, and take back the notices of what does not. True: it was time to."""
        if now < self._next_look:
            return False
        self._next_look = now + LOOK_SECONDS
        for state in states:
            if state.listing is not None and not is_away(state):
                if state.inbox.path not in self._inboxes:
                    _remove(_staged(state.inbox.path))  # what a crash left
                watched = self._inboxes.setdefault(state.inbox.path, _Watched())
                watched.since = {seen.name: watched.since.get(seen.name, now) for seen in state.listing.drops}
                self._tidy(state.inbox, watched, state.listing.ignored, now)
        return True

    def has_overdue(self, patience: float, now: float) -> bool:
        return any(now - since >= patience for one in self._inboxes.values() for since in one.since.values())

    def overdue(self, drops: Iterator[Waits], patience: float, now: float) -> Iterator[Waits]:
        """Yield those that have waited for so long."""
        for waits in drops:
            watched = self._inboxes.get(waits.state.inbox.path)
            if watched is not None and now - watched.since.get(waits.seen.name, now) >= patience:
                yield waits

    def write(self, overdue: list[Waits], now: float) -> None:
        """Lay a notice beside each of these, or write it anew where its reason has changed."""
        written = 0
        for waits in overdue:
            inbox, name = waits.state.inbox, waits.seen.name
            watched = self._inboxes[inbox.path]
            told = watched.told.get(name)
            fresh = told is not None and now - told.written < AGAIN_SECONDS
            if is_away(waits.state) or (told is not None and fresh and told.reason == waits.waiting):
                continue
            if told is None and len(watched.told) >= MOST_NOTICES:
                continue
            if len(os.fsencode(name)) + len(NOTICE) > _LONGEST_NAME or written >= MOST_AT_ONCE:
                continue
            written += 1
            waited = timedelta(seconds=now - watched.since[name])
            since = told.since if told else (now_utc() - waited).isoformat(timespec="seconds")
            if told is None or told.reason != waits.waiting:
                log.info("waits for long", route=inbox.route, name=shown(name), why=waits.why)
            watched.told[name] = _Told(str(waits.waiting), now, since)
            try:
                _lay(inbox.path, name, _content(waits, since))
            except OSError as error:  # read-only, full, or a folder where we may not write
                log.debug("no notice could be laid", folder=str(inbox.path), why=str(error))
                _remove(_staged(inbox.path))

    def _tidy(self, inbox: Inbox, watched: _Watched, others: tuple[Ignored, ...], now: float) -> None:
        for name in watched.told.keys() - watched.since.keys():
            _take_back(inbox.path / f"{name}{NOTICE}")
            del watched.told[name]
        if others is watched.others:
            return
        watched.others = others
        for one in others:
            if is_notice(one.name):
                self._adopt(inbox, watched, one.name, now)

    def _adopt(self, inbox: Inbox, watched: _Watched, notice: str, now: float) -> None:
        """Go on with a notice of an earlier run, or remove it where its drop is gone."""
        name = notice[: -len(NOTICE)]
        if name in watched.told:
            return
        found = _read(inbox.path / notice)
        if found is None:
            return
        if name not in watched.since:
            _take_back(inbox.path / notice)
            return
        with suppress(KeyError, ValueError, TypeError):
            since = datetime.fromisoformat(found["since"])
            watched.since[name] = min(watched.since[name], now - (now_utc() - since).total_seconds())
            watched.told[name] = _Told("", now - AGAIN_SECONDS, since.isoformat(timespec="seconds"))


def is_away(state: InboxState) -> bool:
    """Whether what lies in the place of an inbox is not, or may not be, that inbox: nothing is touched there."""
    return state.fault is not None and state.fault.key == f"inbox:{state.inbox.label}"


def _content(waits: Waits, since: str) -> bytes:
    told = document_of(waits)
    document: dict[str, Any] = {
        "by": _BY,
        "file": told["name"],
        "state": "waiting",
        "sentence": told["why"],
        "todo": "",
        "route": told["route"],
        "waiting": told["waiting"],
        "since": since,
        "written": now_utc().isoformat(timespec="seconds"),
    }
    document |= {name: told[name] for name in ("position", "estimate_seconds") if name in told}
    return json.dumps(document, indent=2).encode() + b"\n"


def _lay(inbox: Path, name: str, content: bytes) -> None:
    """Put a notice beside a drop. It is staged where nobody else can reach it, and replaces nothing but its like."""
    target, staged = inbox / f"{name}{NOTICE}", _staged(inbox)
    if os.path.lexists(target) and _read(target) is None:
        return
    staged.unlink(missing_ok=True)
    handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        durable.write_all(handle, content)
    finally:
        os.close(handle)
    open_to_senders(staged, inbox)
    durable.sync_file(staged)  # else a power cut leaves an empty one, which nobody would know for ours
    staged.replace(target)  # not synced: a name that a power cut takes is written again


def _remove(staged: Path) -> None:
    with suppress(OSError):
        staged.unlink(missing_ok=True)


def _staged(inbox: Path) -> Path:
    return inbox / CLAIMS / ".notice.part"


def _take_back(notice: Path) -> None:
    with suppress(OSError):
        if _read(notice) is not None:
            notice.unlink()


def _read(notice: Path) -> dict[str, Any] | None:
    """Return a notice that this program wrote; None: there is none, or it is somebody else's."""
    try:
        with durable.opened(notice) as handle:
            facts = os.fstat(handle)
            if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_size > _MOST_BYTES:
                return None
            found = json.loads(os.read(handle, _MOST_BYTES))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("by") == _BY else None

"""Expected arrivals: an owner hears once of a file that is late, or unlike the others, and once when it is over.

When files come is learned from the ledger, or told in the configuration. It is a help and no part of any drop's way.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, cast

import structlog

from dropscore import durable
from dropscore.domain import arriving
from dropscore.domain.arrivals import Arrival, Missed, is_unusual, learned, missed, renamed, usual
from dropscore.domain.jobs import Kind, Verdict
from dropscore.domain.notes import Note, NoteKind, note_id
from dropscore.folders import now_utc
from dropscore.receipt import Receipt
from dropscore.service.findings import ReadLedger
from dropscore.service.hands import Hands
from dropscore.service.plan import Route

log = structlog.get_logger()

LOOK_SECONDS = 300.0
REMEMBERED = timedelta(days=150)
MOST_JOBS = 5_000
"""Of each route, the newest."""
MOST_KEPT = 500
"""Arrivals of one sender; beyond it only the first of each day."""
_DONE = frozenset({Verdict.DELIVERED, Verdict.PARTIAL})
_KINDS = {"late": NoteKind.LATE, "rows": NoteKind.UNUSUAL, "renamed": NoteKind.UNUSUAL}

Key = tuple[str, str]
"""A route and a sender; of what anybody may send, the sender is empty."""


class PastJob(Protocol):
    """A job as the ledger has it."""

    @property
    def kind(self) -> Kind: ...
    @property
    def sender(self) -> str: ...
    @property
    def claimed(self) -> datetime: ...
    @property
    def rows(self) -> int: ...
    @property
    def retry_of(self) -> str | None: ...
    @property
    def mends(self) -> str | None: ...


class Past(Protocol):
    def jobs(self, *, routes: list[str], since: datetime, limit: int) -> Iterable[PastJob]: ...


Read = Callable[[], AbstractContextManager[Past]]


@dataclass(frozen=True, slots=True)
class Begun:
    """Something that an owner has heard of, and that is not over."""

    since: str
    sentence: str


class Arrivals:
    """What came, and what is not over. Only the latter, and the columns of each sender, are kept in a file."""

    def __init__(self, hands: Hands, read_ledger: ReadLedger | None, now: float) -> None:
        self._hands = hands
        self._read = cast("Read | None", read_ledger)  # the ledger that is read for the audit is read for this, too
        self._came: dict[Key, list[Arrival]] = defaultdict(list)
        self._past: Future[object] | None = None
        self._knows_past = False
        self._next_look = now + LOOK_SECONDS
        self._kept = hands.plan.root.state / "arrivals.json"
        self._begun: dict[tuple[str, str, str], Begun] = {}
        """By route, sender and what it is."""
        self._columns: dict[Key, tuple[str, tuple[str, ...]]] = {}
        """The day and the columns of a sender's last file that was scored."""
        self._owed: list[Note] = []
        self._read_kept()

    def published(self, receipt: Receipt, now: datetime | None = None) -> None:
        """Take note of a file that has come, and say at once where it is unlike the sender's others."""
        lineage = receipt.lineage
        if receipt.kind is not Kind.SCORE or lineage.retry_of or lineage.mends or not self._is_looked_at(receipt.route):
            return
        key, at = (receipt.route, receipt.sender.name), now or now_utc()
        for sender in (receipt.sender.name, ""):
            self._end("late", (receipt.route, sender), receipt, at)
        if receipt.verdict in _DONE:
            self._look_at_rows(key, receipt, at)
        self._look_at_columns(key, receipt, at)
        self._add(key, Arrival(receipt.times.claimed, receipt.counts.rows))

    def work_once(self, now: float, at: datetime | None = None) -> bool:
        """See what is late, now and then. It never raises: what goes wrong is tried again."""
        if now < self._next_look and self._past is None:
            return False
        try:
            self._hand_over()
            if not self._knows_past and not self._learn():
                return False
            self._next_look = now + LOOK_SECONDS
            for route in self._hands.plan.routes:
                self._look(route, at or now_utc())
            self._hand_over()
        except Exception as fault:  # drops go on
            log.warning("expected arrivals could not be looked at", why=repr(fault))
            self._past = None
            self._next_look = now + LOOK_SECONDS
        return False

    def _is_looked_at(self, name: str) -> bool:
        route = self._hands.plan.route(name)
        return route is not None and route.arrivals

    # The past

    def _learn(self) -> bool:
        """Read the past in a helper thread. True once it is known."""
        if self._read is None:
            self._knows_past = True
            return True
        if self._past is None:
            self._hands.ledger.owe(())  # who reads it makes none, and a new root has none yet
            names = [route.name for route in self._hands.plan.routes]
            self._past = self._hands.help(_past, self._read, names, now_utc() - REMEMBERED)
            return False
        if not self._past.done():
            return False
        past, self._past = self._past, None
        found = cast("list[tuple[Key, Arrival]]", past.result())
        known = {(key, one.at) for key, came in self._came.items() for one in came}
        for key, arrival in found:
            if (key, arrival.at) not in known:
                self._add(key, arrival)
        self._knows_past = True
        return True

    def _add(self, key: Key, arrival: Arrival) -> None:
        came = self._came[key]
        came.append(arrival)
        if len(came) > 2 * MOST_KEPT:
            self._came[key] = thinned(came)

    # What is late

    def _look(self, route: Route, at: datetime) -> None:
        if not route.arrivals:
            return
        mine = {sender: came for (name, sender), came in self._came.items() if name == route.name}
        zone = route.rules.zone
        if route.expected:
            everybody = [arrival for came in mine.values() for arrival in came]
            for rhythm in route.expected:
                self._late((route.name, ""), missed(rhythm, everybody, zone, at), route, at)
            return
        for sender, came in mine.items():
            for rhythm in learned(came, zone, at):
                self._late((route.name, sender), missed(rhythm, came, zone, at), route, at)

    def _late(self, key: Key, found: Missed | None, route: Route, at: datetime) -> None:
        if found is not None:
            self._begin("late", key, at, arriving.told_late(found, *key, route.rules.language))

    # What is unlike the others

    def _look_at_rows(self, key: Key, receipt: Receipt, at: datetime) -> None:
        found = usual(self._came.get(key, ()))
        if found is None or not receipt.counts.rows:
            return
        if is_unusual(receipt.counts.rows, found):
            language = self._language(receipt.route)
            self._begin("rows", key, at, arriving.told_rows(receipt.name, receipt.counts.rows, found, language))
        else:
            self._end("rows", key, receipt, at)

    def _look_at_columns(self, key: Key, receipt: Receipt, at: datetime) -> None:
        columns = columns_of(receipt)
        if not columns:
            return
        day, before = self._columns.get(key, ("", ()))
        pairs = renamed(before, columns) if before else ()
        if pairs:
            self._begin(
                "renamed", key, at, arriving.told_renamed(receipt.name, pairs, day, self._language(receipt.route))
            )
        else:
            self._end("renamed", key, receipt, at)
        if receipt.verdict in _DONE and set(columns) != set(before):
            self._columns[key] = (receipt.times.claimed.date().isoformat(), columns)
            self._keep()

    def _language(self, name: str) -> str:
        route = self._hands.plan.route(name)
        return route.rules.language if route else "en"

    # What is told

    def _begin(self, what: str, key: Key, at: datetime, told: tuple[str, str]) -> None:
        if (*key, what) in self._begun:
            return
        self._begun[*key, what] = Begun(at.isoformat(), told[0])
        self._owed.append(_note(_KINDS[what], what, key, at.isoformat(), at, told))
        self._keep()

    def _end(self, what: str, key: Key, receipt: Receipt, at: datetime) -> None:
        begun = self._begun.pop((*key, what), None)
        if begun is None:
            return
        over = arriving.told_over(what, receipt.name, self._language(key[0]))
        self._owed.append(_note(NoteKind.AS_USUAL, what, key, begun.since, at, (over, "")))
        self._keep()

    def _hand_over(self) -> None:
        if self._owed:
            self._hands.ledger.owe(tuple(self._owed))
            self._owed.clear()
            self._keep()  # a crash before this line owes them once more, under the same ids: so not twice

    def _keep(self) -> None:
        document = {
            "begun": [[*key, asdict(one)] for key, one in self._begun.items()],
            "columns": [[*key, day, list(names)] for key, (day, names) in self._columns.items()],
            "owed": [asdict(note) for note in self._owed],
        }
        try:
            durable.write_new(self._kept, json.dumps(document).encode())
        except OSError as error:
            log.warning("expected arrivals not written down", why=str(error))  # at worst an owner hears twice

    def _read_kept(self) -> None:
        try:
            found = json.loads(self._kept.read_bytes())
            self._begun = {(route, sender, what): Begun(**one) for route, sender, what, one in found["begun"]}
            self._columns = {(route, sender): (day, tuple(names)) for route, sender, day, names in found["columns"]}
            self._owed = [_note_from(one) for one in found["owed"]]
        except (OSError, ValueError, KeyError, TypeError):
            self._begun, self._columns, self._owed = {}, {}, []


def columns_of(receipt: Receipt) -> tuple[str, ...]:
    """Return the names in a file's header as far as its receipt tells them; nothing where it does not."""
    if receipt.profile.columns:
        return (*receipt.profile.columns, *receipt.reading.passed_through)
    absent = [entry for entry in receipt.problems if entry.code == "missing-column" and entry.found]
    return tuple(name.strip() for name in (absent[0].found or "").split(",")) if absent else ()


def thinned(came: list[Arrival]) -> list[Arrival]:
    """Return the newest arrivals, and of those before them the first of each day."""
    ordered = sorted(came, key=lambda one: one.at)
    older: dict[str, Arrival] = {}
    for arrival in ordered[:-MOST_KEPT]:
        older.setdefault(arrival.at.date().isoformat(), arrival)
    return [*list(older.values())[-REMEMBERED.days :], *ordered[-MOST_KEPT:]]


def _past(read: Read, routes: list[str], since: datetime) -> list[tuple[Key, Arrival]]:
    found: list[tuple[Key, Arrival]] = []
    with read() as ledger:
        for route in routes:
            for job in ledger.jobs(routes=[route], since=since, limit=MOST_JOBS):
                if job.kind is Kind.SCORE and not job.retry_of and not job.mends:
                    found.append(((route, job.sender), Arrival(job.claimed, job.rows)))
    return found


def _note(kind: NoteKind, what: str, key: Key, since: str, at: datetime, told: tuple[str, str]) -> Note:
    about = f"{what}:{key[0]}:{key[1]}"
    return Note(
        id=note_id(kind, about, since), kind=kind, route=key[0], at=at.isoformat(), sentence=told[0], todo=told[1]
    )


def _note_from(entry: Mapping[str, Any]) -> Note:
    return Note(**{**entry, "kind": NoteKind(entry["kind"]), "groups": tuple(entry["groups"])})

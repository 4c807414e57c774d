"""A lost ledger, restored from what is kept of every job.

Nobody is told twice of what they were told before, and nobody waits for ever for what they were not told: a
notification whose `notified` event is kept was sent. Where there is no such event, the crash that lost the ledger
may have come between, so jobs of the last 24 hours owe theirs again. Older ones are taken as sent, with a remark:
a flood of mails about last year's files would hide the one that matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Connection, select, update

from dropscore.domain.jobs import State
from dropscore.domain.notes import NoteKind
from dropscore.ledger import beside
from dropscore.ledger.owing import note_of, values_of_note
from dropscore.ledger.rows import Kept, history_of, history_values, state_after, values_of
from dropscore.ledger.store import Database
from dropscore.ledger.tables import history, notifications
from dropscore.ledger.upsert import free_codes, insert_once

STILL_OWED = timedelta(hours=24)
REMARK = "Not sent by this ledger: it was rebuilt more than 24 hours after the job ended."
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild restored: numbers of jobs, of events, and of notifications by what became of them."""

    jobs: int = 0
    events: int = 0
    owed: int = 0
    sent: int = 0

    def plus(self, other: Rebuilt) -> Rebuilt:
        return Rebuilt(
            self.jobs + other.jobs, self.events + other.events, self.owed + other.owed, self.sent + other.sent
        )


def rebuild(database: Database, kept: Iterable[Kept], now: datetime) -> Rebuilt:
    """Restore the jobs in batches, each one transaction. It may be broken off and run again."""
    total = Rebuilt()
    for batch in _batches(kept):
        total = total.plus(database.write(partial(_restore, batch=batch, now=now)))
    return total


def _batches(kept: Iterable[Kept]) -> Iterator[list[Kept]]:
    rest = (one._replace(events=tuple(one.events)) for one in kept)  # they are read more than once
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _restore(connection: Connection, batch: list[Kept], now: datetime) -> Rebuilt:
    rows, told, notes = [], [], []
    for one in batch:
        row, its_history = _job_of(one)
        rows.append(row)
        told += its_history
        note = _note_of(one, now)
        if note is not None:
            notes.append(note)
    ids = [row["job"] for row in rows]
    beside.number(connection, ids)
    beside.removed(connection, beside.locked(connection, ids))
    codes = free_codes(connection, {row["job"]: row["code"] for row in rows})
    beside.added(connection, [row | {"code": codes[row["job"]]} for row in rows])
    insert_once(connection, history, told)
    owed = _restore_notes(connection, notes)
    return Rebuilt(len(rows), sum(len(tuple(one.events)) for one in batch), owed, len(notes) - owed)


def _restore_notes(connection: Connection, notes: list[dict[str, Any]]) -> int:
    """Write the notes, mark those that were sent where they stood as owed, and return how many are owed now."""
    insert_once(connection, notifications, notes)
    unsent = select(notifications.c.id).where(
        notifications.c.id.in_([note["id"] for note in notes]), notifications.c.sent_at.is_(None)
    )
    owed = set(connection.execute(unsent).scalars())
    for note in notes:
        if note["sent_at"] is not None and note["id"] in owed:
            marked = update(notifications).where(notifications.c.id == note["id"])
            sent = {"sent_at": note["sent_at"], "due": None, "last_error": note["last_error"]}
            connection.execute(marked.values(sent))
            owed.discard(note["id"])
    return len(owed)


def _job_of(one: Kept) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    state, told = state_after(one.receipt, one.events)
    values = values_of(one.receipt, one.path)
    values["state"] = str(state)
    mended = [event.job for event, moved in told if moved is State.MENDED and event.job]
    if mended:
        values["mended_by"] = mended[-1]
    events = [history_values(one.receipt.job, event, moved) for event, moved in told]
    return values, [*history_of(one.receipt), *events]


def _note_of(one: Kept, now: datetime) -> dict[str, Any] | None:
    note = note_of(one.receipt)
    if note is None:
        return None
    values = values_of_note(note)
    held = note.kind is NoteKind.HELD
    told = [
        event.at
        for event in one.events
        if event.event == "notified" and (event.notification or "").endswith(f":{NoteKind.HELD}") is held
    ]
    if told:
        values |= {"sent_at": min(told), "due": None}
    elif now - values["created"] > STILL_OWED:
        values |= {"sent_at": now, "due": None, "last_error": REMARK}
    return values

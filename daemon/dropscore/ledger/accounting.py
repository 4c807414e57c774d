"""Jobs are accounted: many in one transaction, so that they share its sync."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from dropscore.domain.jobs import State
from dropscore.domain.notes import Note
from dropscore.ledger import beside, queries
from dropscore.ledger.owing import values_of_note
from dropscore.ledger.rows import OPEN, history_of, values_of
from dropscore.ledger.tables import history, notifications
from dropscore.ledger.upsert import free_codes, insert_once
from dropscore.receipt import Receipt


class Entry(NamedTuple):
    """What is written of one job: its receipt, the notifications that it owes, and where its receipt is kept."""

    receipt: Receipt
    notes: Iterable[Note] = ()
    kept: str = ""


def account(connection: Connection, entries: Sequence[Entry]) -> None:
    """Write jobs, none of them twice in the list, and what they owe. Doing it again changes nothing."""
    rows = {one.receipt.job: values_of(one.receipt, one.kept) for one in entries}
    there = beside.locked(connection, sorted(rows))
    missing = sorted(rows.keys() - there)
    if missing:
        beside.number(connection, missing)
        there |= beside.locked(connection, missing)  # who had one numbered first may have written it
    for job, place in there.items():
        if State(place.state) in OPEN:
            followed = {name: value for name, value in rows[job].items() if name != "code"}
            beside.changed(connection, job, place, followed)
    new = sorted(rows.keys() - there)
    if new:
        moved = {row.job: row.state for row in connection.execute(queries.moved_since(new))}
        codes = free_codes(connection, {job: rows[job]["code"] for job in new})
        own = [{"state": moved.get(job, rows[job]["state"]), "code": codes[job]} for job in new]
        beside.added(connection, [rows[job] | more for job, more in zip(new, own, strict=True)])
    insert_once(connection, history, [row for one in entries for row in history_of(one.receipt)])
    insert_once(connection, notifications, [values_of_note(note) for one in entries for note in one.notes])

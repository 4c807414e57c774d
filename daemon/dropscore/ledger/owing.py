"""Which notification a job owes, and how one is stored."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from dropscore.domain.jobs import State
from dropscore.domain.notes import Note, NoteKind, note_id
from dropscore.ledger.rows import OwedNote, problem_lines
from dropscore.receipt import Receipt

_LONGEST = (800, 400, 200)
"""Characters of each text: the first that leaves all of them, escaped, within the bytes that a column holds."""
_MOST_BYTES = 65_000
_NOTE_STATES = frozenset(
    {State.DELIVERED, State.PARTIAL, State.REJECTED, State.CHECKED, State.ANSWERED, State.HELD}
)  # fmt: skip


def note_of(receipt: Receipt, *, cell_values: bool = False) -> Note | None:
    """Return what people are told of this job; None while it is at work.

    Unless `cell_values` are allowed it says nothing of them: problems are named by count, column and row.
    """
    state = State(receipt.verdict) if receipt.verdict else receipt.state
    if state not in _NOTE_STATES:
        return None
    kind = NoteKind(state)
    times = receipt.times
    moment = times.published or times.finished or times.claimed
    return Note(
        id=note_id(kind, receipt.job),
        kind=kind,
        route=receipt.route,
        at=moment.astimezone(UTC).isoformat(),
        job=receipt.job,
        code=receipt.code,
        name=receipt.name,
        sender=receipt.sender.name,
        sentence=receipt.sentence,
        todo=receipt.todo,
        place=_place(receipt),
        rows=receipt.counts.rows,
        set_aside=receipt.counts.set_aside,
        groups=problem_lines(receipt, cell_values=cell_values),
    )


def _place(receipt: Receipt) -> str:
    """What a reader wants to open: the result, else the workbook to mend, else the original."""
    for role in ("result", "fix", "original"):
        for file in receipt.files:
            if file.role == role:
                return file.path
    return ""


def values_of_note(note: Note) -> dict[str, Any]:
    """Return the note's row in `notifications`, owed at once."""
    created = datetime.fromisoformat(note.at).astimezone(UTC)
    return {
        "id": note.id,
        "kind": str(note.kind),
        "route": note.route,
        "job": note.job,
        "payload": _payload(note),
        "created": created,
        "due": created,
        "attempts": 0,
        "sent_at": None,
        "last_error": None,
    }


def _payload(note: Note) -> str:
    """The note as JSON in ASCII: a name's lone surrogates come back as they were."""
    payload = ""
    for longest in _LONGEST:
        payload = json.dumps({name: _clipped(value, longest) for name, value in asdict(note).items()})
        if len(payload) <= _MOST_BYTES:
            break
    return payload


def _clipped(value: Any, longest: int) -> Any:
    if isinstance(value, str):
        return value[:longest]
    return [line[:longest] for line in value[:5]] if isinstance(value, tuple) else value


def owed_from(found: Any) -> OwedNote:
    """Return the notification that was selected (all columns of `notifications`)."""
    stored = json.loads(found.payload)
    stored["kind"] = NoteKind(stored["kind"])
    stored["groups"] = tuple(stored["groups"])
    return OwedNote(Note(**stored), found.created, found.due, found.attempts, found.last_error)

"""What the ledger tells of a job, and how a receipt becomes a row."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from dropscore.domain.catalogue import CATALOGUE, Scope, shown
from dropscore.domain.jobs import Kind, State, Verdict, Via
from dropscore.domain.notes import Note
from dropscore.domain.problems import Severity
from dropscore.receipt import Event, GroupEntry, Receipt

OPEN = frozenset({State.WORKING, State.HELD})
"""States of a job that has no verdict yet; only its accounting moves it on from there."""

_PUT_AWAY = frozenset({State.ARCHIVED, State.TRASHED})
_MOVED_BY = {
    "mended": State.MENDED,
    "retried": State.MENDED,
    "archived": State.ARCHIVED,
    "trashed": State.TRASHED,
    "held": State.HELD,
    "released": State.WORKING,
}
_SUMMARY_GROUPS = 5


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job. Times are UTC, `seconds` from claim to publication; ids in the lineage are other jobs'."""

    job: str
    code: str
    kind: Kind
    route: str
    state: State
    verdict: Verdict | None
    name: str
    sender: str
    via: Via
    bytes: int
    sha256: str
    model_name: str | None
    model_version: str | None
    model_sha256: str | None
    rows: int
    scored: int
    set_aside: int
    bad_cells: int
    problems: int
    warnings: int
    claimed: datetime
    finished: datetime | None
    published: datetime | None
    seconds: float
    attempts: int
    sentence: str
    todo: str
    summary: str
    """Which problems there are, with counts and without cell values."""
    result: str | None
    """Where the result was published, relative to the root."""
    retry_of: str | None
    mends: str | None
    mended_by: str | None
    late_of: str | None
    answers: str | None
    kept: str
    """Where the receipt is kept, relative to the root."""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """Something that happened to a job. `other` is the job that mends or retries this one."""

    job: str
    at: datetime
    event: str
    by: str
    state: State | None
    other: str | None
    note: str


@dataclass(frozen=True, slots=True)
class OwedNote:
    """A notification that is not sent yet. `attempts` counts the tries that failed."""

    note: Note
    created: datetime
    due: datetime
    attempts: int
    last_error: str | None


class Mark(NamedTuple):
    """A place in the history: an event's number, and what it is known by where a rebuilt ledger counts anew."""

    number: int = 0
    fingerprint: str = ""


class Changes(NamedTuple):
    """Jobs that were moved since a mark, each once, as it is now, with the mark of its newest event."""

    jobs: list[tuple[Mark, JobRow]]
    through: Mark
    """Where to go on."""
    more: bool


class Kept(NamedTuple):
    """What is kept of one job: its receipt, what happened later, and where the receipt lies."""

    receipt: Receipt
    events: Iterable[Event] = ()
    path: str = ""


def job_from(found: Any) -> JobRow:
    """Return the row that was selected (all columns of `jobs`)."""
    values = {name: getattr(found, name) for name in JobRow.__dataclass_fields__}
    values["kind"] = Kind(values["kind"])
    values["state"] = State(values["state"])
    values["via"] = Via(values["via"])
    values["verdict"] = Verdict(values["verdict"]) if values["verdict"] else None
    return JobRow(**values)


def history_from(found: Any) -> HistoryRow:
    """Return the row that was selected (all columns of `history`)."""
    state = State(found.state) if found.state else None
    return HistoryRow(found.job, found.at, found.event, found.by, state, found.other, found.note)


def values_of(receipt: Receipt, kept: str = "") -> dict[str, Any]:
    """Return the columns of the receipt's row in `jobs`."""
    counts, times, lineage, model = receipt.counts, receipt.times, receipt.lineage, receipt.model
    ended = times.published or times.finished
    return {
        "job": receipt.job,
        "code": receipt.code,
        "kind": str(receipt.kind),
        "route": receipt.route,
        "state": str(receipt.state),
        "verdict": str(receipt.verdict) if receipt.verdict else None,
        "name": receipt.name,
        "sender": receipt.sender.name,
        "via": str(receipt.sender.via),
        "bytes": receipt.input.bytes,
        "sha256": receipt.input.sha256,
        "model_name": model.name if model else None,
        "model_version": model.version if model else None,
        "model_sha256": model.sha256 if model else None,
        "rows": counts.rows,
        "scored": counts.scored,
        "set_aside": counts.set_aside,
        "bad_cells": counts.bad_cells,
        "problems": counts.problems,
        "warnings": counts.warnings,
        "claimed": times.claimed,
        "finished": times.finished,
        "published": times.published,
        "seconds": max(0.0, (ended - times.claimed).total_seconds()) if ended else 0.0,
        "attempts": receipt.attempts,
        "sentence": receipt.sentence,
        "todo": receipt.todo,
        "summary": "\n".join(problem_lines(receipt)),
        "result": next((file.path for file in receipt.files if file.role == "result"), None),
        "retry_of": lineage.retry_of,
        "mends": lineage.mends,
        "mended_by": lineage.mended_by,
        "late_of": lineage.late_of,
        "answers": lineage.answers,
        "kept": kept,
        "search": searchable(f"{receipt.code} {receipt.name} {receipt.sender.name}"),
    }


def problem_lines(receipt: Receipt, *, cell_values: bool = False) -> tuple[str, ...]:
    """Return at most five lines that name the receipt's problems: errors first, the commonest first.

    Without `cell_values` they are built from counts, columns, rows and the catalogue alone; with them they are
    the receipt's own sentences, which may quote the file.
    """
    groups = sorted(receipt.groups, key=lambda group: (group.severity is not Severity.ERROR, -group.count))
    return tuple(group.sentence if cell_values else _without_values(group) for group in groups[:_SUMMARY_GROUPS])


def _without_values(group: GroupEntry) -> str:
    known = CATALOGUE.get(group.code)
    meaning = known.meaning.split(". ")[0].rstrip(".") if known else group.code
    if known and known.scope is Scope.FILE:
        return f"{shown(group.column)}: {meaning}." if group.column else f"{meaning}."
    noun = "row" if known and known.scope is Scope.ROW else "cell"
    counted = f"{group.count:,} {noun}{'' if group.count == 1 else 's'}"
    where = f" of {shown(group.column)}" if group.column else ""
    rows = ", ".join(map(str, group.rows[:_SUMMARY_GROUPS]))
    some = f" (row {rows}{', …' if group.count > len(group.rows[:_SUMMARY_GROUPS]) else ''})" if rows else ""
    return f"{counted}{where}{some}: {meaning}."


def searchable(text: str) -> str:
    """Return the text as search compares it: without regard to case, and to how accents are composed."""
    clean = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return unicodedata.normalize("NFC", clean).casefold()


def history_of(receipt: Receipt) -> list[dict[str, Any]]:
    """Return the rows of `history` that the receipt itself tells: claimed, and its verdict."""
    times = receipt.times
    rows = [_told(receipt.job, ("claimed",), times.claimed, "claimed", receipt.sender.name, State.WORKING)]
    ended = times.published or times.finished
    if receipt.verdict and ended:
        verdict = str(receipt.verdict)
        rows.append(_told(receipt.job, ("verdict",), ended, verdict, "dropscore", State(verdict), receipt.sentence))
    return rows


def history_values(job: str, event: Event, state: State | None) -> dict[str, Any]:
    """Return the event's row in `history`. The same line of `J.events.jsonl` always has the same fingerprint."""
    parts = (event.event, f"{event.at.timestamp():.3f}", event.request, event.job, event.notification)
    return _told(job, parts, event.at, event.event, event.by, state, event.note, event.job)


def _told(
    job: str,
    parts: tuple[str | None, ...],
    at: datetime,
    event: str,
    by: str,
    state: State | None,
    note: str = "",
    other: str | None = None,
) -> dict[str, Any]:
    joined = "\x1f".join("" if part is None else part for part in (job, *parts))
    mark = hashlib.blake2b(joined.encode("utf-8", "backslashreplace"), digest_size=20).hexdigest()
    return {
        "fingerprint": mark,
        "job": job,
        "at": at,
        "event": event,
        "by": by,
        "state": str(state) if state else None,
        "other": other,
        "note": note,
    }


def moved_by(event: Event) -> State | None:
    """Return the state that an event of this kind leaves a job in; None where it moves nothing, or goes back."""
    return _MOVED_BY.get(event.event)


def state_after(receipt: Receipt, events: Iterable[Event]) -> tuple[State, list[tuple[Event, State | None]]]:
    """Return where a job stands after all that happened to it, and each event with the state it led to.

    `restored` brings a job back to where it stood before it was archived or trashed: its files go back there, too.
    The order is that in which events were written down: a clock that is set back must not turn it around.
    """
    state = receipt.state
    left: list[State] = []
    told: list[tuple[Event, State | None]] = []
    for event in events:
        moved = moved_by(event)
        if moved in OPEN and receipt.verdict is not None:
            moved = None  # held and released tell of the time before the verdict
        if event.event == "restored" and left:
            state = left.pop()
            while state in _PUT_AWAY and left:
                state = left.pop()
            moved = state
        elif moved is not None:
            left.append(state)
            state = moved
        told.append((event, moved))
    return state, told

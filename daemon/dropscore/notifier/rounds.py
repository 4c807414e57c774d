"""One round of the notifier: take what is owed, put together what belongs together, send, mark.

At least once: a note is marked as sent after everybody who is meant has it. What was reached within this process
is remembered, so that one address that is away does not make all the others hear of a thing again and again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from dropscore.domain.errors import Unavailable
from dropscore.domain.notes import Note, Recipients
from dropscore.ledger import Ledger, OwedNote
from dropscore.notifier import child
from dropscore.notifier.addresses import Target, targets_of
from dropscore.notifier.messages import Audience, Style, message_of
from dropscore.notifier.redaction import safe_url

log = structlog.get_logger("dropscore.notifier")

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 300.0
NOBODY = "Nobody is to be told."
_REMARK_AFTER = timedelta(hours=24)
_CLOCK_WAS_SET_BACK = timedelta(seconds=-5)
_AT_ONCE = 4
_MOST_NOTES = 5000

Meant = Mapping[str, tuple[Target, ...]]
"""By note id: whom it is for."""
RecordSent = Callable[[Sequence[Note], datetime], None]
"""Make durable that these notes were sent, before the ledger is told. OSError or Unavailable: it is tried again."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How people are told. `group_seconds`: what happens in a route within this time goes out as one message."""

    group_seconds: float = 30.0
    urgent_seconds: float = 5.0
    """The same, for operators."""
    deadline_seconds: float = 30.0
    style: Style = field(default_factory=Style)


class Rest(NamedTuple):
    """An address that failed is left alone for a while."""

    failures: int
    until: datetime
    reason: str


@dataclass(slots=True)
class Memory:
    """What this process knows beyond the ledger."""

    reached: dict[str, set[str]] = field(default_factory=dict)
    """By note id: the addresses that have it."""
    recorded: set[str] = field(default_factory=set)
    """Notes whose sending is durable already, but not marked in the ledger yet."""
    resting: dict[str, Rest] = field(default_factory=dict)
    """By address."""
    sent: Counter[str] = field(default_factory=Counter)
    """Messages, by audience. `failed`, too."""
    failed: Counter[str] = field(default_factory=Counter)

    def pending(self, note_id: str, targets: Sequence[Target]) -> list[Target]:
        """Return who has not heard of the note yet."""
        return [target for target in targets if target.url not in self.reached.get(note_id, ())]

    def is_resting(self, url: str, now: datetime) -> bool:
        rest = self.resting.get(url)
        return rest is not None and now < rest.until <= now + timedelta(seconds=LONGEST_PAUSE)

    def forget(self, ids: Iterable[str]) -> None:
        for note_id in ids:
            self.reached.pop(note_id, None)
            self.recorded.discard(note_id)


@dataclass(frozen=True, slots=True)
class _Group:
    """The notes of one route for one address: one message."""

    target: Target
    notes: list[OwedNote]

    @property
    def first(self) -> datetime:
        return min(one.created for one in self.notes)


def back_off(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row: 2 s, doubled each time, at most 5 minutes."""
    return timedelta(seconds=min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(max(failures, 1) - 1, 20)))


def work_once(
    ledger: Ledger,
    recipients: Recipients,
    manner: Manner,
    now: datetime,
    memory: Memory,
    record_sent: RecordSent = lambda notes, at: None,
) -> bool:
    """Send what is due; return whether anything was done. Raises Unavailable where the ledger is away."""
    owed = ledger.owed(now, _MOST_NOTES)
    if not owed:
        return False
    meant = {one.note.id: targets_of(one.note, recipients) for one in owed}
    ready = [group for group in _grouped(owed, meant, memory) if _is_ripe(group, manner, now)]
    to_send = [group for group in ready if not memory.is_resting(group.target.url, now)]
    later = _send_all(to_send, manner, memory, now)
    marked = _mark(ledger, owed, meant, memory, later, record_sent)
    put_off = _put_off(ledger, owed, meant, memory, later)
    return bool(to_send) or marked or put_off


def _grouped(owed: Sequence[OwedNote], meant: Meant, memory: Memory) -> list[_Group]:
    groups: dict[tuple[str, Target], _Group] = {}
    for one in owed:
        for target in memory.pending(one.note.id, meant[one.note.id]):
            groups.setdefault((one.note.route, target), _Group(target, [])).notes.append(one)
    return list(groups.values())


def _is_ripe(group: _Group, manner: Manner, now: datetime) -> bool:
    """Whether the group's first note has waited for company long enough."""
    age = now - group.first
    wait = manner.urgent_seconds if group.target.audience is Audience.OPERATORS else manner.group_seconds
    return age >= timedelta(seconds=wait) or age < _CLOCK_WAS_SET_BACK


def _send_all(groups: Sequence[_Group], manner: Manner, memory: Memory, now: datetime) -> datetime:
    """Send the groups, keep what came of each in `memory`, and return the time at which that was done."""
    if not groups:
        return now
    began = time.monotonic()
    with ThreadPoolExecutor(_AT_ONCE) as threads:  # threads that wait for child processes
        answers = list(threads.map(lambda group: _send(group, manner), groups))
    later = now + timedelta(seconds=time.monotonic() - began)
    for group, answer in zip(groups, answers, strict=True):
        url = group.target.url
        facts = {"to": _shown(group.target), "notes": len(group.notes), "code": group.notes[0].note.code}
        if answer.ok:
            memory.resting.pop(url, None)
            memory.sent[group.target.audience] += 1
            for one in group.notes:
                memory.reached.setdefault(one.note.id, set()).add(url)
            log.info("told", **facts)
        else:
            memory.failed[group.target.audience] += 1
            failures = memory.resting[url].failures + 1 if url in memory.resting else 1
            memory.resting[url] = Rest(failures, later + back_off(failures), answer.detail)
            log.warning("not told", **facts, failures=failures, since=group.first.isoformat(), reason=answer.detail)
    return later


def _send(group: _Group, manner: Manner) -> child.Answer:
    message = message_of([one.note for one in group.notes], group.target.audience, manner.style)
    return child.send(group.target.url, message, manner.deadline_seconds)


def _mark(
    ledger: Ledger,
    owed: Sequence[OwedNote],
    meant: Meant,
    memory: Memory,
    at: datetime,
    record_sent: RecordSent,
) -> bool:
    """Mark what everybody who is meant has, durably first: a lost ledger must not tell people again."""
    for_nobody = [one.note.id for one in owed if not meant[one.note.id]]
    done = [
        one.note for one in owed if meant[one.note.id] and not memory.pending(one.note.id, meant[one.note.id])
    ]  # fmt: skip
    if for_nobody:
        ledger.sent(for_nobody, at, NOBODY)
    if not done:
        return bool(for_nobody)
    fresh = [note for note in done if note.id not in memory.recorded]
    try:
        record_sent(fresh, at)
    except (OSError, Unavailable) as error:
        log.warning("cannot record what was sent", reason=str(error))
        return bool(for_nobody)
    memory.recorded.update(note.id for note in fresh)
    ids = [note.id for note in done]
    ledger.sent(ids, at)
    memory.forget(ids)
    return True


def _put_off(ledger: Ledger, owed: Sequence[OwedNote], meant: Meant, memory: Memory, now: datetime) -> bool:
    """Put off each note whose remaining addresses all rest, until the first of them may be tried again."""
    until: dict[tuple[datetime, str], list[str]] = {}
    for one in owed:
        pending = memory.pending(one.note.id, meant[one.note.id])
        if not pending or not all(memory.is_resting(target.url, now) for target in pending):
            continue
        first = min(pending, key=lambda target: memory.resting[target.url].until)
        rest = memory.resting[first.url]
        late = "Not sent for more than a day. " if now - one.created > _REMARK_AFTER else ""
        error = f"{late}{_shown(first)}: {rest.reason}"
        until.setdefault((rest.until, error), []).append(one.note.id)
    for (moment, error), ids in until.items():
        ledger.put_off(ids, error, moment)
    return bool(until)


def _shown(target: Target) -> str:
    return f"{target.audience} at {safe_url(target.url)}"

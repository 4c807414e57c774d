"""The ledger: the table of jobs, their history and the notifications owed.

It is a projection of the kept receipts and events, so it may be away, late or lost without harm; and whatever is
written to it may be written twice. Raises `Unavailable("ledger", …)` whenever the database fails, and can be used
again at the next call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Self

from sqlalchemy import Connection, select, update

from dropscore.domain.jobs import State
from dropscore.domain.notes import Note
from dropscore.ledger import beside, queries, search
from dropscore.ledger.accounting import Entry, account
from dropscore.ledger.copying import Copied, Moved, copy, same_place
from dropscore.ledger.owing import owed_from, values_of_note
from dropscore.ledger.rebuild import Rebuilt, rebuild
from dropscore.ledger.rows import (
    Changes,
    HistoryRow,
    JobRow,
    Kept,
    Mark,
    OwedNote,
    history_from,
    history_values,
    job_from,
    moved_by,
)
from dropscore.ledger.store import BUSY_SECONDS, Database
from dropscore.ledger.tables import history, jobs, notifications
from dropscore.ledger.upsert import insert_once
from dropscore.receipt import Event, Receipt


class Ledger:
    """The ledger at one URL. Making one opens nothing: a server that is away at the start is found by the first call.

    It may be used from one thread at a time. Close it before a process forks.
    """

    def __init__(self, url: str, *, reading: bool = False, busy_seconds: float = BUSY_SECONDS) -> None:
        self._database = Database(url, reading=reading, busy_seconds=busy_seconds)

    @classmethod
    def open(cls, url: str, *, reading: bool = False, busy_seconds: float = BUSY_SECONDS) -> Self:
        """Open the ledger now, and migrate it where it is older; a reader migrates and makes nothing."""
        ledger = cls(url, reading=reading, busy_seconds=busy_seconds)
        try:
            ledger.ready()
        except BaseException:
            ledger.close()
            raise
        return ledger

    @property
    def described(self) -> str:
        """Where it is, for people, without credentials."""
        return self._database.described

    def ready(self) -> None:
        """See that it can be used. Raises Unavailable where it cannot, or where a newer version made it."""
        self._database.ready()

    def close(self) -> None:
        self._database.close()

    # Writing

    def account(self, receipt: Receipt, notes: Iterable[Note] = (), *, kept: str = "") -> None:
        """Write a job and the notifications it owes, in one transaction. Doing it again changes nothing.

        While a job is open, its row follows the receipt. Once it has a verdict only events move it on: an
        accounting that is made up for late never takes it back.
        """
        self.account_all([Entry(receipt, tuple(notes), kept)])

    def account_all(self, entries: Sequence[Entry]) -> None:
        """Do the same for many jobs, in one transaction."""
        self._database.write(partial(account, entries=entries))

    def record_event(self, job: str, event: Event, state: State | str | None = None) -> None:
        """Write what happened to a job later, once. `state` is where it leaves the job; else what the event means."""
        moved = State(state) if state else moved_by(event)

        def work(connection: Connection) -> None:
            known = beside.locked(connection, [job]).get(job)
            row = history_values(job, event, moved)
            if connection.execute(queries.told(row["fingerprint"])).first():
                return  # it was written before, and newer events may have moved the job since
            insert_once(connection, history, [row])
            values: dict[str, Any] = {"state": str(moved)} if moved else {}
            if event.event == "mended":
                values["mended_by"] = event.job
            if known and values:
                beside.changed(connection, job, known, values)

        self._database.write(work)

    def owe(self, notes: Iterable[Note]) -> None:
        """Owe these notifications; those that are owed or sent already stay as they are."""
        owed = [values_of_note(note) for note in notes]
        self._database.write(lambda connection: insert_once(connection, notifications, owed))

    def sent(self, ids: Collection[str], at: datetime, remark: str | None = None) -> None:
        """Mark notifications as sent; `remark` says why where nobody was told."""
        done = update(notifications).where(notifications.c.id.in_(list(ids)), notifications.c.sent_at.is_(None))
        self._database.write(
            lambda connection: connection.execute(done.values(sent_at=at, due=None, last_error=remark))
        )

    def put_off(self, ids: Collection[str], error: str, until: datetime) -> None:
        """Mark a failed try, to be repeated at `until`. `error` must hold no secrets."""
        later = update(notifications).where(notifications.c.id.in_(list(ids)), notifications.c.sent_at.is_(None))
        values = {"attempts": notifications.c.attempts + 1, "due": until, "last_error": error}
        self._database.write(lambda connection: connection.execute(later.values(values)))

    def rebuild(self, kept: Iterable[Kept | tuple[Receipt, Sequence[Event]]], now: datetime) -> Rebuilt:
        """Restore jobs, history and notifications from the kept receipts. See `dropscore.ledger.rebuild`."""
        return rebuild(self._database, (Kept(*one) for one in kept), now)

    def copy_to(self, target: Ledger, moved: Moved = lambda done, total: None) -> Copied:
        """Copy everything to another ledger, and compare. See `dropscore.ledger.copying`."""
        return copy(self._database, target._database, moved)

    def is_at(self, url: str) -> bool:
        """Tell whether the URL names this ledger's database."""
        return same_place(self._database, Database(url))

    # Reading

    def job(self, code_or_id: str) -> JobRow | None:
        """Return the job of that code, as people type codes, or of that id."""
        named = queries.named(code_or_id)
        found = self._database.read(lambda connection: connection.execute(named).first())
        return job_from(found) if found else None

    def states(self, ids: Collection[str]) -> dict[str, State]:
        """Return where the jobs of these ids stand; those that the ledger does not have are left out."""
        found = select(jobs.c.job, jobs.c.state).where(jobs.c.job.in_(sorted(ids)))
        return {job: State(state) for job, state in self._database.read(lambda c: c.execute(found).all())}

    def jobs(
        self,
        *,
        states: Collection[State] | None = None,
        routes: Collection[str] | None = None,
        sender: str | None = None,
        text: str = "",
        since: datetime | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> list[JobRow]:
        """Return jobs, newest first. `before` is the id of the last job of the page above.

        `states` and `routes` of None mean all, and an empty one means none. `text` is looked for in code, name
        and sender, whatever its case; how far back is told in `dropscore.ledger.search`.
        """
        wanted = queries.Wanted(states, routes, sender, text, since, limit)

        def work(connection: Connection) -> list[JobRow]:
            top = connection.execute(select(jobs.c.claimed, jobs.c.job).where(jobs.c.job == before)).first()
            below = (top.claimed, top.job) if top else None
            found = search.find if wanted.text.strip() else queries.rows
            return [job_from(row) for row in found(connection, wanted, below)]

        return self._database.read(work)

    def counts(self, *, routes: Collection[str] | None = None, since: datetime | None = None) -> dict[State, int]:
        """Return how many jobs are in each state; states without any are left out."""
        counting = queries.counts(routes, since)

        def work(connection: Connection) -> dict[State, int]:
            found: Counter[State] = Counter()
            for statement in counting:
                for state, number in connection.execute(statement):
                    found[State(state)] += int(number)
            return {state: number for state, number in found.items() if number}

        return self._database.read(work)

    def history(self, job: str) -> list[HistoryRow]:
        """Return what happened to a job, oldest first."""
        told = queries.history_of(job)
        rows = self._database.read(lambda connection: connection.execute(told).all())
        return [history_from(row) for row in rows]

    def newest_event(self) -> Mark:
        """Return the mark of the newest event; the empty one where there is none."""
        found = self._database.read(lambda connection: connection.execute(queries.newest_event()).first())
        return Mark(*found) if found else Mark()

    def changes(self, since: Mark, limit: int = 500) -> Changes | None:
        """Return which jobs were moved by the events after a mark, oldest first.

        Its fingerprint may be cut short. None: this ledger has no such event; it was rebuilt since, or is another.
        """

        def work(connection: Connection) -> Changes | None:
            known = connection.execute(queries.event(since.number)).first() if since.number else Mark()
            if known is None or not known.fingerprint.startswith(since.fingerprint):
                return None
            events = connection.execute(queries.since(since.number, limit)).all()
            newest = {event.job: Mark(event.id, event.fingerprint) for event in events}
            found = connection.execute(queries.of_ids(newest)).all() if newest else []
            moved = sorted((newest[row.job], job_from(row)) for row in found)
            through = Mark(events[-1].id, events[-1].fingerprint) if events else Mark(*known)
            return Changes(moved, through, len(events) == limit)

        return self._database.read(work)

    def earlier(self, route: str, sha256: str, model_sha256: str) -> JobRow | None:
        """Return the newest job of that route that scored the same content with the same model."""
        found = self._database.read(
            lambda connection: connection.execute(queries.earlier(route, sha256, model_sha256)).first()
        )
        return job_from(found) if found else None

    def owed(self, now: datetime, limit: int = 1000) -> list[OwedNote]:
        """Return notifications that are due, oldest first."""
        due = queries.due(now, limit)
        return [owed_from(row) for row in self._database.read(lambda connection: connection.execute(due).all())]

    def owing(self) -> int:
        """Return how many notifications are not sent yet."""
        return int(self._database.read(lambda connection: connection.execute(queries.owing()).scalar()) or 0)

    def owing_since(self) -> datetime | None:
        """Return when the oldest happened of what people are not told of yet."""
        return self._database.read(lambda connection: connection.execute(queries.oldest_owed()).scalar())

"""The ledger's reading statements, written so that an index answers each of them however many jobs there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, and_, func, or_, select, union_all

from dropscore.domain.jobs import Kind, State, Verdict
from dropscore.ledger.rows import OPEN, searchable
from dropscore.ledger.tables import history, jobs, notifications, tallies

_LOOKALIKES = str.maketrans("ILO", "110")
"""Crockford's base 32 has no I, L and O: who types them means 1 and 0."""
_ID_LENGTH = 26
_MOST_BRANCHES = 60
_LONGEST_BACK_OFF = timedelta(hours=1)
_SCORED = (str(Verdict.DELIVERED), str(Verdict.PARTIAL))
COLUMNS: list[Column[Any]] = [column for column in jobs.c if column.name != "search"]
_KEYS: list[Column[Any]] = [jobs.c.claimed, jobs.c.job]


class Wanted(NamedTuple):
    """Which jobs are asked for; None means all."""

    states: Collection[State] | None
    routes: Collection[str] | None
    sender: str | None
    text: str
    since: datetime | None
    limit: int


def page(wanted: Wanted, below: tuple[datetime, str] | None) -> Select[Any] | None:
    """Return the statement of one page, newest first; None where nothing can be found.

    One state, or one state of one route, is a stretch of an index that is in the right order already. Several
    are read as so many stretches, each no longer than the page, and then put together.
    """
    states: list[str] | list[None] = [None] if wanted.states is None else sorted(map(str, wanted.states))
    routes: list[str] | list[None] = [None] if wanted.routes is None else sorted(wanted.routes)
    if states == [None] and routes != [None]:
        states = [str(state) for state in State]  # the index by route goes by state, too
    branches = list(product(states, routes))
    if not branches or wanted.limit < 1:
        return None
    rest = _conditions(wanted, below)
    if wanted.sender is not None:
        # The index by sender goes by state, too. What is left to sift are one sender's jobs in other routes.
        within = [] if wanted.routes is None else [jobs.c.route.in_(routes)]
        states = [str(state) for state in State] if wanted.states is None else states
        branches, rest = list(product(states, [None])), [*rest, *within]
    if len(branches) == 1:
        return _stretch([*_of(*branches[0]), *rest], wanted.limit)
    if len(branches) > _MOST_BRANCHES:
        among = [] if wanted.states is None else [jobs.c.state.in_(states)]
        return _stretch([*among, jobs.c.route.in_(routes), *rest], wanted.limit)
    stretches = [_stretch([*_of(*branch), *rest], wanted.limit, _KEYS).subquery() for branch in branches]
    together = union_all(*(select(stretch) for stretch in stretches)).subquery()
    newest = select(together).order_by(together.c.claimed.desc(), together.c.job.desc()).limit(wanted.limit).subquery()
    # Keys alone are read from the indexes and put together; whole rows are fetched for those that are shown.
    shown = select(*COLUMNS).join(newest, newest.c.job == jobs.c.job)
    return shown.order_by(jobs.c.claimed.desc(), jobs.c.job.desc())


def rows(connection: Connection, wanted: Wanted, below: tuple[datetime, str] | None) -> Sequence[Row[Any]]:
    """Return the rows of one page, newest first."""
    statement = page(wanted, below)
    return [] if statement is None else connection.execute(statement).all()


def _stretch(
    conditions: list[ColumnElement[bool]], limit: int, columns: Sequence[Column[Any]] = COLUMNS
) -> Select[Any]:
    newest = (jobs.c.claimed.desc(), jobs.c.job.desc())
    return select(*columns).where(*conditions).order_by(*newest).limit(limit)


def _of(state: str | None, route: str | None) -> list[ColumnElement[bool]]:
    of_state = [] if state is None else [jobs.c.state == state]
    return of_state if route is None else [*of_state, jobs.c.route == route]


def _conditions(wanted: Wanted, below: tuple[datetime, str] | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.sender is not None:
        found.append(jobs.c.sender == wanted.sender)
    if wanted.text.strip():
        found.append(having(wanted.text))
    if wanted.since is not None:
        found.append(jobs.c.claimed >= wanted.since)
    if below is not None:
        claimed, job = below
        # The first condition is implied by the second, and is the one that an index understands.
        found += [
            jobs.c.claimed <= claimed,
            or_(jobs.c.claimed < claimed, and_(jobs.c.claimed == claimed, jobs.c.job < job)),
        ]
    return found


def having(text: str) -> ColumnElement[bool]:
    """Return the condition that a job's code, name or sender holds the text."""
    return jobs.c.search.contains(searchable(text.strip()), autoescape=True)


def named(code_or_id: str) -> Select[Any]:
    """Return the statement for one job, by id or by code, in whatever case."""
    asked = code_or_id.strip().upper()
    if len(asked) == _ID_LENGTH:
        return select(*COLUMNS).where(jobs.c.job == asked)
    return select(*COLUMNS).where(jobs.c.code.in_({asked, asked.translate(_LOOKALIKES)}))


def counts(routes: Collection[str] | None, since: datetime | None) -> list[Select[Any]]:
    """Return the statements that count jobs by state; their numbers are to be added up.

    Whole days are tallied. The day that `since` falls into is counted from there on, in an index.
    """
    counted = select(tallies.c.state, func.sum(tallies.c.jobs)).group_by(tallies.c.state)
    if routes is not None:
        counted = counted.where(tallies.c.route.in_(sorted(routes)))
    if since is None:
        return [counted]
    moment = since.astimezone(UTC)
    night = moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    part = select(jobs.c.state, func.count()).where(
        jobs.c.state.in_([str(state) for state in State]), jobs.c.claimed >= moment, jobs.c.claimed < night
    )
    if routes is not None:
        part = part.where(jobs.c.route.in_(sorted(routes)))
    return [counted.where(tallies.c.day >= night.date()), part.group_by(jobs.c.state)]


def earlier(route: str, sha256: str, model_sha256: str) -> Select[Any]:
    """Return the statement for the newest job that scored this content in this route with this model."""
    return (
        select(*COLUMNS)
        .where(
            jobs.c.sha256 == sha256,
            jobs.c.route == route,
            jobs.c.model_sha256 == model_sha256,
            jobs.c.kind == str(Kind.SCORE),
            jobs.c.verdict.in_(_SCORED),
        )
        .order_by(jobs.c.claimed.desc(), jobs.c.job.desc())
        .limit(1)
    )


def moved_since(ids: Collection[str]) -> Select[Any]:
    """Return the statement for the states that jobs' events moved them to after their verdicts, the newest last."""
    closed = [str(state) for state in State if state not in OPEN]
    events = select(history.c.job, history.c.state).where(
        history.c.job.in_(ids),
        history.c.state.in_(closed),
        history.c.event.not_in([str(verdict) for verdict in Verdict]),
    )
    return events.order_by(history.c.id)  # not by time: clocks are set back


def newest_event() -> Select[Any]:
    """Return the statement for the newest event."""
    return select(history.c.id, history.c.fingerprint).order_by(history.c.id.desc()).limit(1)


def event(number: int) -> Select[Any]:
    """Return the statement for the event of that number."""
    return select(history.c.id, history.c.fingerprint).where(history.c.id == number)


def since(number: int, limit: int) -> Select[Any]:
    """Return the statement for the events after that number that moved a job, oldest first.

    Numbers are in the order of commits, because one writer alone tells the ledger what happened.
    """
    after = select(history.c.id, history.c.fingerprint, history.c.job)
    return after.where(history.c.id > number, history.c.state.is_not(None)).order_by(history.c.id).limit(limit)


def of_ids(ids: Collection[str]) -> Select[Any]:
    """Return the statement for the jobs of these ids."""
    return select(*COLUMNS).where(jobs.c.job.in_(sorted(ids)))


def history_of(job: str) -> Select[Any]:
    """Return the statement for what happened to a job, oldest first."""
    return select(history).where(history.c.job == job).order_by(history.c.at, history.c.id)


def told(fingerprint: str) -> Select[Any]:
    """Return the statement that finds an event which is written already."""
    return select(history.c.id).where(history.c.fingerprint == fingerprint)


def due(now: datetime, limit: int) -> Select[Any]:
    """Return the statement for notifications that are due, oldest first.

    One that is due further ahead than any back-off was put off before the clock was set back: it is due.
    """
    return (
        select(notifications)
        .where(or_(notifications.c.due <= now, notifications.c.due > now + _LONGEST_BACK_OFF))
        .order_by(notifications.c.created, notifications.c.id)
        .limit(limit)
    )


def owing() -> Select[Any]:
    """Return the statement that counts the notifications that are not sent yet."""
    return select(func.count()).select_from(notifications).where(notifications.c.due.is_not(None))


def oldest_owed() -> Select[Any]:
    """Return the statement for when the oldest of these happened."""
    return select(func.min(notifications.c.created)).where(notifications.c.due.is_not(None))

"""The lists of files: jobs of the ledger, jobs at work, drops that wait, requests that the daemon has not taken."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import State
from dropscore.folders import Root
from dropscore.ledger import JobRow, Ledger
from dropscore.web import asking, uploads
from dropscore.web.context import Web
from dropscore.web.daemon import Daemon
from dropscore.web.people.roles import Power, Who
from dropscore.web.query import FRONT_ROWS, PER_PAGE, STATES, Query, View

_NOT_DROPS = frozenset({"ignored-name", "in-flight", "not-a-file"})
_GONE_BY = frozenset({State.ARCHIVED, State.TRASHED})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list. `id` is its own on the page; `changeable` says whether the reader may act on it."""

    id: str
    state: str
    name: str
    route: str
    job: str = ""
    code: str = ""
    kind: str = "score"
    sender: str = ""
    via: str = ""
    rows: int | None = None
    set_aside: int = 0
    received: datetime | None = None
    seconds: float | None = None
    summary: tuple[str, ...] = ()
    sentence: str = ""
    percent: int | None = None
    result: bool = False
    other: str = ""
    """The job that took its place."""
    request: str = ""
    """A request that may be withdrawn."""
    take: str = ""
    """A drop that the reader may have taken at once, as `route/name`."""
    changeable: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    view: View
    rows: tuple[Row, ...]
    total: int | None = None
    next: str = ""
    """The id after which the next page begins, if there is one."""


@dataclass(frozen=True, slots=True)
class Board:
    sections: tuple[Section, ...]
    counts: dict[View, int]
    daemon: Daemon
    waiting: int = 0
    """Drops and uploads that nobody works on yet; as many as there are, whether shown or not."""
    trouble: str = ""
    """Why the ledger cannot be read, if so."""


@dataclass(slots=True)
class _Gathered:
    rows: list[Row] = field(default_factory=list)
    held: list[Row] = field(default_factory=list)


def board(web: Web, who: Who, query: Query, daemon: Daemon, now: datetime | None = None) -> Board:
    """Return the lists that a page shows. Routes that the reader does not see are not there."""
    now = now or datetime.now(UTC)
    routes = routes_for(who, query)
    live = _live(web.root, who, query, daemon, routes)
    views = (View.ATTENTION, View.PROGRESS, View.DONE) if query.view is View.FRONT else (query.view,)
    limit = FRONT_ROWS if query.view is View.FRONT else PER_PAGE
    try:
        with web.ledgers.one() as ledger:
            counted = ledger.counts(routes=routes)
            at_work = [row.job for row in (*live.rows, *live.held) if row.job]
            told = set(ledger.states(at_work)) if at_work else set()
            taken = _taken_since(ledger, daemon, routes)
            found = {view: newest(ledger, query, view, routes, query.since_moment(now), limit + 1) for view in views}
        trouble = ""
    except Unavailable as fault:
        counted, told, taken, found, trouble = {}, set(), set(), {view: [] for view in views}, str(fault)
    fresh = [row for row in live.rows if row.job not in told and row.id not in taken]
    held = [row for row in live.held if row.job not in told]
    counts = {view: sum(counted.get(state, 0) for state in states) for view, states in STATES.items()}
    counts[View.PROGRESS] += len(fresh)
    counts[View.ATTENTION] += len(held)
    sections = tuple(_section(view, found[view], query, who, counts, limit, fresh, held) for view in views)
    waiting = sum(1 for row in fresh if row.state == "waiting")
    return Board(sections, counts, daemon, waiting, trouble)


def _taken_since(ledger: Ledger, daemon: Daemon, routes: Collection[str] | None) -> set[str]:
    """Return the rows of drops that were taken and done since the daemon wrote that they wait."""
    if not daemon.waiting or not daemon.written:
        return set()
    since = datetime.fromisoformat(daemon.written)
    done = {(row.route, row.name) for row in ledger.jobs(routes=routes, since=since, limit=PER_PAGE)}
    return {_waiting_id(entry) for entry in daemon.waiting if (entry.get("route"), entry.get("name")) in done}


def newest(
    ledger: Ledger, query: Query, view: View, routes: Collection[str] | None, since: datetime | None, limit: int
) -> list[JobRow]:
    """Return the newest jobs of a view.

    State by state, and put together here: each is a plain stretch of an index, and building one statement for
    several takes SQLAlchemy ten times as long as running them.
    """
    wanted = query.wanted_states(view)
    parts: list[list[State] | None] = [None] if len(wanted) == len(State) else [[state] for state in wanted]
    found = [
        ledger.jobs(
            states=part,
            routes=routes,
            sender=query.sender or None,
            text=query.text,
            since=since,
            before=query.before or None,
            limit=limit,
        )
        for part in parts
    ]
    rows = [row for part in found for row in part]
    return sorted(rows, key=lambda row: (row.claimed, row.job), reverse=True)[:limit]


def routes_for(who: Who, query: Query) -> Collection[str] | None:
    """Return the routes to look at; None means every one."""
    if not query.routes:
        return who.routes
    return [route for route in query.routes if who.sees(route)]


def _section(
    view: View,
    found: list[JobRow],
    query: Query,
    who: Who,
    counts: dict[View, int],
    limit: int,
    fresh: list[Row],
    held: list[Row],
) -> Section:
    rows = [row_of(job, who) for job in found[:limit]]
    if not query.before:
        first = fresh if view in (View.PROGRESS, View.ALL) else held if view is View.ATTENTION else []
        wanted = [row for row in first if not query.states or row.state in query.states]
        # What waits tells its place in the queue, which changes all the time: long lists of it would cost too much.
        rows = [*wanted[:limit], *rows]
    more = found[limit - 1].job if len(found) > limit else ""
    return Section(view, tuple(rows), None if query.filtered else counts[view], more)


def row_of(job: JobRow, who: Who) -> Row:
    return Row(
        id=f"j-{job.job}",
        state=str(job.state),
        name=job.name,
        route=job.route,
        job=job.job,
        code=job.code,
        kind=str(job.kind),
        sender=job.sender,
        via=str(job.via),
        rows=job.rows if job.verdict else None,
        set_aside=job.set_aside,
        received=job.claimed,
        seconds=job.seconds,
        summary=tuple(job.summary.splitlines()),
        sentence=job.sentence,
        result=job.result is not None and job.state not in _GONE_BY,
        other=job.mended_by or "",
        changeable=who.may_change(job.route, job.sender),
    )


def _live(root: Root, who: Who, query: Query, daemon: Daemon, routes: Collection[str] | None) -> _Gathered:
    """Return what has no row in the ledger yet, as far as the reader may see it and asked for it."""
    gathered = _Gathered()
    for row in (*_asked(root, who), *_at_work(daemon, who), *_waiting(daemon, who)):
        seen = routes is None or row.route in routes
        text = query.text.casefold()
        fits = not text or text in f"{row.name} {row.code} {row.sender}".casefold()
        if seen and fits and (not query.sender or row.sender == query.sender):
            (gathered.held if row.state == State.HELD else gathered.rows).append(row)
    return gathered


def _waiting(daemon: Daemon, who: Who) -> Iterable[Row]:
    for entry in daemon.waiting:
        if entry.get("waiting") in _NOT_DROPS:
            continue
        route, name = str(entry.get("route")), str(entry.get("name"))
        yield Row(
            id=_waiting_id(entry),
            state="waiting",
            name=name,
            route=route,
            kind="check" if str(entry.get("folder", "")).endswith("/check") else "score",
            via="folder",
            sentence=str(entry.get("why", "")),
            take=f"{route}/{name}" if who.may(Power.OPERATE) else "",
        )


def _waiting_id(entry: Mapping[str, Any]) -> str:
    place = f"{entry.get('folder')}/{entry.get('name')}"
    return f"w-{hashlib.blake2b(place.encode('utf-8', 'backslashreplace'), digest_size=8).hexdigest()}"


def _at_work(daemon: Daemon, who: Who) -> Iterable[Row]:
    for entry in daemon.jobs:
        sender = entry.get("sender") or {}
        held = str(entry.get("held") or "")
        progress = entry.get("progress") or {}
        total = progress.get("total") or 0
        route = str(entry["route"])
        yield Row(
            id=f"j-{entry['job']}",
            state="held" if held else "working",
            name=str(entry["name"]),
            route=route,
            job=str(entry["job"]),
            code=str(entry["code"]),
            kind=str(entry.get("kind", "score")),
            sender=str(sender.get("name", "")),
            via=str(sender.get("via", "")),
            received=datetime.fromisoformat(entry["claimed"]),
            sentence=held or (f"waits for {entry['waits_for']}" if entry.get("waits_for") else ""),
            percent=min(100, 100 * int(progress.get("bytes", 0)) // total) if total else None,
            changeable=bool(held) and who.may_change(route, str(sender.get("name", ""))),
        )


def _asked(root: Root, who: Who) -> Iterable[Row]:
    """Uploads that the daemon has not taken: it may be away."""
    for request in asking.pending(root):
        if request.verb != asking.SUBMIT:
            continue
        meta = uploads.read_meta(root, request.upload)
        if meta:
            mine = request.by == who.name or who.may(Power.OPERATE)
            yield Row(
                id=f"j-{request.upload}",
                state="waiting",
                name=str(meta.get("name", "")),
                route=str(meta.get("route", "")),
                kind=str(meta.get("kind", "score")),
                sender=str(meta.get("user", "")),
                via=str(meta.get("via", "")),
                sentence="It waits for the daemon.",
                request=request.request if mine else "",
            )

"""The event stream: what happened to jobs, in the order in which the ledger was told, and nothing left out.

Every stream reads the ledger's history from where its reader has come to. So it goes on after a break of the line
and after a restart of this process just as it does while it is open.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from time import monotonic

import structlog
from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, HTTPException, Request
from fastapi.responses import StreamingResponse

from dropscore.domain.errors import Unavailable
from dropscore.ledger import Changes, Mark
from dropscore.web.api.callers import Reader
from dropscore.web.api.documents import document_of
from dropscore.web.api.problems import DOCUMENTED
from dropscore.web.context import Here, Web
from dropscore.web.people import tokens
from dropscore.web.people.roles import Who

log = structlog.get_logger()
router = APIRouter(responses=DOCUMENTED)
MOST_BEHIND = 100_000
"""Events. Who has missed more is told to list the jobs: that is sooner done."""
LOOK_SECONDS = 1.0
BEAT_SECONDS = 15.0
MOST_STREAMS = 100
_ID = re.compile(r"(\d{1,18})-([0-9a-f]{12})")
_NOTHING = "0-0"


class Feed:
    """Looks for news once a second while anybody listens, and wakes all streams when there is any."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._newest: Mark | None = None
        self.streams = 0
        self.pulse = asyncio.Event()
        """Set once, at the next news; then another one takes its place."""
        self.stopped = False

    async def run(self) -> None:
        """Look while anybody listens; to be cancelled at the end."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self.streams:
                continue
            try:
                newest = await run_sync(self.newest)
            except Unavailable:
                continue
            if newest != self._newest:
                self._newest = newest
                self._beat()

    def newest(self) -> Mark:
        with self._web.ledgers.one() as ledger:
            return ledger.newest_event()

    def since(self, mark: Mark) -> Changes | None:
        with self._web.ledgers.one() as ledger:
            return ledger.changes(mark)

    def stop(self) -> None:
        self.stopped = True
        self._beat()

    def _beat(self) -> None:
        pulse, self.pulse = self.pulse, asyncio.Event()
        pulse.set()


def id_of(mark: Mark) -> str:
    return f"{mark.number}-{mark.fingerprint[:12]}" if mark.number else _NOTHING


def mark_of(id_: str) -> Mark | None:
    """Return the place that an event's id names; None: it is none of ours."""
    found = _ID.fullmatch(id_)
    if found:
        return Mark(int(found[1]), found[2])
    return Mark() if id_ == _NOTHING else None


@router.get(
    "/events",
    operation_id="events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(
    request: Request, web: Here, who: Reader, last_event_id: str | None = Header(default=None, max_length=100)
) -> StreamingResponse:
    """Server-sent events: `job` with a job's document, as it is now, whenever it was moved to another state.

    Reconnect with `Last-Event-ID` to miss nothing, also after a restart. `resync`: what that id names is not known
    any more (the ledger was rebuilt, or too much has happened since); list the jobs then.
    """
    feed: Feed = request.app.state.feed
    if feed.streams >= MOST_STREAMS:
        raise HTTPException(503, "Too many event streams are open.")
    newest = await run_sync(feed.newest)
    wanted = mark_of(last_event_id) if last_event_id else newest
    at = wanted if wanted and newest.number - wanted.number <= MOST_BEHIND else None
    secret = request.headers.get("authorization", "").partition(" ")[2]

    def alive() -> bool:
        return tokens.holder(web.people, secret, who.address) is not None

    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_stream(feed, who, at, alive), media_type="text/event-stream", headers=headers)


async def _stream(feed: Feed, who: Who, at: Mark | None, alive: Callable[[], bool]) -> AsyncIterator[str]:
    checked = monotonic()
    feed.streams += 1
    try:
        yield "retry: 3000\n\n"
        while not feed.stopped:
            pulse = feed.pulse
            more = False
            try:
                found = await run_sync(feed.since, at) if at is not None else None
                if found is None:
                    at = await run_sync(feed.newest)
                    yield f"event: resync\nid: {id_of(at)}\ndata: {{}}\n\n"
                else:
                    for mark, row in found.jobs:
                        if who.sees(row.route):
                            text = document_of(row).model_dump_json(exclude_none=True)
                            yield f"event: job\nid: {id_of(mark)}\ndata: {text}\n\n"
                    at, more = found.through, found.more
                    yield f"id: {id_of(at)}\n\n"  # nothing is told by it, but where to go on
            except Unavailable:
                yield ": the ledger is away\n\n"
            try:
                await asyncio.wait_for(pulse.wait(), 0 if more else BEAT_SECONDS)
            except TimeoutError:
                if not more:
                    yield ": still here\n\n"
            if monotonic() - checked >= BEAT_SECONDS:
                checked = monotonic()
                if not await run_sync(alive):
                    return
    finally:
        feed.streams -= 1

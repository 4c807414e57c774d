"""Live lists: what has changed is looked up and drawn once for all who look at the same list, and then sent to each.

The pace follows the cost: however much changes, looking takes at most a small share of one core. So fifty viewers
cost little more than one, and each ends with the true state.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from anyio.to_thread import run_sync

from dropscore.web.board import Board, Row, board
from dropscore.web.context import Web
from dropscore.web.daemon import Daemon
from dropscore.web.people.roles import Power, Who
from dropscore.web.query import Query

log = structlog.get_logger()

FASTEST_SECONDS = 0.7
SLOWEST_SECONDS = 5.0
SHARE = 0.04
"""Of one core, at most, is spent on looking and drawing."""
MOST_VIEWERS = 500
_BACKLOG = 8

Draw = Callable[[Row, str], str]
"""Draws a row in a language."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A list as some readers see it: all who share a channel are sent the same bytes."""

    query: Query
    routes: frozenset[str] | None
    powers: frozenset[Power]
    name: str
    """The reader, where own files may be changed and others' may not; else empty, so that it is shared."""
    language: str

    @property
    def who(self) -> Who:
        return Who(self.name, "panel", self.powers, self.routes)


def channel_of(who: Who, query: Query, language: str) -> Channel:
    own = who.may(Power.OWN) and not who.may(Power.OPERATE)
    return Channel(query, who.routes, who.powers, who.name if own else "", language)


@dataclass(slots=True)
class _Stage:
    """What a channel's viewers have been sent."""

    viewers: dict[asyncio.Queue[str], bool] = field(default_factory=dict)
    """Each with whether it is to be sent the whole list: it is new, or could not keep up."""
    rows: dict[str, tuple[Row, str]] = field(default_factory=dict)
    shape: dict[str, Any] = field(default_factory=dict)


class Hub:
    """All live lists of one panel."""

    def __init__(self, web: Web, draw: Draw) -> None:
        self._web = web
        self._draw = draw
        self._stages: dict[Channel, _Stage] = {}
        self._loop = asyncio.get_running_loop()
        self._wanted = asyncio.Event()
        self._stopped = asyncio.Event()
        self._seen: tuple[object, ...] | None = None
        self.at_stop: list[Callable[[], None]] = []

    def stop(self) -> None:
        """End every stream: the process is about to end. Called in the loop's own thread."""
        self._stopped.set()
        self._wanted.set()
        for stage in self._stages.values():
            for queue in stage.viewers:
                if not queue.full():
                    queue.put_nowait("")
        for ending in self.at_stop:
            ending()

    def stop_soon(self) -> None:
        """The same, from a signal handler: the loop may be asleep."""
        self._loop.call_soon_threadsafe(self.stop)

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    @property
    def viewers(self) -> int:
        return sum(len(stage.viewers) for stage in self._stages.values())

    async def messages(self, channel: Channel, alive: Callable[[], bool], beat: float = 15.0) -> AsyncIterator[str]:
        """Yield a list's changes as JSON, the whole list first; an empty text where nothing happened for a while."""
        stage = self._stages.setdefault(channel, _Stage())
        queue: asyncio.Queue[str] = asyncio.Queue(_BACKLOG)
        stage.viewers[queue] = True
        self._seen = None
        self._wanted.set()
        checked = time.monotonic()
        try:
            while not self.stopped:
                try:
                    yield await asyncio.wait_for(queue.get(), beat)
                except TimeoutError:
                    yield ""
                if time.monotonic() - checked >= beat:  # also where there is always something to tell
                    checked = time.monotonic()
                    if not await run_sync(alive):
                        return
        finally:
            del stage.viewers[queue]
            if not stage.viewers and self._stages.get(channel) is stage:
                del self._stages[channel]

    async def run(self) -> None:
        """Look again and again while anybody looks; to be cancelled at the end."""
        while not self.stopped:
            await self._wanted.wait()
            if not self._stages:
                self._wanted.clear()
                continue
            began = time.perf_counter()
            try:
                await self._look()
            except Exception:
                log.exception("the live lists could not be drawn")
            cost = time.perf_counter() - began
            pause = min(SLOWEST_SECONDS, max(FASTEST_SECONDS, cost / SHARE))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), pause)

    async def _look(self) -> None:
        daemon = await run_sync(self._web.watcher.look)
        seen = (*await run_sync(self._marks), daemon.runs, daemon.jobs, daemon.waiting, daemon.incidents)
        if seen == self._seen:
            return
        self._seen = seen
        for channel, stage in list(self._stages.items()):
            found = await run_sync(board, self._web, channel.who, channel.query, daemon)
            change = await run_sync(self._changes, channel, stage, found, daemon)
            self._send(stage, change)
            await asyncio.sleep(0)  # other requests first

    def _send(self, stage: _Stage, change: str) -> None:
        whole = ""
        for queue, all_of_it in stage.viewers.items():
            if all_of_it:
                whole = whole or _message(stage.shape, {id_: html for id_, (_, html) in stage.rows.items()})
            message = whole if all_of_it else change
            if message and queue.full():  # a slow reader loses nothing: it is sent the whole list in its turn
                while not queue.empty():
                    queue.get_nowait()
                stage.viewers[queue] = True
                self._seen = None
            elif message:
                queue.put_nowait(message)
                stage.viewers[queue] = False

    def _marks(self) -> tuple[object, ...]:
        """Return what changes with the ledger's file and the requests; another database is always looked at."""
        web = self._web
        if web.ledgers.scheme != "sqlite":
            return (time.monotonic(),)
        marks: list[object] = []
        for path in (web.root.ledger, web.root.ledger.with_name("ledger.sqlite-wal"), web.root.requests):
            try:
                found = path.stat()
                marks += [found.st_mtime_ns, found.st_size]
            except OSError:
                marks.append(None)
        return tuple(marks)

    def _changes(self, channel: Channel, stage: _Stage, found: Board, daemon: Daemon) -> str:
        """Return what is new on a list since its viewers were last told; empty where nothing is."""
        drawn: dict[str, tuple[Row, str]] = {}
        for section in found.sections:
            for row in section.rows:
                known = stage.rows.get(row.id)
                same = known is not None and known[0] == row
                drawn[row.id] = known if same and known else (row, self._draw(row, channel.language))
        shape = {
            "lists": {str(section.view): [row.id for row in section.rows] for section in found.sections},
            "counts": {str(view): number for view, number in found.counts.items()},
            "daemon": daemon.runs,
        }
        fresh = {id_: one[1] for id_, one in drawn.items() if stage.rows.get(id_) is not one}
        if not fresh and shape == stage.shape:
            return ""
        stage.rows, stage.shape = drawn, shape
        return _message(shape, fresh)


def _message(shape: dict[str, Any], rows: dict[str, str]) -> str:
    return json.dumps({**shape, "rows": rows}, ensure_ascii=False)

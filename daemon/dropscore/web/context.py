"""What every page and every API call works with."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from dropscore.folders import Root
from dropscore.ledger import Ledger
from dropscore.settings import Settings
from dropscore.web.daemon import Watcher
from dropscore.web.people.sessions import Terms
from dropscore.web.people.store import People

_LEDGERS = 4


class Ledgers:
    """A few readers of the ledger: each serves one thread at a time."""

    def __init__(self, url: str) -> None:
        self.scheme = url.partition(":")[0]
        self._free: queue.LifoQueue[Ledger] = queue.LifoQueue()
        self._all = [Ledger(url, reading=True, busy_seconds=2.0) for _ in range(_LEDGERS)]
        for ledger in self._all:
            self._free.put(ledger)

    @contextmanager
    def one(self) -> Iterator[Ledger]:
        ledger = self._free.get()
        try:
            yield ledger
        finally:
            self._free.put(ledger)

    def close(self) -> None:
        for ledger in self._all:
            ledger.close()


@dataclass(slots=True)
class Batch:
    """Requests that one click made, for the message that tells what came of them."""

    who: str
    verb: str
    requests: list[str]
    jobs: list[str]


@dataclass(slots=True)
class Web:
    """One panel with its root."""

    settings: Settings
    root: Root
    people: People
    ledgers: Ledgers
    watcher: Watcher
    batches: dict[str, Batch] = field(default_factory=dict)
    """By id; the oldest go when there are many. They are only messages."""

    @property
    def terms(self) -> Terms:
        web = self.settings.web
        return Terms(web.session_idle_minutes * 60, web.session_hours * 3600)

    @property
    def secure(self) -> bool:
        """Whether people reach it over TLS: the cookie and some headers depend on it."""
        return self.settings.web.public_url.startswith("https://")

    @property
    def cookie(self) -> str:
        return "__Host-dropscore" if self.secure else "dropscore"

    def close(self) -> None:
        self.ledgers.close()
        self.people.close()


def here(connection: HTTPConnection) -> Web:
    found: Web = connection.app.state.web
    return found


Here = Annotated[Web, Depends(here)]

"""What the service is told: plain values, made from the configuration by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from dropscore.domain.arrivals import Rhythm
from dropscore.domain.jobs import Aside, BundleRef, State, Task
from dropscore.domain.notes import Note
from dropscore.domain.rules import Again, Rules, Trusted
from dropscore.folders import Root, pick_bundle
from dropscore.intake.scan import Completeness
from dropscore.ledger import Entry
from dropscore.receipt import Event, Receipt
from dropscore.service.daily import Daily


@dataclass(frozen=True, slots=True)
class Route:
    """One folder of the inbox and all that holds for it."""

    name: str
    model: Path
    version: str | None = None
    """The only one to use; None: the newest but the challenger."""
    fixed: bool = False
    """Whether the configuration says which version, so that nobody else may."""
    challenger: str = ""
    """A version that scores the same drops beside it, unseen."""
    rules: Rules = field(default_factory=Rules)
    trusted: Trusted = field(default_factory=Trusted)
    complete: Completeness = Completeness.QUIET
    quiet_seconds: float = 5.0
    deadline_seconds: float = 3600.0
    again: Again = Again.PROCESS
    arrivals: bool = True
    """Whether its owners hear of files that are late, or unlike the others of their sender."""
    expected: tuple[Rhythm, ...] = ()
    """When files come, whoever sends them; empty: learned from when they came."""


def bundle_of(route: Route) -> BundleRef:
    """Return the bundle that a route uses now. Raises Unavailable: there is none."""
    return pick_bundle(route.model, route.version, route.challenger)


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole service. Seconds, everywhere."""

    root: Root
    routes: tuple[Route, ...]
    scan_seconds: float = 2.0
    scan_seconds_network: float = 10.0
    late_writer_grace: float = 900.0
    checksum_grace: float = 900.0
    waiting_notice: float = 900.0
    """After so long a waiting drop gets its notice, and operators are told."""
    stale_in_flight: float = 86400.0
    workers: int = 1
    """How many jobs are scored at the same time; for estimates alone."""
    at_once: int = 12
    """Jobs that may be at work, or on their way, at the same time."""
    small_at_once: int = 0
    """Small ones that may be so beside them: their syncs are shared, and a worker scores many in one call."""
    stop_seconds: float = 20.0
    cell_values: bool = False
    """Whether messages may quote cells of the files."""
    daily: Daily | None = None
    """When the daemon looks after itself, and what it keeps for how long; None: never, and everything."""

    def route(self, name: str) -> Route | None:
        return next((route for route in self.routes if route.name == name), None)


Submit = Callable[[Task | Aside, float], "Future[object]"]
"""Hand a task to a worker, with its deadline in seconds."""


class Known(Protocol):
    """A job as the ledger knows it."""

    @property
    def job(self) -> str: ...


class Ledger(Protocol):
    """What the service needs of the ledger. Every call may raise Unavailable."""

    def account(self, receipt: Receipt, notes: Iterable[Note] = (), *, kept: str = "") -> None: ...
    def account_all(self, entries: Sequence[Entry]) -> None: ...
    def record_event(self, job: str, event: Event, state: State | None = None) -> None: ...
    def owe(self, notes: Iterable[Note]) -> None: ...
    def job(self, code_or_id: str) -> Known | None: ...
    def earlier(self, route: str, sha256: str, model_sha256: str) -> Known | None: ...


class Meter(Protocol):
    """Who counts. No call raises, and none waits."""

    def published(self, receipt: Receipt) -> None: ...
    def done(self, seconds: Mapping[str, float]) -> None: ...
    def stands(self, status: Mapping[str, Any]) -> None: ...
    def drifted(self, route: str, days: int, columns: int) -> None: ...


class Unmetered:
    """Nobody counts."""

    def published(self, receipt: Receipt) -> None: ...
    def done(self, seconds: Mapping[str, float]) -> None: ...
    def stands(self, status: Mapping[str, Any]) -> None: ...
    def drifted(self, route: str, days: int, columns: int) -> None: ...

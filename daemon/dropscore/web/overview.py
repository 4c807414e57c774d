"""How it goes: throughput, what waits, what failed, disks, models, the age of the last scan."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from dropscore import champions
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import State
from dropscore.folders import pick_bundle
from dropscore.web.context import Web
from dropscore.web.people.roles import Who
from dropscore.web.plots import Plot, Series, bars
from dropscore.web.words import Say

KEEP_SECONDS = 30.0
_FAILED = frozenset({State.REJECTED, State.PARTIAL, State.HELD})


@dataclass(frozen=True, slots=True)
class Disk:
    place: str
    free: int
    total: int


@dataclass(frozen=True, slots=True)
class Model:
    route: str
    name: str
    version: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """How many files came in each slice of time, oldest first, and how many of them still need attention."""

    begins: tuple[datetime, ...]
    fine: tuple[int, ...]
    failed: tuple[int, ...]


def received(web: Web, routes: frozenset[str] | None, edges: list[datetime]) -> Received:
    """Count jobs between each edge and the next, the last being now."""
    with web.ledgers.one() as ledger:
        since = [ledger.counts(routes=routes, since=edge) for edge in edges]
    failed = [sum(number for state, number in counts.items() if state in _FAILED) for counts in since] + [0]
    every = [sum(counts.values()) for counts in since] + [0]
    between_failed = tuple(max(0, a - b) for a, b in pairwise(failed))
    between = tuple(max(0, a - b) for a, b in pairwise(every))
    fine = tuple(max(0, a - b) for a, b in zip(between, between_failed, strict=True))
    return Received(tuple(edges), fine, between_failed)


def hours(now: datetime) -> list[datetime]:
    start = now.replace(minute=0, second=0, microsecond=0)
    return [start - timedelta(hours=number) for number in range(23, -1, -1)]


def days(now: datetime) -> list[datetime]:
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return [start - timedelta(days=number) for number in range(29, -1, -1)]


class Counted:
    """Keeps counts for half a minute: an overview is looked at by many, and a month of jobs takes a moment."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: dict[object, tuple[float, tuple[Received, Received]]] = {}

    def look(
        self, web: Web, routes: frozenset[str] | None, clock: Callable[[], float] = time.monotonic
    ) -> tuple[Received, Received]:
        with self._guard:
            found = self._kept.get(routes)
            if found is None or clock() - found[0] > KEEP_SECONDS:
                now = datetime.now(ZoneInfo(web.settings.zone))
                found = (clock(), (received(web, routes, hours(now)), received(web, routes, days(now))))
                self._kept = {key: value for key, value in self._kept.items() if clock() - value[0] <= KEEP_SECONDS}
                self._kept[routes] = found
            return found[1]


def plots_of(found: tuple[Received, Received], say: Say) -> list[Plot]:
    plots = []
    for title, form, one in (
        (say("Files received in the last 24 hours"), "%H:00", found[0]),
        (say("Files received in the last 30 days"), "%m-%d", found[1]),
    ):
        labels = [edge.strftime(form) for edge in one.begins]
        fine = Series(say("fine"), "good", tuple(map(float, one.fine)))
        failed = Series(say("needs attention"), "failed", tuple(map(float, one.failed)))
        plots.append(bars(title, labels, [fine, failed], stacked=True))
    return plots


def disks(web: Web) -> list[Disk]:
    """Return the room on each file system of the root, once."""
    root = web.root
    found: dict[int, Disk] = {}
    for place in (root.path, root.inbox, root.outbox, root.failed, root.archive, root.state):
        try:
            device, room = place.stat().st_dev, os.statvfs(place)
        except OSError:
            continue
        label = root.path.name if place == root.path else place.name
        found.setdefault(device, Disk(label, room.f_bavail * room.f_frsize, room.f_blocks * room.f_frsize))
    return list(found.values())


def models(web: Web, who: Who) -> list[Model]:
    found = []
    try:
        chosen = champions.read(web.root.state)
    except Unavailable:
        chosen = champions.Champions()  # the daemon tells of it
    for name, route in web.settings.routes.items():
        if not who.sees(name):
            continue
        try:
            bundle = pick_bundle(route.model, route.version or chosen.version_of(name), route.challenger)
            found.append(Model(name, bundle.name, bundle.version))
        except Unavailable as fault:
            found.append(Model(name, route.model.name, "", fault.matter))
    return found


def scan_age(scanned: str | None) -> float | None:
    """Return how many seconds ago the daemon last looked at the inboxes."""
    if not scanned:
        return None
    return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(scanned)).total_seconds())

"""How the daemon looks after itself: once a day, at a time that operators choose, within limits that they set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Place(StrEnum):
    """Where things are kept. The words are those of events and of people."""

    ARCHIVE = "archive"
    OUTBOX = "outbox"
    FAILED = "failed"
    TRASH = "trash"
    RESULTS = "results"
    KEPT = "kept"
    """Predictions and actuals, in `state/`."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long and how much. 0: no limit."""

    days: float = 0.0
    bytes: int = 0

    def __bool__(self) -> bool:
        return self.days > 0 or self.bytes > 0


@dataclass(frozen=True, slots=True)
class Retention:
    """Limits of each place, and those of single routes. A route that has its own bytes is counted by itself."""

    places: Mapping[Place, Limit] = field(default_factory=dict)
    routes: Mapping[tuple[str, Place], Limit] = field(default_factory=dict)

    def limit(self, route: str, place: Place) -> Limit:
        own = self.routes.get((route, place))
        return self.places.get(place, Limit()) if own is None else own

    def counted_with(self, route: str, place: Place) -> str:
        """Return the route by itself, or an empty name: with all others."""
        own = self.routes.get((route, place))
        return route if own is not None and own.bytes != self.places.get(place, Limit()).bytes else ""

    def anywhere(self, place: Place) -> bool:
        own = any(limit for (_, where), limit in self.routes.items() if where is place)
        return own or bool(self.places.get(place))


@dataclass(frozen=True, slots=True)
class Daily:
    """Retention, then the audit."""

    at: time = time(3, 30)
    zone: str = "UTC"
    retention: Retention = field(default_factory=Retention)
    audit: bool = True
    after_start_seconds: float = 600.0
    """What was missed while nothing ran is made up for, but not at once: a clock may still have to be set right."""


def next_time(daily: Daily, last: datetime) -> datetime:
    """Return when it is due after `last`. A time that a change of the clocks leaves out comes an hour later."""
    local = last.astimezone(ZoneInfo(daily.zone))
    found = local.replace(hour=daily.at.hour, minute=daily.at.minute, second=0, microsecond=0)
    if found <= local:
        found += timedelta(days=1)  # the same time on the clock, however long that day is
    return found

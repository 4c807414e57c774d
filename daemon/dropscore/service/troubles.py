"""What goes on in the inboxes that operators are told of: once when it begins, once when it is over."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from dropscore.domain.errors import Unavailable
from dropscore.folders import shown
from dropscore.intake.scan import Ignored, Waiting
from dropscore.service.incidents import Incident
from dropscore.service.job import Job, Stage
from dropscore.service.notices import is_away
from dropscore.service.waiting import Waits
from dropscore.service.watching import InboxState

LOOK_SECONDS = 10.0
MOST_TROUBLED = 4
_UNPUBLISHED = (Stage.COPY, Stage.WORK, Stage.STAGE, Stage.PUBLISH, Stage.ARCHIVE)
_MOST_LOOKED_AT = 1000
_NO_TROUBLE = frozenset({Waiting.QUEUED, Waiting.UNAVAILABLE})
"""A long queue is no fault; what is unavailable is told as what it is."""
_IT_GOES_ON = "It is taken by itself once that is over. `dropscore why FILE` says more."


def blocked(jobs: Iterable[Job], open_incidents: Mapping[str, Incident]) -> dict[str, str]:
    """Return the routes of which so many jobs wait for the world that no more are claimed, and what these wait for."""
    found: dict[str, list[str]] = {}
    for job in jobs:
        if job.trouble and job.stage in _UNPUBLISHED:
            found.setdefault(job.claim.route, []).append(job.trouble)
    return {
        route: open_incidents[keys[0]].matter if keys[0] in open_incidents else keys[0]
        for route, keys in found.items()
        if len(keys) >= MOST_TROUBLED
    }


def of_drops(overdue: Iterable[Waits], patience: float) -> Iterator[Unavailable]:
    """Yield one for each inbox and each thing that drops have waited for too long for."""
    found = sorted(
        (one for one in overdue if one.waiting not in _NO_TROUBLE),
        key=lambda one: (one.state.inbox.label, one.waiting, one.seen.name),
    )
    for (label, waiting), group in groupby(found, key=lambda one: (one.state.inbox.label, one.waiting)):
        drops = list(group)
        told = f"{_counted(len(drops), 'drop')} for more than {_time(patience)} in the inbox of {label}"
        first = f"{shown(drops[0].seen.name)}: {drops[0].why}"
        yield Unavailable(f"waiting:{label}:{waiting}", f"{told}, the first is {first}", _IT_GOES_ON)


class Strays:
    """What is never taken and should not lie there: names in flight that are old, and things that are no files."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], float] = {}
        self._next_look = 0.0
        self.faults: list[Unavailable] = []

    def look(self, states: list[InboxState], patience: float, stale: float, now: float) -> None:
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        watched = [state for state in states if state.listing is not None and not is_away(state)]
        self.faults = [*self._no_files(watched, patience, now), *_stale(watched, stale)]

    def _no_files(self, states: list[InboxState], patience: float, now: float) -> Iterator[Unavailable]:
        since: dict[tuple[str, str], float] = {}
        for state in states:
            label, old = state.inbox.label, list[Ignored]()
            for one in _ignored(state, Waiting.NOT_A_FILE):
                since[label, one.name] = self._since.get((label, one.name), now)
                if now - since[label, one.name] >= patience:
                    old.append(one)
            if old:
                what = f"{shown(old[0].name)}: {old[0].why}"
                told = f"{_counted(len(old), 'thing')} in the inbox of {label} that will never be taken"
                yield Unavailable(f"no-file:{label}", f"{told}, the first is {what}", "Remove it, or tell its sender.")
        self._since = since


def _stale(states: list[InboxState], stale: float) -> Iterator[Unavailable]:
    """Yield the inboxes that hold old names in flight.

    Their age is by the file system's own time of the last change, which no sender can set, and by the wall clock:
    it has to outlast a restart, and nothing but a message hangs on it.
    """
    before = (time.time() - stale) * 1e9
    for state in states:
        old = []
        for one in list(_ignored(state, Waiting.IN_FLIGHT))[:_MOST_LOOKED_AT]:
            try:
                if os.lstat(state.inbox.path / one.name).st_ctime_ns < before:
                    old.append(one.name)
            except OSError:
                continue
        if old:
            label, first = state.inbox.label, shown(min(old))
            told = f"{_counted(len(old), 'name')} in flight in the inbox of {label} for more than {_time(stale)}"
            then = "That upload has broken off, most likely: ask its sender, or remove it. It is never taken."
            yield Unavailable(f"in-flight:{label}", f"{told}, the first is {first}.", then)


def _ignored(state: InboxState, waiting: Waiting) -> Iterator[Ignored]:
    if state.listing is not None and state.listing.others.get(waiting):
        yield from (one for one in state.listing.ignored if one.waiting is waiting)


def _counted(number: int, one: str) -> str:
    return f"1 {one} has been" if number == 1 else f"{number:,} {one}s have been"


def _time(seconds: float) -> str:
    if seconds < 5400:
        return f"{seconds / 60:g} minutes"
    return f"{seconds / 3600:g} hours"

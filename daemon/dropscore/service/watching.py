"""The inboxes under watch: listed, settled, and their complete drops claimed."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from pathlib import Path
from typing import NamedTuple

import structlog

from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import DEFAULT_ROUTE, Kind
from dropscore.folders import ACTUALS, CHECK, now_utc, shown
from dropscore.intake.guard import Guard, is_remote
from dropscore.intake.probe import probe
from dropscore.intake.scan import Inbox, Listing, Seen, Waiting, scan
from dropscore.intake.settle import Decision, Settler
from dropscore.service.claiming import claim_each, is_mismatched, still_mismatched
from dropscore.service.hands import Hands
from dropscore.service.incidents import as_unavailable
from dropscore.service.job import Job
from dropscore.service.plan import Route
from dropscore.service.room import Room

log = structlog.get_logger()

SHORTEST_PAUSE = 0.05
PAUSE_PER_COST = 5.0
"""A look that is no scan waits so many times as long as the last one took: see `_Watched.next_look`."""
_MOVES_BY_ITSELF = frozenset({Waiting.GROWING, Waiting.NO_FINAL_NEWLINE, Waiting.QUEUED})


@dataclass(slots=True)
class _Watched:
    route: Route
    inbox: Inbox
    settler: Settler
    listing: Listing | None = None
    decisions: list[Decision] = field(default_factory=list)
    next_scan: float = 0.0
    next_look: float = inf
    """When the first drop may be complete, if nothing happens: earlier than the next scan, where that is far off."""


class Taken(NamedTuple):
    """What came of taking drops at once."""

    jobs: list[Job]
    next: list[str]
    """Names that are complete, and next as soon as there is room."""
    left: list[tuple[str, str]]
    """Names that were not taken, and why; what keeps a whole inbox away stands under the inbox's label."""


class InboxState(NamedTuple):
    """What was last seen of one inbox. `fault` is what keeps it from being listed or taken from."""

    inbox: Inbox
    listing: Listing | None
    decisions: list[Decision]
    fault: Unavailable | None
    blocked: str = ""
    """What the route's jobs wait for, where no more are claimed before that is over."""


class Watching:
    """All inboxes. `faults` holds, by inbox, what keeps it from being listed or taken from."""

    def __init__(self, hands: Hands, jobs: dict[str, Job]) -> None:
        self._hands = hands
        self._jobs = jobs
        self._guard = Guard(hands.plan.root.state / "folders.json")
        self._watched: list[_Watched] = []
        self._hurry = True
        self.faults: dict[str, Unavailable] = {}
        self._unclaimable: set[str] = set()
        """Inboxes whose fault is that of a claim: only another claim can tell that it is over."""
        self.scanned: datetime | None = None
        self._first_scan_done = False
        self.blocked: Mapping[str, str] = {}
        """By route, what its jobs wait for: as long as these cannot go on, no more are claimed."""
        self.reload()

    def reload(self) -> None:
        """Take up the routes of the plan; what was seen of those that stay is kept."""
        known = {watched.inbox: watched for watched in self._watched}
        self._watched = []
        for route in self._hands.plan.routes:
            for kind in (Kind.SCORE, Kind.CHECK, *([Kind.ACTUALS] if route.rules.actuals else [])):
                inbox = self._inbox(route, kind)
                found = known.get(inbox) or _Watched(route, inbox, Settler(inbox))
                found.route = route
                self._watched.append(found)
        labels = {watched.inbox.label for watched in self._watched}
        self.faults = {label: fault for label, fault in self.faults.items() if label in labels}

    def _inbox(self, route: Route, kind: Kind) -> Inbox:
        root = self._hands.plan.root
        path = root.of_route(root.inbox, route.name)
        expected = {CHECK, *([ACTUALS] if route.rules.actuals else [])}
        if kind is not Kind.SCORE:
            path, expected = path / kind.value, set()
        elif route.name == DEFAULT_ROUTE:
            expected |= {other.name for other in self._hands.plan.routes}
        return Inbox(
            route=route.name,
            kind=kind,
            path=path,
            rule=route.complete,
            quiet_seconds=route.quiet_seconds,
            remote=is_remote(path),
            folders=frozenset(expected),
        )

    @property
    def folders(self) -> list[Path]:
        return [watched.inbox.path for watched in self._watched]

    @property
    def seen(self) -> list[InboxState]:
        found = []
        for one in self._watched:
            fault, blocked = self.faults.get(one.inbox.label), self.blocked.get(one.route.name, "")
            found.append(InboxState(one.inbox, one.listing, [] if fault else one.decisions, fault, blocked))
        return found

    def hurry(self) -> None:
        """Scan in the next round: something was reported."""
        self._hurry = True

    def seconds_to_scan(self, now: float) -> float:
        """Return how long nothing has to be looked at, but for an event."""
        if self._hurry:
            return 0.0
        due = (min(watched.next_scan, watched.next_look) for watched in self._watched)
        return max(0.0, min(due, default=now + 1.0) - now)

    def scan_if_due(self, now: float, room: Room) -> bool:
        """List every inbox whose time has come and claim the complete drops that find room. True if one was claimed."""
        due = [one for one in self._watched if self._hurry or now >= min(one.next_scan, one.next_look)]
        self._hurry = False
        for watched in due:
            self._scan(watched, now)
        if due:
            self.scanned = now_utc()
            self._first_scan_done = True
        ready = [
            (decision.since, watched, decision)
            for watched in self._watched
            if watched.route.name not in self.blocked
            for decision in watched.decisions
            if decision.ready
        ]
        if not ready and self._is_asking():
            self._hurry = True  # a burst is asked about in turns: the next turn needs no wait
        chosen = []
        for _, watched, decision in sorted(ready, key=lambda one: one[0]):
            if room.is_full:
                break
            if not still_mismatched(self._hands, decision, now) and room.take(decision.seen.size):
                chosen.append((watched, decision))
        return bool(self._claim(chosen))

    def _is_asking(self) -> bool:
        """Whether drops are complete, as far as it is known, that have not been asked about yet, and might be taken."""
        return any(
            one.waiting is Waiting.QUEUED and not one.ready
            for watched in self._watched
            if watched.route.name not in self.blocked
            for one in watched.decisions
        )

    def _scan(self, watched: _Watched, now: float, hasten: Callable[[Seen], bool] = lambda seen: False) -> None:
        plan, inbox = self._hands.plan, watched.inbox
        watched.next_scan = now + (plan.scan_seconds_network if inbox.remote else plan.scan_seconds)
        watched.next_look = inf
        began = time.monotonic()
        try:
            self._guard.check(inbox.label, inbox.path)
            before, watched.listing = watched.listing, scan(inbox, watched.listing, now)
            hastened = [seen.name for seen in watched.listing.drops if hasten(seen)]
            as_before = before is not None and before.drops is watched.listing.drops and not self.faults
            if hastened or not as_before:
                watched.decisions = watched.settler.observe(watched.listing, now, probe, hastened)
                for name in watched.settler.replaced:
                    log.info("replaced before it was taken: the last one counts", inbox=inbox.label, name=shown(name))
        except Unavailable as fault:
            self._fail(watched, fault)
        except OSError as error:
            self._fail(watched, as_unavailable(error, f"inbox/{inbox.label}"))
        else:
            if inbox.label not in self._unclaimable or not any(one.ready for one in watched.decisions):
                self._heal(inbox.label)
            # No sooner than its cost allows: a crowd of drops, each of which may be complete a little later than
            # the last, is looked at now and then, and not all the time.
            soonest = now + max(SHORTEST_PAUSE, PAUSE_PER_COST * (time.monotonic() - began))
            # As long as some are ready, nothing hurries with the questions about those behind them.
            ready = any(one.ready for one in watched.decisions)
            coming = (one for one in watched.decisions if not (one.ready or (ready and one.waiting is Waiting.QUEUED)))
            waits = (one.until for one in coming if one.until is not None)
            watched.next_look = max(soonest, min(waits, default=inf))

    def _fail(self, watched: _Watched, fault: Unavailable) -> None:
        """An inbox that cannot be listed is an alarm, and never an empty one."""
        if watched.inbox.label not in self.faults:
            log.error("inbox away", inbox=watched.inbox.label, why=fault.matter)
        self.faults[watched.inbox.label] = fault
        self._unclaimable.discard(watched.inbox.label)
        watched.decisions = []

    def _heal(self, label: str) -> None:
        self.faults.pop(label, None)
        self._unclaimable.discard(label)

    def _claim(self, chosen: Sequence[tuple[_Watched, Decision]], asked: str | None = None) -> list[Job]:
        """Claim drops; of an inbox in which that failed the last time, the first alone, for a try."""
        wanted: list[tuple[_Watched, Decision]] = []
        for one in chosen:
            if one[0].inbox.label not in self._unclaimable or all(other[0] is not one[0] for other in wanted):
                wanted.append(one)
        jobs = []
        found = claim_each(self._hands, [(watched.route, decision) for watched, decision in wanted], asked)
        for (watched, decision), job in zip(wanted, found, strict=True):
            if isinstance(job, OSError):
                self._fail(watched, as_unavailable(job, f"inbox/{watched.inbox.label}"))
                self._unclaimable.add(watched.inbox.label)
                continue
            with suppress(ValueError):
                watched.decisions.remove(decision)
            if job is not None:
                jobs.append(job)
                self._jobs[job.claim.job] = job
                self._heal(watched.inbox.label)
        return jobs

    def take_now(self, routes: Collection[str], name: str | None, asked: str, now: float, room: Room) -> Taken:
        """Look at these routes' inboxes, and take what is complete without its quiet time: all, or what has the name.

        What finds no room is next, as it is; whatever else lies there is told with what it waits for.
        """
        taken = Taken([], [], [])
        for watched in self._watched:
            if watched.route.name in routes:
                self._scan(watched, now, lambda seen: _is_named(seen.name, name))
                self._take_now(watched, name, asked, now, room, taken)
        return taken

    def _take_now(self, watched: _Watched, name: str | None, asked: str, now: float, room: Room, taken: Taken) -> None:
        chosen = []
        for decision in [one for one in watched.decisions if _is_named(one.seen.name, name)]:
            if decision.waiting is not Waiting.QUEUED or still_mismatched(self._hands, decision, now):
                taken.left.append((shown(decision.seen.name), why_of(self._hands, decision)[1]))
            elif decision.ready and watched.route.name in self.blocked:
                taken.left.append((shown(decision.seen.name), blocked_why(self.blocked[watched.route.name])))
            elif decision.ready and room.take(decision.seen.size):
                chosen.append((watched, decision))
            else:
                taken.next.append(shown(decision.seen.name))
        taken.jobs.extend(self._claim(chosen, asked))
        fault = self.faults.get(watched.inbox.label)
        if fault is not None:
            taken.left.append((watched.inbox.label, str(fault)))
        elif name is not None and watched.listing is not None:
            ignored = watched.listing.ignored
            taken.left.extend((shown(one.name), one.why) for one in ignored if _is_named(one.name, name))

    def empty(self) -> bool:
        """Whether no drop is there that will be taken if one only waits. Faults are no reason to wait."""
        return self._first_scan_done and not any(
            decision.waiting in _MOVES_BY_ITSELF
            for watched in self._watched
            if watched.route.name not in self.blocked
            for decision in watched.decisions
        )


_DIFFERS = "It is not what its .sha256 says. It waits for a change, and is rejected if none comes."


def why_of(hands: Hands, decision: Decision) -> tuple[Waiting, str]:
    """Return what a drop waits for, and the sentence that says so."""
    if decision.ready and is_mismatched(hands, decision):
        return Waiting.CHECKSUM_DIFFERS, _DIFFERS
    return decision.waiting, decision.why


def blocked_why(matter: str) -> str:
    return f"It is complete, and waits as others of its route do: {matter}"


def _is_named(name: str, wanted: str | None) -> bool:
    return wanted is None or wanted in (name, shown(name))

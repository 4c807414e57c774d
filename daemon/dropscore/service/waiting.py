"""What lies in the inboxes and what it waits for, as `status`, `why` and the notices beside the drops tell it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from dropscore.folders import shown
from dropscore.intake.scan import Ignored, Seen, Waiting, is_ours
from dropscore.intake.settle import Decision
from dropscore.service.hands import Hands
from dropscore.service.job import Job, Stage
from dropscore.service.watching import InboxState, blocked_why, why_of

_PRIOR = ((0, 0.3), (20_000_000, 5.0))
"""Bytes and seconds of jobs that nobody saw: the estimate before there is anything to go by."""
_REMEMBERED = 50
_SOON = 1.5
_shown = lru_cache(maxsize=4096)(shown)


class Pace:
    """How long jobs have taken lately, by their size: a straight line through the last ones."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, float]] = deque(maxlen=_REMEMBERED)

    def took(self, size: int, seconds: float) -> None:
        self._seen.append((size, seconds))

    def seconds(self, size: int) -> float:
        """Return how long a job of that many bytes is likely to take."""
        points = [*_PRIOR, *self._seen]
        mean_x = sum(x for x, _ in points) / len(points)
        mean_y = sum(y for _, y in points) / len(points)
        spread = sum((x - mean_x) ** 2 for x, _ in points)
        slope = max(0.0, sum((x - mean_x) * (y - mean_y) for x, y in points) / spread)
        return max(0.05, mean_y + slope * (size - mean_x))


class Queued(NamedTuple):
    """Where a drop stands in the queue: `position` 1 is next; `seconds` until its result is likely to be there."""

    position: int
    seconds: float


class Waits(NamedTuple):
    """One drop that is not claimed. `queued` is None where something has to happen first."""

    state: InboxState
    seen: Seen
    waiting: Waiting
    why: str
    queued: Queued | None = None


def drops_of(hands: Hands, jobs: Iterable[Job], states: list[InboxState], pace: Pace, now: float) -> Iterator[Waits]:
    """Yield every drop that waits: those that go on by themselves first, in the order of their turns."""
    coming = [(state, one) for state in states for one in state.decisions if one.until is not None]
    coming.sort(key=lambda pair: (max(now, pair[1].until or now), pair[1].since))
    yield from _in_turn(hands, jobs, coming, pace, now)
    for state in states:
        yield from (Waits(state, one.seen, *why_of(hands, one)) for one in state.decisions if one.until is None)
        if state.fault is not None and state.listing is not None:
            why = f"It cannot be taken now: {state.fault}"
            yield from (Waits(state, seen, Waiting.UNAVAILABLE, why) for seen in state.listing.drops)


def _in_turn(
    hands: Hands, jobs: Iterable[Job], coming: list[tuple[InboxState, Decision]], pace: Pace, now: float
) -> Iterator[Waits]:
    at_work = [job for job in jobs if job.stage is not Stage.HELD and not job.trouble]
    ahead = sum(pace.seconds(job.claim.bytes or 0) for job in at_work)
    position = 0
    for state, one in coming:
        waiting, why = why_of(hands, one)
        if waiting is Waiting.QUEUED and state.blocked:
            waiting, why = Waiting.UNAVAILABLE, blocked_why(state.blocked)
        if waiting in (Waiting.CHECKSUM_DIFFERS, Waiting.UNAVAILABLE):
            yield Waits(state, one.seen, waiting, why)
            continue
        position += 1
        own = pace.seconds(one.seen.size)
        ahead += own
        seconds = max(ahead / hands.plan.workers, max(0.0, (one.until or now) - now) + own)
        if waiting is Waiting.QUEUED:
            why = f"It is complete, and number {position} in the queue: its result is likely in {_about(seconds)}."
        yield Waits(state, one.seen, waiting, why, Queued(position, seconds))


def _about(seconds: float) -> str:
    if seconds < _SOON:
        return "about a second"
    return f"about {seconds:.0f} seconds" if seconds < 90 else f"about {seconds / 60:.0f} minutes"


def document_of(waits: Waits) -> dict[str, Any]:
    found: dict[str, Any] = {
        "route": waits.state.inbox.route,
        "folder": str(waits.state.inbox.path),
        "name": _shown(waits.seen.name),
        "waiting": str(waits.waiting),
        "why": waits.why,
        "bytes": waits.seen.size,
    }
    if waits.queued is not None:
        found |= {"position": waits.queued.position, "estimate_seconds": round(waits.queued.seconds, 1)}
    return found


def entries(drops: Iterable[Waits], states: list[InboxState], most: int) -> tuple[list[dict[str, Any]], int]:
    """Return what lies in the inboxes, drops first and at most so many, and how much there is in all.

    Nothing beyond that many is looked at: this is done every few seconds, whatever lies there.
    """
    found = [document_of(one) for one in islice(drops, most)]
    found += [_document_of_other(*one) for one in islice(_others(states), most - len(found))]
    return found, sum(sum(counts.values()) for _, counts in _counted(states))


def _others(states: list[InboxState]) -> Iterator[tuple[InboxState, Ignored]]:
    return ((state, one) for state in states if state.listing for one in state.listing.ignored if not is_ours(one.name))


def _document_of_other(state: InboxState, one: Ignored) -> dict[str, Any]:
    place = {"route": state.inbox.route, "folder": str(state.inbox.path), "name": _shown(one.name)}
    return {**place, "waiting": str(one.waiting), "why": one.why}


def _counted(states: list[InboxState]) -> Iterator[tuple[InboxState, Counter[Waiting]]]:
    """Count what lies in each inbox by what it waits for."""
    for state in states:
        counts = Counter(one.waiting for one in state.decisions)
        if state.listing is not None:
            counts.update(state.listing.others)
            if state.fault is not None:
                counts[Waiting.UNAVAILABLE] += len(state.listing.drops)
        yield state, counts


def queue_of(states: list[InboxState], now: float) -> list[dict[str, Any]]:
    """Return how much lies in the inboxes, by route and what it waits for.

    `seconds`: for how long the oldest has stood there unchanged, as far as this was watched.
    """
    counts, since = Counter[tuple[str, Waiting]](), dict[tuple[str, Waiting], float]()
    for state, found in _counted(states):
        counts.update({(state.inbox.route, waiting): number for waiting, number in found.items()})
        for one in state.decisions:
            key = state.inbox.route, one.waiting
            since[key] = min(one.since, since.get(key, now))
    return [
        {"route": route, "waiting": str(waiting), "count": count, "seconds": round(now - since.get(key, now), 1)}
        for key, count in counts.items()
        for route, waiting in [key]
    ]

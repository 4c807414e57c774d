"""Drift and what follows from it: a job that waits for a word, and the owner who hears when it begins and ends.

The last days of all routes are looked at by a worker, soon after something was published, and once a day: a help
and no part of any drop's way.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from dropscore import durable
from dropscore.domain.drifting import Drifting, told_of_drift
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import DriftTask, Kind, WatchedRoute
from dropscore.domain.notes import Note, NoteKind, note_id
from dropscore.folders import new_job, now_utc
from dropscore.receipt import Outcome, Receipt
from dropscore.service.hands import Hands
from dropscore.service.job import Job, Stage, any_at_work, read_verdict
from dropscore.service.plan import bundle_of

log = structlog.get_logger()

AFTER_SECONDS, BETWEEN_SECONDS, DAY_SECONDS, RETRY_SECONDS = 20.0, 60.0, 86_400.0, 600.0
LONGEST_WAIT = 600.0
"""How long it waits for a moment in which nothing is at work."""
DEADLINE_SECONDS = 600.0
_MOST_SENTENCES = 5

Drifted = Callable[[str, int, int], None]
"""Is told, by route and days of the window, how many columns have drifted."""


# A job that waits


def must_wait(job: Job) -> bool:
    """Say whether an operator has to look at a drop that has drifted before it is published."""
    route, outcome = job.route, job.outcome
    if route is None or outcome is None or outcome.drift is None or job.claim.drift_accepted:
        return False
    return route.rules.drift is Drifting.HOLD and job.claim.kind is Kind.SCORE and outcome.drift.state == "drift"


def why_held(job: Job) -> str:
    outcome, language = job.outcome, job.route.rules.language if job.route else "en"
    told = outcome.drift.sentences if outcome and outcome.drift else ()
    return " ".join((told_of_drift("held", language, name=job.claim.name), *told[:2]))


def held_with(job: Job, receipt: Receipt) -> Receipt:
    """Return the receipt of a held job with what was found of its data, where a verdict is there."""
    outcome = job.outcome or _verdict_of(job)
    if outcome is None or not job.claim.drifted:
        return receipt
    return receipt.model_copy(update={"profile": outcome.profile, "drift": outcome.drift, "counts": outcome.counts})


def accept(job: Job) -> Stage:
    """Take an operator's yes: what was scored is published. Return the stage in which the job goes on."""
    job.claim = job.claim.model_copy(update={"drifted": False, "drift_accepted": True})
    job.outcome = job.outcome or _verdict_of(job)
    return Stage.STAGE if job.outcome is not None else Stage.WORK


def _verdict_of(job: Job) -> Outcome | None:
    with suppress(OSError, ValueError):
        return read_verdict(job.folder, job.claim)
    return None


# The last days


@dataclass(frozen=True, slots=True)
class Begun:
    """A route whose last days have drifted, and its owner has heard."""

    since: str
    """ISO 8601, UTC."""
    sentences: tuple[str, ...] = ()


@dataclass(slots=True)
class _Look:
    folder: Path
    future: Future[object]
    languages: Mapping[str, str]


class Drifts:
    """One look at a time. What began is kept in a file, so that a restart tells nobody twice."""

    def __init__(self, hands: Hands, jobs: Mapping[str, Job], now: float, drifted: Drifted = lambda *_: None) -> None:
        self._hands = hands
        self._jobs = jobs
        self._drifted = drifted
        self._kept = hands.plan.root.state / "drift"
        self._begun = _read_begun(self._kept / "begun.json")
        self._look: _Look | None = None
        self._last = now - BETWEEN_SECONDS
        self._due = now + AFTER_SECONDS
        """The first look is soon after the start: what was published just before it ended is not forgotten."""

    def published(self, receipt: Receipt, now: float) -> None:
        """Have a look soon: there is something new."""
        if receipt.drift is not None:
            self._due = min(self._due, max(now + AFTER_SECONDS, self._last + BETWEEN_SECONDS))

    def work_once(self, now: float) -> bool:
        """Take the next small step. True if anything moved. Whatever goes wrong is tried again later."""
        if self._look is None:
            if now < self._due or (any_at_work(self._jobs.values()) and now < self._due + LONGEST_WAIT):
                return False
            return self._guarded(self._begin, now)
        if not self._look.future.done():
            return False
        return self._guarded(self._take, now)

    def _guarded(self, step: Callable[[float], bool], now: float) -> bool:
        try:
            return step(now)
        except Exception as fault:  # drops go on
            log.warning("the last days could not be looked at", why=repr(fault))
            self._end()
            self._due = now + RETRY_SECONDS
            return False

    def _begin(self, now: float) -> bool:
        self._last, self._due = now, now + DAY_SECONDS
        root = self._hands.plan.root
        routes = tuple(self._watched())
        if not routes:
            return False
        folder = root.templates / new_job()  # the one place, beside the jobs', where workers write
        durable.make_directory(root.templates)
        durable.make_directory(folder)
        task = DriftTask(str(folder), str(root.receipts), str(self._kept), now_utc().isoformat(), routes)
        future = self._hands.submit(task, DEADLINE_SECONDS)
        self._look = _Look(folder, future, {route.name: route.language for route in routes})
        future.add_done_callback(lambda _: self._hands.wake())
        return True

    def _watched(self) -> Iterator[WatchedRoute]:
        for route in self._hands.plan.routes:
            if route.rules.drift is not Drifting.OFF:
                with suppress(Unavailable):  # its drops tell the operator
                    bundle = bundle_of(route)
                    yield WatchedRoute(route.name, bundle, route.trusted, route.rules.language)

    def _take(self, now: float) -> bool:
        assert self._look is not None
        self._look.future.result()
        durable.make_directories(self._kept, mode=0o750)
        for path in sorted(self._look.folder.glob("*.json")):  # the routes before `seen`: else days would be lost
            path.replace(self._kept / path.name)
        for name in self._look.languages:
            self._judge(name)
        self._end()
        return True

    def _end(self) -> None:
        if self._look is not None:
            shutil.rmtree(self._look.folder, ignore_errors=True)
        self._look = None

    def _judge(self, route: str) -> None:
        """Tell the owner where drift has begun, or is over: in all windows that can be judged."""
        windows = windows_of(self._kept, route)
        for window in windows:
            columns = [column for column in window["drift"].get("columns", ()) if column.get("state") == "drift"]
            self._drifted(route, int(window["days"]), len(columns))
        states = {window["drift"].get("state") for window in windows}
        told = next((window["drift"].get("sentences", ()) for window in windows if _drifts(window)), ())
        if "drift" in states and route not in self._begun:
            begun = Begun(now_utc().isoformat(), tuple(told)[:_MOST_SENTENCES])
            self._owe(_note(route, begun, NoteKind.DRIFT, self._language(route)))
            self._begun[route] = begun
            _write_begun(self._kept / "begun.json", self._begun)
        elif "steady" in states and "drift" not in states and route in self._begun:
            self._owe(_note(route, self._begun[route], NoteKind.STEADY, self._language(route)))
            del self._begun[route]
            _write_begun(self._kept / "begun.json", self._begun)

    def _language(self, name: str) -> str:
        route = self._hands.plan.route(name)
        return route.rules.language if route else "en"

    def _owe(self, note: Note) -> None:
        # Before it is kept that it was told: a ledger that is away raises, and the next look tells it.
        self._hands.ledger.owe((note,))


def windows_of(kept: Path, route: str) -> list[dict[str, Any]]:
    """Return what the last days of a route say, as the worker wrote it; nothing where it never did."""
    try:
        found = json.loads((kept / f"route-{route}.json").read_bytes())["windows"]
        return [window for window in found if isinstance(window["drift"], dict)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _drifts(window: Mapping[str, Any]) -> bool:
    return bool(window["drift"].get("state") == "drift")


def _note(route: str, begun: Begun, kind: NoteKind, language: str) -> Note:
    over = kind is NoteKind.STEADY
    return Note(
        id=note_id(kind, f"drift:{route}", begun.since),
        kind=kind,
        route=route,
        at=now_utc().isoformat() if over else begun.since,
        sentence=told_of_drift("over" if over else "begun", language, route=route),
        todo="" if over else told_of_drift("begun-todo", language),
        groups=() if over else begun.sentences,
    )


def _read_begun(path: Path) -> dict[str, Begun]:
    try:
        found = json.loads(path.read_bytes())
        return {name: Begun(one["since"], tuple(one["sentences"])) for name, one in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # at worst an owner hears of it once more


def _write_begun(path: Path, begun: Mapping[str, Begun]) -> None:
    durable.write_new(path, json.dumps({name: asdict(one) for name, one in begun.items()}).encode())

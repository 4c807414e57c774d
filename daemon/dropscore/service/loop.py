"""One thread owns every state change. `work_once` does what can be done now and says whether anything moved."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog

from dropscore.domain.errors import Unavailable
from dropscore.folders import now_utc
from dropscore.service.accounting import account_due
from dropscore.service.attempts import MOST_CRASHES, MOST_CRASHES_ALONE, hold, strike_off
from dropscore.service.findings import ReadLedger
from dropscore.service.hands import Hands
from dropscore.service.incidents import Incidents, as_unavailable
from dropscore.service.job import Job, Stage
from dropscore.service.late import LateWriters
from dropscore.service.lookout import Lookout
from dropscore.service.plan import Ledger, Meter, Plan, Submit, Unmetered
from dropscore.service.recover import PARKED, recover
from dropscore.service.reports import Reports
from dropscore.service.requests import Requests
from dropscore.service.room import room_beside
from dropscore.service.status import MOST_WAITING, status_of, write_status
from dropscore.service.steps import STEPS
from dropscore.service.templates import Templates
from dropscore.service.tending import Tending
from dropscore.service.troubles import blocked
from dropscore.service.upkeep import Upkeep
from dropscore.service.waiting import Pace, drops_of, entries, queue_of
from dropscore.service.watching import Taken, Watching

log = structlog.get_logger()

STATUS_SECONDS = 2.0
RECOVER_SECONDS = 30.0
IDLE_SECONDS = 0.5
GATHER_SECONDS = 0.2
HELPERS = 16
"""They wait for the disk: the file system makes one sync of all that wait for one."""


class Waker(Protocol):
    """Ends a wait early. Other threads call `wake`."""

    def wait(self, timeout: float) -> bool: ...
    def wake(self) -> None: ...
    def watch(self, folders: Iterable[Path]) -> None: ...


class Service:
    """The daemon's loop. `alive` is called after every round that was not stuck, and feeds the watchdog."""

    def __init__(
        self,
        plan: Plan,
        submit: Submit,
        ledger: Ledger,
        waker: Waker,
        clock: Callable[[], float] = time.monotonic,
        alive: Callable[[], None] = lambda: None,
        meter: Meter | None = None,
        read_ledger: ReadLedger | None = None,
    ) -> None:
        self.plan = plan
        self._waker = waker
        self._clock = clock
        self._alive = alive
        self._meter = meter or Unmetered()
        self._helpers = ThreadPoolExecutor(HELPERS, thread_name_prefix="helper")
        self._hands = Hands(plan, submit, self._helpers, ledger, waker.wake)
        self._incidents = Incidents(plan.root.state / "incidents.json")
        self.jobs: dict[str, Job] = {}
        self._pace = Pace()
        self._tending = Tending(self._hands, self.jobs, self._pace)
        self._watching = Watching(self._hands, self.jobs)
        self._requests = Requests(self._hands, self.jobs, self._take_now, self.reload)
        self._late = LateWriters(self._hands, self.jobs)
        self._templates = Templates(self._hands, self.jobs)
        self._reports = Reports(self._hands, self.jobs)
        self._lookout = Lookout(self._hands, self.jobs, read_ledger, clock(), self._meter.drifted)
        self._upkeep = Upkeep(self._hands, self.jobs, read_ledger, clock())
        self._faults: dict[str, Unavailable] = {}
        """What is away, apart from what jobs wait for: the ledger, while notes are owed."""
        self._began = now_utc()
        self._scanned: datetime | None = None
        self._next_status = self._next_recovery = 0.0
        self._gathering_until = 0.0

    def start(self) -> None:
        """Take up what an earlier run left behind."""
        self._guarded("recovery", self._take_up)
        self._lookout.start()
        log.info("started", root=str(self.plan.root.path), taken_up=len(self.jobs))

    def _take_up(self) -> bool:
        """Take up what is in `processing/` and in nobody's hands: an earlier run's, or left by a fault in this one."""
        self._next_recovery = self._clock() + RECOVER_SECONDS
        found = recover(self.plan, self.jobs)
        for job in found.jobs:
            if job.stage is Stage.WORK and job.claim.crashes_alone >= MOST_CRASHES_ALONE:
                hold(job, f"{job.claim.name} is held: the daemon ended three times while it was at work.")
            self.jobs[job.claim.job] = job
        for name in found.parked:
            matter = f"The papers of job {name} cannot be read: it is set aside as processing/{PARKED}{name}."
            self._incidents.begin(Unavailable(f"parked:{name}", matter), now_utc())
        if found.faults:
            raise found.faults[0]
        return bool(found.jobs)

    def reload(self, plan: Plan) -> None:
        """Take up another valid configuration: routes, their versions, rules and times. The root stays the same."""
        self.plan = self._hands.plan = replace(plan, root=self.plan.root)
        self._watching.reload()
        for job in self.jobs.values():
            job.route = plan.route(job.claim.route)
        log.info("configuration taken up", routes=[route.name for route in plan.routes])

    def run(self, stop: Callable[[], bool], once: bool = False) -> bool:
        """Loop until told to stop; with `once`, until there is nothing left to do. False: something was left."""
        while not stop():
            moved = self.work_once(taking=True)
            if once and not moved and self._empty():
                break
            if not moved:
                self._rest()
        self._finish(stop)
        return not any(job.stage is not Stage.HELD for job in self.jobs.values())

    def _rest(self) -> None:
        """Wait for an event, a future or the next scan. The first event wakes at once, more are gathered."""
        now = self._clock()
        self._waker.watch([*self._watching.folders, self.plan.root.requests])
        if self._waker.wait(min(IDLE_SECONDS, self._watching.seconds_to_scan(now))):
            if now < self._gathering_until:
                self._waker.wait(self._gathering_until - now)
            self._gathering_until = self._clock() + GATHER_SECONDS
            self._watching.hurry()

    def work_once(self, taking: bool) -> bool:
        """Do one round. True if anything moved: then there may be more to do at once."""
        now = self._clock()
        moved = False
        if taking:
            if now >= self._next_recovery:
                moved |= self._guarded("recovery", self._take_up)
            moved |= self._guarded("requests", self._requests.work_once)
            self._watching.blocked = blocked(self.jobs.values(), self._incidents.open)
            moved |= self._watching.scan_if_due(now, room_beside(self.plan, self.jobs.values()))
            self._scanned = self._watching.scanned or self._scanned
            self._tending.work_once(self._watching.seen, now)
            moved |= self._guarded("late", lambda: self._late.work_once(now))
            moved |= self._templates.work_once(now) | self._reports.work_once(now) | self._lookout.work_once(now)
            moved |= self._guarded("upkeep", lambda: self._upkeep.work_once(now))
        moved |= account_due(self._hands, self.jobs.values(), now, self._pausing)
        for job in self._in_turn():
            if job.stage is not Stage.ACCOUNT and (taking or job.future or job.stage not in (Stage.COPY, Stage.WORK)):
                moved |= self._advance(job, now)
        self._account_for_faults()
        self._tell_status(now)
        self._alive()
        return moved

    def _take_now(self, routes: Collection[str], name: str | None, asked: str) -> Taken:
        room = room_beside(self.plan, self.jobs.values())
        return self._watching.take_now(routes, name, asked, self._clock(), room)

    def _in_turn(self) -> list[Job]:
        """Return the jobs that may move. While one is suspected of having killed the service, one works at a time."""
        working = [job for job in self.jobs.values() if job.stage is Stage.WORK]
        if not any(job.claim.crashes >= MOST_CRASHES for job in working):
            return list(self.jobs.values())
        idle = [job for job in working if job.future is None]
        next_one = None if len(idle) < len(working) else min(idle, key=lambda job: (job.retry_at, job.claim.job))
        return [job for job in self.jobs.values() if job not in idle or job is next_one]

    def _advance(self, job: Job, now: float) -> bool:
        if now < job.retry_at or (job.future is not None and not job.future.done()):
            return False
        stage, moved = job.stage, False
        with self._pausing(job, now):
            moved = STEPS[stage](self._hands, job, now)
        if stage is Stage.PUBLISH and job.stage is Stage.ARCHIVE and job.receipt is not None:
            self._meter.published(job.receipt)
            self._lookout.published(job.receipt, now)
        if job.stage is Stage.DONE:
            if job.receipt is not None:
                self._pace.took(job.claim.bytes or 0, sum(job.receipt.durations.values()))
                self._meter.done({**job.receipt.durations, **job.seconds})
            del self.jobs[job.claim.job]
            self._late.watch(job.claim)
        return moved

    @contextmanager
    def _pausing(self, job: Job, now: float) -> Iterator[None]:
        """Let a job wait where the world is at fault."""
        structlog.contextvars.bind_contextvars(code=job.claim.code)
        try:
            yield
        except Unavailable as fault:
            self._pause(job, now, fault)
        except OSError as error:
            self._pause(job, now, as_unavailable(error, job.stage))
        finally:
            structlog.contextvars.unbind_contextvars("code")

    def _pause(self, job: Job, now: float, fault: Unavailable) -> None:
        job.future = None
        if job.stage is Stage.ACCOUNT:
            job.receipt = job.outcome = None  # there may be thousands before the ledger is back
        job.wait(now, fault.key)
        log.warning(
            "waits", job=job.claim.job, stage=str(job.stage), for_=fault.key, why=fault.matter, seconds=job.pause
        )
        self._incidents.begin(fault, now_utc(), job.claim.route)

    def _guarded(self, what: str, function: Callable[[], bool]) -> bool:
        """Do a part of the round whose fault must not stop the others."""
        try:
            moved = function()
        except Unavailable as fault:
            self._faults[what] = fault
            return False
        except OSError as error:
            self._faults[what] = as_unavailable(error, what)
            return False
        self._faults.pop(what, None)
        return moved

    def _account_for_faults(self) -> None:
        """Begin and end incidents by what is away now, and owe what operators are to be told."""
        at = now_utc()
        faults = [*self._faults.values(), *self._watching.faults.values(), *self._upkeep.faults]
        faults += [*self._tending.faults, *self._late.faults, *self._templates.faults]
        for fault in faults:
            self._incidents.begin(fault, at)
        live = {job.trouble for job in self.jobs.values()} | {fault.key for fault in faults}
        live |= {key for key in self._incidents.open if key.startswith("parked:") and self._still_parked(key)}
        self._incidents.end_all_but(live, at)
        if self._incidents.owed:
            self._guarded("ledger", self._owe)

    def _still_parked(self, key: str) -> bool:
        return (self.plan.root.processing / f"{PARKED}{key.removeprefix('parked:')}").exists()

    def _owe(self) -> bool:
        self._incidents.hand_over(self._hands.ledger.owe)
        return False  # it is no reason for another round

    def _tell_status(self, now: float) -> None:
        if now < self._next_status:
            return
        self._next_status = now + STATUS_SECONDS
        states = self._watching.seen
        drops = drops_of(self._hands, self.jobs.values(), states, self._pace, now)
        waiting, count = entries(drops, states, MOST_WAITING)
        document = status_of(
            began=self._began,
            scanned=self._scanned,
            jobs=self.jobs.values(),
            waiting=waiting,
            waiting_count=count,
            queue=queue_of(states, now),
            incidents=self._incidents,
        )
        write_status(self.plan.root.status, document)
        self._meter.stands(document)

    def _empty(self) -> bool:
        """Whether nothing is left that would move by itself soon: with `--once` that is the end."""
        waits = [job for job in self.jobs.values() if job.stage is not Stage.HELD]
        idle = self._watching.empty() and self._templates.idle and self._reports.idle and self._lookout.idle
        return idle and all(job.trouble for job in waits)

    def _finish(self, stop: Callable[[], bool]) -> None:
        """Finish what is at work within the time there is, and hand back the rest: an orderly stop never counts."""
        deadline = self._clock() + self.plan.stop_seconds
        while self._clock() < deadline:
            moved = self.work_once(taking=False)
            if not moved and not any(job.future is not None for job in self.jobs.values()):
                break
            if not moved:
                self._waker.wait(IDLE_SECONDS)
        for job in self.jobs.values():
            with suppress(OSError):
                strike_off(job)
        self._helpers.shutdown(wait=False, cancel_futures=True)
        self._next_status = 0.0
        self._tell_status(self._clock())
        log.info("stopped", left=len(self.jobs))

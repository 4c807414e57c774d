"""The daemon looks after itself: retention and the audit, once a day, in steps so small that nothing stands for them.

Helper threads read, a tenth of a second at a time, and slower while drops are at work; the one thread removes, one
job's files in each round.
"""

from __future__ import annotations

import json
import time
import zlib
from collections import deque
from collections.abc import Generator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from dropscore.domain.errors import Unavailable
from dropscore.folders import now_utc, write_plain
from dropscore.service import audit, removal
from dropscore.service import kept as keeping
from dropscore.service.audit import Audit
from dropscore.service.daily import next_time
from dropscore.service.findings import Findings, ReadLedger, opened
from dropscore.service.hands import Hands
from dropscore.service.incidents import as_unavailable
from dropscore.service.job import Job, any_at_work
from dropscore.service.retention import Due, due

log = structlog.get_logger()

CHUNK_SECONDS, MOST_FOUND = 0.1, 20
PAUSE_SECONDS, BUSY_PAUSE_SECONDS = 0.5, 5.0
LOOK_SECONDS, AGAIN_SECONDS, RETRY_SECONDS = 30.0, 600.0, 3600.0
LEAP = timedelta(hours=1)
"""By which a clock must have leapt ahead for its days not to be believed at once."""
HASHED_EVERY = 7
"""Days in which every file is read once; whether it is there, and its size, is looked at daily."""

Duty = Generator[Due | None, None, Audit | None]
RETENTION, AUDIT, AGAIN = "retention", "audit", "audit-again"


class Upkeep:
    """What is due and what is going on. `faults` are told to operators until they are mended."""

    def __init__(self, hands: Hands, jobs: Mapping[str, Job], read_ledger: ReadLedger | None, now: float) -> None:
        self._hands = hands
        self._jobs = jobs
        self._read_ledger = read_ledger
        state = hands.plan.root.state
        self._kept = state / "upkeep.json"
        self._ended = _read_times(self._kept)
        self._findings = Findings(state / "audit.json")
        self._failed: dict[str, Unavailable] = {}
        self._wanted: deque[str] = deque()
        self._what = ""
        self._duty: Duty | None = None
        self._chunk: Future[tuple[list[Due], bool, Audit | None]] | None = None
        self._is_over = False
        """Nothing more will be found; what is ready is still to be removed."""
        self._ready: deque[Due] = deque()
        self._next_chunk = 0.0
        self._next_again = now + AGAIN_SECONDS
        self._next_look = now + (hands.plan.daily.after_start_seconds if hands.plan.daily else LOOK_SECONDS)
        self._clocks = (now_utc(), now)

    @property
    def idle(self) -> bool:
        return self._duty is None and not self._ready and not self._wanted and not self._hands.upkeep_wanted

    @property
    def faults(self) -> list[Unavailable]:
        """One for each difference that the audit found, and for a duty that could not be done."""
        return [*self._findings.faults, *self._failed.values()]

    def work_once(self, now: float) -> bool:
        """Take the next small step. True if something was removed."""
        if self._ready:
            return self._remove(now)
        if self._chunk is not None:
            if self._chunk.done():
                self._take_chunk(now)
        elif self._is_over:
            self._finish(now)
        elif self._duty is None:
            self._begin(now)
        elif now >= self._next_chunk:
            self._next_chunk = now + (BUSY_PAUSE_SECONDS if any_at_work(self._jobs.values()) else PAUSE_SECONDS)
            # Nobody is woken at its end: the loop looks often enough, and a wake would have every inbox listed.
            self._chunk = self._hands.helpers.submit(_chunk, self._duty)
        return False

    def _begin(self, now: float) -> None:
        self._wanted += sorted(self._hands.upkeep_wanted)
        self._hands.upkeep_wanted.clear()
        if not self._wanted and now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            self._wanted += self._due_now(now)
        if not self._wanted and self._findings.differences and now >= self._next_again:
            self._wanted.append(AGAIN)
        if self._wanted:
            self._what = self._wanted.popleft()
            self._duty = {RETENTION: self._retention, AUDIT: self._audit, AGAIN: self._look_again}[self._what]()

    def _due_now(self, now: float) -> list[str]:
        daily = self._hands.plan.daily
        wall, (last_wall, last_now) = now_utc(), self._clocks
        self._clocks = (wall, now)
        if daily is None:
            return []
        if wall - last_wall > timedelta(seconds=now - last_now) + LEAP:
            log.warning("the clock has leapt ahead: upkeep waits an hour", by=str(wall - last_wall))
            self._next_look = now + LEAP.total_seconds()
            return []
        names = [RETENTION, *([AUDIT] if daily.audit else [])]
        for name in names:
            if name not in self._ended or self._ended[name] > wall + timedelta(days=1):
                self._end(name, wall)  # there is no saying when it was done last: from now on, then
        return [name for name in names if name in self._failed or wall >= next_time(daily, self._ended[name])]

    def _retention(self) -> Duty:
        plan = self._hands.plan
        removal.sweep(plan.root)
        if plan.daily is not None:
            yield from due(plan.root, plan.daily.retention, now_utc())
        return None

    def _audit(self) -> Duty:
        plan, today = self._hands.plan, now_utc().toordinal() % HASHED_EVERY

        def hashed(job: str) -> bool:
            return zlib.crc32(job.encode()) % HASHED_EVERY == today

        with ExitStack() as held:
            ledger = opened(self._read_ledger, held)
            return (yield from audit.steps_of(plan.root, ledger, [route.name for route in plan.routes], hashed))

    def _look_again(self) -> Duty:
        return (yield from self._findings.again(self._hands.plan.root, self._read_ledger))

    def _take_chunk(self, now: float) -> None:
        assert self._chunk is not None
        chunk, self._chunk = self._chunk, None
        try:
            found, ended, result = chunk.result()
        except OSError as error:
            self._fail(now, as_unavailable(error, self._what))
            return
        except Unavailable as fault:
            self._fail(now, fault)
            return
        self._ready += found
        self._is_over = ended
        if result is not None:
            self._findings.take(result)
            log.info(self._what, jobs=result.jobs, files=result.files, differences=result.count)

    def _finish(self, now: float) -> None:
        """Write down that a duty was done: after a crash before this line it is done again."""
        self._duty, self._is_over = None, False
        self._next_again = now + AGAIN_SECONDS
        self._failed.pop(self._what, None)
        if self._what != AGAIN:
            self._end(self._what, now_utc())

    def _fail(self, now: float, fault: Unavailable) -> None:
        """Leave a duty for an hour. Its next try finds what is left to be done."""
        log.warning("upkeep waits", what=self._what, why=fault.matter)
        self._failed[self._what] = Unavailable(f"upkeep:{self._what}", f"The daily {self._what} waits: {fault.matter}")
        self._duty, self._is_over = None, False
        self._ready.clear()
        self._next_look = self._next_again = now + RETRY_SECONDS

    def _end(self, what: str, at: datetime) -> None:
        self._ended[what] = at
        try:
            write_plain(self._kept, {name: moment.isoformat() for name, moment in self._ended.items()})
        except OSError as error:
            log.warning("upkeep not written down", why=str(error))  # at worst it is done again

    def _remove(self, now: float) -> bool:
        found = self._ready[0]
        if not self._is_wanted(found):
            try:
                freed = removal.remove(self._hands.plan.root, self._hands.ledger, found)
            except OSError as error:
                self._fail(now, as_unavailable(error, str(found.place)))
                return False
            except Unavailable as fault:
                self._fail(now, fault)
                return False
            log.info("removed", job=found.job, code=found.code, place=str(found.place), bytes=freed, why=found.why)
        self._ready.popleft()
        return True

    def _is_wanted(self, found: Due) -> bool:
        """Whether a job that is open needs what another one left, or somebody has just asked for it."""
        root = self._hands.plan.root
        if keeping.is_open(root, found.job):
            return True
        for job in self._jobs.values():
            lineage, mends = job.claim.lineage, job.outcome.mends if job.outcome else None
            if found.job in (lineage.retry_of, lineage.mends, lineage.late_of, lineage.answers, mends):
                return True
        for path in root.requests.glob("*.json"):
            with suppress(FileNotFoundError):  # withdrawn
                text = path.read_bytes()
                if found.job.encode() in text or found.code.encode() in text:
                    return True
        return False


def _chunk(duty: Duty) -> tuple[list[Due], bool, Audit | None]:
    """Go on for a moment; return what may be removed, whether that was the end, and what an audit found."""
    until = time.monotonic() + CHUNK_SECONDS
    found: list[Due] = []
    while time.monotonic() < until and len(found) < MOST_FOUND:
        try:
            one = next(duty)
        except StopIteration as end:
            return found, True, end.value
        if one is not None:
            found.append(one)
    return found, False, None


def _read_times(path: Path) -> dict[str, datetime]:
    try:
        found = json.loads(path.read_bytes())
        return {str(name): datetime.fromisoformat(moment) for name, moment in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}

"""What waits for a worker: big jobs and small ones in lanes of their own, so that neither starves.

Half of the workers take a big job before small ones. The others take none: small jobs always find one of these soon.
Many small jobs are handed over together. A worker with nothing else to do helps with a big job that is at work.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

BIG_BYTES = 4 << 20
"""From here on a job is big: about 60,000 rows of twelve columns."""
SMALL_BYTES = 256 << 10
"""Up to here jobs may be handed over together."""
TOGETHER = 50
_FIRST_SECONDS, _LAST_SECONDS, _GROWTH = 0.003, 0.1, 1.2


@dataclass(slots=True, eq=False)
class Job:
    argument: bytes
    timeout: float | None
    size: int = 0
    future: Future[object] = field(default_factory=Future)
    helped: bool = True
    """Others may help with it while it is at work."""
    patience: float = _FIRST_SECONDS
    """How long a helper waits before it asks again whether there is something to help with."""


@dataclass(frozen=True, slots=True)
class Help:
    """To make a part of a job that another worker has."""

    job: Job


class Lanes:
    """Jobs that wait, and big ones that are at work. Every method may be called from any thread."""

    def __init__(self, workers: int, together: bool = False, helping: bool = False) -> None:
        self._workers = workers
        self._together, self._helping = together, helping
        self._takes_big = max(1, workers // 2)
        self._changed = threading.Condition()
        self._big: deque[Job] = deque()
        self._small: deque[Job] = deque()
        self._at_work: list[Job] = []
        self._closed = False
        self._turn = False

    def put(self, job: Job) -> None:
        """Let a job wait. RuntimeError: nothing is taken any more."""
        with self._changed:
            if self._closed:
                raise RuntimeError("the pool is closed")
            (self._big if job.size >= BIG_BYTES else self._small).append(job)
            self._changed.notify_all()

    def take(self, worker: int) -> list[Job] | Help | None:
        """Return what the worker shall do next, as soon as there is something; None: the end."""
        with self._changed:
            while True:
                if jobs := self._next(worker):
                    self._at_work += jobs
                    self._changed.notify_all()
                    return jobs
                if self._closed:
                    return None
                helped = self._to_help()
                if helped is not None:
                    return Help(helped)
                self._changed.wait()

    def later(self, job: Job) -> None:
        """Wait until it is worth while to ask again whether a job can be helped with, or something has changed."""
        with self._changed:
            self._changed.wait(job.patience)
        job.patience = min(_GROWTH * job.patience, _LAST_SECONDS)

    def done(self, jobs: list[Job]) -> None:
        with self._changed:
            self._at_work = [job for job in self._at_work if job not in jobs]

    def close(self) -> list[Job]:
        """Take nothing more; return what waited."""
        with self._changed:
            self._closed = True
            left = [*self._big, *self._small]
            self._big.clear()
            self._small.clear()
            self._changed.notify_all()
            return left

    def _next(self, worker: int) -> list[Job]:
        big = self._big and worker < self._takes_big and not (self._turn and self._small)
        # A worker that is the only one takes small jobs between two big ones.
        self._turn = bool(big) and self._workers == 1
        if big:
            return [self._big.popleft()]
        return self._batch() if self._small else []

    def _batch(self) -> list[Job]:
        """Return the first small job, and with it others that are small enough, so many that each worker has some."""
        found = [self._small.popleft()]
        if not self._together or not _may_be_together(found[0]):
            return found
        most = min(TOGETHER, -(-(len(self._small) + 1) // self._workers))
        while self._small and len(found) < most and _may_be_together(self._small[0]):
            found.append(self._small.popleft())
        return found

    def _to_help(self) -> Job | None:
        if not self._helping:
            return None
        return next((job for job in self._at_work if job.size >= BIG_BYTES and job.helped), None)


def _may_be_together(job: Job) -> bool:
    return job.size <= SMALL_BYTES

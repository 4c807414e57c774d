"""The place of one worker process: a thread that hands it what is due, and ends it where it must."""

from __future__ import annotations

import logging
import pickle
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from pebble import CONSTS, ProcessExpired, ProcessPool

from dropscore.domain.errors import Overran, Unavailable, WorkerDied
from dropscore.domain.jobs import HELP_LATER, HELP_NONE
from dropscore.workers.inside import OUT_OF_MEMORY, call, call_together
from dropscore.workers.lanes import Help, Job, Lanes

log = logging.getLogger(__name__)

CONSTS.term_timeout = 0.0  # a worker has nothing to tidy up: it is killed, and not asked first

END_SECONDS = 10.0
"""A process that hangs in the kernel (a dead file server) outlives even SIGKILL: it is not waited for longer."""


class Work(NamedTuple):
    """Dotted names of functions that a worker resolves, each with one argument."""

    function: str
    """Does a job."""
    together: str = ""
    """Does a list of jobs; it returns for each a pair: whether it went well, and the result or the exception."""
    assist: str = ""
    """Does a part of a job that another worker has, and says what is left."""


class Slot(threading.Thread):
    """The place of one worker: takes one job after the other, and a new worker where the last one ended."""

    def __init__(
        self,
        number: int,
        work: Work,
        fresh: Callable[[], ProcessPool],
        writable: Sequence[str],
        lanes: Lanes,
        kill: threading.Event,
    ) -> None:
        super().__init__(name=f"worker-{number}", daemon=True)
        self._number = number
        self._work = work
        self._fresh = fresh
        self._writable = writable
        self._lying_there: tuple[object, ...] = ()
        self._lanes = lanes
        self._kill = kill
        self._pool: ProcessPool | None = None
        self.wake = threading.Event()

    def run(self) -> None:
        while (due := self._lanes.take(self._number)) is not None:
            if isinstance(due, Help):
                self._help(due.job)
                continue
            jobs = [job for job in due if job.future.set_running_or_notify_cancel()]
            if len(jobs) < 2 or not self._together(jobs):
                for job in jobs:
                    self._alone(job)
            self._lanes.done(due)
            del due, jobs  # a result may be large, and the next job far away
        self._end()

    def _alone(self, job: Job) -> None:
        try:
            good, value = pickle.loads(self._carry_out(call, (self._work.function, job.argument), job.timeout))
            if not good:
                raise value
        except BaseException as error:
            job.future.set_exception(error)
        else:
            job.future.set_result(value)

    def _together(self, jobs: list[Job]) -> bool:
        """Do many small jobs in one call. False: it came to no good end, and nobody knows whose fault that was."""
        timeouts = [job.timeout for job in jobs if job.timeout is not None]
        arguments = (self._work.together, [job.argument for job in jobs])
        try:
            answers = pickle.loads(self._carry_out(call_together, arguments, max(timeouts, default=None)))
        except (WorkerDied, Overran):
            return False
        except BaseException as error:
            for job in jobs:
                job.future.set_exception(error)
            return True
        for job, answer in zip(jobs, answers, strict=True):
            good, value = pickle.loads(answer)
            if good:
                job.future.set_result(value)
            else:
                job.future.set_exception(value)
        return True

    def _help(self, job: Job) -> None:
        """Make a part of another's job. Whatever goes wrong here, the job's own worker does without."""
        try:
            good, value = pickle.loads(self._carry_out(call, (self._work.assist, job.argument), job.timeout))
        except (WorkerDied, Overran, Unavailable, CancelledError) as fault:
            log.warning("a helper ended: %s", fault)
            job.helped = False
            return
        if not good:
            log.warning("a helper failed: %s", value)
        job.helped = good and value != HELP_NONE
        if good and value == HELP_LATER:
            self._lanes.later(job)

    def _carry_out(self, function: Callable[..., bytes], arguments: tuple[Any, ...], timeout: float | None) -> bytes:
        answer = self._begin(function, arguments)
        answer.add_done_callback(lambda _: self.wake.set())
        deadline = None if timeout is None else time.monotonic() + timeout
        while not answer.done():
            if self._kill.is_set():
                self._end()
                raise CancelledError("the pool was closed before the work was done")
            if deadline is not None and time.monotonic() >= deadline:
                self._end()
                raise Overran(f"it was not done after {timeout:g} seconds, and was ended")
            self.wake.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))
            self.wake.clear()
        return self._result_of(answer)

    def _begin(self, function: Callable[..., bytes], arguments: tuple[Any, ...]) -> Future[bytes]:
        """Hand the job to this slot's worker; to a new one if that has ended meanwhile, or may not write any more."""
        lying_there = tuple(map(_which, self._writable))
        if self._pool is not None:
            if lying_there == self._lying_there:
                with suppress(RuntimeError, OSError):
                    return self._hand_over(self._pool, function, arguments)
            self._end()
        self._pool, self._lying_there = self._fresh(), lying_there
        try:
            return self._hand_over(self._pool, function, arguments)
        except (RuntimeError, OSError) as error:
            self._end()
            why = str(error.__cause__ or error) or "their server ended at once, see the log"
            raise Unavailable("workers", f"No worker process could be started: {why}.") from error

    def _hand_over(
        self, pool: ProcessPool, function: Callable[..., bytes], arguments: tuple[Any, ...]
    ) -> Future[bytes]:
        answer: Future[bytes] = pool.schedule(function, args=arguments)
        return answer

    def _result_of(self, answer: Future[bytes]) -> bytes:
        try:
            return answer.result()
        except ProcessExpired as death:
            self._end()
            raise WorkerDied(_how(death.exitcode)) from None
        except (RuntimeError, OSError) as error:
            # It died so early that pebble did not know yet whose job it had.
            self._end()
            raise WorkerDied(f"the worker ended at once ({error})") from None

    def _end(self) -> None:
        """Kill this slot's worker, if there is one."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        pool.stop()  # type: ignore[no-untyped-call]
        ending = threading.Thread(target=_join, args=(pool,), name=f"{self.name}-end", daemon=True)
        ending.start()
        ending.join(END_SECONDS)
        if ending.is_alive():
            log.error("a worker process hangs in the kernel and cannot be ended")


def _which(path: str) -> tuple[int, int] | None:
    """Return which folder lies there. A worker's right to write is to that one, and not to its path."""
    with suppress(OSError):
        found = Path(path).stat()
        return found.st_dev, found.st_ino
    return None


def _how(code: int) -> str:
    if code == OUT_OF_MEMORY:
        return "the worker needed more memory than it may use"
    if code < 0:
        with suppress(ValueError):
            return f"the worker was ended by {signal.Signals(-code).name}"
    return f"the worker ended with exit code {code}"


def _join(pool: ProcessPool) -> None:
    with suppress(RuntimeError, OSError):
        pool.join()

"""Jobs handed to workers: big ones one each at a time, many small ones together.

Each worker has a pebble pool and a thread of its own. In a pool of several, all share one pipe and its lock, and
a worker that is killed while it holds the lock stops the others; and pebble's own deadlines follow the wall clock.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from typing import Any

from pebble import ProcessPool

from dropscore.workers.inside import STOP_SIGNALS, initialise
from dropscore.workers.lanes import Job, Lanes
from dropscore.workers.slot import END_SECONDS, Slot, Work


class Pool:
    """`submit` hands one argument to the dotted function, in a worker, and returns a future.

    The future raises what the function raised, or:

        WorkerDied: the worker ended in the middle, by itself or because of its memory limit.
        Overran: the deadline had passed, and the worker was killed.
        Unavailable("workers", …): no worker could be started; the job has not been begun.
        CancelledError: the pool was closed before the job was done.
        Failed: the function raised something of a library that is not known here.
    """

    def __init__(
        self,
        function: str,
        processes: int,
        memory_bytes: int | None = None,
        preload: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        writable: Sequence[Path] | None = None,
        *,
        together: str = "",
        assist: str = "",
        size_of: Callable[[Any], int] = lambda _: 0,
    ) -> None:
        """`together` and `assist` are functions as `Work` says. `size_of` an argument are the bytes that it is about.

        `environment` is set in this process, and stays: the server may have to be started again at any time,
        and BLAS reads its number of threads when it is imported there.

        No worker has a network. `writable` are the only folders that workers may write to; None: all (see `confine`).
        """
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(preload))
        os.environ.update(environment or {})
        self._lanes = Lanes(processes, bool(together), bool(assist))
        self._size_of = size_of
        self._kill = threading.Event()
        work = Work(function, together, assist)
        paths = None if writable is None else [str(path) for path in writable]

        def fresh() -> ProcessPool:
            return ProcessPool(max_workers=1, initializer=initialise, initargs=(memory_bytes, paths), context=context)

        self._slots = [Slot(n, work, fresh, paths or [], self._lanes, self._kill) for n in range(processes)]
        with _stop_signals_blocked():
            forkserver.ensure_running()
            for slot in self._slots:
                slot.start()

    def submit(self, argument: object, timeout: float | None = None) -> Future[object]:
        """Start the work as soon as a worker is free. `timeout`: seconds from its start to its end at most.

        Raises:
            RuntimeError: the pool is closed.
            Exception: the argument cannot be pickled.
        """
        job = Job(pickle.dumps(argument), timeout, self._size_of(argument))
        self._lanes.put(job)
        return job.future

    def close(self, grace_seconds: float = 5.0) -> None:
        """Begin nothing more; let what runs come to its end for so long, then kill it."""
        for job in self._lanes.close():
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(CancelledError("the pool was closed before the work began"))
        deadline = time.monotonic() + grace_seconds
        for slot in self._slots:
            slot.join(max(0.0, deadline - time.monotonic()))
        self._kill.set()
        for slot in self._slots:
            slot.wake.set()
        for slot in self._slots:
            slot.join(END_SECONDS + 1.0)


@contextmanager
def _stop_signals_blocked() -> Iterator[None]:
    """Start threads and the server so that they never see the signals which ask the service to stop or to reload.

    The mask is inherited by pebble's threads, and by the server whoever of them starts it again.
    """
    resource_tracker.ensure_running()  # on its first start it unblocks signals, whoever had blocked them
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

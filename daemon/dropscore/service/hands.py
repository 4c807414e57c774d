"""What the stages of a job work with."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path

from dropscore.service.job import Job
from dropscore.service.plan import Ledger, Plan, Submit


@dataclass(slots=True)
class Hands:
    """What the steps work with."""

    plan: Plan
    submit: Submit
    helpers: Executor
    ledger: Ledger
    wake: Callable[[], None]
    staging_tops: dict[Path, Path] = field(default_factory=dict)
    mismatches: dict[tuple[str, str], tuple[tuple[object, ...], float]] = field(default_factory=dict)
    """Drops (inbox, name) that did not match their checksum: what they were, and since when (monotonic)."""
    upkeep_wanted: set[str] = field(default_factory=set)
    """Duties of the daemon's upkeep that somebody has asked for, so that they do not wait for their time."""

    def help(self, function: Callable[..., object], *arguments: object) -> Future[object]:
        future = self.helpers.submit(function, *arguments)
        future.add_done_callback(lambda _: self.wake())
        return future

    def done(self, job: Job, step: str, function: Callable[..., object], *arguments: object) -> bool:
        """Have a helper do a step for a job, and say whether it is done. Raises what the step raised.

        Many helpers are at it side by side: each waits for the disk, and the file system makes one sync of many.
        """
        if job.future is None:
            job.future = self.help(_timed, job, step, function, *arguments)
            return False
        future, job.future = job.future, None
        future.result()
        return True


def _timed(job: Job, step: str, function: Callable[..., object], *arguments: object) -> None:
    started = time.perf_counter()
    try:
        function(*arguments)
    finally:
        job.seconds[step] = job.seconds.get(step, 0.0) + time.perf_counter() - started

"""The notifier as the daemon's companion: started with it, alone on its root, and ended with it however it ends."""

from __future__ import annotations

import fcntl
import os
import select
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog

log = structlog.get_logger("dropscore.notifier")

LOOK_SECONDS = 0.2
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0


class Companion:
    """A process that is started again when it ends, more slowly each time that it does not last."""

    def __init__(self, command: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._command = command
        self._clock = clock
        self._pause = FIRST_PAUSE
        self._again_at: float | None = None
        self._start()

    def _start(self) -> None:
        self._began = self._clock()
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)

    def look(self) -> None:
        now = self._clock()
        if self._again_at is not None:
            if now >= self._again_at:
                self._again_at = None
                self._start()
        elif self._process.poll() is not None:
            self._pause = FIRST_PAUSE if now - self._began > LONGEST_PAUSE else min(2 * self._pause, LONGEST_PAUSE)
            self._again_at = now + self._pause
            facts = {"code": self._process.returncode, "in_seconds": self._pause}
            log.warning("the notifier ended and is started again", **facts)

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def when_gone(parent: int, told: Callable[[], None]) -> None:
    """Have `told` called in a thread when the process that started this one has ended; at once if it has already.

    A parent that was gone before this line has handed its child to another: then its number says nothing any more.
    """
    try:
        handle = os.pidfd_open(parent)
    except ProcessLookupError:
        told()
        return
    if os.getppid() != parent:
        os.close(handle)
        told()
        return

    def wait() -> None:
        select.select([handle], [], [])
        told()

    threading.Thread(target=wait, name="parent", daemon=True).start()


@contextmanager
def the_only_one(lock: Path, stop: threading.Event, patience: float | None = None) -> Iterator[bool]:
    """Hold a lock, so that no two notifiers of one root tell people the same thing; wait for one that is about to end.

    False: told to stop, or the patience (seconds; None: any) is over, before the lock was to be had.
    """
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        yield _lock(handle, stop, patience)
    finally:
        os.close(handle)


def _lock(handle: int, stop: threading.Event, patience: float | None) -> bool:
    until = None if patience is None else time.monotonic() + patience
    waits = False
    while not stop.is_set():
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if until is not None and time.monotonic() >= until:
                return False
        if not waits:
            waits = True
            log.info("another notifier of this root is at work: this one waits for its end")
        stop.wait(LOOK_SECONDS)
    return False

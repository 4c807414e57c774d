"""Wake the loop early. Events are hints: inotify loses them, and sees nothing of what other machines write."""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePath

from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from dropscore.intake.names import why_ignored

log = logging.getLogger(__name__)

# What may begin or end a drop. Not every write to a growing one, and not our own reading and taking away.
_TELLING: list[type[FileSystemEvent]] = [FileCreatedEvent, FileMovedEvent, FileClosedEvent]


class _Report(FileSystemEventHandler):
    def __init__(self, waker: Waker) -> None:
        self._waker = waker

    def dispatch(self, event: FileSystemEvent) -> None:
        name = PurePath(os.fsdecode(event.dest_path or event.src_path)).name
        if why_ignored(name) is None:
            self._waker.report()


class Waker:
    """Ends a wait when something was reported, by the kernel or by another thread.

    `watch` is called in every round: watchdog goes on calling itself alive over a folder that was removed,
    replaced or mounted over, and with threads that have died. Where there are no events at all, the waits just
    take their full time.
    """

    def __init__(self) -> None:
        # No lock: `wake` is called by signal handlers, which may interrupt this very thread while it holds one.
        self._signal = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._signal, select.POLLIN)
        self._reported = False
        self._observer: BaseObserver | None = None
        self._watches: dict[Path, tuple[tuple[int, int], ObservedWatch]] = {}
        self.events = 0
        """Reported so far, by the kernel."""
        self.blind: dict[Path, str] = {}
        """Folders without events, and why: the scan alone finds what is dropped there."""

    def report(self) -> None:
        """Say that something happened in a watched folder."""
        self.events += 1
        self._reported = True
        self.wake()

    def wake(self) -> None:
        """End the wait: for futures and signals. Safe in any thread and in a signal handler."""
        with suppress(OSError):  # closed, at the very end of the process
            os.eventfd_write(self._signal, 1)

    def wait(self, timeout: float) -> bool:
        """Wait at most so many seconds. True if something was reported in the watched folders."""
        self._poll.poll(max(0.0, timeout) * 1000)
        with suppress(BlockingIOError):
            os.eventfd_read(self._signal)
        # After the read: a report in between is told twice rather than never.
        reported, self._reported = self._reported, False
        return reported

    def watch(self, folders: Iterable[Path]) -> None:
        """Watch these folders and no others. Raises nothing, and costs one stat a folder while all is well."""
        if not self._alive():
            self._stop()
        wanted = list(folders)
        for gone in (self._watches.keys() | self.blind.keys()) - set(wanted):
            self._unwatch(gone)
            self.blind.pop(gone, None)
        for folder in wanted:
            self._watch_one(folder)

    def _watch_one(self, folder: Path) -> None:
        try:
            facts = folder.stat()
            identity = (facts.st_dev, facts.st_ino)
            known = self._watches.get(folder)
            if known is not None and known[0] == identity and self._emits(known[1]):
                return
            self._unwatch(folder)
            observer = self._running_observer()
            # The real path: watchdog does not follow a link, and an inbox may be one.
            path = os.path.realpath(folder)
            watch = observer.schedule(_Report(self), path, event_filter=_TELLING)
            self._watches[folder] = (identity, watch)
            self.blind.pop(folder, None)
        except Exception as error:  # whatever a library's thread does: the scan goes on
            self._unwatch(folder)
            if folder not in self.blind:
                log.warning("no events for %s: %s", folder, error)
            self.blind[folder] = str(error)

    def _running_observer(self) -> BaseObserver:
        if self._observer is None:
            observer = Observer()
            observer.start()
            self._observer = observer
        return self._observer

    def _unwatch(self, folder: Path) -> None:
        known = self._watches.pop(folder, None)
        if known is not None and self._observer is not None:
            with suppress(Exception):
                self._observer.unschedule(known[1])

    def _emits(self, watch: ObservedWatch) -> bool:
        emitters = self._observer.emitters if self._observer is not None else ()
        return any(emitter.watch == watch and emitter.is_alive() for emitter in emitters)

    def _alive(self) -> bool:
        """Whether the threads that read and hand on events are there; watchdog itself does not look."""
        observer = self._observer
        if observer is None:
            return True
        reader = getattr(observer, "_inotify_fd", None)
        return observer.is_alive() and (not isinstance(reader, threading.Thread) or reader.is_alive())

    def _stop(self) -> None:
        observer, self._observer = self._observer, None
        self._watches.clear()
        if observer is not None:
            with suppress(Exception):
                observer.stop()
                observer.join(2.0)

    def close(self) -> None:
        """End the watch. `wake` may still be called, by a worker that ends later: so its descriptor stays open."""
        self._stop()

"""One listing of one inbox, as the kernel says it. The scan is the truth; an event only brings it forward."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import TEMPLATE, Kind
from dropscore.intake.names import CHECKSUM, CLAIMS, MARKER, WHY_IN_FLIGHT, is_notice, is_sidecar, why_ignored

STAND_STILL_SECONDS = 3.0
"""An mtime must have been seen for so long before a listing that skipping is right: no file system in use
stamps its folders more coarsely than in steps of two seconds."""
FULL_LISTING_SECONDS = 30.0
_NOT_USED = "It is a marker or checksum, which this route does not use."
_ONE_BAD_ENTRY = frozenset({errno.EIO, errno.ESTALE, errno.EUCLEAN})


class Completeness(StrEnum):
    """By which rule a route's drops are complete."""

    QUIET = "quiet"
    MARKER = "marker"
    CHECKSUM = "checksum"
    RENAME = "rename"


SIDECAR_OF = {Completeness.MARKER: MARKER, Completeness.CHECKSUM: CHECKSUM}


class Waiting(StrEnum):
    """What something in an inbox waits for."""

    GROWING = "growing"
    HELD_OPEN = "held-open"
    MARKER_MISSING = "marker-missing"
    CHECKSUM_MISSING = "checksum-missing"
    CHECKSUM_DIFFERS = "checksum-differs"
    NO_FINAL_NEWLINE = "no-final-newline"
    UNREADABLE = "unreadable"
    HARD_LINKED = "hard-linked"
    QUEUED = "queued"
    UNAVAILABLE = "unavailable"
    NOT_A_FILE = "not-a-file"
    IN_FLIGHT = "in-flight"
    IGNORED_NAME = "ignored-name"


@dataclass(frozen=True, slots=True)
class Inbox:
    """One watched folder and the rule of its route.

    `remote`: leases prove nothing and folder times may be stale (see `guard.is_remote`).
    `folders`: the names of the folders inside that are expected: `check`, and in the inbox itself the routes.
    """

    route: str
    kind: Kind
    path: Path
    rule: Completeness = Completeness.QUIET
    quiet_seconds: float = 5.0
    final_newline_seconds: float = 60.0
    remote: bool = False
    folders: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """`credit`, or `credit/check`: the name under which the folder is guarded and reported."""
        return self.route if self.kind is Kind.SCORE else f"{self.route}/{self.kind.value}"


class Seen(NamedTuple):
    """One regular file as one scan saw it."""

    inbox: Inbox
    name: str
    dev: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    mode: int
    uid: int
    gid: int
    nlink: int

    @property
    def path(self) -> Path:
        return self.inbox.path / self.name

    @property
    def identity(self) -> tuple[int, int, int, int, int]:
        """What must stand still. Only ever compared with itself: no clock is asked what it means."""
        return (self.dev, self.inode, self.size, self.mtime_ns, self.ctime_ns)


class Ignored(NamedTuple):
    """Something that is never taken, and the sentence that says why."""

    name: str
    waiting: Waiting
    why: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What one scan saw. `folder` is the device and inode of the folder that was listed."""

    inbox: Inbox
    drops: tuple[Seen, ...]
    sidecars: tuple[Seen, ...]
    ignored: tuple[Ignored, ...]
    folder: tuple[int, int]
    mtime_ns: int
    still_since: float
    """Monotonic: when this mtime of the folder was first seen."""
    listed_at: float
    """Monotonic: when the names were last read."""
    seen_at: float
    """Monotonic: when the drops were last looked at."""
    others: Mapping[Waiting, int] = field(default_factory=dict)
    """How many of the ignored are somebody's: without what Dropscore itself has laid there."""


_OURS = (CLAIMS, TEMPLATE)
_Found = tuple[tuple[Seen, ...], tuple[Seen, ...], tuple[Ignored, ...], Mapping[Waiting, int]]


def scan(inbox: Inbox, before: Listing | None = None, now: float | None = None) -> Listing:
    """List one inbox. Raises Unavailable(`inbox:LABEL`) if the folder as such cannot be read.

    With `before`, the names are not read again while the folder's mtime stands still; the drops are looked at
    all the same, and every 30 s the names are read whatever the mtime says.
    """
    at = time.monotonic() if now is None else now
    try:
        handle = os.open(inbox.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return _scan_open(inbox, handle, before, at)
        finally:
            os.close(handle)
    except OSError as error:
        raise Unavailable(
            f"inbox:{inbox.label}", f"The folder {inbox.path} cannot be read: {error.strerror or error}."
        ) from error


def _scan_open(inbox: Inbox, handle: int, before: Listing | None, now: float) -> Listing:
    folder = os.fstat(handle)  # before the names: a change in between shows as another mtime next time
    identity = (folder.st_dev, folder.st_ino)
    same = before is not None and before.folder == identity and before.mtime_ns == folder.st_mtime_ns
    again = _look_again(before, handle) if before is not None and same and _may_skip(before, now) else None
    drops, sidecars, ignored, others = again or _list(inbox, handle)
    listed_at = before.listed_at if before is not None and again else now
    still_since = before.still_since if before is not None and same else now
    return Listing(inbox, drops, sidecars, ignored, identity, folder.st_mtime_ns, still_since, listed_at, now, others)


def _may_skip(before: Listing, now: float) -> bool:
    """A name added after the last full listing must show in the mtime: so that mtime had to be old by then.

    "Old" is measured by watching it under our own clock, for the folder's clock may be another machine's.
    """
    return (
        not before.inbox.remote
        and before.listed_at - before.still_since >= STAND_STILL_SECONDS
        and now - before.listed_at < FULL_LISTING_SECONDS
    )


def _list(inbox: Inbox, handle: int) -> _Found:
    drops: list[Seen] = []
    sidecars: list[Seen] = []
    ignored: list[Ignored] = []
    with os.scandir(handle) as entries:
        for entry in entries:
            name = entry.name
            why = why_ignored(name)
            if why is not None:
                waiting = Waiting.IN_FLIGHT if why is WHY_IN_FLIGHT else Waiting.IGNORED_NAME
                ignored.append(Ignored(name, waiting, why))
                continue
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # taken back by its sender between the listing and now
            except OSError as error:
                if error.errno not in _ONE_BAD_ENTRY:
                    raise
                ignored.append(Ignored(name, Waiting.UNREADABLE, f"It cannot be read: {error.strerror}."))
                continue
            if stat.S_ISREG(found.st_mode):
                if not is_sidecar(name):
                    drops.append(_seen(inbox, name, found))
                elif name.lower().endswith(SIDECAR_OF.get(inbox.rule, "\0")):
                    sidecars.append(_seen(inbox, name, found))
                else:
                    ignored.append(Ignored(name, Waiting.IGNORED_NAME, _NOT_USED))
            elif not (stat.S_ISDIR(found.st_mode) and name in inbox.folders):
                ignored.append(Ignored(name, Waiting.NOT_A_FILE, _why_no_file(found.st_mode)))
    return (
        tuple(drops),
        tuple(sidecars),
        tuple(ignored),
        Counter(one.waiting for one in ignored if not is_ours(one.name)),
    )


def is_ours(name: str) -> bool:
    """Whether Dropscore itself lays something of that name into an inbox."""
    return name in _OURS or is_notice(name)


def _look_again(before: Listing, handle: int) -> _Found | None:
    """Look at the drops of the last listing. None if one of them cannot be looked at: then all is listed.

    A drop without the sidecar that its route asks for need not be looked at: nothing is decided of it before the
    sidecar is there, and that changes the folder.
    """
    if before.inbox.rule in SIDECAR_OF and not before.sidecars:
        return before.drops, before.sidecars, before.ignored, before.others
    kept: tuple[list[Seen], list[Seen]] = ([], [])
    for seen_before, seen_now in zip((before.drops, before.sidecars), kept, strict=True):
        for seen in seen_before:
            try:
                found = os.stat(seen.name, dir_fd=handle, follow_symlinks=False)
            except OSError:
                return None
            seen_now.append(_seen(before.inbox, seen.name, found))
            if not stat.S_ISREG(found.st_mode):
                return None
    return tuple(kept[0]), tuple(kept[1]), before.ignored, before.others


def _seen(inbox: Inbox, name: str, found: os.stat_result) -> Seen:
    return Seen(
        inbox,
        name,
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
        found.st_mode,
        found.st_uid,
        found.st_gid,
        found.st_nlink,
    )


def _why_no_file(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "It is a folder. Only files are taken, and only from the folders of configured routes."
    if stat.S_ISLNK(mode):
        return "It is a symbolic link. Links are never followed: drop the file itself."
    if stat.S_ISFIFO(mode):
        return "It is a pipe (FIFO), not a file."
    if stat.S_ISSOCK(mode):
        return "It is a socket, not a file."
    return "It is a device, not a file."

"""What `doctor` looks at on disk: folders, modes, groups, room, and whether the daemon and people get at them."""

from __future__ import annotations

import errno
import grp
import os
import platform
import secrets
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dropscore.cli.finding import Finding, chmod, mend_of
from dropscore.cli.output import size
from dropscore.cli.place import Place, user_name
from dropscore.folders import ACTUALS, CHECK, CLAIMS, Root, folders_of, holder_of
from dropscore.intake.lease import writer_on
from dropscore.settings import with_actuals

LEAST_FREE_BYTES = 1_000_000_000
LEAST_FREE_INODES = 10_000


def folders(place: Place) -> Iterator[Finding]:
    """Each folder: is it there, with its mode and owner?"""
    wrong = 0
    for folder, mode in folders_of(place.root, tuple(place.settings.routes), with_actuals(place.settings)).items():
        what = f"folder {folder}"
        quoted = shlex.quote(str(folder))
        try:
            found = folder.stat()
        except OSError as error:
            yield Finding(what, f"{error.strerror}.", f"dropscore init {shlex.quote(str(place.root.path))}")
            wrong += 1
            continue
        has = found.st_mode & 0o7777
        allowed = {mode, mode & ~0o020} if mode & 0o2000 and not mode & 0o1000 else {mode}
        if folder == place.root.path:
            allowed.add(has)  # the root is root's or the daemon's, and its mode the operator's
        if has not in allowed:
            yield Finding(what, f"mode {has:04o}, expected {mode:04o}.", chmod(mode, folder))
            wrong += 1
        if found.st_uid != os.geteuid() and folder != place.root.path:
            told = f"belongs to {user_name(found.st_uid)}, expected {user_name(os.geteuid())}."
            yield Finding(what, told, f"chown {user_name(os.geteuid())} {quoted}")
            wrong += 1
    if not wrong:
        yield Finding("folders", "all are there, with their modes and owner.")


def groups(place: Place) -> Iterator[Finding]:
    """Each route's groups: are they there, do their folders have them, and is the daemon in them?"""
    root = place.root
    for name, route in place.settings.routes.items():
        inbox = root.of_route(root.inbox, name)
        results = [root.of_route(root.outbox, name), root.of_route(root.failed, name)]
        for group, wanted, need in (
            (
                route.in_group,
                [inbox, inbox / CHECK, *([inbox / ACTUALS] if route.actuals.key else [])],
                "read what its people drop",
            ),
            (route.out_group, results, "hand files to it"),
        ):
            if group is None:
                continue
            what = f"group {group} of route {name}"
            try:
                gid = grp.getgrnam(group).gr_gid
            except KeyError:
                yield Finding(what, "there is no such group.", f"groupadd {shlex.quote(group)}")
                continue
            wrong = [folder for folder in wanted if folder.exists() and folder.stat().st_gid != gid]
            if wrong:
                paths = " ".join(shlex.quote(str(folder)) for folder in wrong)
                yield Finding(what, f"not the group of {paths}.", f"chgrp {shlex.quote(group)} {paths}")
            yield _daemon_in(root, what, group, gid, need) or Finding(what, "the daemon is in it.")


def _daemon_in(root: Root, what: str, group: str, gid: int, need: str) -> Finding | None:
    """Return a fault where the daemon's account, or the daemon that runs, is not in a group."""
    me = user_name(os.geteuid())
    if os.geteuid() == 0:
        return None
    if gid not in os.getgroups():
        return Finding(what, f"{me} is not in it, and cannot {need}.", f"usermod -aG {shlex.quote(group)} {me}")
    holder = holder_of(root) or {}
    try:
        lines = Path(f"/proc/{holder['pid']}/status").read_text(encoding="ascii", errors="replace").splitlines()
        has = next(line for line in lines if line.startswith("Groups:")).split()[1:]
    except (OSError, KeyError, StopIteration):
        return None  # none runs, or not here
    if str(gid) in has or holder.get("host") != platform.node():
        return None
    return Finding(what, f"the daemon was started before {me} came into it.", "systemctl restart dropscore")


def writing(place: Place) -> Iterator[Finding]:
    """Write, rename and ask for a lease, as the daemon does, on the folders that it does so in."""
    root = place.root
    for name in place.settings.routes:
        inbox = root.of_route(root.inbox, name)
        yield _probe(root, f"inbox of {name}", inbox, inbox / CLAIMS, lease=True)
        for folder, top in ((root.outbox, "outbox"), (root.failed, "failed")):
            yield _probe(root, f"{top} of {name}", folder / ".staging", root.of_route(folder, name))
    for folder in (root.processing, root.archive, root.trash, root.state, root.uploads):
        yield _probe(root, f"{root.relative(folder)}/", folder, folder)


def _probe(root: Root, what: str, source: Path, target: Path, lease: bool = False) -> Finding:
    """Make a file in one folder and rename it into the other. Its name begins with a dot, so nobody takes it."""
    name = f".dropscore-probe-{secrets.token_hex(8)}"
    made, moved = source / name, target / f"{name}-moved"
    try:
        handle = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            os.write(handle, b"probe\n")
            os.fsync(handle)
        finally:
            os.close(handle)
        granted = _lease_on(made) if lease else None
        made.rename(moved)
    except OSError as error:
        if error.errno == errno.EXDEV:  # a mount of its own: the daemon stages in that mount
            return _probe(root, what, target, target, lease)
        return Finding(
            what, f"cannot be written to: {error.strerror} ({error.filename}).", mend_of(error, source, root.path)
        )
    finally:
        for path in (made, moved):
            with suppress(OSError):
                path.unlink()
    if lease and granted is None:
        told = "can be written to, but leases are not known here: whether somebody writes is judged by time."
        mend = "Let senders write under another name and rename, with complete = rename or marker."
        return Finding(what, told, mend, note=True)
    return Finding(what, "write, rename" + (" and lease" if lease else "") + " work.")


def _lease_on(path: Path) -> bool | None:
    handle = os.open(path, os.O_RDONLY)
    try:
        return writer_on(handle)
    finally:
        os.close(handle)


def room(place: Place) -> Iterator[Finding]:
    """Free space and inodes, once for each file system."""
    root, seen = place.root, set()
    for folder in (root.path, root.processing, root.outbox, root.failed, root.archive, root.state):
        try:
            device, free = folder.stat().st_dev, os.statvfs(folder)
        except OSError:
            continue  # said already, by `folders`
        if device in seen:
            continue
        seen.add(device)
        what, room_left = f"room on the disk of {folder}", free.f_bavail * free.f_frsize
        if room_left < LEAST_FREE_BYTES:
            yield Finding(what, f"{size(room_left)} free.", "Make room, or shorten [retention] in the configuration.")
        elif free.f_files and free.f_favail < LEAST_FREE_INODES:
            yield Finding(what, f"{free.f_favail:,} inodes free.", "Remove small files there.")
        else:
            yield Finding(what, f"{size(room_left)} free.")

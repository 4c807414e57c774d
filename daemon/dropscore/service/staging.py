"""Where a set is staged, so that publishing it is one rename: a folder of the daemon's own, on the same mount."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from dropscore import durable
from dropscore.intake.guard import mount_point


def staging_for(known: dict[Path, Path], usual: Path, target: Path) -> Path:
    """Return the staging folder for a destination, found by a trial rename and remembered.

    A bind mount has the same device number and still refuses a rename across it (EXDEV): only trying tells.

    Raises:
        OSError: the destination is away, full or read-only.
    """
    if target not in known:
        known[target] = usual if _reaches(usual, target) else _on_mount_of(target, usual.name)
    durable.make_directories(known[target])
    return known[target]


def _reaches(staging: Path, target: Path) -> bool:
    durable.make_directories(staging)
    # Fixed names: what a crash leaves of them, the next trial takes away.
    probe, landed = staging / ".probe", target / ".dropscore-probe"
    probe.touch(mode=0o600)
    try:
        probe.rename(landed)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    else:
        landed.unlink()
        return True
    finally:
        probe.unlink(missing_ok=True)


def _on_mount_of(target: Path, route: str) -> Path:
    """Return a folder above what readers are given, or, where they are given the whole mount, a closed one in it."""
    top = mount_point(target) / ".dropscore-staging"
    if not top.is_dir():
        durable.make_directory(top)
    found = top.lstat()
    if not top.is_dir() or top.is_symlink() or found.st_uid != os.geteuid():
        raise OSError(errno.EPERM, "is not the daemon's own folder", str(top))
    return top / route

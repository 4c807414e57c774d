"""What an examination says: what was tried, how it went, and how to mend it if it failed."""

from __future__ import annotations

import errno
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from dropscore.cli.place import user_name
from dropscore.intake.guard import mount_point


@dataclass(frozen=True, slots=True)
class Finding:
    """`mend` is empty where all is well: else a command to paste, or a sentence, which ends with a full stop. A note is
    worth knowing, and no fault.
    """

    what: str
    told: str
    mend: str = ""
    note: bool = False

    @property
    def fault(self) -> bool:
        return bool(self.mend) and not self.note


def chmod(mode: int, folder: Path) -> str:
    """Return the command. GNU's chmod takes setgid away from a folder only where the mode has five digits."""
    return f"chmod {mode:0{4 if mode & 0o2000 else 5}o} {shlex.quote(str(folder))}"


def mend_of(error: OSError, folder: Path, root: Path) -> str:
    """Return the command that mends what kept the daemon from writing to one of its own folders."""
    if error.errno == errno.EROFS:
        return f"mount -o remount,rw {shlex.quote(str(mount_point(folder)))}"
    if isinstance(error, PermissionError):
        return f"chown {user_name(os.geteuid())} {shlex.quote(str(folder))}"
    if isinstance(error, FileNotFoundError):
        return f"dropscore init {shlex.quote(str(root))}"
    return "Look after that disk or mount; `mount` and `dmesg` say more."

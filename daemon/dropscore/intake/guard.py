"""Is this still the folder that it was? An unmounted share looks like an empty inbox, and must be an alarm.

While running, device and inode are compared, and that the folder carries its mark: a file system gives the number of a
removed folder to the next one. At start the device number proves nothing (it changes across boots), so inode,
file-system type and a random sentinel id are. A folder that comes back heals by itself.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
from pathlib import Path
from typing import NamedTuple

from dropscore import durable
from dropscore.domain.errors import Unavailable
from dropscore.intake.claim import CLAIMS

SENTINEL = "id"
_REMOTE = re.compile(
    r"^(nfs\d*|cifs|smb\d*|smbfs|fuse(\..*)?|9p|afs|beegfs|ceph|coda|drvfs|gfs2?|glusterfs|gpfs|lustre|ncpfs"
    r"|ocfs2|orangefs|prl_fs|pvfs2|vboxsf|virtiofs|vmhgfs)$"
)
_OCTAL = re.compile(r"\\([0-7]{3})")
_FORMAT = 1


class _Known(NamedTuple):
    """What is kept of one folder."""

    path: str
    inode: int
    type: str
    id: str


def _mount_of(path: Path) -> tuple[Path, str]:
    """Return the mount point that holds a path, and its file-system type. Source: proc_pid_mountinfo(5)."""
    wanted = Path(os.path.realpath(path))
    best, kind = Path("/"), ""
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        point = Path(_OCTAL.sub(lambda match: chr(int(match.group(1), 8)), before.split(" ")[4]))
        # Later lines lie over earlier ones on the same point.
        if wanted.is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, after.split(" ")[0]
    return best, kind


def mount_point(path: Path) -> Path:
    return _mount_of(path)[0]


def is_remote(path: Path) -> bool:
    """Whether other machines may write there unseen: no event, no lease and no fresh folder time can be trusted."""
    return _REMOTE.match(_mount_of(path)[1]) is not None


def _is_marked(folder: Path) -> bool:
    """Whether a folder still carries a mark. What cannot be asked says nothing against it."""
    try:
        (folder / CLAIMS / SENTINEL).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass
    return True


class Guard:
    """Knows each watched folder, in a file under `state/`. One process at a time writes that file."""

    def __init__(self, kept: Path) -> None:
        self._kept = kept
        self._running: dict[str, tuple[int, int]] = {}
        self._lost: set[str] = set()
        """Those that were away, or without their mark, since they were recognised: the next may have the old inode."""

    def check(self, label: str, folder: Path) -> None:
        """See that a folder is the one that it was; one that was never seen before is taken note of.

        Raises:
            Unavailable: it is away, another one lies in its place, or what is known of it cannot be read.
            OSError: it cannot be taken note of (a full or read-only disk).
        """
        try:
            found = folder.stat()
        except OSError as error:
            self._lose(label)
            raise self._away(label, f"The folder {folder} is away: {error.strerror}.") from error
        identity = (found.st_dev, found.st_ino)
        if self._running.get(label) == identity:
            if _is_marked(folder):
                return
            self._lose(label)
        if not stat.S_ISDIR(found.st_mode):
            raise self._away(label, f"{folder} is not a folder.")
        self._recognise(label, folder, found.st_ino)
        self._running[label] = identity
        self._lost.discard(label)

    def _lose(self, label: str) -> None:
        if self._running.pop(label, None) is not None:
            self._lost.add(label)

    def accept(self, label: str, folder: Path) -> None:
        """Take the folder that lies there now for the right one. For `doctor --accept`.

        Raises:
            Unavailable, OSError: as `check` does.
        """
        try:
            known = self._read()
        except ValueError:
            known = {}  # the others are taken note of anew as well: their own ids say nothing against it
        known.pop(label, None)
        self._write(known)
        self._running.pop(label, None)
        self._lost.discard(label)
        self.check(label, folder)

    def _recognise(self, label: str, folder: Path, inode: int) -> None:
        try:
            everything = self._read()
        except (OSError, ValueError) as error:
            matter = f"What is known of the inboxes cannot be read ({self._kept}: {error})."
            raise self._away(label, matter) from error
        known, kind = everything.get(label), _mount_of(folder)[1]
        self._see_that_it_is_ours(label, folder)
        sentinel = self._sentinel(label, folder)
        if known is not None and known.path == str(folder):
            if (known.inode, known.type) != (inode, kind):
                raise self._away(label, f"Another folder lies in the place of {folder}: was a disk not mounted?")
            if sentinel is not None and sentinel != known.id:
                raise self._away(label, f"{folder} carries the mark of another folder.")
            if sentinel is None and label in self._lost:
                # A file system gives the number of a folder that was removed to the next one that is made.
                raise self._away(label, f"Another folder lies in the place of {folder}: it does not carry its mark.")
            if sentinel is None:
                self._lay(folder, known.id)  # the same id: a crash after this line leaves nothing to explain
            return
        if sentinel is None:
            sentinel = secrets.token_hex(16)
            self._lay(folder, sentinel)
        self._write({**everything, label: _Known(str(folder), inode, kind, sentinel)})

    def _away(self, label: str, matter: str) -> Unavailable:
        then = f"Nothing is taken from it until it is back. If the change was meant: dropscore doctor --accept {label}"
        return Unavailable(f"inbox:{label}", matter, then)

    def _see_that_it_is_ours(self, label: str, folder: Path) -> None:
        """A sender could have made `.dropscore`, or a link of that name, where we have not yet done so."""
        ours = folder / CLAIMS
        durable.make_directory(ours)
        found = ours.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise Unavailable(
                f"inbox:{label}",
                f"{ours} is not the daemon's own folder.",
                "Nothing is taken from this inbox until it has been removed.",
            )
        if stat.S_IMODE(found.st_mode) & 0o077 and not is_remote(folder):
            ours.chmod(0o700)  # on shares the modes are often the mount's, and no promise

    def _sentinel(self, label: str, folder: Path) -> str | None:
        try:
            with durable.opened(folder / CLAIMS / SENTINEL) as handle:
                return os.read(handle, 100).decode("ascii", "replace").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._away(label, f"The mark of {folder} cannot be read: {error.strerror}.") from error

    def _lay(self, folder: Path, mark: str) -> None:
        durable.write_new(folder / CLAIMS / SENTINEL, f"{mark}\n".encode(), mode=0o400)

    def _read(self) -> dict[str, _Known]:
        """Return what is kept. ValueError if it is torn, or from a newer release."""
        try:
            text = self._kept.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            found = json.loads(text)
            if found["format"] != _FORMAT:
                raise ValueError(f"format {found['format']} is not known to this release")
            return {label: _Known(**facts) for label, facts in found["folders"].items()}
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("it is not as it was written") from error

    def _write(self, known: dict[str, _Known]) -> None:
        folders = {label: facts._asdict() for label, facts in known.items()}
        durable.write_new(self._kept, json.dumps({"format": _FORMAT, "folders": folders}, indent=1).encode())

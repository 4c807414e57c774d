"""Take a drop out of the senders' reach, whole, and so that no crash can lose or double it.

Written down first (`processing/J/claim.json`), then renamed into a folder of our own on the drop's own mount
(`inbox/R/.dropscore/J/`), then copied to a new inode. A sender who still holds the file open writes to the
claimed inode only; it is compared before it is removed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from dropscore import durable
from dropscore.intake import lease
from dropscore.intake.names import CLAIMS as CLAIMS
from dropscore.journal import Claim
from dropscore.receipt import dump

CLAIM = "claim.json"
INPUT = "input"
DROP = "drop"


class NotOurs(Exception):
    """What was renamed is no plain file of its own (a link, a FIFO, a second name): it goes back to where it was."""


class StillWritten(Exception):
    """The claimed inode changed while it was copied: somebody is writing to it. Copy again later."""


def write_claim(job_folder: Path, claim: Claim) -> None:
    durable.write_new(job_folder / CLAIM, dump(claim))


def read_claim(job_folder: Path) -> Claim:
    """Return what was written down about a job.

    Raises:
        FileNotFoundError: nothing was.
        ValueError: it is torn, or from a newer release.
    """
    try:
        return Claim.model_validate_json((job_folder / CLAIM).read_bytes())
    except ValidationError as error:
        raise ValueError(f"{job_folder / CLAIM}: {error.error_count()} faults") from error


def intend(job_folder: Path, claim: Claim) -> None:
    """Write down what is about to be claimed. After this a crash leaves a job to finish or to undo."""
    durable.make_directory(job_folder)
    write_claim(job_folder, claim)


def claimed_inode(claim: Claim) -> Path:
    """Return where the dropped inode itself lies while the job is at work."""
    if claim.inbox is None:
        raise ValueError(f"job {claim.job} was not dropped into a folder")
    return Path(claim.inbox) / CLAIMS / claim.job / DROP


def take(claim: Claim, name: str, sidecars: Sequence[str] = ()) -> None:
    """Rename the drop, its sidecars first, into the daemon's own folder.

    Raises:
        FileNotFoundError: the drop is gone; the caller undoes the claim.
        PermissionError: it may not be renamed; likewise.
        NotOurs: what was renamed is no plain file of its own; it is back in its place, unless that was taken meanwhile.
    """
    inode = claimed_inode(claim)
    durable.make_directory(inode.parent.parent)
    durable.make_directory(inode.parent)
    inbox = Path(claim.inbox or "")
    for position, sidecar in enumerate(sidecars):
        durable.rename(inbox / sidecar, inode.with_name(f"sidecar-{position}"))
    durable.rename(inbox / name, inode)
    found = inode.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        with suppress(FileExistsError):  # its name is taken again: it stays with us, and the operators are told
            durable.rename_noreplace(inode, inbox / name)
        raise NotOurs(name)


def put_back(claim: Claim, name: str, sidecars: Sequence[str] = ()) -> bool:
    """Undo a claim: drop and sidecars return under their names, replacing nothing. False if a name is taken."""
    inode = claimed_inode(claim)
    inbox = Path(claim.inbox or "")
    pairs = [(inode, inbox / name)]
    pairs += [(inode.with_name(f"sidecar-{n}"), inbox / sidecar) for n, sidecar in enumerate(sidecars)]
    whole = True
    for source, target in pairs:
        try:
            durable.rename_noreplace(source, target)
        except FileNotFoundError:
            continue  # an earlier attempt at undoing had come so far
        except FileExistsError:
            whole = False
    with suppress(FileNotFoundError, OSError):
        inode.parent.rmdir()
        durable.sync_directory(inode.parent.parent)
    return whole


def copy(job_folder: Path, claim: Claim) -> Claim:
    """Copy the claimed inode to one of our own, hash it, and return the claim with what is now known.

    Runs in a helper thread: it touches nothing but this job's folder.

    Raises:
        NotOurs: the claimed file is no plain file of its own.
        StillWritten: it changed meanwhile.
        OSError: the world is at fault.
    """
    with durable.opened(claimed_inode(claim)) as source:
        before = os.fstat(source)
        if not stat.S_ISREG(before.st_mode) or before.st_nlink != 1:
            raise NotOurs(claim.name)
        size, digest = durable.copy_new(source, job_folder / f"{INPUT}.part")
        after = os.fstat(source)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size != after.st_size:
        (job_folder / f"{INPUT}.part").unlink()
        raise StillWritten(claim.name)
    return claim.model_copy(
        update={
            "inode": after.st_ino,
            "size": after.st_size,
            "mtime_ns": after.st_mtime_ns,
            "sha256": digest,
            "bytes": size,
        }
    )


def adopt_copy(job_folder: Path, claim: Claim) -> None:
    """Make a finished copy the job's input: its facts are written down first."""
    write_claim(job_folder, claim)
    durable.rename(job_folder / f"{INPUT}.part", job_folder / INPUT)


def copy_plain(job_folder: Path, claim: Claim, source_path: Path) -> Claim:
    """Copy an upload or a retry's source in the same way; such a file is the daemon's own already."""
    with durable.opened(source_path) as source:
        size, digest = durable.copy_new(source, job_folder / f"{INPUT}.part")
    return claim.model_copy(update={"sha256": digest, "bytes": size})


class Late(Exception):
    """The claimed inode is not what was copied: somebody wrote to it after the claim."""


def release(folder: Path, sha256: str, size: int | None, mtime_ns: int | None, quiet_since_ns: int | None) -> bool:
    """Remove a claimed inode that nobody writes to any more. False: not yet.

    `folder` is `.dropscore/J`. Where there are no leases, `quiet_since_ns` is the time (ns) before which it must last
    have changed by the ctime, which no sender can set; None where the grace is not over.

    Raises:
        Late: its content differs from what was copied.
    """
    inode = folder / DROP
    try:
        found = inode.lstat()
    except FileNotFoundError:
        remove_claim_folder(folder)
        return True
    if stat.S_ISREG(found.st_mode):
        written = lease.writer_present(inode)
        if written or (written is None and (quiet_since_ns is None or found.st_ctime_ns > quiet_since_ns)):
            return False
        # Same size and time: untouched. A writer that set the time back is found by the hash.
        if (found.st_size, found.st_mtime_ns) != (size, mtime_ns) and durable.sha256_of(inode) != sha256:
            raise Late(str(inode))
    inode.unlink()
    remove_claim_folder(folder)
    return True


def remove_claim_folder(folder: Path) -> None:
    with suppress(FileNotFoundError):
        for sidecar in folder.iterdir():
            sidecar.unlink()
        folder.rmdir()
        durable.sync_directory(folder.parent)

"""Publish a job's files as one set: staged, marked once, renamed, the receipt last.

`staged.json` in the job's folder is the marker. Once it is there, a file missing from staging has been published,
even if its reader has taken it away since: so nothing is ever published twice.
"""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path

from dropscore import durable
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import Via
from dropscore.folders import Root, published_name
from dropscore.intake.claim import INPUT
from dropscore.journal import Claim, PlannedFile, Staged
from dropscore.receipt import FileFact, Outcome, Receipt, dump
from dropscore.service.account import destination, receipt_path

MARKER = "staged.json"


class Taken(Exception):
    """A name that is about to be published is in use: the job needs another code."""


class WrongBytes(Exception):
    """What the worker made is not what its verdict says."""


def stage(root: Root, staging_top: Path, job_folder: Path, claim: Claim, outcome: Outcome, receipt: Receipt) -> Staged:
    """Put the whole set beside its destination, durable, and keep the receipt. Runs in a helper thread.

    Raises:
        Taken, WrongBytes; Unavailable, OSError: the world is at fault.
    """
    _, folder = destination(root, claim.route, outcome.verdict)
    if not (root.path / folder).is_dir():
        raise Unavailable(f"folder:{folder}", f"The folder {folder} is away.")
    staging = staging_top / claim.job
    shutil.rmtree(staging, ignore_errors=True)  # what an earlier attempt left
    durable.make_directory(staging)
    attempt = job_folder / f"attempt-{outcome.attempt}"
    made = {published_name(claim.name, claim.code, one.suffix): attempt / one.name for one in outcome.files}
    sources = {fact.path: made.get(Path(fact.path).name, job_folder / INPUT) for fact in receipt.files}
    published = [fact for fact in receipt.files if fact.role != "archive"]
    files = [_stage_file(root, staging, sources[fact.path], fact.path, fact.sha256) for fact in published]
    files.append(_stage_receipt(root, staging, receipt))  # the last one: it syncs the folder for all of them
    if claim.sender.via in (Via.PANEL, Via.API):
        _keep_copies(root.results / claim.job, sources, receipt)
    if outcome.kept is not None and receipt.kept is not None:
        _keep_rows(root, attempt / outcome.kept.name, receipt.kept)
    kept = root.kept_receipt(claim.job)
    durable.make_directory(kept.parent, mode=0o750)
    durable.write_new(kept, dump(receipt))
    return Staged(staging=str(staging), files=tuple(files))


def _keep_copies(folder: Path, sources: dict[str, Path], receipt: Receipt) -> None:
    """Keep what the panel or the API will be asked for, whoever takes the published files away.

    Copies, not links: a folder's group may write to what is published.
    """
    durable.make_directory(folder, mode=0o750)
    for fact in receipt.files:
        if fact.role in ("result", "fix"):
            with durable.opened(sources[fact.path]) as source:
                durable.copy_new(source, folder / Path(fact.path).name)
    durable.sync_directory(folder)


def _keep_rows(root: Root, source: Path, fact: FileFact) -> None:
    """Put what is kept of predictions or actuals in its place: a copy, so that nothing but the name is shared.

    Raises:
        WrongBytes: it is not what the verdict says.
    """
    target = root.path / fact.path
    durable.make_directories(target.parent, mode=0o750)
    partial = target.with_name(f".{target.name}.part")
    with durable.opened(source) as handle:
        _, found = durable.copy_new(handle, partial)
    if found != fact.sha256:
        partial.unlink()
        raise WrongBytes(fact.path)
    durable.rename(partial, target)


def _stage_file(root: Root, staging: Path, source: Path, target: str, sha256: str) -> PlannedFile:
    final = root.path / target
    if os.path.lexists(final):
        raise Taken(target)
    staged = staging / final.name
    try:
        os.link(source, staged)
        found = durable.sha256_of(staged)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
            raise
        with durable.opened(source) as handle:
            _, found = durable.copy_new(handle, staged)
    if found != sha256:
        raise WrongBytes(target)
    _give(staged, final.parent)
    durable.sync_file(staged)
    return PlannedFile(staged=staged.name, target=target)


def _stage_receipt(root: Root, staging: Path, receipt: Receipt) -> PlannedFile:
    target = receipt_path(root, receipt)
    final = root.path / target
    if os.path.lexists(final):
        raise Taken(target)
    durable.write_new(staging / final.name, dump(receipt))
    _give(staging / final.name, final.parent)
    durable.sync_file(staging / final.name)
    return PlannedFile(staged=final.name, target=target)


def _give(path: Path, folder: Path) -> None:
    """Give a file its folder's group, and what that group may do in the folder."""
    found = folder.stat()
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        with suppress(PermissionError):  # a daemon that is no member of the group: setgid folders did it already
            os.fchown(handle, -1, found.st_gid)
        os.fchmod(handle, 0o660 if found.st_mode & 0o020 else 0o640)
    finally:
        os.close(handle)


def mark(job_folder: Path, staged: Staged) -> None:
    """Decide: from here on the set is published, whatever happens."""
    durable.write_new(job_folder / MARKER, dump(staged))


def read_marker(job_folder: Path) -> Staged | None:
    try:
        return Staged.model_validate_json((job_folder / MARKER).read_bytes())
    except FileNotFoundError:
        return None


def publish(root: Root, staged: Staged, known: set[str]) -> None:
    """Publish what is still in staging of a set. See `publish_next`."""
    while publish_next(root, staged, known):
        pass


def publish_next(root: Root, staged: Staged, known: set[str]) -> bool:
    """Publish the next file of a set that is still in staging. False: there is none left.

    `known` are the targets that were published, and synced, by this process.

    Raises:
        Unavailable: its name has been taken by somebody since it was staged.
    """
    staging = Path(staged.staging)
    for file in staged.files:
        if file.target in known:
            continue
        source, target = staging / file.staged, root.path / file.target
        if not target.parent.is_dir():
            raise Unavailable(f"folder:{file.target.rsplit('/', 1)[0]}", f"The folder of {file.target} is away.")
        try:
            durable.publish(source, target)
        except FileNotFoundError:
            durable.sync_directory(target.parent)  # renamed earlier, and perhaps not synced
        except FileExistsError:
            raise Unavailable(f"taken:{file.target}", f"{file.target} was put there by somebody else.") from None
        known.add(file.target)
        return True
    with suppress(FileNotFoundError):
        staging.rmdir()
    if staging.parent.is_dir():
        durable.sync_directory(staging.parent)
    return False


def archive_input(root: Root, job_folder: Path, receipt: Receipt) -> None:
    """Move the input to the archive, where its verdict sends it there. Done already is no error."""
    for fact in receipt.files:
        if fact.role != "archive":
            continue
        source, target = job_folder / INPUT, root.path / fact.path
        durable.make_directories(target.parent)
        if not source.exists():
            durable.sync_parents(source, target)  # renamed earlier, and perhaps not synced
            return
        try:
            durable.move_noreplace(source, target)
        except FileExistsError:
            if durable.sha256_of(target) != fact.sha256:
                raise Unavailable(f"taken:{fact.path}", f"{fact.path} was put there by somebody else.") from None


def staging_top(root: Root, route: str, outcome: Outcome) -> tuple[Path, Path]:
    """Return the usual staging folder of a job's destination, and the destination."""
    top, folder = destination(root, route, outcome.verdict)
    return root.path / top / ".staging" / route, root.path / folder

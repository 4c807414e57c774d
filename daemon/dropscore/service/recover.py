"""What is done at start with each state that an earlier run left behind. The folders are the journal."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import structlog

from dropscore import durable
from dropscore.folders import CLAIMS, Root, from_base64, is_job
from dropscore.intake import claim as claims
from dropscore.intake.guard import SENTINEL
from dropscore.journal import Claim
from dropscore.receipt import Receipt
from dropscore.service import publish
from dropscore.service.job import Job, Stage, read_verdict
from dropscore.service.plan import Plan

log = structlog.get_logger()

PARKED = ".parked-"
TRASH = ".trash-"


class Found(NamedTuple):
    """What recovery found: jobs that go on, oldest first; those parked; what could not be looked at for now."""

    jobs: list[Job]
    parked: list[str]
    faults: list[OSError]


def recover(plan: Plan, known: Collection[str] = ()) -> Found:
    """Look at every job's folder but those of `known` jobs; undo what was not claimed, park what cannot be read.

    It may be called at any time: a fault of the world leaves a folder as it is, for the next call.
    """
    root = plan.root
    found = Found([], [], [])
    for folder in sorted(root.processing.iterdir()):
        try:
            _look_at(plan, folder, known, found)
        except OSError as fault:
            found.faults.append(fault)
    for left in root.uploads.glob(f"{TRASH}*"):
        shutil.rmtree(left, ignore_errors=True)
    for top in (root.outbox, root.failed):
        _sweep_staging(root, top / ".staging")
    return found


def _look_at(plan: Plan, folder: Path, known: Collection[str], found: Found) -> None:
    if folder.name.startswith(TRASH):
        shutil.rmtree(folder)
    elif folder.name.startswith(PARKED):
        found.parked.append(folder.name.removeprefix(PARKED))
    elif is_job(folder.name) and folder.name not in known:
        try:
            job = _recover_job(plan, folder)
        except ValueError as fault:
            _park(folder, fault)
            found.parked.append(folder.name)
            return
        if job is not None:
            found.jobs.append(job)


def _recover_job(plan: Plan, folder: Path) -> Job | None:
    try:
        claim = claims.read_claim(folder)
    except FileNotFoundError:
        if (folder / claims.INPUT).exists():
            raise ValueError(f"{folder} has an input and no {claims.CLAIM}") from None
        # Nothing is taken before its claim is written down.
        durable.remove_tree(folder, folder.with_name(f"{TRASH}{folder.name}"))
        return None
    job = Job(claim, folder, plan.route(claim.route), Stage.COPY, claim.bytes or 0)
    staged = publish.read_marker(folder)
    if staged is not None:
        job.staged = staged
        job.receipt = Receipt.model_validate_json(plan.root.kept_receipt(claim.job).read_bytes())
        job.stage = Stage.PUBLISH
    elif claim.held:
        job.stage = Stage.HELD
    elif (folder / claims.INPUT).exists():
        _resume_work(job)
    elif claim.inbox is not None and never_taken(claim):
        _undo(folder, claim)
        return None
    return job


def never_taken(claim: Claim) -> bool:
    """Whether the drop was not renamed, or is back. While its inbox is away, that cannot be known: False."""
    inode = claims.claimed_inode(claim)
    return (inode.parent.parent / SENTINEL).exists() and not inode.exists()


def _resume_work(job: Job) -> None:
    """Go on from a verdict where the last attempt left one, else try again; count what the crash may have been."""
    claim = job.claim
    job.stage = Stage.WORK
    with suppress(FileNotFoundError, ValueError):
        job.outcome = read_verdict(job.folder, claim)
        job.claim = claim.model_copy(update={"at_work": False, "alone": False})
        job.stage = Stage.STAGE
        return
    if not claim.at_work:
        return
    alone = claim.crashes_alone + (1 if claim.alone else 0)
    job.claim = claim.model_copy(
        update={"at_work": False, "alone": False, "crashes": claim.crashes + 1, "crashes_alone": alone}
    )
    claims.write_claim(job.folder, job.claim)


def _undo(folder: Path, claim: Claim) -> None:
    sidecars = tuple(from_base64(name) for name in claim.sidecars)
    claims.put_back(claim, from_base64(claim.name_base64), sidecars)
    durable.remove_tree(folder, folder.with_name(f"{TRASH}{folder.name}"))
    log.info("claim undone", job=claim.job, name=claim.name)


def _park(folder: Path, fault: Exception) -> None:
    """Set a job aside whose papers cannot be read; the others go on, and nothing of it is removed."""
    log.error("parked: its papers cannot be read", folder=str(folder), why=str(fault))
    folder.rename(folder.with_name(f"{PARKED}{folder.name}"))


def _sweep_staging(root: Root, top: Path) -> None:
    """Remove what was staged for jobs that are no more. A parked one may come back, and needs its own."""
    for staging in top.glob("*/*"):
        parked = root.processing / f"{PARKED}{staging.name}"
        if not root.job(staging.name).exists() and not parked.exists():
            shutil.rmtree(staging, ignore_errors=True)


def claimed_folders(root: Root, inboxes: list[Path]) -> list[Path]:
    """Return every `.dropscore/J` whose job is no longer at work: inodes that wait for their late writers."""
    return [
        folder
        for inbox in inboxes
        if (inbox / CLAIMS).is_dir()
        for folder in sorted((inbox / CLAIMS).iterdir())
        if is_job(folder.name) and not root.job(folder.name).exists()
    ]

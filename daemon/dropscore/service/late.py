"""Claimed inodes after their job is done: kept until nobody can still be writing to them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import ValidationError

from dropscore import durable
from dropscore.domain.errors import Unavailable
from dropscore.folders import INNER, as_base64, new_job, now_utc
from dropscore.intake import claim as claims
from dropscore.journal import Claim
from dropscore.receipt import Lineage, Receipt
from dropscore.service.codes import draw_code
from dropscore.service.hands import Hands
from dropscore.service.incidents import as_unavailable
from dropscore.service.job import Job, Stage
from dropscore.service.recover import PARKED, claimed_folders

log = structlog.get_logger()

LOOK_SECONDS = 2.0
FULL_LOOK_SECONDS = 60.0


@dataclass(slots=True)
class Inode:
    folder: Path
    sha256: str
    size: int | None = None
    mtime_ns: int | None = None


class LateWriters:
    """Removes each claimed inode once that is safe; one that changed after its claim becomes a job of its own."""

    def __init__(self, hands: Hands, jobs: dict[str, Job]) -> None:
        self._hands = hands
        self._jobs = jobs
        self._inodes: dict[Path, Inode] = {}
        self._orphans: list[Unavailable] = []
        self._away: dict[Path, Unavailable] = {}
        self._next_look = 0.0
        self._next_full_look = 0.0

    @property
    def faults(self) -> list[Unavailable]:
        """Claimed drops of which nobody knows whose they are, and what keeps others from being removed."""
        return [*self._orphans, *self._away.values()]

    def watch(self, claim: Claim) -> None:
        """Take over the inode of a job that is done, and look at it in the next round."""
        if claim.inbox is not None and claim.sha256 is not None:
            folder = claims.claimed_inode(claim).parent
            self._inodes[folder] = Inode(folder, claim.sha256, claim.size, claim.mtime_ns)
            self._next_look = 0.0

    def work_once(self, now: float) -> bool:
        if now >= self._next_full_look:
            self._next_full_look = now + FULL_LOOK_SECONDS
            self._find()
        if now < self._next_look or not self._inodes:
            return False
        self._next_look = now + LOOK_SECONDS
        for inode in list(self._inodes.values()):
            try:
                self._look(inode)
            except OSError as error:
                self._away[inode.folder] = as_unavailable(error, "late")  # it stands until the next look is better
            else:
                self._away.pop(inode.folder, None)
        return False

    def _find(self) -> None:
        """Find those that an earlier run left: their kept receipts say what they were."""
        root = self._hands.plan.root
        self._orphans = []
        inboxes = [root.of_route(root.inbox, route.name) for route in self._hands.plan.routes]
        for folder in claimed_folders(root, [*inboxes, *(inbox / inner for inbox in inboxes for inner in INNER)]):
            if folder in self._inodes or (root.processing / f"{PARKED}{folder.name}").exists():
                continue
            try:
                receipt = Receipt.model_validate_json(root.kept_receipt(folder.name).read_bytes())
            except (FileNotFoundError, ValidationError):
                self._orphans.append(_orphan(folder))
                continue
            self._inodes[folder] = Inode(folder, receipt.input.sha256)

    def _look(self, inode: Inode) -> None:
        quiet_since = time.time_ns() - int(self._hands.plan.late_writer_grace * 1e9)
        try:
            released = claims.release(inode.folder, inode.sha256, inode.size, inode.mtime_ns, quiet_since)
        except claims.Late:
            released = self._new_job(inode)
        if released:
            del self._inodes[inode.folder]

    def _new_job(self, inode: Inode) -> bool:
        """What was written after the claim is a drop of its own, which names the earlier one."""
        root = self._hands.plan.root
        earlier = Receipt.model_validate_json(root.kept_receipt(inode.folder.name).read_bytes())
        job = new_job()
        claim = Claim(
            job=job,
            code=draw_code(root),
            route=earlier.route,
            kind=earlier.kind,
            name=earlier.name,
            name_base64=earlier.name_base64 or as_base64(earlier.name),
            sender=earlier.sender,
            claimed=now_utc(),
            inbox=str(inode.folder.parent.parent),
            newline_waited=True,
            lineage=Lineage(late_of=earlier.job),
        )
        claims.intend(root.job(job), claim)
        target = claims.claimed_inode(claim)
        durable.make_directory(target.parent)
        durable.rename(inode.folder / claims.DROP, target)
        claims.remove_claim_folder(inode.folder)
        self._jobs[job] = Job(claim, root.job(job), self._hands.plan.route(claim.route), Stage.COPY)
        log.warning("changed after its claim: taken again", job=job, code=claim.code, late_of=earlier.job)
        return True


def _orphan(folder: Path) -> Unavailable:
    matter = f"A claimed drop is kept in {folder}, but the papers of its job are gone."
    then = "To have it taken again, move its file `drop` back into the inbox, under a name of its own."
    return Unavailable(f"orphan:{folder.name}", matter, then)

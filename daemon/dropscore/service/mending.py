"""A mended file takes the place of the job whose fix file it was: once, whoever else mended the same."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from dropscore import durable
from dropscore.domain.jobs import State
from dropscore.folders import Root, now_utc
from dropscore.journal import Claim, Handed
from dropscore.receipt import Event, Lineage, Outcome, Receipt, dump
from dropscore.service.plan import Ledger
from dropscore.service.telling import tell_once


def hand_out(root: Root, claim: Claim, outcome: Outcome) -> None:
    """Write down which rows a fix file holds, before anybody can have it."""
    if outcome.handed_out:
        handed = Handed(job=claim.job, code=claim.code, route=claim.route, name=claim.name, rows=outcome.handed_out)
        durable.write_new(root.fixes / f"{claim.code}.json", dump(handed))


def take_place(root: Root, claim: Claim, mends: str) -> bool:
    """Let this job be the one that mends another. False: another one was quicker."""
    code = _code_of(root, mends)
    if code is None:
        return False
    taken = root.fixes / f"{code}.mended"
    with suppress(FileExistsError):
        partial = root.fixes / f".{code}.{claim.job}"
        durable.write_new(partial, claim.job.encode())
        try:
            durable.rename_noreplace(partial, taken)
        finally:
            partial.unlink(missing_ok=True)
    return taken.read_text(encoding="ascii").strip() == claim.job


def _code_of(root: Root, job: str) -> str | None:
    try:
        return Receipt.model_validate_json(root.kept_receipt(job).read_bytes()).code
    except (FileNotFoundError, ValidationError):
        return None


def tell_mended(root: Root, ledger: Ledger, receipt: Receipt) -> None:
    """Mark the mended job, when its successor is published: its events, its kept receipt, the ledger. Once."""
    earlier = receipt.lineage.mends
    if earlier is None:
        return
    event = tell_once(root.events(earlier), Event(at=now_utc(), event="mended", job=receipt.job))
    _link_back(root.kept_receipt(earlier), receipt.job)
    ledger.record_event(earlier, event, State.MENDED)


def _link_back(kept: Path, successor: str) -> None:
    with suppress(FileNotFoundError, ValidationError):
        old = Receipt.model_validate_json(kept.read_bytes())
        if old.lineage.mended_by != successor:
            lineage = Lineage.model_validate({**old.lineage.model_dump(), "mended_by": successor})
            durable.write_new(kept, dump(old.model_copy(update={"lineage": lineage, "state": State.MENDED})))
        else:
            durable.sync_directory(kept.parent)  # an earlier try may have ended before this

"""One job as far as its reader may see it: ledger, receipt, what happened later, what it is doing now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException
from pydantic import ValidationError

from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import State
from dropscore.folders import Root, is_job
from dropscore.journal import Claim
from dropscore.ledger import HistoryRow, JobRow
from dropscore.receipt import Receipt
from dropscore.web.context import Web
from dropscore.web.people.roles import Who


@dataclass(frozen=True, slots=True)
class Seen:
    """Without a `row` the job is not in the ledger: it is at work, or the ledger is away."""

    receipt: Receipt
    row: JobRow | None
    history: tuple[HistoryRow, ...] = ()
    at_work: dict[str, Any] | None = None

    @property
    def state(self) -> str:
        if self.row is not None:
            return str(self.row.state)
        return "held" if self.at_work and self.at_work.get("held") else str(self.receipt.state)

    @property
    def job(self) -> str:
        return self.receipt.job


def read_receipt(root: Root, job: str) -> Receipt | None:
    """Return a job's kept receipt, or the one of its work so far."""
    if not is_job(job):
        return None
    for path in (root.kept_receipt(job), root.job(job) / "receipt.json"):
        try:
            return Receipt.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            continue
    return _from_claim(root, job)


def _from_claim(root: Root, job: str) -> Receipt | None:
    """Return what can be told of a job whose work has not begun."""
    try:
        claim = Claim.model_validate_json((root.job(job) / "claim.json").read_bytes())
    except (OSError, ValidationError):
        return None
    return Receipt.model_validate(
        {
            **claim.model_dump(include={"job", "code", "route", "kind", "name", "name_base64", "sender", "lineage"}),
            "state": State.WORKING,
            "input": {"bytes": claim.bytes or 0, "sha256": claim.sha256 or ""},
            "times": {"claimed": claim.claimed},
        }
    )


def find(web: Web, who: Who, name: str) -> Seen:
    """Return a job by code or id.

    Raises:
        HTTPException: 404. There is none, or it is another route's, which is not there for the reader.
        Unavailable: the ledger is away, and the job cannot be found without it.
    """
    entry = _working_entry(web, name)
    row: JobRow | None = None
    history: tuple[HistoryRow, ...] = ()
    trouble: Unavailable | None = None
    try:
        with web.ledgers.one() as ledger:
            row = ledger.job(name)
            history = tuple(ledger.history(row.job)) if row else ()
    except Unavailable as fault:
        trouble = fault
    job = row.job if row else str(entry["job"]) if entry else name.strip().upper()
    receipt = read_receipt(web.root, job)
    if receipt is None and row is None and trouble is not None:
        raise trouble
    if receipt is None or not who.sees(receipt.route):
        raise HTTPException(404, "There is no such job.")
    return Seen(receipt, row, history, None if row and row.verdict else entry)


def _working_entry(web: Web, name: str) -> dict[str, Any] | None:
    asked = name.strip().upper()
    jobs = web.watcher.look().jobs
    return next((entry for entry in jobs if asked in (entry.get("job"), entry.get("code"))), None)

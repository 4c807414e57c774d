"""What the verbs read of a root: the daemon's status, the ledger, kept receipts. Nothing is written here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from pydantic import ValidationError

from dropscore.cli.place import Place
from dropscore.domain.errors import Refused
from dropscore.folders import Root, holder_of
from dropscore.journal import Claim
from dropscore.ledger import HistoryRow, JobRow, Ledger
from dropscore.receipt import Receipt
from dropscore.settings import ledger_url


@contextmanager
def ledger_of(place: Place) -> Iterator[Ledger]:
    """Open the ledger for reading. Unavailable where it is away or not made yet."""
    ledger = Ledger.open(ledger_url(place.settings), reading=True)
    try:
        yield ledger
    finally:
        ledger.close()


@dataclass(frozen=True, slots=True)
class Daemon:
    """The daemon as it shows itself. Without one, `status` is what the last one wrote, and `holder` is None."""

    holder: dict[str, Any] | None
    status: dict[str, Any]

    @property
    def runs(self) -> bool:
        return self.holder is not None

    @property
    def jobs(self) -> list[dict[str, Any]]:
        return list(self.status.get("jobs", [])) if self.runs else []

    @property
    def waiting(self) -> list[dict[str, Any]]:
        return list(self.status.get("waiting", [])) if self.runs else []

    @property
    def incidents(self) -> list[dict[str, Any]]:
        return list(self.status.get("incidents", [])) if self.runs else []


def daemon_of(root: Root) -> Daemon:
    try:
        status = json.loads(root.status.read_bytes())
    except (FileNotFoundError, ValueError):
        status = {}
    return Daemon(holder_of(root), status if isinstance(status, dict) else {})


def claims_of(root: Root) -> list[Claim]:
    """Return what is written down of every job in `processing/`."""
    found = []
    for path in sorted(root.processing.glob("*/claim.json")):
        try:
            found.append(Claim.model_validate_json(path.read_bytes()))
        except (OSError, ValidationError):
            continue  # it has just gone, or is parked as damaged
    return found


def receipt_of(root: Root, job: str) -> Receipt | None:
    """Return a job's kept receipt, or the one of its work so far."""
    for path in (root.kept_receipt(job), root.job(job) / "receipt.json"):
        try:
            return Receipt.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            continue
    return None


def job_named(ledger: Ledger, name: str) -> JobRow:
    """Return a job by code or id. Refused where there is none."""
    found = ledger.job(name)
    if found is None:
        raise Refused(f"there is no job {name}.")
    return found


def as_document(row: JobRow | HistoryRow) -> dict[str, Any]:
    """Return a row of the ledger as JSON has it."""
    found = {field.name: getattr(row, field.name) for field in fields(row)}
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in found.items()
        if value is not None
    }

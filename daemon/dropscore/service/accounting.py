"""The ledger is told of what is published: many jobs in one transaction, so that they share its sync."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from itertools import islice

from dropscore.domain.errors import Unavailable
from dropscore.folders import now_utc
from dropscore.ledger import Entry
from dropscore.receipt import Event, Receipt
from dropscore.service import mending
from dropscore.service.account import notes_of
from dropscore.service.hands import Hands
from dropscore.service.job import Job, Stage
from dropscore.service.telling import tell_once

AT_ONCE = 100
"""After an outage there may be thousands, and others wait for their turn."""

Pausing = Callable[[Job, float], AbstractContextManager[None]]
"""Encloses what is done for a job, and lets it wait where the world is at fault."""


def account_due(hands: Hands, jobs: Iterable[Job], now: float, pausing: Pausing) -> bool:
    """Account the published jobs whose time has come. True if any was."""
    due = islice((job for job in jobs if job.stage is Stage.ACCOUNT and now >= job.retry_at), AT_ONCE)
    entries: dict[Job, Entry] = {}
    for job in due:
        with pausing(job, now):
            entries[job] = _entry(hands, job)
    if not entries:
        return False
    started = time.perf_counter()
    try:
        hands.ledger.account_all([*entries.values()])
    except Unavailable as fault:
        for job in entries:
            with pausing(job, now):
                raise fault
        return False
    took = (time.perf_counter() - started) / len(entries)
    for job in entries:
        job.seconds[Stage.ACCOUNT] = job.seconds.get(Stage.ACCOUNT, 0.0) + took
        job.go_on(Stage.TIDY)
    return True


def _entry(hands: Hands, job: Job) -> Entry:
    """Return what the ledger is to be told of a job, after it was told of the jobs that this one follows."""
    root = hands.plan.root
    kept_receipt = root.kept_receipt(job.claim.job)
    receipt = job.receipt = job.receipt or Receipt.model_validate_json(kept_receipt.read_bytes())
    if receipt.lineage.retry_of:
        _tell_retried(hands, receipt.lineage.retry_of, receipt.job)
    mending.tell_mended(root, hands.ledger, receipt)
    return Entry(receipt, notes_of(receipt, hands.plan.cell_values), root.relative(kept_receipt))


def _tell_retried(hands: Hands, earlier: str, job: str) -> None:
    """A retried job needs nobody's attention any more. The ledger may have been away when it was first told."""
    event = tell_once(hands.plan.root.events(earlier), Event(at=now_utc(), event="retried", job=job))
    hands.ledger.record_event(earlier, event)

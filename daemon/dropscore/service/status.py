"""`state/status.json`: what the daemon is doing, for `status`, `why`, the panel and metrics. Anybody may read it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from dropscore.folders import now_utc, write_plain
from dropscore.receipt import Progress
from dropscore.service.account import receipt_at_work
from dropscore.service.incidents import Incidents
from dropscore.service.job import Job, Stage

MOST_WAITING = 1000


def job_status(job: Job) -> dict[str, Any]:
    claim = job.claim
    found: dict[str, Any] = {
        "job": claim.job,
        "code": claim.code,
        "route": claim.route,
        "kind": str(claim.kind),
        "name": claim.name,
        "sender": claim.sender.model_dump(mode="json", exclude_none=True),
        "stage": str(job.stage),
        "claimed": claim.claimed.isoformat(),
        "attempt": claim.attempt,
        "waits_for": job.trouble,
        "held": claim.held,
        "working": job.stage is Stage.WORK and job.worker is not None and job.worker.running(),
    }
    with suppress(OSError, ValueError):
        found["progress"] = json.loads((job.folder / f"attempt-{claim.attempt}" / "progress.json").read_bytes())
        if job.stage is Stage.WORK and found["progress"] != job.progress:
            job.progress = found["progress"]
            receipt = receipt_at_work(claim).model_copy(update={"progress": Progress.model_validate(job.progress)})
            write_plain(job.folder / "receipt.json", receipt.model_dump(mode="json", exclude_none=True))
    return found


def status_of(
    *,
    began: datetime,
    scanned: datetime | None,
    jobs: Iterable[Job],
    waiting: list[dict[str, Any]],
    waiting_count: int,
    queue: list[dict[str, Any]],
    incidents: Incidents,
) -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "began": began.isoformat(),
        "written": now_utc().isoformat(),
        "scanned": scanned.isoformat() if scanned else None,
        "jobs": [job_status(job) for job in jobs],
        "waiting": waiting,
        "waiting_count": waiting_count,
        "queue": queue,
        "incidents": [asdict(incident) for incident in incidents.open.values()],
    }


def write_status(path: Path, document: dict[str, Any]) -> None:
    """Replace the status file; a full disk is no reason to stop."""
    with suppress(OSError):
        write_plain(path, document)

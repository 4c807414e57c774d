"""What is kept of every job: its receipt and its events, read month by month, and where its files may lie."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from dropscore.folders import Root, is_job
from dropscore.ledger import Kept
from dropscore.receipt import Event, Receipt
from dropscore.service.recover import PARKED

EVENTS = ".events.jsonl"
HELD = "held"
"""What a held job's folder is called in the trash."""


def months(root: Root) -> list[str]:
    """Return the months (`YYYY-MM`) of which receipts are kept, oldest first."""
    return sorted(entry.name for entry in os.scandir(root.receipts) if entry.is_dir(follow_symlinks=False))


def jobs_of(root: Root, month: str) -> list[str]:
    """Return the ids of a month's jobs, oldest first: of all that have a receipt or events."""
    found = set()
    with suppress(FileNotFoundError):
        for entry in os.scandir(root.receipts / month):
            name = entry.name.removesuffix(EVENTS) if entry.name.endswith(EVENTS) else entry.name.removesuffix(".json")
            if name != entry.name and is_job(name):
                found.add(name)
    return sorted(found)


def read_kept(root: Root, job: str) -> Kept | None:
    """Return what is kept of a job; None: there is no receipt.

    Raises:
        ValueError: the receipt cannot be read, or is another job's.
    """
    path = root.kept_receipt(job)
    try:
        receipt = Receipt.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    if receipt.job != job:
        raise ValueError(f"{path} is the receipt of {receipt.job}")
    return Kept(receipt, tuple(events_of(root.events(job))), root.relative(path))


def events_of(path: Path) -> Iterator[Event]:
    """Yield what happened to a job later; a line torn by a power cut was never told to anybody."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        with suppress(ValidationError):
            yield Event.model_validate_json(line)


def rows_kept(root: Root) -> Iterator[Path]:
    """Yield every file with the predictions or the actuals of a job."""
    for what in ("predictions", "actuals"):
        yield from (root.state / what).glob("*/*/*")


def is_open(root: Root, job: str) -> bool:
    """Whether a job is at work, held or set aside: then what is there of it is nobody else's business."""
    return root.job(job).exists() or (root.processing / f"{PARKED}{job}").exists()


def removed_of(kept: Kept) -> frozenset[str]:
    """Return what retention has told that it removes of a job, as paths from the root on."""
    return frozenset(path for event in kept.events if event.event == "removed" for path in event.paths)


def regular(path: Path) -> os.stat_result | None:
    """Return the facts of a regular file; None: there is none."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found if stat.S_ISREG(found.st_mode) else None

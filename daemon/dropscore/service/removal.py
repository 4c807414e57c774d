"""What retention has found goes for good: told durably in its job's events first, so that the audit accounts for it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from dropscore import durable
from dropscore.folders import Root, now_utc
from dropscore.receipt import Event
from dropscore.service import kept as keeping
from dropscore.service.daily import Place
from dropscore.service.plan import Ledger
from dropscore.service.recover import TRASH
from dropscore.service.retention import Due, still


def remove(root: Root, ledger: Ledger, found: Due) -> int:
    """Remove what one job has in one place; return the bytes. What has changed since it was proven stays.

    After a crash anywhere it is found again, and told only once. No folder is synced: a file that a power cut
    brings back is found again, too.

    Raises:
        OSError, Unavailable: nothing is removed that was not told.
    """
    items = still(found.items)
    if not items:
        return 0
    paths = tuple(root.relative(item.path) for item in items)
    event = _told(root, found.job, paths)
    if event is None:
        event = Event(at=now_utc(), event="removed", paths=paths, note=found.why)
        durable.append_line(root.events(found.job), event.model_dump_json(exclude_none=True).encode())
    else:
        durable.renew(root.events(found.job))  # whoever wrote it may have failed to sync it
    ledger.record_event(found.job, event)
    for item in items:
        if item.path.name == keeping.HELD:
            durable.remove_tree(item.path, root.trash / f"{TRASH}{found.job}")
        else:
            item.path.unlink(missing_ok=True)
    if found.place not in (Place.OUTBOX, Place.FAILED):
        _leave(items[0].path.parent)
    return sum(item.bytes for item in items)


def _told(root: Root, job: str, paths: tuple[str, ...]) -> Event | None:
    """Return the event that told of these files before a crash."""
    events = keeping.events_of(root.events(job))
    return next((one for one in events if one.event == "removed" and set(paths) <= set(one.paths)), None)


def _leave(folder: Path) -> None:
    """Remove a month, or a job's folder, that holds nothing any more."""
    with suppress(OSError):
        folder.rmdir()


def sweep(root: Root) -> None:
    """Remove what a crash left of a held job's folder on its way out of the trash."""
    for left in root.trash.glob(f"{TRASH}*"):
        shutil.rmtree(left, ignore_errors=True)

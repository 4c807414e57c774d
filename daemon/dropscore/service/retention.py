"""What has been kept for long enough: found and proven in small steps, told in its job's events, then removed.

Only what a receipt names, and what still is what the receipt says, is ever removed; never anything of a job that is
open. The kept receipts stay.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from dropscore.folders import Root, is_job
from dropscore.journal import Claim
from dropscore.ledger import Kept
from dropscore.receipt import FileFact, Receipt
from dropscore.service import kept as keeping
from dropscore.service import moves
from dropscore.service.daily import Place, Retention
from dropscore.service.judging import copies_of, is_receipt_of, same


class Item(NamedTuple):
    """A file, or a held job's folder, as it was when it was looked at."""

    path: Path
    bytes: int
    identity: tuple[int, int]
    """Inode and time of the last change (ns): what has changed since is not removed."""


class Due(NamedTuple):
    """What one job has in one place, and why it goes."""

    since: datetime
    job: str
    place: Place
    route: str
    code: str
    items: tuple[Item, ...]
    why: str

    @property
    def bytes(self) -> int:
        return sum(item.bytes for item in self.items)


def due(root: Root, retention: Retention, now: datetime) -> Generator[Due | None, None, None]:
    """Yield what may go, and None after each small step without any.

    What is too old comes as it is found; then, the oldest first, what is beyond a limit of size.
    """
    heaps: dict[tuple[Place, str], list[tuple[datetime, str]]] = {}
    sums: dict[tuple[Place, str], int] = {}
    for place in Place:
        for job in _jobs_in(root, retention, place):
            found = _of_job(root, retention, now, place, job)
            if found is None:
                yield None
                continue
            limit = retention.limit(found.route, place)
            if limit.days and now - found.since > timedelta(days=limit.days):
                yield _proven(root, found._replace(why=_age(now - found.since, limit.days)))
            elif limit.bytes:
                pool = (place, retention.counted_with(found.route, place))
                heapq.heappush(heaps.setdefault(pool, []), (found.since, job))
                sums[pool] = sums.get(pool, 0) + found.bytes
                yield None
    for pool, heap in heaps.items():
        yield from _beyond(root, retention, now, pool, heap, sums[pool])


def _beyond(
    root: Root,
    retention: Retention,
    now: datetime,
    pool: tuple[Place, str],
    heap: list[tuple[datetime, str]],
    total: int,
) -> Iterator[Due | None]:
    place, route = pool
    most = retention.limit(route, place).bytes
    whose = f" of {route}" if route else ""
    while heap and total > most:
        _, job = heapq.heappop(heap)
        found = _of_job(root, retention, now, place, job)
        if found is None:
            yield None
            continue
        why = f"{place}{whose} holds {_megabytes(total)}, at most {_megabytes(most)} are kept: the oldest go"
        proven = _proven(root, found._replace(why=why))
        total -= proven.bytes if proven else 0
        yield proven


def _age(age: timedelta, days: float) -> str:
    return f"{age.days} days old, {days:g} are kept"


def _megabytes(number: int) -> str:
    return f"{number / 1e6:,.1f} MB"


def _jobs_in(root: Root, retention: Retention, place: Place) -> Iterator[str]:
    """Yield the jobs that may have something in a place, oldest first."""
    if not retention.anywhere(place):
        return
    if place is Place.KEPT:
        yield from sorted({path.stem for path in keeping.rows_kept(root) if is_job(path.stem)})
        return
    if place in (Place.TRASH, Place.RESULTS):
        folder = root.trash if place is Place.TRASH else root.results
        yield from sorted(path.name for path in folder.iterdir() if is_job(path.name))
        return
    for month in keeping.months(root):
        if place is not Place.ARCHIVE or any(root.archive.glob(month)) or any(root.archive.glob(f"*/{month}")):
            yield from keeping.jobs_of(root, month)


def _of_job(root: Root, retention: Retention, now: datetime, place: Place, job: str) -> Due | None:
    """Return what a finished job has in a place that has a limit."""
    try:
        kept = keeping.read_kept(root, job)
    except (OSError, ValueError):
        return None  # the audit tells
    if kept is None or keeping.is_open(root, job) or not retention.limit(kept.receipt.route, place):
        return None
    since = _since(kept, place)
    if since is None:
        return None
    found = [item for path, _ in _named(root, kept.receipt, place) if (item := _item(path)) is not None]
    if not found:
        return None
    return Due(since, job, place, kept.receipt.route, kept.receipt.code, tuple(found), "")


def _since(kept: Kept, place: Place) -> datetime | None:
    """Return since when a job's files are where they are."""
    times = kept.receipt.times
    moved = {event.event: event.at for event in kept.events}
    if place is Place.TRASH:
        return moved.get("trashed")
    ended = times.published or times.finished or times.claimed
    if place in (Place.RESULTS, Place.KEPT):
        return ended
    return max(moment for moment in (ended, moved.get("archived"), moved.get("restored")) if moment is not None)


def _named(root: Root, receipt: Receipt, place: Place) -> list[tuple[Path, FileFact | None]]:
    """Return every path that a job may have in a place, with what it must be; None: the receipt. That goes first."""
    if place is Place.RESULTS:
        return list(copies_of(root, receipt))
    kept = moves.kept_places(root, receipt)
    if place is Place.KEPT:
        return [(path, receipt.kept) for path in kept[:1]]
    published = moves.published_places(root, receipt)
    facts = {Path(fact.path).name: fact for fact in receipt.files}
    inputs = [root.path / fact.path for fact in receipt.files if fact.role == "archive"]
    if place in (Place.OUTBOX, Place.FAILED):
        top = root.outbox if place is Place.OUTBOX else root.failed
        paths = [path for path in published if path.is_relative_to(top)]
    elif place is Place.ARCHIVE:
        paths = [*inputs, *(moves.archived_folder(root, receipt) / path.name for path in published)]
    else:
        folder = moves.trashed_folder(root, receipt)
        paths = [folder / path.name for path in (*inputs, *published)] or [folder / keeping.HELD]
        if receipt.kept is not None:
            facts[kept[1].name] = receipt.kept
            paths.append(kept[1])
    return [(path, facts.get(path.name)) for path in reversed(paths)]


def _item(path: Path) -> Item | None:
    found = keeping.regular(path)
    if found is not None:
        return Item(path, found.st_size, (found.st_ino, found.st_mtime_ns))
    if path.name == keeping.HELD and path.is_dir() and not path.is_symlink():
        size = sum(facts.st_size for one in path.rglob("*") if (facts := keeping.regular(one)))
        facts = path.lstat()
        return Item(path, size, (facts.st_ino, facts.st_mtime_ns))
    return None


def _proven(root: Root, found: Due) -> Due | None:
    """Return what still is, byte for byte, what the receipt says. The rest stays, and the audit tells of it."""
    kept = keeping.read_kept(root, found.job)
    if kept is None:
        return None
    facts = dict(_named(root, kept.receipt, found.place))
    items = tuple(item for item in found.items if _is_what_it_was(item.path, kept.receipt, facts.get(item.path)))
    return found._replace(items=items) if items else None


def _is_what_it_was(path: Path, receipt: Receipt, fact: FileFact | None) -> bool:
    if path.name == keeping.HELD:
        try:
            return Claim.model_validate_json((path / "claim.json").read_bytes()).job == receipt.job
        except (OSError, ValueError):
            return False
    if fact is None:
        return is_receipt_of(path, receipt)
    return same(path, fact, hashes=True)


def still(items: Sequence[Item]) -> list[Item]:
    """Return the items that are as they were when they were proven."""
    return [item for item in items if _item(item.path) == item]

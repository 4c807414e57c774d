"""The last 7 and 30 days of each route beside its model's training: many small files add up to one answer.

Each receipt is read once. What it held is kept by route and day, in cells that add up; a day that is older than the
longest window goes. It is a help and no part of any drop's way: what cannot be read is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import structlog
from pydantic import Field, ValidationError
from ulid import ULID

from dropscore import bundle as bundles
from dropscore import drift, folders
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import DRIFT_ROUTE, DRIFT_SEEN, DriftTask, WatchedRoute
from dropscore.drift.windows import Filled, as_batch, filled, together
from dropscore.pipeline.drifting import judged_drift, reference_of
from dropscore.receipt import Drift, Receipt, Record

log = structlog.get_logger()
R = TypeVar("R", bound=Record)

WINDOWS = (7, 30)
"""Days, today among them."""
MOST_READ = 2_000
"""Receipts at one time; the others wait for the next."""
_AGAIN = timedelta(days=2)
"""A job is published at most so long after its claim, as a rule; one that is later counts in no window."""


class Window(Record):
    days: int
    jobs: int
    drift: Drift


class Watched(Record):
    """What is kept of a route: `state/drift/route-NAME.json`."""

    watched: int = 1
    model: str
    """The SHA-256 of the bundle whose training the cells belong to."""
    days: dict[str, Filled] = Field(default_factory=dict)
    windows: tuple[Window, ...] = ()


class Seen(Record):
    """Jobs whose receipts were read, as far back as they would be looked for again."""

    at: str = ""
    jobs: tuple[str, ...] = ()


def look_back(task: DriftTask) -> None:
    """Read the receipts that are new, and write what the last days of each route say."""
    now = datetime.fromisoformat(task.now).astimezone(UTC)
    kept, folder = Path(task.kept), Path(task.folder)
    seen = _read(kept / DRIFT_SEEN, Seen) or Seen()
    since = max(now - timedelta(days=WINDOWS[-1]), _moment(seen.at) - _AGAIN)
    names = list(_new_receipts(Path(task.receipts), since, now, frozenset(seen.jobs)))[:MOST_READ]
    receipts = [receipt for path in names if (receipt := _read(path, Receipt)) is not None]
    for route in task.routes:
        try:
            found = _look_at(route, kept / DRIFT_ROUTE.format(route=route.name), receipts, now)
        except Unavailable as fault:  # its drops tell the operator
            log.warning("a route's last days are not looked at", route=route.name, why=fault.matter)
            continue
        folders.write_plain(folder / DRIFT_ROUTE.format(route=route.name), json.loads(found.model_dump_json()))
    # Where there were too many, the next look goes on at the last of these.
    behind = len(names) == MOST_READ
    at = _claimed(names[-1].stem) + _AGAIN if behind else now
    jobs = [job for job in (*seen.jobs, *(path.stem for path in names)) if _claimed(job) >= at - _AGAIN]
    folders.write_plain(folder / DRIFT_SEEN, Seen(at=at.isoformat(), jobs=tuple(jobs)).model_dump(mode="json"))


def _look_at(route: WatchedRoute, kept: Path, receipts: list[Receipt], now: datetime) -> Watched:
    reference = reference_of(bundles.load(route.bundle, route.trusted))
    known = _read(kept, Watched)
    days = dict(known.days) if known is not None and known.model == route.bundle.sha256 else {}
    for receipt in receipts:
        if receipt.route != route.name or receipt.model is None or receipt.model.sha256 != route.bundle.sha256:
            continue
        if receipt.drift is None or not receipt.profile.columns:
            continue
        day = receipt.times.claimed.astimezone(UTC).date().isoformat()
        if receipt.job not in days.get(day, Filled()).jobs:
            part = filled(reference, receipt.job, receipt.profile)
            days[day] = together([days[day], part]) if day in days else part
    today = now.date()
    days = {day: found for day, found in days.items() if today - date.fromisoformat(day) < timedelta(days=WINDOWS[-1])}
    windows = tuple(_window(reference, days, length, today, route.language) for length in WINDOWS)
    return Watched(model=route.bundle.sha256, days=days, windows=windows)


def _window(reference: drift.Reference, days: dict[str, Filled], length: int, today: date, language: str) -> Window:
    inside = [found for day, found in days.items() if today - date.fromisoformat(day) < timedelta(days=length)]
    whole = together(inside)
    return Window(
        days=length, jobs=len(whole.jobs), drift=judged_drift(reference, as_batch(reference, whole), language)
    )


def _new_receipts(top: Path, since: datetime, now: datetime, seen: frozenset[str]) -> Iterator[Path]:
    """Yield the kept receipts of jobs claimed since then, oldest first."""
    month = since.replace(day=1)
    while month <= now:
        folder = top / f"{month:%Y-%m}"
        if folder.is_dir():
            for path in sorted(folder.glob("*.json")):
                if folders.is_job(path.stem) and path.stem not in seen and since <= _claimed(path.stem):
                    yield path
        month = (month + timedelta(days=32)).replace(day=1)


def _claimed(job: str) -> datetime:
    return ULID.from_str(job).datetime


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC) + _AGAIN


def _read(path: Path, kind: type[R]) -> R | None:
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None

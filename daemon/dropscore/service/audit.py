"""The conservation audit: every file that was ever claimed is accounted for, by one receipt and in one place.

It reads only, in small steps, and may run beside the daemon: jobs that are at work are left out, and whatever looks
wrong is looked at once more at the end. Its memory is that of one month's names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import State
from dropscore.folders import INNER, Root, is_job
from dropscore.service import kept as keeping
from dropscore.service import moves
from dropscore.service.judging import Difference, judge, judge_row
from dropscore.service.plan import Known
from dropscore.service.recover import PARKED, TRASH, claimed_folders

MOST = 1000
"""Differences that are named; the others are counted."""
_BATCH = 200
_MONTH = re.compile(r"\d{4}-\d{2}")
_STRANGE = "No receipt names it: move it elsewhere."
_RECEIPT_GONE = "Restore it from a backup; the ledger alone does not say which files are right."


class Reading(Protocol):
    """What the audit asks the ledger. Every call may raise Unavailable."""

    def states(self, jobs: Collection[str]) -> Mapping[str, State]: ...
    def jobs(self, *, before: str | None = None, limit: int = 100) -> Sequence[Known]: ...


@dataclass(slots=True)
class Audit:
    """What was looked at, and what is wrong. `taken` counts published files that their readers have taken."""

    jobs: int = 0
    files: int = 0
    taken: int = 0
    removed: int = 0
    """Inputs and published files that retention, or whoever deleted the job, has removed."""
    ledger: bool = True
    """Whether the ledger was compared. False: there is none, or it is away."""
    count: int = 0
    """Of differences."""
    differences: list[Difference] = field(default_factory=list)

    def tell(self, differences: Iterable[Difference]) -> None:
        for one in differences:
            self.count += 1
            if len(self.differences) < MOST:
                self.differences.append(one)


Steps = Generator[None, None, Audit]


def audit(root: Root, ledger: Reading | None, routes: Iterable[str], hashes: bool = True) -> Audit:
    """Run the audit to its end."""
    steps = steps_of(root, ledger, routes, lambda _: hashes)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Audit = end.value
            return found


def steps_of(root: Root, ledger: Reading | None, routes: Iterable[str], hashed: Callable[[str], bool]) -> Steps:
    """Compare kept receipts, folders and ledger, a few files at a time.

    Without a `ledger`, or while it is away, it is not compared. `hashed` says of which jobs every file is read;
    of the others only sizes are compared.
    """
    found = Audit(ledger=ledger is not None)
    suspects: list[str] = []
    strange: list[Path] = []
    done: set[str] = set()
    while new := {*keeping.months(root), *_archive_months(root)} - done:
        for month in sorted(new):
            yield from _month(root, month, ledger, hashed, found, suspects, strange)
        done |= new
    yield from _without_receipts(root, ledger, found, suspects)
    strange += _misplaced(root)
    yield
    for job in suspects:
        found.tell(look_again(root, ledger if found.ledger else None, job, hashed(job)))
        yield
    found.tell(stranger(root, path) for path in strange if path.exists())
    found.tell(_claims(root, routes))
    return found


def look_again(root: Root, ledger: Reading | None, job: str, hashes: bool) -> list[Difference]:
    """Judge one job by itself; nothing is wrong with one that is at work."""
    if keeping.is_open(root, job):
        return []
    where = root.relative(root.kept_receipt(job))
    try:
        kept = keeping.read_kept(root, job)
    except (OSError, ValueError):
        return [Difference(where, "The receipt cannot be read.", "Restore it from a backup.", job)]
    state: State | None = None
    compared = ledger is not None
    try:
        state = ledger.states([job]).get(job) if ledger is not None else None
    except Unavailable:
        compared = False
    if kept is None:
        if state is None and not root.events(job).exists():
            return []
        who = "Its events are here" if state is None else "The ledger has this job"
        return [Difference(where, f"{who}, and its receipt is gone.", _RECEIPT_GONE, job)]
    return [*judge(root, kept, hashes).differences, *(judge_row(kept, state) if compared else [])]


def stranger(root: Root, path: Path) -> Difference:
    return Difference(root.relative(path), "It belongs to no job.", _STRANGE, lies_there=True)


def _month(
    root: Root,
    month: str,
    ledger: Reading | None,
    hashed: Callable[[str], bool],
    found: Audit,
    suspects: list[str],
    strange: list[Path],
) -> Iterator[None]:
    # What lies in the archive is listed first: a file that comes later belongs to a receipt that is listed then.
    there = _archived(root, month)
    yield
    jobs = keeping.jobs_of(root, month)
    for start in range(0, len(jobs), _BATCH):
        batch = jobs[start : start + _BATCH]
        states = _states(ledger, batch, found)
        for job in batch:
            if not _look(root, job, states, hashed(job), found, there):
                suspects.append(job)
            yield
    strange += sorted(there)


def _look(
    root: Root, job: str, states: Mapping[str, State] | None, hashes: bool, found: Audit, there: set[Path]
) -> bool:
    """Look at one job for the first time, and account for what is its own. False: something seems wrong with it."""
    try:
        kept = keeping.read_kept(root, job)
    except (OSError, ValueError):
        return False
    if kept is None:
        return False
    if keeping.is_open(root, job):
        receipt = kept.receipt
        places = [root.path / fact.path for fact in receipt.files]
        there.difference_update(places, (moves.archived_folder(root, receipt) / place.name for place in places))
        return True
    judged = judge(root, kept, hashes)
    there.difference_update(judged.named)
    found.jobs += 1
    found.files += judged.files
    found.taken += judged.taken
    found.removed += judged.removed
    return not judged.differences and not (states is not None and judge_row(kept, states.get(job)))


def _states(ledger: Reading | None, jobs: Collection[str], found: Audit) -> Mapping[str, State] | None:
    if ledger is None or not found.ledger:
        return None
    try:
        return ledger.states(jobs)
    except Unavailable:
        found.ledger = False
        return None


def _without_receipts(root: Root, ledger: Reading | None, found: Audit, suspects: list[str]) -> Iterator[None]:
    """Find jobs of the ledger whose receipts are gone."""
    last: str | None = None
    while ledger is not None and found.ledger:
        try:
            page = ledger.jobs(before=last, limit=_BATCH)
        except Unavailable:
            found.ledger = False
            return
        if not page:
            return
        last = page[-1].job
        suspects += [
            row.job for row in page if not root.kept_receipt(row.job).exists() and not root.events(row.job).exists()
        ]
        yield


def _archive_months(root: Root) -> set[str]:
    folders = [path for path in root.archive.iterdir() if path.is_dir()]
    nested = [path for folder in folders if not _MONTH.fullmatch(folder.name) for path in folder.iterdir()]
    return {path.name for path in (*folders, *nested) if path.is_dir() and _MONTH.fullmatch(path.name)}


def _archived(root: Root, month: str) -> set[Path]:
    """Return every file of a month in the archive; what is on its way there has a dot before its name."""
    folders = [root.archive / month, *(folder / month for folder in root.archive.iterdir() if folder.is_dir())]
    return {
        path
        for folder in folders
        if folder.is_dir()
        for path in folder.iterdir()
        if not path.name.startswith(".") and not path.is_dir()
    }


def _misplaced(root: Root) -> list[Path]:
    """Return what lies where only jobs' folders do, or beside the months of the archive, and belongs to none."""
    found = [path for path in root.archive.iterdir() if not path.is_dir()]
    for route in root.archive.iterdir():
        if route.is_dir() and not _MONTH.fullmatch(route.name):
            found += [path for path in route.iterdir() if not (path.is_dir() and _MONTH.fullmatch(path.name))]
    for folder in (root.trash, root.results):
        found += [path for path in folder.iterdir() if not _is_known(root, path)]
    for path in keeping.rows_kept(root):
        # A part is on its way into place.
        if not path.name.startswith(".") and not _is_known(root, path.with_suffix("")):
            found.append(path)
    for path in root.processing.iterdir():
        name = path.name.removeprefix(PARKED).removeprefix(TRASH)
        if not is_job(name):
            found.append(path)
    return sorted(found)


def _is_known(root: Root, folder: Path) -> bool:
    """Whether a folder in the trash, or with copies of results, is a job's; one on its way out has a prefix."""
    name = folder.name.removeprefix(TRASH)
    return is_job(name) and (root.kept_receipt(name).exists() or keeping.is_open(root, name))


def _claims(root: Root, routes: Iterable[str]) -> list[Difference]:
    """Find what was claimed, or staged, and is in nobody's hands."""
    found = []
    for folder in sorted(root.processing.glob(f"{PARKED}*")):
        mend = "Mend its papers and take the prefix off its name, then it is taken up within a minute."
        what, job = "Its papers cannot be read.", folder.name.removeprefix(PARKED)
        found.append(Difference(root.relative(folder), what, mend, job, lies_there=True))
    inboxes = [root.of_route(root.inbox, route) for route in routes]
    for folder in claimed_folders(root, [*inboxes, *(inbox / inner for inbox in inboxes for inner in INNER)]):
        with suppress(OSError):
            if not root.kept_receipt(folder.name).exists() and any(folder.iterdir()):
                what = "A drop was claimed, and there is neither a job nor a receipt of it."
                mend = "Move what is in it back into the inbox."
                found.append(Difference(root.relative(folder), what, mend, folder.name, lies_there=True))
    for top in (root.outbox, root.failed):
        for folder in sorted((top / ".staging").glob("*/*")):
            if is_job(folder.name) and not keeping.is_open(root, folder.name) and any(folder.iterdir()):
                what = "Its files were made ready, and never published."
                mend = f"Look at them, and move them to {root.relative(top)}: the next start removes what is left here."
                found.append(Difference(root.relative(folder), what, mend, folder.name, lies_there=True))
    return found

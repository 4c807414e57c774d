"""One job before the audit: what its receipt says, and what is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from dropscore import durable
from dropscore.domain.jobs import State, Via
from dropscore.folders import Root
from dropscore.ledger import Kept
from dropscore.ledger.rows import state_after
from dropscore.receipt import FileFact, Receipt
from dropscore.service import moves
from dropscore.service.kept import HELD, regular, removed_of


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as the receipts say it is."""

    place: str
    """From the root on."""
    what: str
    mend: str
    job: str = ""
    lies_there: bool = False
    """It is something that should not lie there, and over when it does not."""
    of_ledger: bool = False
    """It is what the ledger says: while that is away, nobody can know whether it is over."""


@dataclass(slots=True)
class Judged:
    """What was found of one job. `taken` counts published files that their readers have taken."""

    files: int = 0
    taken: int = 0
    removed: int = 0
    named: set[Path] = field(default_factory=set)
    """Every place that is this job's, whether anything lies there or not."""
    differences: list[Difference] = field(default_factory=list)


REBUILD = "Stop the daemon, then: dropscore ledger rebuild"
_CHANGED = "Somebody has changed it. Restore it from a backup, or drop the file again."
_GONE = "Restore it from a backup; retrying this job needs it."
_DOUBLED = "Compare the two, and remove the one that is not in the receipt's place."
_LOST = "Restore it from a backup, or drop the file again."
_KEPT = "Restore it from a backup; reports on the model lack it."
_COPY = "Fetch the result from outbox/, or retry the job."


def judge(root: Root, kept: Kept, hashes: bool) -> Judged:
    """Compare one finished job's receipt with what is there. Without `hashes` only sizes are compared."""
    receipt, found = kept.receipt, Judged()
    if receipt.verdict is None:
        _judge_held(root, kept, found)
        return found
    removed = removed_of(kept)
    trashed = receipt.state is State.TRASHED or any(event.event == "trashed" for event in kept.events)
    for fact in receipt.files:
        places = places_of(root, receipt, root.path / fact.path)
        there = _there(root, receipt, fact, places, found, hashes)
        if there:
            continue
        if any(root.relative(place) in removed for place in places):
            found.removed += 1
        elif fact.role != "archive":
            found.taken += 1
        elif trashed:
            found.removed += 1
        else:
            found.differences.append(Difference(fact.path, "The input is gone.", _GONE, receipt.job))
    _judge_kept(root, receipt, removed, found, hashes)
    _judge_receipt(root, receipt, found, hashes)
    _judge_copies(root, receipt, removed, found, hashes)
    return found


def judge_row(kept: Kept, state: State | None) -> list[Difference]:
    """Compare what is kept of a job with where the ledger has it; None: the ledger does not have it."""
    receipt = kept.receipt
    place = f"job {receipt.code}"
    if state is None:
        return [Difference(place, "The ledger does not know it.", REBUILD, receipt.job, of_ledger=True)]
    expected, _ = state_after(receipt, kept.events)
    if state is not expected:
        what = f"Its receipt and its events say {expected}, the ledger {state}."
        return [Difference(place, what, REBUILD, receipt.job, of_ledger=True)]
    return []


def places_of(root: Root, receipt: Receipt, place: Path) -> list[Path]:
    """Return where a file of a job may lie: where it was published, archived on request, or in the trash."""
    folders = (moves.archived_folder(root, receipt), moves.trashed_folder(root, receipt))
    return list(dict.fromkeys([place, *(folder / place.name for folder in folders)]))


def _there(root: Root, receipt: Receipt, fact: FileFact, places: list[Path], found: Judged, hashes: bool) -> bool:
    found.named.update(places)
    there = [place for place in places if regular(place) is not None]
    found.files += len(there)
    for place in there:
        if not same(place, fact, hashes):
            what = "It is not what was put there."
            found.differences.append(Difference(root.relative(place), what, _CHANGED, receipt.job))
    if len(there) > 1:
        found.differences.append(Difference(fact.path, "It is in two places.", _DOUBLED, receipt.job))
    return bool(there)


def same(place: Path, fact: FileFact, hashes: bool) -> bool:
    """Say whether a file is what a receipt says; one that has gone meanwhile is not looked at."""
    try:
        return place.lstat().st_size == fact.bytes and (not hashes or durable.sha256_of(place) == fact.sha256)
    except FileNotFoundError:
        return True


def _judge_kept(root: Root, receipt: Receipt, removed: frozenset[str], found: Judged, hashes: bool) -> None:
    """What is kept of predictions or actuals lies in its place, or with its job in the trash."""
    fact, places = receipt.kept, moves.kept_places(root, receipt)
    if fact is None or _there(root, receipt, fact, places, found, hashes):
        return
    if any(root.relative(place) in removed for place in places):
        found.removed += 1
    else:
        found.differences.append(Difference(fact.path, "What was kept of the job is gone.", _KEPT, receipt.job))


def _judge_receipt(root: Root, receipt: Receipt, found: Judged, hashes: bool) -> None:
    """The published receipt says what the kept one says, but for what happened to the job later."""
    published = moves.published_places(root, receipt)[-1]
    places = places_of(root, receipt, published)
    found.named.update(places)
    there = [place for place in places if regular(place) is not None]
    if len(there) > 1:
        what = root.relative(published)
        found.differences.append(Difference(what, "It is in two places.", _DOUBLED, receipt.job))
    for place in there if hashes else ():
        if not is_receipt_of(place, receipt):
            what = "It is not what was put there."
            found.differences.append(Difference(root.relative(place), what, _CHANGED, receipt.job))


def is_receipt_of(place: Path, receipt: Receipt) -> bool:
    """Say whether a file is the published receipt of a job."""
    try:
        published = Receipt.model_validate_json(place.read_bytes())
    except FileNotFoundError:
        return True
    except (OSError, ValidationError):
        return False
    lineage = published.lineage.model_copy(update={"mended_by": receipt.lineage.mended_by})
    return published.model_copy(update={"state": receipt.state, "lineage": lineage}) == receipt


def copies_of(root: Root, receipt: Receipt) -> list[tuple[Path, FileFact]]:
    """Return the copies that are kept for the panel and the API, with what they are copies of."""
    if receipt.sender.via not in (Via.PANEL, Via.API):
        return []
    folder = root.results / receipt.job
    return [(folder / Path(fact.path).name, fact) for fact in receipt.files if fact.role in ("result", "fix")]


def _judge_copies(root: Root, receipt: Receipt, removed: frozenset[str], found: Judged, hashes: bool) -> None:
    for place, fact in copies_of(root, receipt):
        found.named.add(place)
        where = root.relative(place)
        if regular(place) is None:
            if where not in removed:
                what = "The copy for the panel and the API is gone."
                found.differences.append(Difference(where, what, _COPY, receipt.job))
        elif not same(place, fact, hashes):
            found.differences.append(Difference(where, "It is not what was put there.", _COPY, receipt.job))


def _judge_held(root: Root, kept: Kept, found: Judged) -> None:
    """A held job has no verdict: its drop is in its own folder, which may have gone into the trash."""
    receipt = kept.receipt
    place = moves.trashed_folder(root, receipt) / HELD
    found.named.add(place)
    away = any(event.event == "trashed" for event in kept.events)
    if not away and not place.is_dir():
        what = "It was held, and its folder is gone."
        found.differences.append(Difference(root.relative(root.job(receipt.job)), what, _LOST, receipt.job))

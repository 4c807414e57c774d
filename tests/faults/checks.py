"""The invariants of a root: while the service is dead, and when it has come to rest. Each returns what is violated."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from dropscore.domain.jobs import State, Verdict
from dropscore.durable import sha256_of
from dropscore.folders import CLAIMS, Root
from dropscore.receipt import Receipt
from dropscore.service.audit import audit
from dropscore.service.kept import events_of
from faults.scene import AGED, MARKED, OLD, PLAIN, STUCK, Drop, Reader, kept_receipts, leftovers, notices

Census = Counter[tuple[str, str]]
_LATER = {
    "old-good.csv": "retried",
    "old-archive.csv": "archived",
    "old-delete.csv": "trashed",
    "old-bad.csv": "mended",
    "old-gone.csv": "trashed",
}
_TOPS = ("outbox", "failed", "archive", "trash")


@dataclass(frozen=True)
class Truth:
    """What a run without faults leaves, and so what every run must leave."""

    drops: dict[str, Drop]
    census: Census = field(default_factory=Counter)
    receipts: Counter[tuple[str, str]] = field(default_factory=Counter)
    answers: frozenset[str] = frozenset()
    aged: dict[str, bytes] = field(default_factory=dict)
    """Files, from the root on, that retention has to remove, and to tell of first; with their contents."""


def _files(root: Root, reader: Reader) -> Iterator[tuple[str, Path]]:
    """Yield the top folder and the path of everything that has been published, archived, trashed or taken."""
    for base in (root.path, reader.aside):
        for top in _TOPS:
            for path in (base / top).rglob("*"):
                if path.is_file() and ".staging" not in path.parts:
                    yield top, path


def _is_receipt(path: Path) -> bool:
    return path.name.rstrip("+").endswith(".json")


def census(root: Root, reader: Reader) -> Census:
    """Count every content by the top folder in which it lies, or lay until its reader took it. No receipts."""
    return Counter((top, path.read_bytes().decode()) for top, path in _files(root, reader) if not _is_receipt(path))


def _published_receipts(root: Root, reader: Reader) -> list[Receipt]:
    return [Receipt.model_validate_json(path.read_bytes()) for _, path in _files(root, reader) if _is_receipt(path)]


def truth_of(root: Root, reader: Reader, dropped: dict[str, Drop], aged: dict[str, bytes]) -> Truth:
    receipts = Counter((receipt.input.sha256, str(receipt.verdict)) for receipt in kept_receipts(root))
    answers = frozenset(path.name for path in root.requests_done.glob("*.json"))
    return Truth(dropped, census(root, reader), receipts, answers, aged)


def while_dead(root: Root, reader: Reader, truth: Truth) -> list[str]:
    """What must hold at any moment, whatever the service was doing when it ended."""
    faults = []
    known = {content for _, content in truth.census} | {content.decode() for content in truth.aged.values()}
    published = set()
    for path in reader.visible():
        if _is_receipt(path):
            try:
                published.add(Receipt.model_validate_json(path.read_bytes()).job)
            except ValueError as fault:
                faults.append(f"an incomplete receipt is visible: {path.name}: {fault}")
        elif path.read_bytes().decode() not in known:
            faults.append(f"an incomplete file is visible: {path.name}")
    if faults:
        return faults
    there = Counter(content for _, content in census(root, reader))
    for receipt in _published_receipts(root, reader):
        published.add(receipt.job)
        for fact in receipt.files:
            if fact.role != "archive" and not _somewhere(root, reader, fact.path, fact.sha256):
                faults.append(f"a receipt is visible before its {fact.role}: {receipt.name}")
        if receipt.kept and receipt.name not in AGED and not _is_kept(root, receipt):
            faults.append(f"a receipt is visible before what is kept of its job: {receipt.name}")
    for path in notices(root):
        if not isinstance(json.loads(path.read_bytes()), dict):
            faults.append(f"an incomplete notice is visible: {path.name}")
    for path, drop in truth.drops.items():
        if drop.verdict is Verdict.REJECTED and there[drop.content.decode()]:
            continue
        if not _kept(root, reader, drop, Path(path).parent):
            faults.append(f"lost while dead: {path!r}")
    told = {job for (job,) in _ask(root, "select job from notifications where job is not null and job != ''")}
    for job in told - published - {receipt.job for receipt in kept_receipts(root) if receipt.name in OLD}:
        faults.append(f"told before it was published: {job}")
    gone = {path for path in truth.aged if not (root.path / path).exists()}
    return faults + [f"removed before it was told: {path}" for path in sorted(gone - _removed(root))]


def _removed(root: Root) -> set[str]:
    """Return what the events of all jobs tell that it was removed."""
    told = (event for receipt in kept_receipts(root) for event in events_of(root.events(receipt.job)))
    return {path for event in told for path in event.paths}


def _is_kept(root: Root, receipt: Receipt) -> bool:
    """Whether the predictions or actuals of a job lie in their place, or with it in the trash."""
    fact = receipt.kept
    assert fact is not None
    places = [root.path / fact.path, root.trash / receipt.job / Path(fact.path).name]
    return any(place.is_file() and sha256_of(place) == fact.sha256 for place in places)


def _somewhere(root: Root, reader: Reader, path: str, sha256: str) -> bool:
    places = [root.path / path, reader.aside / path]
    if any(place.is_file() and sha256_of(place) == sha256 for place in places):
        return True
    name = Path(path).name  # archived or trashed since, by a request
    moved = [*root.archive.rglob(name), *root.trash.rglob(name)]
    return any(sha256_of(place) == sha256 for place in moved)


def _kept(root: Root, reader: Reader, drop: Drop, folder: Path) -> bool:
    """Whether a drop's content is in its place, claimed, at work or put away."""
    places = [root.path / folder, root.archive, root.failed, reader.aside, root.processing]
    places += [root.path / folder / CLAIMS, root.inbox, root.uploads]
    size = len(drop.content)
    return any(
        path.is_file() and path.stat().st_size == size and path.read_bytes() == drop.content
        for place in places
        for path in place.rglob("*")
    )


def _ask(root: Root, question: str) -> list[tuple[str, ...]]:
    """Read the ledger from a copy: opening it would recover it, and that is the service's own business."""
    copy = root.path.with_name("ledger-copy")
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for path in root.state.glob("ledger.sqlite*"):
        shutil.copy(path, copy)
    with closing(sqlite3.connect(copy / "ledger.sqlite")) as connection:
        return connection.execute(question).fetchall()


def at_rest(root: Root, reader: Reader, truth: Truth) -> list[str]:
    """What must hold when everything is done."""
    faults = [f"left: {path}" for path in leftovers(root)]
    faults += _compare("file", census(root, reader), truth.census)
    receipts = kept_receipts(root)
    found = Counter((receipt.input.sha256, str(receipt.verdict)) for receipt in receipts)
    faults += _compare("kept receipt", found, truth.receipts)
    published = Counter(receipt.job for receipt in _published_receipts(root, reader))
    kept = [receipt for receipt in receipts if receipt.name not in AGED]
    faults += _compare("published receipt", published, Counter(receipt.job for receipt in kept))
    for receipt in kept:
        for fact in receipt.files:
            if not _somewhere(root, reader, fact.path, fact.sha256):
                faults.append(f"{receipt.name}: its {fact.role} is not there")
        if (receipt.kept is None) != (receipt.route != PLAIN or receipt.verdict is not Verdict.DELIVERED):
            faults.append(f"{receipt.name}: kept is {receipt.kept}")
        if receipt.kept and not _is_kept(root, receipt):
            faults.append(f"{receipt.name}: what is kept of it is not there")
    if _removed(root) != truth.aged.keys():
        faults.append(f"told of as removed: {sorted(_removed(root) ^ truth.aged.keys())}")
    if [json.loads(path.read_bytes())["file"] for path in notices(root)] != [STUCK]:
        faults.append(f"notices: {notices(root)}")
    faults += [f"audit: {one.place}: {one.what}" for one in audit(root, _Rows(root), (PLAIN, MARKED)).differences]
    faults += _lineage(root, receipts)
    faults += _ledger(root, receipts)
    faults += _answers(root, receipts, truth)
    return faults


def _compare(what: str, found: Counter[str] | Census, wanted: Counter[str] | Census) -> list[str]:
    lost = [f"lost {what}: {one!r}" for one in (wanted - found).elements()]  # type: ignore[operator]
    return lost + [f"doubled {what}: {one!r}" for one in (found - wanted).elements()]  # type: ignore[operator]


def _lineage(root: Root, receipts: list[Receipt]) -> list[str]:
    faults = []
    by_job = {receipt.job: receipt for receipt in receipts}
    mended = [receipt for receipt in receipts if receipt.state is State.MENDED]
    mends = [receipt for receipt in receipts if receipt.lineage.mends]
    if len(mended) != 1 or len(mends) != 1 or by_job[mended[0].job].lineage.mended_by != mends[0].job:
        faults.append(f"mended: {[one.name for one in mended]} by {[one.name for one in mends]}")
    told: dict[str, Counter[str]] = {}
    for receipt in receipts:
        name, events = receipt.name, _events(root, receipt)
        told[name] = told.get(name, Counter()) + events  # a retry has the name of what it tries again
        faults += [f"{name} was {event} {times} times" for event, times in events.items() if times != 1]
    faults += [f"{name}'s events do not say {event}" for name, event in _LATER.items() if not told[name][event]]
    return faults


def _events(root: Root, receipt: Receipt) -> Counter[str]:
    """Count what the events of a job say. A crash may have torn a line, which the next one must not share."""
    path = root.events(receipt.job)
    found: Counter[str] = Counter()
    for line in path.read_bytes().splitlines() if path.exists() else ():
        with suppress(ValueError):
            told = json.loads(line)
            found[" ".join([told["event"], *told.get("paths", ())[:1]])] += 1
    return found


class _Rows:
    """The ledger as the audit asks it, read from a copy."""

    def __init__(self, root: Root) -> None:
        rows = _ask(root, "select job, state from jobs order by job desc")
        self._states = {job: State(state) for job, state in rows}

    def states(self, jobs: Collection[str]) -> dict[str, State]:
        return {job: self._states[job] for job in jobs if job in self._states}

    def jobs(self, *, before: str | None = None, limit: int = 100) -> list[Job]:
        return [Job(job) for job in self._states if before is None or job < before][:limit]


class Job(NamedTuple):
    job: str


def _ledger(root: Root, receipts: list[Receipt]) -> list[str]:
    faults = []
    if _ask(root, "pragma integrity_check") != [("ok",)]:
        return ["the ledger is corrupt"]
    rows = dict(_ask(root, "select job, verdict from jobs"))  # type: ignore[arg-type]
    wanted = {receipt.job: str(receipt.verdict) for receipt in receipts}
    if rows != wanted:
        faults.append(f"the ledger has {sorted(rows.items())}, the receipts say {sorted(wanted.items())}")
    told = {job for (job,) in _ask(root, "select job from notifications where job is not null and job != ''")}
    faults += [f"nobody was told of {receipt.name}" for receipt in receipts if receipt.job not in told]
    states = dict(_ask(root, "select name, state from jobs"))  # type: ignore[arg-type]
    faults += _messages(root)
    later = {name: state for name, state in _LATER.items() if state != "retried"}
    faults += [f"the ledger has {name} as {states[name]}" for name, state in later.items() if states[name] != state]
    return faults


def _messages(root: Root) -> list[str]:
    """Operators hear of the end of whatever they heard the beginning of, unless it still goes on."""
    told: dict[str, Counter[str]] = {"unavailable": Counter(), "recovered": Counter()}
    for kind, payload in _ask(root, f"select kind, payload from notifications where kind in {tuple(told)}"):
        told[kind][json.loads(payload)["place"]] += 1
    kept = json.loads((root.state / "incidents.json").read_bytes())
    open_ = Counter(incident["key"] for incident in kept["open"])
    if told["unavailable"] != told["recovered"] + open_ or kept["owed"]:
        return [f"operators heard {told}, open are {sorted(open_)}, owed {kept['owed']}"]
    return []


def _answers(root: Root, receipts: list[Receipt], truth: Truth) -> list[str]:
    faults = []
    by_job = {receipt.job: receipt for receipt in receipts}
    done = {path.name: json.loads(path.read_bytes()) for path in root.requests_done.glob("[!.]*.json")}
    if set(done) != truth.answers:
        faults.append(f"answered: {sorted(done)}")
    for name, answer in done.items():
        if not answer["ok"]:
            faults.append(f"request {name} was refused: {answer['sentence']}")
        elif "code" in answer and by_job[answer["job"]].code != answer["code"]:
            faults.append(f"request {name} was answered with the code {answer['code']}, which no job has")
    return faults

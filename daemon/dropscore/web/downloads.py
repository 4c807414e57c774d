"""Files of jobs for download: only what a receipt names, read from where it lies now, never by a path from outside."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fastapi import HTTPException
from fastapi.responses import StreamingResponse

from dropscore.domain.jobs import State
from dropscore.folders import Root, month_of
from dropscore.receipt import FileFact, Receipt
from dropscore.web.seen import Seen

_CHUNK = 1 << 18
TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
}
_ROLES = {"result": ("result",), "fix": ("fix",), "input": ("original", "archive")}


class Gone(HTTPException):
    """The file was there, and has been taken away since: that is the normal case. The receipt says what it was."""

    def __init__(self, receipt: Receipt, sentence: str) -> None:
        super().__init__(410, sentence)
        self.receipt = receipt


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that can be downloaded. `part` is its part of the address: its role, or its name where there are more."""

    part: str
    fact: FileFact
    there: bool

    @property
    def name(self) -> str:
        return Path(self.fact.path).name


def offers(root: Root, seen: Seen) -> list[Offer]:
    """Return the files that the receipt names, and whether each is still here."""
    found = []
    for part, roles in _ROLES.items():
        facts = [fact for fact in seen.receipt.files if fact.role in roles]
        for number, fact in enumerate(facts):
            name = part if number == 0 else Path(fact.path).name
            found.append(Offer(name, fact, place_of(root, seen, fact) is not None))
    return found


def place_of(root: Root, seen: Seen, fact: FileFact) -> Path | None:
    """Return where a file of a job lies now; None: it has been taken, or lies in the trash."""
    receipt, name = seen.receipt, Path(fact.path).name
    places = [root.results / receipt.job / name]
    if seen.state == State.TRASHED:
        return None
    if seen.state == State.ARCHIVED:
        places.append(root.of_route(root.archive, receipt.route) / month_of(receipt.job) / name)
    places.append(root.path / fact.path)
    return next((place for place in places if _is_it(place, fact)), None)


def _is_it(place: Path, fact: FileFact) -> bool:
    try:
        found = place.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == fact.bytes


def named(root: Root, seen: Seen, part: str) -> Offer:
    """Return the offer of that name. 404: the receipt names no such file."""
    for offer in offers(root, seen):
        if part in (offer.part, offer.name):
            return offer
    raise HTTPException(404, "This job has no such file.")


def open_fact(root: Root, seen: Seen, fact: FileFact) -> int:
    """Return a handle on a file of a job. Gone: it is no longer here as the receipt says."""
    place = place_of(root, seen, fact)
    if place is not None:
        try:
            handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            place = None
        else:
            found = os.fstat(handle)
            if stat.S_ISREG(found.st_mode) and found.st_size == fact.bytes:
                return handle
            os.close(handle)
    if seen.state == State.TRASHED:
        raise Gone(seen.receipt, "This file lies in the trash. Bring the job back first.")
    raise Gone(seen.receipt, "This file has been taken away from its folder.")


def send(root: Root, seen: Seen, part: str) -> StreamingResponse:
    """Return the answer that carries a file of a job."""
    offer = named(root, seen, part)
    handle = open_fact(root, seen, offer.fact)
    suffix = Path(offer.name).suffix
    headers = {
        "content-length": str(offer.fact.bytes),
        "content-disposition": f'attachment; filename="{offer.name}"',
        "x-sha256": offer.fact.sha256,
    }
    kind = TYPES.get(suffix, "application/octet-stream")
    return StreamingResponse(chunks(handle), headers=headers, media_type=kind)


def chunks(handle: int) -> Iterator[bytes]:
    """Yield what is behind a handle, and close it."""
    try:
        while chunk := os.read(handle, _CHUNK):
            yield chunk
    finally:
        os.close(handle)

"""What the audit found last: kept in `state/audit.json`, told to operators, and looked at again until it is mended."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, replace
from pathlib import Path

import structlog

from dropscore.domain.errors import Unavailable
from dropscore.folders import Root, now_utc, write_plain
from dropscore.service import audit
from dropscore.service.audit import Audit, Reading
from dropscore.service.judging import Difference

log = structlog.get_logger()

MOST_TOLD = 20
"""Differences of which operators are told one by one; what is beyond is one message."""

ReadLedger = Callable[[], AbstractContextManager[Reading]]
"""Open the ledger for a helper thread; Unavailable where it is away."""


class Findings:
    """The differences of the last audit that are not mended yet."""

    def __init__(self, kept: Path) -> None:
        self._kept = kept
        self.differences = _read(kept)

    @property
    def faults(self) -> list[Unavailable]:
        """What operators are told, once each, while it lasts."""
        told = [Unavailable(_key(one), f"{one.place}: {one.what}", one.mend) for one in self.differences[:MOST_TOLD]]
        if more := len(self.differences) - len(told):
            matter = f"The audit found {more:,} more differences."
            told.append(Unavailable("audit:more", matter, "List them with `dropscore audit`."))
        return told

    def take(self, found: Audit) -> None:
        """Take over what was found. While the ledger is away, what it did not agree to still stands."""
        missed = [] if found.ledger else [one for one in self.differences if one.of_ledger]
        self.differences = [*found.differences, *(one for one in missed if one not in found.differences)]
        facts = {"at": now_utc().isoformat(), **asdict(replace(found, differences=self.differences))}
        try:
            write_plain(self._kept, facts)
        except OSError as error:
            log.warning("audit not written down", why=str(error))  # at worst operators hear of it once more

    def again(self, root: Root, read_ledger: ReadLedger | None) -> Generator[None, None, Audit]:
        """Look at each difference by itself: one that was mended is over within minutes, not within a day."""
        found = Audit()
        with ExitStack() as held:
            ledger = opened(read_ledger, held)
            found.ledger = ledger is not None
            for one in self.differences:
                if one.lies_there:
                    found.tell([one] if (root.path / one.place).exists() else [])
                elif one in audit.look_again(root, ledger, one.job, hashes=True):
                    found.tell([one])
                yield
        return found


def opened(read_ledger: ReadLedger | None, held: ExitStack) -> Reading | None:
    """Open the ledger until `held` is closed; None where there is none, or it is away."""
    try:
        return held.enter_context(read_ledger()) if read_ledger else None
    except Unavailable:
        return None


def _key(one: Difference) -> str:
    # A note's id holds a hundred characters of it: enough for people to see what it is, and to tell it from others.
    mark = zlib.crc32(f"{one.place} {one.what}".encode("utf-8", "surrogateescape"))
    return f"audit:{one.place[:60]}:{mark:08x}"


def _read(path: Path) -> list[Difference]:
    try:
        return [Difference(**one) for one in json.loads(path.read_bytes())["differences"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []

"""What is away in the world: told to operators once when it begins and once when it ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dropscore import durable
from dropscore.domain.errors import Unavailable
from dropscore.domain.notes import Note, NoteKind, note_id

_OVER = "Nothing: the drops that waited are being worked on."


@dataclass(frozen=True, slots=True)
class Incident:
    key: str
    matter: str
    then: str
    since: str
    """ISO 8601, UTC."""
    route: str = ""


class Incidents:
    """Those under way, and the notes of them that the ledger has not taken yet.

    Both are kept in one file, durable, so that a restart in the middle of an incident tells nobody twice, and a
    note is not lost with the process while the ledger itself is away.
    """

    def __init__(self, kept: Path) -> None:
        self._kept = kept
        self._is_kept = True
        self.open: dict[str, Incident] = {}
        self.owed: list[Note] = []
        try:
            found = json.loads(kept.read_bytes())
            known = found if isinstance(found, list) else found["open"]  # a list: as an earlier release wrote it
            self.open = {entry["key"]: Incident(**entry) for entry in known}
            self.owed = [] if isinstance(found, list) else [_note_from(entry) for entry in found["owed"]]
        except (OSError, ValueError, TypeError, KeyError):
            self.open = {}  # at worst operators hear of a running incident once more

    def begin(self, fault: Unavailable, at: datetime, route: str = "") -> None:
        if fault.key in self.open:
            return
        incident = Incident(fault.key, fault.matter, fault.then, at.isoformat(), route)
        self.open[fault.key] = incident
        self.owed.append(_note(incident, NoteKind.UNAVAILABLE, at))
        self._keep()

    def end_all_but(self, live: Iterable[str], at: datetime) -> None:
        """End every incident whose key nothing waits for any more."""
        still = set(live)
        ended = [incident for key, incident in self.open.items() if key not in still]
        for incident in ended:
            del self.open[incident.key]
            self.owed.append(_note(incident, NoteKind.RECOVERED, at))
        if ended or not self._is_kept:
            self._keep()

    def hand_over(self, owe: Callable[[Iterable[Note]], None]) -> None:
        """Have the notes owed by the ledger. Raises Unavailable while it is away: they are kept, and owed later."""
        owe(self.owed)
        self.owed.clear()
        self._keep()  # a crash before this line owes them once more, under the same ids: so not twice

    def _keep(self) -> None:
        known = {"open": [asdict(one) for one in self.open.values()], "owed": [asdict(note) for note in self.owed]}
        try:
            durable.write_new(self._kept, json.dumps(known).encode())
            self._is_kept = True
        except OSError:
            self._is_kept = False  # the disk may be the very thing that is away


def _note_from(entry: dict[str, Any]) -> Note:
    return Note(**{**entry, "kind": NoteKind(entry["kind"]), "groups": tuple(entry["groups"])})


def _note(incident: Incident, kind: NoteKind, at: datetime) -> Note:
    ended = kind is NoteKind.RECOVERED
    over = "Nothing." if incident.key.startswith(("audit:", "upkeep:")) else _OVER
    return Note(
        id=note_id(kind, incident.key, incident.since),
        kind=kind,
        route=incident.route,
        at=at.isoformat(),
        sentence=f"Over: {incident.matter}" if ended else incident.matter,
        todo=over if ended else incident.then,
        place=incident.key,
    )


def as_unavailable(error: OSError, folder: str) -> Unavailable:
    """Name a fault of the world for operators. It is never the drop's fault."""
    where = error.filename2 or error.filename or folder
    if isinstance(where, bytes):
        where = where.decode("utf-8", "backslashreplace")
    return Unavailable(f"disk:{folder}", f"{error.strerror or error} ({where}).")

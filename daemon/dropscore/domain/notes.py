"""What people are told, and who: the notifications owed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class NoteKind(StrEnum):
    DELIVERED = "delivered"
    PARTIAL = "partial"
    REJECTED = "rejected"
    CHECKED = "checked"
    ANSWERED = "answered"
    HELD = "held"
    UNAVAILABLE = "unavailable"
    RECOVERED = "recovered"
    DRIFT = "drift"
    STEADY = "steady"
    LATE = "late"
    UNUSUAL = "unusual"
    AS_USUAL = "as-usual"
    MODEL = "model"


OF_A_JOB = frozenset(
    {
        NoteKind.DELIVERED,
        NoteKind.PARTIAL,
        NoteKind.REJECTED,
        NoteKind.CHECKED,
        NoteKind.ANSWERED,
        NoteKind.HELD,
    }
)
TO_SENDERS = OF_A_JOB - {NoteKind.HELD}
"""A sender hears how each of their own drops ended; a held job is the operators' to decide."""
OF_ARRIVALS = frozenset({NoteKind.LATE, NoteKind.UNUSUAL, NoteKind.AS_USUAL})
OF_A_ROUTE = frozenset({NoteKind.DRIFT, NoteKind.STEADY, NoteKind.MODEL})
"""What an owner hears of a route as such, once when it begins and once when it is over."""
TO_OWNERS = frozenset({NoteKind.DELIVERED, NoteKind.PARTIAL, NoteKind.REJECTED}) | OF_A_ROUTE | OF_ARRIVALS
"""What the owners of a route hear of, unless the route says otherwise."""
TO_OPERATORS = frozenset({NoteKind.HELD, NoteKind.UNAVAILABLE, NoteKind.RECOVERED})


def note_id(kind: NoteKind, about: str, turn: str = "") -> str:
    """Return the id of the note that says `kind` of `about`: a job's id, or the key of what is away.

    `turn` tells apart what may happen to the same thing again: the time at which a disk filled up, the
    attempt after which a job was held.
    """
    return ":".join(part for part in (about[:100], turn, str(kind)) if part)


@dataclass(frozen=True, slots=True)
class Note:
    """One notification owed. `id` is built from what happened, so that accounting twice owes once."""

    id: str
    kind: NoteKind
    route: str
    at: str
    """ISO 8601, UTC."""
    job: str | None = None
    code: str | None = None
    name: str | None = None
    """The drop's name, for people."""
    sender: str | None = None
    sentence: str = ""
    todo: str = ""
    place: str = ""
    """Where the file is, relative to the root."""
    rows: int = 0
    set_aside: int = 0
    groups: tuple[str, ...] = ()
    """At most five grouped problems, without cell values."""


@dataclass(frozen=True, slots=True)
class Recipients:
    """apprise URLs by who is meant. `owners` are by route, `senders` by the sender's name.

    The URLs hold passwords and tokens: they are left out of the record's `repr`.
    """

    operators: tuple[str, ...] = field(default=(), repr=False)
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    senders: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    owner_kinds: Mapping[str, frozenset[NoteKind]] = field(default_factory=dict)
    """By route; a route that is not named hears of delivered, partial and rejected."""

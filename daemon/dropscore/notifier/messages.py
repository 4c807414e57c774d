"""What a message says: the outcome, what to do, the problems, where the file is, and the code. Plain text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dropscore.domain.notes import Note, NoteKind

_LONGEST_SUBJECT = 160
_LONGEST_NAME = 60
_MOST_LISTED = 20
_WORDS = {
    NoteKind.HELD: "HELD",
    NoteKind.UNAVAILABLE: "UNAVAILABLE",
    NoteKind.REJECTED: "FAILED",
    NoteKind.LATE: "LATE",
    NoteKind.DRIFT: "DRIFT",
    NoteKind.UNUSUAL: "UNUSUAL",
    NoteKind.MODEL: "MODEL",
    NoteKind.PARTIAL: "PARTIAL",
    NoteKind.RECOVERED: "RECOVERED",
    NoteKind.STEADY: "STEADY AGAIN",
    NoteKind.AS_USUAL: "AS USUAL",
    NoteKind.CHECKED: "CHECKED",
    NoteKind.ANSWERED: "ANSWERED",
    NoteKind.DELIVERED: "DELIVERED",
}
"""Each kind's word, the most pressing first: a message about several says them in this order."""
_ORDER = {kind: place for place, kind in enumerate(_WORDS)}


class Audience(StrEnum):
    """Who is meant."""

    SENDER = "sender"
    OWNERS = "owners"
    OPERATORS = "operators"


class Message(NamedTuple):
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Style:
    """How people read: their zone (by route, where it has its own), and what they call the root.

    `root` is put before the places of files: `/srv/dropscore`, or `\\\\server\\dropscore` with backslashes then.
    """

    zone: str = "UTC"
    zones: Mapping[str, str] = field(default_factory=dict)
    root: str = ""


def message_of(notes: Sequence[Note], audience: Audience, style: Style) -> Message:
    """Return one message for all these notes, which have one route and one audience. There is at least one."""
    ordered = sorted(notes, key=lambda note: (_ORDER[note.kind], note.at, note.id))
    subject = _subject_of_one(ordered[0]) if len(ordered) == 1 else _subject_of_many(ordered)
    told = ordered[:_MOST_LISTED]
    parts = ["\n".join(_paragraph(note, style)) for note in told]
    if len(ordered) > len(told):
        parts.append(f"And {len(ordered) - len(told):,} more: `dropscore jobs` lists them all.")
    parts.append(_reason(ordered[0], audience))
    return Message(_clip(subject, _LONGEST_SUBJECT), "\n\n".join(parts) + "\n")


def _subject_of_one(note: Note) -> str:
    outcome = _outcome(note)
    if note.code is None:
        return f"{_WORDS[note.kind]}: {outcome}"
    room = _LONGEST_SUBJECT - len(f"{_WORDS[note.kind]}: {_name(note)} –  [{note.code}]")
    return f"{_WORDS[note.kind]}: {_name(note)} – {_clip(outcome, room)} [{note.code}]"


def _subject_of_many(notes: Sequence[Note]) -> str:
    counted = Counter(note.kind for note in notes)
    outcomes = ", ".join(f"{counted[kind]:,} {_WORDS[kind].lower()}" for kind in _WORDS if counted[kind])
    codes = [note.code for note in notes if note.code]
    more = f" and {len(codes) - 1:,} more" if len(codes) > 1 else ""
    code = f" [{codes[0]}]{more}" if codes else ""
    return f"{_WORDS[notes[0].kind]}: {_line(notes[0].route) or 'Dropscore'} – {outcomes}{code}"


def _outcome(note: Note) -> str:
    """The sentence, without the half that the subject's first word says already: "Nothing was scored: 3 of …"."""
    sentence = _line(note.sentence).rstrip(".")
    if note.kind is NoteKind.REJECTED and ": " in sentence:
        return sentence.partition(": ")[2]
    return sentence or str(note.kind)


def _paragraph(note: Note, style: Style) -> list[str]:
    lines = [_line(note.sentence)] if note.code is None else [f"{_name(note)}: {_line(note.sentence)}"]
    if note.todo:
        lines.append(_line(note.todo))
    lines += [f"  - {_line(group)}" for group in note.groups[:5]]
    if note.code is not None and note.place:
        lines.append(f"File: {_place(note.place, style.root)}")
    when = _when(note.at, style.zones.get(note.route, style.zone))
    lines.append(f"Code: [{note.code}] · {when}" if note.code else when)
    return lines


def _place(place: str, root: str) -> str:
    if not root:
        return _line(place)
    separator = "\\" if "\\" in root else "/"
    return root.rstrip("/\\") + separator + _line(place).replace("/", separator)


def _when(at: str, zone: str) -> str:
    local = datetime.fromisoformat(at).astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%d %H:%M:%S} {zone}"


def _reason(note: Note, audience: Audience) -> str:
    if audience is Audience.SENDER:
        return f"You get this because you ({_line(note.sender or '')}) dropped it into {_line(note.route)}."
    if audience is Audience.OWNERS:
        return f"You get this because you own the route {_line(note.route)}."
    return "You get this because you operate this Dropscore."


def _name(note: Note) -> str:
    return _clip(_line(note.name or ""), _LONGEST_NAME) or "(no name)"


def _line(text: str) -> str:
    """What a sender chose, on one line and harmless: no line breaks, which would make headers, no hidden marks."""
    clean = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in clean)


def _clip(text: str, length: int) -> str:
    return text if len(text) <= length else text[: max(0, length - 1)] + "…"

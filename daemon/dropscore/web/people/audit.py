"""The audit log: who did what, to what, from where, and whether it was allowed. Lines are only ever added."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dropscore.web.people.roles import Who
from dropscore.web.people.store import People


@dataclass(frozen=True, slots=True)
class Line:
    id: int
    at: float
    who: str
    via: str
    address: str
    action: str
    target: str
    ok: bool
    note: str


def note(people: People, who: Who, action: str, target: str = "", *, ok: bool = True, note: str = "") -> None:
    note_all(people, who, action, [target], ok=ok, note=note)


def note_all(people: People, who: Who, action: str, targets: Iterable[str], *, ok: bool = True, note: str = "") -> None:
    """Add a line for each target, all in one transaction."""
    now = people.now()
    lines = [(now, who.name, who.via, who.address, action, target[:300], int(ok), note[:500]) for target in targets]
    with people.writing() as db:
        db.executemany(
            "INSERT INTO audit (at, who, via, address, action, target, ok, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            lines,
        )


def lines(people: People, *, who: str = "", before: int | None = None, limit: int = 100) -> list[Line]:
    """Return the newest lines first; `before` is the id of the last line of the page above."""
    conditions, values = ["1"], []
    if who:
        conditions.append("who = ?")
        values.append(who)
    if before is not None:
        conditions.append("id < ?")
        values.append(str(before))
    query = f"SELECT * FROM audit WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT ?"
    with people.reading() as db:
        return [
            Line(r["id"], r["at"], r["who"], r["via"], r["address"], r["action"], r["target"], bool(r["ok"]), r["note"])
            for r in db.execute(query, (*values, limit))
        ]

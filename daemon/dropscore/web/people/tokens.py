"""Tokens for programs. The secret is shown once; only its hash is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from dropscore.domain.errors import Refused
from dropscore.web.people.roles import Scope, Who, powers_of_scopes, routes_from, routes_text
from dropscore.web.people.store import People, hashed, new_secret

PREFIX = "ds_"
_USED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Token:
    name: str
    scopes: tuple[str, ...]
    routes: frozenset[str] | None
    created: float
    created_by: str
    expires: float | None
    used: float | None
    revoked: bool


def add(
    people: People, name: str, scopes: Iterable[str], routes: Iterable[str], by: str, days: float | None = None
) -> str:
    """Add a token and return its secret. Refused: the name is taken, a scope unknown, or there is none."""
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in set(Scope)]
    if not wanted or unknown:
        raise Refused(f"A token has scopes out of: {', '.join(Scope)}.")
    if not name.strip() or len(name) > 64:
        raise Refused("A token has a name of at most 64 characters.")
    secret, now = new_secret(PREFIX), people.now()
    expires = now + days * 86400 if days else None
    with people.writing() as db:
        try:
            db.execute(
                "INSERT INTO tokens (hash, name, scopes, routes, created, created_by, expires) VALUES (?,?,?,?,?,?,?)",
                (hashed(secret), name.strip(), " ".join(wanted), routes_text(routes), now, by, expires),
            )
        except sqlite3.IntegrityError:
            raise Refused(f"There is, or was, a token {name.strip()} already: take another name.") from None
    return secret


def all_of(people: People) -> list[Token]:
    with people.reading() as db:
        rows = db.execute("SELECT * FROM tokens ORDER BY name")
        return [
            Token(
                r["name"],
                tuple(r["scopes"].split()),
                routes_from(r["routes"]),
                r["created"],
                r["created_by"],
                r["expires"],
                r["used"],
                bool(r["revoked"]),
            )
            for r in rows
        ]


def revoke(people: People, name: str) -> None:
    with people.writing() as db:
        if not db.execute("UPDATE tokens SET revoked = 1 WHERE name = ? AND NOT revoked", (name,)).rowcount:
            raise Refused(f"There is no token {name}.")


def holder(people: People, secret: str, address: str) -> Who | None:
    """Return who asks with this token. None: it is unknown, revoked or out of date."""
    now = people.now()
    with people.reading() as db:
        row = db.execute("SELECT * FROM tokens WHERE hash = ?", (hashed(secret),)).fetchone()
    if row is None or row["revoked"] or (row["expires"] is not None and row["expires"] < now):
        return None
    if row["used"] is None or now - row["used"] > _USED_SECONDS:
        with people.writing() as db:
            db.execute("UPDATE tokens SET used = ? WHERE id = ?", (now, row["id"]))
    scopes = row["scopes"].split()
    return Who(f"token:{row['name']}", "api", powers_of_scopes(scopes), routes_from(row["routes"]), address)

"""Users and their one-time set-up links."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from dropscore.domain.errors import Refused
from dropscore.web.people.passwords import hash_password
from dropscore.web.people.roles import EVERY_ROUTE, POWERS, Role, Who, routes_from, routes_text
from dropscore.web.people.store import People, hashed, new_secret

LINK_HOURS = 48
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True)
class User:
    name: str
    role: Role
    routes: frozenset[str] | None
    language: str
    theme: str
    disabled: bool
    has_password: bool
    last_login: float | None

    def who(self, address: str = "", session: str = "") -> Who:
        routes = None if self.role is Role.ADMIN else self.routes
        return Who(self.name, "panel", POWERS[self.role], routes, address, session)


@dataclass(frozen=True, slots=True)
class Link:
    """A set-up link that is still good. Without a name, whoever follows it chooses one."""

    name: str | None
    role: Role
    routes: str


def _user(row: sqlite3.Row) -> User:
    return User(
        row["name"],
        Role(row["role"]),
        routes_from(row["routes"]),
        row["language"],
        row["theme"],
        bool(row["disabled"]),
        row["password"] is not None,
        row["last_login"],
    )


def find(people: People, name: str) -> User | None:
    with people.reading() as db:
        row = db.execute("SELECT * FROM users WHERE name = ?", (name,)).fetchone()
    return _user(row) if row else None


def everybody(people: People) -> list[User]:
    with people.reading() as db:
        return [_user(row) for row in db.execute("SELECT * FROM users ORDER BY name")]


def add(people: People, name: str, role: Role, routes: Iterable[str]) -> str:
    """Add a user without a password; return the secret of the set-up link. Refused: the name is taken or odd."""
    checked = _checked_name(name)
    with people.writing() as db:
        if db.execute("SELECT 1 FROM users WHERE name = ? COLLATE NOCASE", (checked,)).fetchone():
            raise Refused(f"There is a user {checked} already.")
        db.execute(
            "INSERT INTO users (name, role, routes, created) VALUES (?, ?, ?, ?)",
            (checked, str(role), routes_text(routes), people.now()),
        )
        return _new_link(people, db, checked, role, routes_text(routes))


def change(people: People, name: str, role: Role, routes: Iterable[str], disabled: bool) -> None:
    """Change what a user may do. Sessions of a user who is disabled end. Refused: the last admin would go."""
    with people.writing() as db:
        before = _expect_user(db, name)
        db.execute(
            "UPDATE users SET role = ?, routes = ?, disabled = ? WHERE name = ?",
            (str(role), routes_text(routes), int(disabled), name),
        )
        _expect_admin(db, before)
        if disabled:
            db.execute("DELETE FROM sessions WHERE name = ?", (name,))


def remove(people: People, name: str) -> None:
    with people.writing() as db:
        before = _expect_user(db, name)
        db.execute("DELETE FROM users WHERE name = ?", (name,))
        db.execute("DELETE FROM links WHERE name = ?", (name,))
        _expect_admin(db, before)


def prefer(people: People, name: str, language: str, theme: str) -> None:
    with people.writing() as db:
        db.execute("UPDATE users SET language = ?, theme = ? WHERE name = ?", (language, theme, name))


def renew_link(people: People, name: str) -> str:
    """Return the secret of a new set-up link for a user; earlier ones are void."""
    with people.writing() as db:
        row = _expect_user(db, name)
        return _new_link(people, db, name, Role(row["role"]), row["routes"])


def first_link(people: People) -> str | None:
    """Return the secret of a link that makes the first admin; None where somebody can log in already."""
    with people.writing() as db:
        if db.execute("SELECT 1 FROM users WHERE role = 'admin' AND password IS NOT NULL AND NOT disabled").fetchone():
            return None
        return _new_link(people, db, None, Role.ADMIN, EVERY_ROUTE)


def look_at_link(people: People, secret: str) -> Link | None:
    """Return what a link is for, without using it up."""
    with people.reading() as db:
        row = db.execute(
            "SELECT * FROM links WHERE hash = ? AND expires > ?", (hashed(secret), people.now())
        ).fetchone()
    return Link(row["name"], Role(row["role"]), row["routes"]) if row else None


def use_link(people: People, secret: str, name: str, password: str) -> str:
    """Set the password of the link's user, and return the user's name. The link is used up, sessions end.

    Raises:
        Refused: the link is void, or name or password is not acceptable.
    """
    link = look_at_link(people, secret)
    if link is None:
        raise Refused("This link is no longer good. Ask for a new one.")
    chosen = link.name or _checked_name(name)
    stored = hash_password(password, chosen)
    with people.writing() as db:
        if not db.execute("DELETE FROM links WHERE hash = ?", (hashed(secret),)).rowcount:
            raise Refused("This link is no longer good. Ask for a new one.")
        if link.name is None:
            if db.execute("SELECT 1 FROM users WHERE name = ? COLLATE NOCASE", (chosen,)).fetchone():
                raise Refused(f"There is a user {chosen} already.")
            db.execute(
                "INSERT INTO users (name, role, routes, created) VALUES (?, ?, ?, ?)",
                (chosen, str(link.role), link.routes, people.now()),
            )
        db.execute("UPDATE users SET password = ? WHERE name = ?", (stored, chosen))
        db.execute("DELETE FROM sessions WHERE name = ?", (chosen,))
    return chosen


def _new_link(people: People, db: sqlite3.Connection, name: str | None, role: Role, routes: str) -> str:
    db.execute("DELETE FROM links WHERE name IS ? OR expires < ?", (name, people.now()))
    secret = new_secret()
    expires = people.now() + LINK_HOURS * 3600
    db.execute("INSERT INTO links VALUES (?, ?, ?, ?, ?)", (hashed(secret), name, str(role), routes, expires))
    return secret


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Refused("A name has letters, digits, and . _ @ - and at most 64 of them.")
    return name


def _expect_user(db: sqlite3.Connection, name: str) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute("SELECT * FROM users WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise Refused(f"There is no user {name}.")
    return row


def _expect_admin(db: sqlite3.Connection, before: sqlite3.Row) -> None:
    """Refuse a change by which the last admin would go."""
    was_admin = before["role"] == Role.ADMIN and not before["disabled"]
    if was_admin and not db.execute("SELECT 1 FROM users WHERE role = 'admin' AND NOT disabled").fetchone():
        raise Refused("That would leave nobody who can look after the users: make somebody else an admin first.")


def moment_of(stored: float) -> datetime:
    """Return a stored time as everybody else keeps times."""
    return datetime.fromtimestamp(stored, UTC)

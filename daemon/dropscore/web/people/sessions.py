"""Sessions live here, not in the cookie: the cookie is a random name for one, and ending it ends it everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from dropscore.web.people import throttle, users
from dropscore.web.people.passwords import hash_password, matches
from dropscore.web.people.store import People, hashed, new_secret
from dropscore.web.people.users import User

_SEEN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a session lasts, in seconds: without a click, and in all."""

    idle: float
    absolute: float


@dataclass(frozen=True, slots=True)
class Session:
    """One of a user's sessions, for a list of them."""

    hash: str
    created: float
    seen: float
    address: str
    agent: str


def log_in(people: People, name: str, password: str, address: str, agent: str) -> str | None:
    """Return the secret of a new session, or None: wrong name or wrong password, nobody is told which.

    Raises:
        throttle.Wait: too many failures; the caller has to wait.
    """
    throttle.expect_patience(people, name, address)
    with people.reading() as db:
        row = db.execute("SELECT password, disabled FROM users WHERE name = ?", (name,)).fetchone()
    fine = matches(password, row["password"] if row and not row["disabled"] else None)
    throttle.record(people, name, address, fine)
    return open_session(people, name, address, agent) if fine else None


def open_session(people: People, name: str, address: str, agent: str) -> str:
    """Return the secret of a fresh session: never one that was known before the login."""
    secret, now = new_secret(), people.now()
    with people.writing() as db:
        values = (hashed(secret), name, now, now, address, agent[:200])
        db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)", values)
        db.execute("UPDATE users SET last_login = ? WHERE name = ?", (now, name))
    return secret


def holder(people: People, secret: str, terms: Terms) -> User | None:
    """Return whose session it is, and remember that it was used. None: there is none, or its time is over."""
    mark, now = hashed(secret), people.now()
    with people.reading() as db:
        row = db.execute("SELECT * FROM sessions WHERE hash = ?", (mark,)).fetchone()
    if row is None:
        return None
    if now - row["seen"] > terms.idle or now - row["created"] > terms.absolute:
        end(people, mark)
        return None
    user = users.find(people, row["name"])
    if user is None or user.disabled:
        return None
    if now - row["seen"] > min(_SEEN_SECONDS, terms.idle / 4):
        with people.writing() as db:
            db.execute("UPDATE sessions SET seen = ? WHERE hash = ?", (now, mark))
    return user


def alive(people: People, mark: str, terms: Terms) -> bool:
    """Whether a session is still good, without prolonging it: an open page is no click."""
    now = people.now()
    with people.reading() as db:
        row = db.execute(
            "SELECT s.seen, s.created FROM sessions s JOIN users u USING (name) WHERE s.hash = ? AND NOT u.disabled",
            (mark,),
        ).fetchone()
    return row is not None and now - row["seen"] <= terms.idle and now - row["created"] <= terms.absolute


def end(people: People, mark: str) -> None:
    with people.writing() as db:
        db.execute("DELETE FROM sessions WHERE hash = ?", (mark,))


def end_others(people: People, name: str, mark: str) -> None:
    with people.writing() as db:
        db.execute("DELETE FROM sessions WHERE name = ? AND hash != ?", (name, mark))


def of_user(people: People, name: str) -> list[Session]:
    with people.reading() as db:
        rows = db.execute("SELECT * FROM sessions WHERE name = ? ORDER BY seen DESC", (name,))
        return [Session(r["hash"], r["created"], r["seen"], r["address"], r["agent"]) for r in rows]


def proves(people: People, name: str, password: str, address: str) -> bool:
    """Whether it is the user's password. throttle.Wait: too many failures."""
    throttle.expect_patience(people, name, address)
    with people.reading() as db:
        row = db.execute("SELECT password FROM users WHERE name = ?", (name,)).fetchone()
    fine = matches(password, row["password"] if row else None)
    throttle.record(people, name, address, fine)
    return fine


def change_password(people: People, name: str, old: str, new: str, mark: str, address: str) -> bool:
    """Set a new password and end the user's other sessions. False: the old one is wrong.

    Raises:
        Refused: the new one is not acceptable. throttle.Wait: too many failures.
    """
    if not proves(people, name, old, address):
        return False
    stored = hash_password(new, name)
    with people.writing() as db:
        db.execute("UPDATE users SET password = ? WHERE name = ?", (stored, name))
        db.execute("DELETE FROM sessions WHERE name = ? AND hash != ?", (name, mark))
    return True

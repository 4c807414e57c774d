"""Guessing passwords is slowed down, and nobody can lock somebody else out by guessing.

Failures are counted by address, and by name over all addresses. From an address where that name has logged in
before, only the address's own failures count.
"""

from __future__ import annotations

from dropscore.web.people.store import People

FREE_TRIES = 5
FREE_TRIES_OF_NAME = 20
LONGEST = 300.0
FORGET_SECONDS = 3600.0
_KNOWN_SECONDS = 90 * 86400.0


class Wait(Exception):
    """Too many failures: try again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Too many failed logins. Try again in {seconds:.0f} seconds.")
        self.seconds = seconds


def expect_patience(people: People, name: str, address: str) -> None:
    """Raise Wait where the next try must wait. The wait doubles with every failure, up to 5 minutes."""
    now = people.now()
    with people.reading() as db:
        known = db.execute(
            "SELECT 1 FROM places WHERE name = ? AND address = ? AND last > ?", (name, address, now - _KNOWN_SECONDS)
        ).fetchone()
        keys = [(f"address:{address}", FREE_TRIES)]
        if not known:
            keys.append((f"name:{name}", FREE_TRIES_OF_NAME))
        for key, free in keys:
            row = db.execute("SELECT count, last FROM failures WHERE who = ?", (key,)).fetchone()
            if row is None or row["count"] < free:
                continue
            wait = row["last"] + min(LONGEST, 2.0 ** (row["count"] - free)) - now
            if wait > 0:
                raise Wait(wait)


def record(people: People, name: str, address: str, fine: bool) -> None:
    now = people.now()
    with people.writing() as db:
        db.execute("DELETE FROM failures WHERE last < ?", (now - FORGET_SECONDS,))
        if fine:
            db.execute("DELETE FROM failures WHERE who = ?", (f"address:{address}",))
            db.execute("INSERT OR REPLACE INTO places VALUES (?, ?, ?)", (name, address, now))
            return
        for key in (f"address:{address}", f"name:{name[:64]}"):
            db.execute(
                "INSERT INTO failures VALUES (?, 1, ?) ON CONFLICT (who) DO UPDATE SET count = count + 1, last = ?",
                (key, now, now),
            )

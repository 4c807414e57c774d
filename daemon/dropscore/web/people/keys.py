"""Idempotency keys: a program may repeat a call whose answer was lost, and still submits once."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import HTTPException

from dropscore.web.people.store import People

KEEP_SECONDS = 7 * 86400.0
_GRACE_SECONDS = 60.0


def claim(people: People, who: str, key: str, fingerprint: str, upload: str, known: Callable[[str], bool]) -> str:
    """Return the upload that this key stands for: `upload` itself, or an earlier one of the same content.

    An earlier one that never reached the daemon (`known` is false a minute later) died with its process: its place
    is taken. 422: the key was used for something else.
    """
    now = people.now()
    with people.writing() as db:
        db.execute("DELETE FROM keys WHERE at < ?", (now - KEEP_SECONDS,))
        row = db.execute("SELECT * FROM keys WHERE who = ? AND key = ?", (who, key)).fetchone()
        if row is not None and row["fingerprint"] != fingerprint:
            raise HTTPException(422, "This idempotency key was used for another file.")
        if row is not None and (now - row["at"] < _GRACE_SECONDS or known(row["upload"])):
            return str(row["upload"])
        db.execute("INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?)", (who, key, fingerprint, upload, now))
    return upload

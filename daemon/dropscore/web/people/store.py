"""The database of people. Only `web`, `user` and `token` write it; SQLite sorts out which is first."""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from dropscore.domain.errors import Unavailable

VERSION = 1
_SCHEMA = """
CREATE TABLE users (
    name TEXT PRIMARY KEY, password TEXT, role TEXT NOT NULL, routes TEXT NOT NULL, language TEXT NOT NULL DEFAULT '',
    theme TEXT NOT NULL DEFAULT '', created REAL NOT NULL, disabled INTEGER NOT NULL DEFAULT 0, last_login REAL
) STRICT;
CREATE TABLE links (
    hash TEXT PRIMARY KEY, name TEXT, role TEXT NOT NULL, routes TEXT NOT NULL, expires REAL NOT NULL
) STRICT;
CREATE TABLE sessions (
    hash TEXT PRIMARY KEY, name TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,
    created REAL NOT NULL, seen REAL NOT NULL, address TEXT NOT NULL, agent TEXT NOT NULL
) STRICT;
CREATE TABLE tokens (
    id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL,
    routes TEXT NOT NULL, created REAL NOT NULL, created_by TEXT NOT NULL, expires REAL, used REAL,
    revoked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE failures (who TEXT PRIMARY KEY, count INTEGER NOT NULL, last REAL NOT NULL) STRICT;
CREATE TABLE places (name TEXT NOT NULL, address TEXT NOT NULL, last REAL NOT NULL, PRIMARY KEY (name, address)) STRICT;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, who TEXT NOT NULL, via TEXT NOT NULL, address TEXT NOT NULL,
    action TEXT NOT NULL, target TEXT NOT NULL, ok INTEGER NOT NULL, note TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_who ON audit (who, id);
CREATE TABLE keys (
    who TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, upload TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (who, key)
) STRICT;
"""


class People:
    """The database of people of one root. Every thread has a connection of its own."""

    def __init__(self, path: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path = path
        self.clock = clock
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        with self.writing() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {VERSION}")
            elif version > VERSION:
                raise Unavailable("people", f"{path} was written by a newer Dropscore.", "Run the newer version.")

    def now(self) -> float:
        """Return the moment as the tables keep it: seconds since 1970."""
        return self.clock().timestamp()

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            if not self.path.exists():
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))  # it holds hashes of passwords
            found = sqlite3.connect(self.path, timeout=5.0, isolation_level=None, check_same_thread=False)
            found.row_factory = sqlite3.Row
            found.execute("PRAGMA journal_mode = WAL")
            found.execute("PRAGMA synchronous = FULL")
            found.execute("PRAGMA foreign_keys = ON")
            self._local.connection = found
            with self._guard:
                self._all.append(found)
        return found

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with _told():
            yield self._connection()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: it is durable when the block has ended, or nothing has happened."""
        with _told():
            db = self._connection()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def close(self) -> None:
        with self._guard:
            for connection in self._all:
                connection.close()
            self._all.clear()
        self._local = threading.local()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Unavailable("people", f"The database of people cannot be used: {error}.") from error


def new_secret(prefix: str = "") -> str:
    """Return 256 random bits as a text that fits into addresses and headers."""
    return prefix + secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """Return what is stored of a random secret. It has 256 bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()

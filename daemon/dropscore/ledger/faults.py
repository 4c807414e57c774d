"""What a failing database means for the people who run it, in one sentence, and what they should do."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dropscore.domain.errors import Unavailable

_REBUILD = "Stop the daemon, move the file away and run `dropscore ledger rebuild`."
_RETRIED = "It is tried again by itself."
_SQLITE = {
    "SQLITE_BUSY": ("is locked by another program", _RETRIED),
    "SQLITE_LOCKED": ("is locked by another program", _RETRIED),
    "SQLITE_FULL": ("cannot grow: the disk is full", "Make room on that disk; then it goes on by itself."),
    "SQLITE_CORRUPT": ("is damaged", _REBUILD),
    "SQLITE_NOTADB": ("is no database, or a damaged one", _REBUILD),
    "SQLITE_IOERR": ("cannot be read or written (I/O error)", "Check the disk; then it goes on by itself."),
    "SQLITE_READONLY": ("may not be written", "Give the file and its folder to the daemon's account."),
    "SQLITE_CANTOPEN": ("cannot be opened", "Check that its folder exists and belongs to the daemon's account."),
    "SQLITE_PERM": ("may not be opened", "Give the file and its folder to the daemon's account."),
}
_DEADLOCKS = frozenset({"40001", "40P01"})
"""SQLSTATE: serialization failure, deadlock."""
_MYSQL_AGAIN = frozenset({1205, 1213})
"""MySQL family: lock wait timeout, deadlock."""
_MYSQL_NO_TABLE = 1146
_NO_TABLE = "42P01"


def worth_repeating(error: DBAPIError) -> bool:
    """A broken connection or a deadlock: the same transaction may well succeed on a new connection."""
    if error.connection_invalidated:
        return True
    return _sqlstate(error) in _DEADLOCKS or _number(error) in _MYSQL_AGAIN


def explain(error: SQLAlchemyError, described: str) -> Unavailable | None:
    """Return what to tell an operator, or None where the fault is ours and its traceback should be seen."""
    if isinstance(error, PoolTimeout):
        return Unavailable("ledger", f"The ledger ({described}) has no free connection.")
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error.orig, sqlite3.Error):
        return _explain_sqlite(error.orig, described)
    if isinstance(error, ProgrammingError | DataError | IntegrityError) and not _tables_are_gone(error):
        return None
    first_line = str(error.orig).strip().splitlines()[:1]
    detail = f" {first_line[0].rstrip('.')}." if first_line else ""
    if _tables_are_gone(error):
        return Unavailable("ledger", f"The ledger ({described}) has lost its tables.{detail}")
    if isinstance(error, InterfaceError) and not error.connection_invalidated:
        return Unavailable("ledger", f"The ledger ({described}) does not answer as it should.{detail}")
    return Unavailable("ledger", f"The ledger ({described}) is away.{detail}")


def _explain_sqlite(error: sqlite3.Error, described: str) -> Unavailable | None:
    name = getattr(error, "sqlite_errorname", "")
    for prefix, (what, then) in _SQLITE.items():
        if name.startswith(prefix):
            return Unavailable("ledger", f"The ledger ({described}) {what}.", then)
    if isinstance(error, sqlite3.OperationalError):  # "no such table" is one of these, after somebody dropped it
        return Unavailable("ledger", f"The ledger ({described}) cannot be used: {error}.")
    return None


def _tables_are_gone(error: DBAPIError) -> bool:
    return _sqlstate(error) == _NO_TABLE or _number(error) == _MYSQL_NO_TABLE


def _sqlstate(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


def _number(error: DBAPIError) -> int:
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0

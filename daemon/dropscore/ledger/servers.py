"""How each kind of database is connected to, so that no call can hang: a stopped server answers nothing at all."""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import QueuePool

BEGIN = "ledger_begin"
"""Execution option: how SQLite begins the transaction."""
_STRICT = (
    "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION', SESSION innodb_lock_wait_timeout={seconds}"
)


def connect_args(backend: str, busy_seconds: float) -> dict[str, Any]:
    """Return the driver's own arguments: every wait is bounded by `busy_seconds`, within a second or two."""
    seconds = max(1, round(busy_seconds))
    if backend == "sqlite":
        return {"timeout": busy_seconds}
    if backend in ("mysql", "mariadb"):
        return {
            "connect_timeout": seconds,
            "read_timeout": 2 * seconds + 1,  # longer than the server's own, so that it can say what it waits for
            "write_timeout": 2 * seconds + 1,
            "charset": "utf8mb4",
            "init_command": _STRICT.format(seconds=seconds),
        }
    if backend == "postgresql":
        limits = f"-c lock_timeout={seconds}s -c statement_timeout={2 * seconds}s -c timezone=UTC"
        return {"connect_timeout": max(2, seconds), "options": limits}
    return {}


def engine_options(backend: str) -> dict[str, Any]:
    """Return what the engine is made with, beside its URL."""
    options: dict[str, Any] = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 4, "pool_timeout": 5}
    if backend in ("mysql", "mariadb"):
        # The family's default locks the gaps between keys: two jobs accounted at once would deadlock.
        options["isolation_level"] = "READ COMMITTED"
    return options


def prepare(engine: Engine, backend: str, busy_seconds: float, reading: bool) -> None:
    """Set up what a URL and arguments cannot say."""
    if backend == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite(busy_seconds, reading))
        event.listen(engine, "begin", _begin_sqlite)
    elif backend == "postgresql":
        module = importlib.import_module("dropscore.ledger.postgres")  # its driver is an extra
        impatient = module.connection_class(2 * max(1, round(busy_seconds)) + 1)
        event.listen(engine, "do_connect", lambda _dialect, _record, args, named: impatient.connect(*args, **named))


def _prepare_sqlite(busy_seconds: float, reading: bool) -> Callable[[sqlite3.Connection, Any], None]:
    def set_up(connection: sqlite3.Connection, _record: Any) -> None:
        # Python's own BEGIN comes too late: a read that turns into a write fails at once instead of waiting.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={int(busy_seconds * 1000)}")
        if reading:
            connection.execute("PRAGMA query_only=ON")
            return
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # WAL's default may lose the last commits in a power cut

    return set_up


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(str(connection.get_execution_options().get(BEGIN, "BEGIN")))

"""The database behind the ledger: connections, transactions, and what is said when it fails.

Every transaction of the ledger is idempotent. So a connection that broke, or a deadlock, is answered by doing
the whole transaction once more on a new connection: where the reply to a commit was lost, the second run finds
its rows in place.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, select, table, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from dropscore.domain.errors import Misconfigured, Unavailable
from dropscore.ledger.faults import explain, worth_repeating
from dropscore.ledger.servers import BEGIN, connect_args, engine_options, prepare
from dropscore.ledger.tables import MYSQL, VERSION, VERSION_TABLE

Answer = TypeVar("Answer")
BUSY_SECONDS = 5.0
"""How long a call waits for another writer, or for a server that says nothing."""
REST_PER_COST, LONGEST_REST = 3.0, 30.0
"""Who has waited in vain leaves the database alone for so many times as long, and at most for so many seconds."""


class Database:
    """One database by URL. Nothing is opened before the first transaction, and every failure can be tried again."""

    def __init__(self, url: str, *, busy_seconds: float = BUSY_SECONDS, reading: bool = False) -> None:
        self.url = _parsed(url)
        self.busy_seconds = busy_seconds
        self.reading = reading
        self.engine = self._make_engine(busy_seconds)
        self.family = "mysql" if self.engine.dialect.name in MYSQL else self.engine.dialect.name
        self._ready = False
        self._readying = threading.Lock()
        self._file: tuple[int, int] | None = None
        self._resting_until = 0.0
        self._fault: Unavailable | None = None

    @property
    def described(self) -> str:
        """The database for people, without any credential."""
        if self.path is not None:
            return str(self.path)
        where = f"{self.url.host or 'localhost'}{f':{self.url.port}' if self.url.port else ''}"
        return f"{self.url.get_backend_name()} database {self.url.database!r} on {where}"

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database."""
        is_file = self.url.get_backend_name() == "sqlite" and self.url.database not in (None, "", ":memory:")
        return Path(str(self.url.database)) if is_file else None

    def read(self, work: Callable[[Connection], Answer]) -> Answer:
        """Run `work` in one transaction that sees one state of the database. Unavailable on any failure."""
        return self._run(work, "BEGIN")

    def write(self, work: Callable[[Connection], Answer]) -> Answer:
        """Run `work` in one transaction, committed when it returns. Unavailable on any failure.

        `work` must be idempotent: it runs a second time where the fate of the first is not known.
        """
        return self._run(work, "BEGIN IMMEDIATE")

    def ready(self) -> None:
        """See that the schema is this version's, and migrate where it is older. Unavailable where it is newer."""
        self._guarded(self._get_ready)

    def close(self) -> None:
        self.engine.dispose()

    def _run(self, work: Callable[[Connection], Answer], begin: str) -> Answer:
        def once() -> Answer:
            self._get_ready()
            with self.engine.connect() as connection:
                try:
                    with connection.execution_options(**{BEGIN: begin}).begin():
                        return work(connection)
                except DBAPIError:
                    connection.invalidate()  # after a failed fsync or a cut line nothing may be built on it
                    raise

        return self._guarded(once)

    def _guarded(self, call: Callable[[], Answer]) -> Answer:
        began = time.monotonic()
        if self._fault is not None and began < self._resting_until:
            # The service's one thread has more to do than to wait for a server that hangs, call after call.
            raise Unavailable(self._fault.key, self._fault.matter, self._fault.then)
        try:
            try:
                return call()
            except DBAPIError as error:
                if not worth_repeating(error) or time.monotonic() - began > self.busy_seconds:
                    raise  # who has waited in vain once is not kept waiting twice
                self.engine.dispose()
                return call()
        except SQLAlchemyError as error:
            self._ready = False
            self.engine.dispose()
            explained = explain(error, self.described)
            if explained is None:
                raise
            took = time.monotonic() - began
            if took >= self.busy_seconds / 2:
                self._fault, self._resting_until = explained, began + took + min(LONGEST_REST, REST_PER_COST * took)
            raise explained from error

    def _get_ready(self) -> None:
        self._look_at_file()
        if self._ready:
            return
        with self._readying:
            if self.reading and self.path is not None and not self.path.exists():
                raise Unavailable("ledger", f"There is no ledger at {self.described} yet.", "The daemon makes it.")
            version = self.version()
            if version is not None and version > VERSION:
                raise Unavailable(
                    "ledger",
                    f"The ledger ({self.described}) was written by a newer Dropscore: it has schema {version}, "
                    f"and this version knows {VERSION}.",
                    "Run the newer version, or restore a backup of the ledger from before the upgrade.",
                )
            if version != VERSION:
                if self.reading:
                    raise Unavailable(
                        "ledger", f"The ledger ({self.described}) is not up to date.", "The daemon migrates it."
                    )
                # Alembic is wanted once in a release, and would stay in the service's memory for ever (10 MB).
                from dropscore.ledger.migrate import PATIENCE_SECONDS, upgrade  # noqa: PLC0415

                patient = self._make_engine(PATIENCE_SECONDS)
                try:
                    upgrade(patient)
                finally:
                    patient.dispose()
            self._ready = True
            self._file = self._identity()

    def version(self) -> str | None:
        """Return the schema's version; None for an empty database."""
        with self.engine.connect() as connection:
            if not self.engine.dialect.has_table(connection, VERSION_TABLE):
                return None
            found = connection.execute(select(text("version_num")).select_from(table(VERSION_TABLE))).scalar()
            return None if found is None else str(found)

    def _look_at_file(self) -> None:
        """An SQLite file that is removed or replaced under an open connection would take every commit with it."""
        if self._file is None or self._identity() == self._file:
            return
        self.engine.dispose()
        self._ready = False
        if self._identity() is None:
            raise Unavailable(
                "ledger",
                f"The ledger's file {self.described} is gone.",
                "Put it back, or stop the daemon and run `dropscore ledger rebuild`.",
            )

    def _identity(self) -> tuple[int, int] | None:
        if self.path is None:
            return None
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _make_engine(self, busy_seconds: float) -> Engine:
        backend = self.url.get_backend_name()
        try:
            engine = create_engine(
                self.url,
                hide_parameters=True,  # names of files and people have no place in an exception's text
                connect_args=connect_args(backend, busy_seconds),
                **engine_options(backend),
            )
            prepare(engine, backend, busy_seconds, self.reading)
        except (ImportError, NoSuchModuleError) as error:
            raise Misconfigured(
                f"The ledger's URL begins with {self.url.drivername!r}, but its driver is not installed: {error}. "
                "Use sqlite, postgresql+psycopg or mysql+pymysql."
            ) from None
        return engine


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise Misconfigured("The ledger's URL cannot be read. It looks like sqlite:////path/ledger.sqlite.") from None
    if parsed.drivername in ("mysql", "mariadb"):
        return parsed.set(drivername=f"{parsed.drivername}+pymysql")
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    return parsed

"""Databases for the tests of the ledger: real ones, made for one run and dropped after it, and a line to them
that can be cut."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, delete, make_url, text
from sqlalchemy.exc import DBAPIError

from dropscore.ledger import Ledger
from dropscore.ledger.tables import metadata
from dropscore.receipt import Counts, FileFact, InputFact, ModelFact, Receipt, Sender, Times

KINDS = ("sqlite", "postgresql", "mariadb")
SERVERS = {
    "postgresql": os.environ.get("DROPSCORE_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
    "mariadb": os.environ.get("DROPSCORE_TEST_MARIADB", "mariadb+pymysql://root@127.0.0.1:3306/mysql"),
}
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@contextlib.contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """Give the URL of an empty database. Skips, with the reason, where there is no such server."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'ledger.sqlite'}"
        return
    name = f"dropscore_test_{uuid.uuid4().hex[:12]}"
    server = make_url(SERVERS[kind])
    admin = create_engine(server, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except DBAPIError as error:
        pytest.skip(f"no {kind} at {server.host}:{server.port}: {str(error.orig).splitlines()[0]}")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}" + (" WITH (FORCE)" if kind == "postgresql" else "")))
        admin.dispose()


def empty(ledger: Ledger) -> None:
    """Remove every row, so that the next test may use the same database."""

    def work(connection: Connection) -> None:
        for table in metadata.sorted_tables:
            connection.execute(delete(table))

    ledger._database.write(work)


def job_id(number: int) -> str:
    return f"01JD{number:022d}"


def receipt(number: int = 1, state: str = "delivered", **more: Any) -> Receipt:
    """Return a receipt; the higher its number, the later it was claimed."""
    claimed = more.pop("claimed", NOW + timedelta(seconds=number))
    ended = None if state in ("working", "held") else claimed + timedelta(seconds=2)
    values: dict[str, Any] = {
        "job": job_id(number),
        "code": f"K{number:07d}",
        "route": "credit",
        "state": state,
        "verdict": None if state in ("working", "held") else state,
        "sentence": "All 3 rows were scored.",
        "name": f"sales_{number}.csv",
        "sender": Sender(name="ana"),
        "input": InputFact(bytes=30, sha256=f"{number:064x}"),
        "model": ModelFact(name="credit", version="1.0.0", sha256="b" * 64),
        "times": Times(claimed=claimed, finished=ended, published=ended),
        "counts": Counts(rows=3, scored=3),
        "files": (FileFact(role="result", path=f"outbox/credit/sales_{number}.xlsx", bytes=9, sha256="c" * 64),),
    }
    return Receipt(**(values | more))


class Line:
    """A TCP line to a server, which can go silent, or be cut as soon as a commit has gone through."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._passing = threading.Event()
        self._passing.set()
        self.cut_after_commit = 0
        self.commits = 0
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def go_silent(self) -> None:
        self._passing.clear()

    def speak(self) -> None:
        self._passing.set()

    def cut(self) -> None:
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._passing.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        for thread in self._threads:
            thread.join(5)
        for end in self._ends:
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            self._ends += [client, server]
            waiting = threading.Event()
            for way in ((client, server, True), (server, client, False)):
                thread = threading.Thread(target=self._carry, args=(*way, waiting), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _carry(self, source: socket.socket, target: socket.socket, asks: bool, waiting: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._passing.wait()
                if asks and b"COMMIT" in data:
                    self.commits += 1
                    waiting.set()
                elif not asks and waiting.is_set():
                    waiting.clear()
                    if self.cut_after_commit > 0:
                        self.cut_after_commit -= 1
                        break  # the server has committed, and nobody will hear of it
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def line_to(url: str) -> Iterator[tuple[Line, str]]:
    """Give a line to the server of that URL, and the URL through it."""
    server = make_url(url)
    line = Line(str(server.host), int(server.port or 0))
    try:
        yield line, server.set(host="127.0.0.1", port=line.port).render_as_string(hide_password=False)
    finally:
        line.close()

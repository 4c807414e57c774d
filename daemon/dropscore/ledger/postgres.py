"""A PostgreSQL connection that does not wait for ever. Imported only where the ledger is on PostgreSQL.

The server's own limits end what the server does; of a server that is stopped, or cut off behind a firewall,
only the client can have enough.
"""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

Answer = TypeVar("Answer")


def connection_class(seconds: float) -> type[psycopg.Connection[Any]]:
    """Return a class of connections that are closed when the server says nothing for so long."""

    class Impatient(psycopg.Connection[Any]):
        def wait(self, gen: PQGen[Answer], interval: float = 0.1, timeout: float | None = None) -> Answer:
            if timeout is not None:
                return super().wait(gen, interval, timeout)  # its own waits, such as the one after Ctrl-C
            try:
                return super().wait(gen, interval, seconds)
            except psycopg.OperationalError as error:
                if type(error).__name__ != "_WaitTimeout":
                    raise
                self.pgconn.finish()  # an answer that comes later belongs to nobody
                raise psycopg.OperationalError(f"the server has not answered for {seconds:g} seconds") from None

    return Impatient

"""Brings a database to this version's schema. Two processes may try at once: the second finds the work done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from dropscore.domain.errors import Unavailable
from dropscore.ledger.servers import BEGIN
from dropscore.ledger.tables import MYSQL

PATIENCE_SECONDS = 300.0
"""How long the second process waits for the first one's migration."""
_LOCK = "dropscore.ledger"
_LOCK_NUMBER = 0x64726F70


def upgrade(engine: Engine, to: str = "head") -> None:
    """Run the migrations that are missing, on an engine whose waits are long. SQLAlchemy's errors pass through."""
    with engine.connect() as connection, _alone(connection):
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        connection.commit()


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Hold a lock that a crash gives back: the transaction's own, or the MySQL family's, whose DDL commits itself."""
    if connection.dialect.name == "sqlite":
        connection.execution_options(**{BEGIN: "BEGIN IMMEDIATE"})
        connection.begin()
        yield
    elif connection.dialect.name in MYSQL:
        locked = connection.execute(text("SELECT GET_LOCK(:name, :wait)"), {"name": _LOCK, "wait": PATIENCE_SECONDS})
        if locked.scalar() != 1:
            raise Unavailable("ledger", "Another process has been migrating the ledger for five minutes.")
        try:
            yield
        finally:
            connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": _LOCK})
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
        yield

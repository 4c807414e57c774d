"""The tables, in types that SQLite, PostgreSQL, MariaDB and MySQL store alike.

Text is what people and senders choose, so it may hold anything: lone surrogates from names that are no UTF-8,
NUL, names longer than a column. The types here make every text storable; a receipt keeps what is exact.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

VERSION = "0002"
"""The newest migration; `ledger_version` holds the one that a database stands at."""
VERSION_TABLE = "ledger_version"
MYSQL = frozenset({"mysql", "mariadb"})
"""How the MySQL family's dialects are named."""

# The MySQL family compares without regard to case unless told otherwise, and `Credit` and `credit` are two routes.
TABLE_OPTIONS: dict[str, Any] = {
    f"{family}_{option}": value
    for family in sorted(MYSQL)
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def storable(text: str, length: int) -> str:
    """Return the text as any of the databases stores it: no lone surrogates, no NUL, at most `length` characters."""
    clean = text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
    return clean if len(clean) <= length else clean[: length - 1] + "…"


class SafeString(TypeDecorator[str]):
    """A VARCHAR that never refuses what a sender called a file."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value, self.length)


class SafeText(TypeDecorator[str]):
    """A TEXT of at most 15,000 characters: 65,535 bytes is what the MySQL family's TEXT holds."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value, 15_000)


class UtcTime(TypeDecorator[datetime]):
    """A time in UTC to the microsecond, aware in Python, stored without a zone so that no server converts it."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        # A plain DATETIME of the MySQL family rounds to whole seconds.
        kind: TypeEngine[Any] = mysql.DATETIME(fsp=6) if dialect.name in MYSQL else DateTime()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


Word = String(40).with_variant(String(40, collation="C"), "postgresql")
"""A word for searching. Beginnings of words are stretches of its order, and a language's own order would break them."""

metadata = MetaData()

jobs = Table(
    "jobs",
    metadata,
    Column("job", String(26), primary_key=True),
    Column("code", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("route", SafeString(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("verdict", String(16)),
    Column("name", SafeString(255), nullable=False),
    Column("sender", SafeString(128), nullable=False),
    Column("via", String(16), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("model_name", SafeString(128)),
    Column("model_version", SafeString(64)),
    Column("model_sha256", String(64)),
    Column("rows", BigInteger, nullable=False),
    Column("scored", BigInteger, nullable=False),
    Column("set_aside", BigInteger, nullable=False),
    Column("bad_cells", BigInteger, nullable=False),
    Column("problems", BigInteger, nullable=False),
    Column("warnings", BigInteger, nullable=False),
    Column("claimed", UtcTime, nullable=False),
    Column("finished", UtcTime),
    Column("published", UtcTime),
    Column("seconds", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("sentence", SafeText, nullable=False),
    Column("todo", SafeText, nullable=False),
    Column("summary", SafeText, nullable=False),
    Column("result", SafeString(512)),
    Column("retry_of", String(26)),
    Column("mends", String(26)),
    Column("mended_by", String(26)),
    Column("late_of", String(26)),
    Column("answers", String(26)),
    Column("kept", SafeString(512), nullable=False),
    Column("search", SafeString(600), nullable=False),
    Index("jobs_code", "code", unique=True),
    Index("jobs_newest", "claimed", "job"),
    Index("jobs_by_state", "state", "claimed", "job"),
    Index("jobs_by_route", "route", "state", "claimed", "job"),
    Index("jobs_by_sender_state", "sender", "state", "claimed", "job"),
    Index("jobs_by_content", "sha256", "route"),
    **TABLE_OPTIONS,
)

history = Table(
    "history",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("fingerprint", String(40), nullable=False),
    Column("job", String(26), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("event", String(24), nullable=False),
    Column("by", SafeString(128), nullable=False),
    Column("state", String(16)),
    Column("other", String(26)),
    Column("note", SafeText, nullable=False),
    Index("history_once", "fingerprint", unique=True),
    Index("history_of_job", "job", "at", "id"),
    **TABLE_OPTIONS,
)

notifications = Table(
    "notifications",
    metadata,
    Column("id", SafeString(200), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("route", SafeString(128), nullable=False),
    Column("job", String(26)),
    Column("payload", Text, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("due", UtcTime),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", UtcTime),
    Column("last_error", SafeString(500)),
    Index("notifications_due", "due", "created"),
    Index("notifications_of_job", "job"),
    **TABLE_OPTIONS,
)

numbers = Table(
    "numbers",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("job", String(26), nullable=False),
    Index("numbers_of_job", "job", unique=True),
    **TABLE_OPTIONS,
)

tallies = Table(
    "tallies",
    metadata,
    Column("day", Date, primary_key=True),
    Column("route", SafeString(128), primary_key=True),
    Column("state", String(16), primary_key=True),
    Column("jobs", BigInteger, nullable=False),
    **TABLE_OPTIONS,
)

words = Table(
    "words",
    metadata,
    Column("word", Word, primary_key=True),
    Column("claimed", UtcTime, primary_key=True),
    Column("job", String(26), primary_key=True),
    **TABLE_OPTIONS,
    sqlite_with_rowid=False,
)

"""The first tables. They are written out here once more: a migration must not change when the tables do."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text

from dropscore.ledger.tables import TABLE_OPTIONS, SafeString, SafeText, UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

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
    Index("jobs_by_sender", "sender", "claimed", "job"),
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


def upgrade() -> None:
    """The MySQL family commits each step by itself, so each is left out where a crash came after it."""
    bind = op.get_bind()
    for table in metadata.sorted_tables:
        table.create(bind, checkfirst=True)
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            index.create(bind, checkfirst=True)

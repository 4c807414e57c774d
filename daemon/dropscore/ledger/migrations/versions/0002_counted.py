"""Numbers, tallies and words beside the jobs, so that a million can be counted and searched; the view `wp_records`."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    inspect,
    select,
    table,
    text,
)

from dropscore.ledger.beside import words_of
from dropscore.ledger.tables import MYSQL, TABLE_OPTIONS, SafeString, UtcTime, Word
from dropscore.ledger.upsert import insert_once

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

metadata = MetaData()

jobs = table(
    "jobs",
    Column("job", String(26)),
    Column("code", String(16)),
    Column("claimed", UtcTime),
    Column("route", String(128)),
    Column("state", String(16)),
    Column("name", String(255)),
    Column("sender", String(128)),
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

_BATCH = 2000

# A held or a working job has no verdict. Whoever is put away without one came to nothing.
_STATUS = """CASE WHEN j.verdict = 'rejected' THEN 'ERROR'
    WHEN j.verdict IS NOT NULL THEN 'PROCESS OK'
    WHEN j.state = 'working' THEN 'IN PROGRESS'
    WHEN j.state = 'held' THEN 'PENDING'
    ELSE 'ERROR' END"""
_FOLDER = """CASE WHEN j.route = 'default' THEN 'inbox/' ELSE {route} END"""
_INNER = "CASE j.kind WHEN 'check' THEN 'check/' WHEN 'actuals' THEN 'actuals/' ELSE '' END"
_VIEW = """CREATE VIEW wp_records AS
    SELECT n.number AS id, {path} AS path_up, {status} AS status_file,
        j.claimed AS date_init, {result} AS path_result, j.published AS date_result
    FROM numbers n JOIN jobs j ON j.job = n.job"""


def upgrade() -> None:
    """The MySQL family commits each step by itself, so each may come again after a crash."""
    bind = op.get_bind()
    for made in metadata.sorted_tables:
        made.create(bind, checkfirst=True)
        for index in made.indexes:
            index.create(bind, checkfirst=True)
    _replace_index_by_sender()
    _fill(bind)
    bind.execute(text("DROP VIEW IF EXISTS wp_records"))
    bind.execute(text(view(bind.dialect.name)))


def view(dialect: str) -> str:
    """Return the statement that makes the view.

    The MySQL family reads `||` as *or*, and writes through joined views unless one of their columns is a subquery.
    """
    result = "(SELECT r.result FROM jobs r WHERE r.job = n.job)" if dialect in MYSQL else "j.result"

    def joined(*parts: str) -> str:
        return f"CONCAT({', '.join(parts)})" if dialect in MYSQL else f"({' || '.join(parts)})"

    folder = _FOLDER.format(route=joined("'inbox/'", "j.route", "'/'"))
    return _VIEW.format(path=joined(folder, _INNER, "j.name"), status=_STATUS, result=result)


def _replace_index_by_sender() -> None:
    there = {index["name"] for index in inspect(op.get_bind()).get_indexes("jobs")}
    if "jobs_by_sender_state" not in there:
        op.create_index("jobs_by_sender_state", "jobs", ["sender", "state", "claimed", "job"])
    if "jobs_by_sender" in there:
        op.drop_index("jobs_by_sender", "jobs")


def _fill(bind: Connection) -> None:
    day = func.date(jobs.c.claimed).label("day")
    counted = select(day, jobs.c.route, jobs.c.state, func.count()).group_by(day, jobs.c.route, jobs.c.state)
    bind.execute(delete(tallies))
    bind.execute(insert(tallies).from_select(["day", "route", "state", "jobs"], counted))
    done = ""
    while True:
        wanted = select(jobs.c.job, jobs.c.claimed, jobs.c.name, jobs.c.sender).where(jobs.c.job > done)
        batch: list[Any] = list(bind.execute(wanted.order_by(jobs.c.job).limit(_BATCH)))
        if not batch:
            return
        done = batch[-1].job
        numbered = set(
            bind.execute(select(numbers.c.job).where(numbers.c.job.in_([row.job for row in batch]))).scalars()
        )
        insert_once(bind, numbers, [{"job": row.job} for row in batch if row.job not in numbered])
        insert_once(bind, words, [word for row in batch for word in words_of(row._asdict())])

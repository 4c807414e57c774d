"""A ledger moved from one database to another, of whatever kind, and compared with what it was copied from.

Rows go over in the order of their ids, in batches that are one transaction each. A batch that is there already is
read and passed over, and one that differs is written anew: so a copy that was broken off, or done last week, is
continued by doing it again. Tallies and words are made from the jobs on the other side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, Table, delete, func, insert, or_, select, text

from dropscore.domain.errors import Refused
from dropscore.ledger import beside
from dropscore.ledger.store import Database
from dropscore.ledger.tables import history, jobs, notifications, numbers, tallies

_BATCH = 500
_SINGLE = 1e-5
"""The MySQL family keeps a FLOAT in four bytes: `seconds` has six digits there."""
_UNIQUE: dict[Table, tuple[Column[Any], ...]] = {
    numbers: (numbers.c.number, numbers.c.job),
    jobs: (jobs.c.job,),
    history: (history.c.id, history.c.fingerprint),
    notifications: (notifications.c.id,),
}
"""The tables that are copied, each with its columns that no two rows share; the first one is its id."""

Moved = Callable[[int, int], None]
Rows = dict[Any, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Copied:
    """How many rows both ledgers hold after a copy, and how many of all had to be written."""

    jobs: int
    events: int
    notifications: int
    written: int


def copy(source: Database, target: Database, moved: Moved = lambda done, total: None) -> Copied:
    """Copy all rows and compare both sides. `moved` is told how many rows are dealt with, and how many there are.

    Nobody else may write to either of them meanwhile.

    Raises:
        Refused: the target is the source, or holds jobs of its own, or differs in the end.
        Unavailable: one of them is away, or the source is of another version.
    """
    if same_place(source, target):
        raise Refused("Both are the same ledger.")
    source.ready()
    target.ready()
    _refuse_foreign(source, target)
    counts = {table: source.read(partial(_count, table=table)) for table in _UNIQUE}
    total, done, written = 2 * sum(counts.values()), 0, 0
    for table in _UNIQUE:
        for batch in _batches(source, table):
            written += target.write(partial(_write, table=table, batch=batch))
            done += len(batch)
            moved(done, total)
    for table in _UNIQUE:
        for batch in _batches(source, table):
            if target.read(partial(_different, table=table, batch=batch)):
                raise _differs(table, "does not hold what was copied")
            done += len(batch)
            moved(done, total)
        if target.read(partial(_count, table=table)) != source.read(partial(_count, table=table)):
            raise _differs(table, "holds more or fewer rows than the source")
    if _tallied(source) != _tallied(target):
        raise _differs(tallies, "counts otherwise than the source")
    return Copied(counts[jobs], counts[history], counts[notifications], written)


def same_place(one: Database, other: Database) -> bool:
    """Tell whether both URLs name one database. That two names mean one host cannot be seen."""
    if one.path is not None and other.path is not None:
        return one.path.resolve() == other.path.resolve()
    ports = {"mysql": 3306, "postgresql": 5432}

    def place(database: Database) -> tuple[Any, ...]:
        url = database.url
        host = "127.0.0.1" if url.host in (None, "", "localhost", "::1") else url.host
        return database.family, host, url.port or ports.get(database.family), url.database

    return place(one) == place(other)


def _differs(table: Table, how: str) -> Refused:
    return Refused(
        f"The copy's table {table.name} {how}. Something else has written to one of the two ledgers: stop it, "
        "and copy again, or to an empty database."
    )


def _refuse_foreign(source: Database, target: Database) -> None:
    for batch in _batches(target, jobs):
        known = source.read(partial(_there, table=jobs, ids=list(batch)))
        if foreign := batch.keys() - known.keys():
            raise Refused(
                f"The ledger to copy to ({target.described}) holds jobs that the other one does not have, such as "
                f"{min(foreign)}. Name an empty database, or one that this ledger was copied to before."
            )


def _batches(database: Database, table: Table) -> Iterator[Rows]:
    """Yield the table's rows by their ids, in the order that the database itself gives ids."""
    key = _UNIQUE[table][0]
    last: Any = None
    while True:
        wanted = select(table).order_by(key).limit(_BATCH)
        wanted = wanted if last is None else wanted.where(key > last)
        found = database.read(partial(_rows, wanted=wanted))
        if not found:
            return
        batch = {getattr(row, key.name): row._asdict() for row in found}
        last = next(reversed(batch))
        yield batch


def _rows(connection: Connection, wanted: Select[Any]) -> Sequence[Row[Any]]:
    return connection.execute(wanted).all()


def _there(connection: Connection, table: Table, ids: Sequence[Any]) -> Rows:
    key = _UNIQUE[table][0]
    found = connection.execute(select(table).where(key.in_(ids)))
    return {getattr(row, key.name): row._asdict() for row in found}


def _different(connection: Connection, table: Table, batch: Rows) -> list[dict[str, Any]]:
    """Return the rows that are not there, or not like this."""
    there = _there(connection, table, list(batch))
    return [row for key, row in batch.items() if key not in there or not _alike(row, there[key])]


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(
        math.isclose(value, other[name], rel_tol=_SINGLE, abs_tol=_SINGLE)
        if isinstance(value, float)
        else value == other[name]
        for name, value in one.items()
    )


def _write(connection: Connection, table: Table, batch: Rows) -> int:
    rows = _different(connection, table, batch)
    if not rows:
        return 0
    if table is jobs:
        beside.removed(connection, beside.locked(connection, [row["job"] for row in rows]))
        beside.added(connection, rows)
        return len(rows)
    taken = or_(*(column.in_([row[column.name] for row in rows]) for column in _UNIQUE[table]))
    connection.execute(delete(table).where(taken))
    connection.execute(insert(table), rows)
    _count_on(connection, table)
    return len(rows)


def _count_on(connection: Connection, table: Table) -> None:
    """Let the next id be above those that were written: PostgreSQL does not look at rows that bring their own."""
    key = table.primary_key.columns.values()[0]
    if connection.dialect.name != "postgresql" or key.type.python_type is not int:
        return
    statement = (
        f"SELECT setval(pg_get_serial_sequence('{table.name}', '{key.name}'), MAX({key.name})) FROM {table.name}"
    )
    connection.execute(text(statement))


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar() or 0)


def _tallied(database: Database) -> dict[tuple[Any, ...], int]:
    wanted = select(tallies).where(tallies.c.jobs != 0)
    found = database.read(lambda connection: connection.execute(wanted).all())
    return {(row.day, row.route, row.state): int(row.jobs) for row in found}

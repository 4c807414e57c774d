"""Rows that are written once, however often they are written."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from dropscore.ledger.tables import MYSQL, jobs


def insert_once(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows that are not there yet, in each dialect's own way; those that are stay as they are."""
    if not rows:
        return
    family = "mysql" if connection.dialect.name in MYSQL else connection.dialect.name
    # Each dialect has its own insert. The one in use is loaded already, and the others need not be.
    statement = importlib.import_module(f"sqlalchemy.dialects.{family}").insert(table)
    if family == "mysql":
        key = table.primary_key.columns.values()[0]
        statement = statement.on_duplicate_key_update({key.name: key})  # INSERT IGNORE would hide real faults
    else:
        statement = statement.on_conflict_do_nothing()
    connection.execute(statement, list(rows))


def free_codes(connection: Connection, codes: Mapping[str, str]) -> dict[str, str]:
    """Return each job's code, with the id's end behind it where another job has it already. `codes` are by job.

    No code is given twice in a root. But what was written down of those that were given may have been lost, or a
    root's jobs been put into a ledger that holds another's: then the job is to be found by its name and its id.
    """
    holders = select(jobs.c.code, jobs.c.job).where(jobs.c.code.in_(set(codes.values())))
    holder = {row.code: row.job for row in connection.execute(holders) if row.job not in codes}
    return {job: code if holder.setdefault(code, job) == job else f"{code}-{job[-6:]}" for job, code in codes.items()}

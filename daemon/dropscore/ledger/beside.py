"""What is kept beside the rows of `jobs`, in the same transaction: numbers, tallies by day, and words for searching.

Whoever writes rows of `jobs` goes through here, or counts and searches are wrong.
"""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, select, update

from dropscore.ledger.rows import searchable
from dropscore.ledger.tables import MYSQL, jobs, numbers, storable, tallies, words
from dropscore.ledger.upsert import insert_once

_WORD = re.compile(r"[^\W_]+")
LONGEST = 40
"""How many signs of a phrase are stored."""
_MUCH = 1000
_MOST_WORDS = 16
_WORTHY = 4
"""So many letters and digits make a word that is kept by itself."""


class Place(NamedTuple):
    """Where a job is counted."""

    day: date
    route: str
    state: str


def place_of(values: Mapping[str, Any]) -> Place:
    claimed: datetime = values["claimed"]
    return Place(claimed.astimezone(UTC).date(), storable(values["route"], 128), values["state"])


def phrases(text: str) -> list[str]:
    """Return what begins at each word of a text, as it is compared, to the text's end or as far as it is stored.

    A word is letters and digits. So `Sales_2026-03` is `sales_2026-03`, `2026-03` and `03`.
    """
    compared = searchable(storable(text, _MUCH))
    return [compared[found.start() : found.start() + LONGEST].rstrip() for found in _WORD.finditer(compared)]


def words_of(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of `words` of one job: of its name and its sender. A code has an index of its own."""
    name = storable(values["name"], 255)
    stem, dot, ending = name.rpartition(".")
    of_name = phrases(name)
    if dot and len(of_name) > 1:
        del of_name[len(phrases(stem)) :]  # nearly every name has a word that begins with csv
    found = [*of_name, *phrases(values["sender"])]
    # A word by itself, too, in front of longer phrases: the newest jobs that have it are one stretch of the index.
    single = [word for word in _WORD.findall(searchable(stem or ending)) if _WORTHY <= len(word) <= LONGEST]
    kept = list(dict.fromkeys(phrase for phrase in [*found[:_MOST_WORDS], *single[:_MOST_WORDS]] if len(phrase) > 1))
    return [{"word": phrase, "claimed": values["claimed"], "job": values["job"]} for phrase in kept]


def number(connection: Connection, ids: Sequence[str]) -> None:
    """Give those of the jobs a number that have none. Who accounts a job at the same time waits here for us."""
    numbered = set(connection.execute(select(numbers.c.job).where(numbers.c.job.in_(ids))).scalars())
    insert_once(connection, numbers, [{"job": job} for job in ids if job not in numbered])


def locked(connection: Connection, ids: Sequence[str]) -> dict[str, Place]:
    """Return where each job that is there is counted, and hold its row until the transaction ends."""
    wanted = select(jobs.c.job, jobs.c.claimed, jobs.c.route, jobs.c.state).where(jobs.c.job.in_(ids))
    found = connection.execute(wanted.order_by(jobs.c.job).with_for_update())
    return {row.job: place_of(row._asdict()) for row in found}


def added(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of `jobs` that are not there, count them, and make them found. Their numbers are given already."""
    insert_once(connection, jobs, rows)
    insert_once(connection, words, [word for row in rows for word in words_of(row)])
    count(connection, Counter(place_of(row) for row in rows))


def removed(connection: Connection, there: Mapping[str, Place]) -> None:
    """Remove rows of `jobs`, as they were `locked`. Their numbers stay theirs, and a word too many finds nothing."""
    connection.execute(delete(jobs).where(jobs.c.job.in_(list(there))))
    count(connection, {place: -times for place, times in Counter(there.values()).items()})


def changed(connection: Connection, job: str, before: Place, values: Mapping[str, Any]) -> None:
    """Update one row of `jobs` that was `locked`: its state, or all of it."""
    connection.execute(update(jobs).where(jobs.c.job == job).values(values))
    after = place_of(values) if "claimed" in values else before._replace(state=values.get("state", before.state))
    if "claimed" in values:
        insert_once(connection, words, words_of(values))
    if after != before:
        count(connection, {before: -1, after: 1})


def count(connection: Connection, more: Mapping[Place, int]) -> None:
    """Add to the tallies, always in the same order: two that count at once do not wait for each other in a ring."""
    rows = [{**place._asdict(), "jobs": more[place]} for place in sorted(more) if more[place]]
    if not rows:
        return
    family = "mysql" if connection.dialect.name in MYSQL else connection.dialect.name
    statement = importlib.import_module(f"sqlalchemy.dialects.{family}").insert(tallies)
    if family == "mysql":
        statement = statement.on_duplicate_key_update(jobs=tallies.c.jobs + statement.inserted.jobs)
    else:
        statement = statement.on_conflict_do_update(
            index_elements=list(tallies.primary_key.columns), set_={"jobs": tallies.c.jobs + statement.excluded.jobs}
        )
    for row in rows:
        connection.execute(statement, row)

"""Looking for a part of a code, a name or a sender, within bounds that do not grow with the ledger.

No index that SQLite, PostgreSQL and the MySQL family share finds any part of any text. So:

- among the newest 5,000 jobs, below the page above, every one is looked at: any part of the text is found;
- older ones are found where the text begins a word (letters and digits) of the name or the sender, or begins the code;
  where it begins none, by what follows its first word;
- where more than 1,000 older ones may fit, 1,000 are looked at: the newest with exactly that word, or else those whose
  names come last in the order of the alphabet, which are the newest where names end in dates.

Whatever is found holds the whole text that was asked for. What may be missed is old, and found by more of its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from dropscore.ledger.beside import LONGEST, phrases
from dropscore.ledger.queries import COLUMNS, Wanted, having, rows
from dropscore.ledger.tables import jobs, words

NEWEST = 5_000
MOST = 1_000
_AT_ONCE = 200
_CODE = 16
_SHORTEST = 2
_LAST_SIGN = "\U0010ffff"

Below = tuple[datetime, str] | None


def find(connection: Connection, wanted: Wanted, below: Below) -> Sequence[Row[Any]]:
    """Return the rows of one page, newest first."""
    edge: datetime | None = connection.execute(edge_of_newest(below)).scalar()
    since = max((moment for moment in (edge, wanted.since) if moment), default=None)
    recent = rows(connection, wanted._replace(since=since), below)
    if edge is None or since != edge or len(recent) >= wanted.limit:
        return recent
    there = {row.job for row in recent}
    older = (job for job in _older(connection, wanted, below, edge) if job not in there)
    fetched = select(*COLUMNS).where(jobs.c.job.in_(list(islice(older, wanted.limit - len(recent)))))
    return sorted([*recent, *connection.execute(fetched)], key=_age, reverse=True)


def _age(row: Row[Any]) -> tuple[datetime, str]:
    return row.claimed, row.job


def edge_of_newest(below: Below) -> Select[Any]:
    """Return the statement for when the last of the newest was claimed; no row where there are fewer."""
    newest = select(jobs.c.claimed).order_by(jobs.c.claimed.desc(), jobs.c.job.desc())
    return (newest if below is None else newest.where(jobs.c.claimed <= below[0])).offset(NEWEST - 1).limit(1)


def _older(connection: Connection, wanted: Wanted, below: Below, edge: datetime) -> Iterator[str]:
    """Yield ids of jobs from the edge on down that hold the text, newest first."""
    maybe = sorted(set(_candidates(connection, wanted.text, edge)), reverse=True)
    for start in range(0, len(maybe), _AT_ONCE):
        ids = [job for _, job in maybe[start : start + _AT_ONCE]]
        # The other conditions wait until the rows are here: a database might take them for a better way in.
        for row in sorted(connection.execute(holding(ids, wanted.text)), key=_age, reverse=True):
            if _fits(row, wanted) and (below is None or _age(row) < below):
                yield row.job


def _fits(row: Row[Any], wanted: Wanted) -> bool:
    return (
        (wanted.states is None or row.state in wanted.states)
        and (wanted.routes is None or row.route in wanted.routes)
        and (wanted.sender is None or row.sender == wanted.sender)
        and (wanted.since is None or row.claimed >= wanted.since)
    )


def holding(ids: Sequence[str], text: str) -> Select[Any]:
    """Return the statement for what is known by filters of those jobs that hold the text."""
    known = (jobs.c.job, jobs.c.claimed, jobs.c.state, jobs.c.route, jobs.c.sender)
    return select(*known).where(jobs.c.job.in_(ids), having(text))


def _candidates(connection: Connection, text: str, edge: datetime) -> Iterator[tuple[datetime, str]]:
    """Yield claim and id of older jobs that may hold the text."""
    for term in [phrase for phrase in phrases(text.strip()) if len(phrase) >= _SHORTEST][:2]:
        found = list(connection.execute(exactly(term, edge))) if term.isalnum() else []
        if len(found) < MOST:
            found += connection.execute(beginning(term, edge))
        yield from ((row.claimed, row.job) for row in found)
        if found:
            break
    code = text.strip().upper()
    if code.isascii() and code.isalnum() and _SHORTEST <= len(code) <= _CODE:
        yield from ((row.claimed, row.job) for row in connection.execute(coded(code)))


def beginning(term: str, edge: datetime) -> Select[Any]:
    """Return the statement for older jobs with phrases that begin so, the last of the alphabet first."""
    stretch = words.c.word >= term, words.c.word <= term[:LONGEST] + _LAST_SIGN, words.c.claimed <= edge
    return select(words.c.claimed, words.c.job).where(*stretch).order_by(words.c.word.desc()).limit(MOST)


def exactly(word: str, edge: datetime) -> Select[Any]:
    """Return the statement for the newest of the older jobs with exactly that word."""
    older = select(words.c.claimed, words.c.job).where(words.c.word == word, words.c.claimed <= edge)
    return older.order_by(words.c.claimed.desc(), words.c.job.desc()).limit(MOST)


def coded(beginning: str) -> Select[Any]:
    """Return the statement for jobs whose codes begin so: capital letters and digits sort alike everywhere."""
    stretch = jobs.c.code >= beginning, jobs.c.code <= beginning.ljust(_CODE, "Z")
    return select(jobs.c.claimed, jobs.c.job).where(*stretch).order_by(jobs.c.code.desc()).limit(MOST)

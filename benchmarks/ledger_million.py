"""Fills a ledger with 1,000,000 jobs, their history and messages, and measures what is asked of it.

    python benchmarks/ledger_million.py URL [--jobs N]

The database must be empty, and is left full. Each question is asked seven times, through the ledger as it is used,
on one warm connection; the median and the slowest are printed, in milliseconds. The first time is not counted.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

from sqlalchemy import Connection, insert

from dropscore.domain.jobs import State
from dropscore.domain.notes import Note, NoteKind
from dropscore.ledger import Ledger, Mark, beside
from dropscore.ledger.rows import searchable
from dropscore.ledger.tables import history, notifications

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
APART = timedelta(seconds=63)
"""A million of them are two years."""
BATCH = 5_000
TIMES = 7
STATES = (
    ("delivered",) * 70 + ("partial",) * 10 + ("rejected",) * 8 + ("mended",) * 5 + ("archived",) * 5 + ("checked",) * 2
)
ROUTES = tuple(f"route{number:02d}" for number in range(12))
SENDERS = tuple(f"sender{number:03d}" for number in range(200))
TOPICS = ("sales", "leads", "credit", "ventas", "kunden", "clientes", "export", "report")
CODE_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def job_id(number: int) -> str:
    return f"01JD{number:022d}"


def code_of(number: int) -> str:
    scrambled = number * 2_654_435_761 % 32**8
    return "".join(CODE_SIGNS[scrambled >> 5 * place & 31] for place in range(8))


def rows(jobs: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(7)
    for number in range(jobs):
        claimed = BEGAN + number * APART
        state, route, sender = chance.choice(STATES), chance.choice(ROUTES), chance.choice(SENDERS)
        name, code = f"{chance.choice(TOPICS)}_{claimed:%Y-%m-%d}_{number % 97}.csv", code_of(number)
        ended = claimed + timedelta(seconds=2)
        yield {
            "job": job_id(number), "code": code, "kind": "score", "route": route, "state": state,
            "verdict": state if state in ("delivered", "partial", "rejected", "checked") else "delivered",
            "name": name, "sender": sender, "via": "folder", "bytes": 100_000, "sha256": f"{number:064x}",
            "model_name": "credit", "model_version": "1.0.0", "model_sha256": "b" * 64, "rows": 1000, "scored": 1000,
            "set_aside": 0, "bad_cells": 0, "problems": 0, "warnings": 0, "claimed": claimed, "finished": ended,
            "published": ended, "seconds": 2.0, "attempts": 1, "sentence": "All 1,000 rows were scored.", "todo": "",
            "summary": "", "result": f"outbox/{route}/{name[:-4]}.{code}.xlsx", "retry_of": None, "mends": None,
            "mended_by": None, "late_of": None, "answers": None,
            "kept": f"state/receipts/{claimed:%Y-%m}/{job_id(number)}.json",
            "search": searchable(f"{code} {name} {sender}"),
        }  # fmt: skip


def events(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Two of each job: claimed, and its verdict."""
    for event, at, state in (("claimed", row["claimed"], "working"), (row["verdict"], row["published"], row["state"])):
        yield {
            "fingerprint": f"{event:.4}{row['job']}", "job": row["job"], "at": at, "event": event, "by": row["sender"],
            "state": state, "other": None, "note": row["sentence"],
        }  # fmt: skip


def message(row: dict[str, Any], jobs: int) -> dict[str, Any]:
    """One of each job, sent; but the last ten are owed still."""
    owed = int(row["job"][4:]) >= jobs - 10
    note = Note(f"delivered:{row['job']}", NoteKind.DELIVERED, row["route"], row["published"].isoformat(), row["job"])
    return {
        "id": note.id, "kind": "delivered", "route": row["route"], "job": row["job"],
        "payload": json.dumps(asdict(note)),
        "created": row["published"], "due": row["published"] if owed else None, "attempts": 0,
        "sent_at": None if owed else row["published"], "last_error": None,
    }  # fmt: skip


def fill(ledger: Ledger, jobs: int) -> None:
    batch: list[dict[str, Any]] = []

    def work(connection: Connection) -> None:
        beside.number(connection, [row["job"] for row in batch])
        beside.added(connection, batch)
        connection.execute(insert(history), [event for row in batch for event in events(row)])
        connection.execute(insert(notifications), [message(row, jobs) for row in batch])

    began = time.monotonic()
    for count, row in enumerate(rows(jobs), 1):
        batch.append(row)
        if len(batch) == BATCH or count == jobs:
            ledger._database.write(work)
            batch.clear()
            if count % 100_000 == 0:
                print(f"  {count:,} jobs after {time.monotonic() - began:.0f} s", flush=True)


def settle(ledger: Ledger) -> None:
    """What a server does by itself within minutes of such a flood: statistics, and PostgreSQL's map of visible rows."""
    engine = ledger._database.engine
    statements = {
        "postgresql": ["SET statement_timeout = 0", "VACUUM ANALYZE"],
        "sqlite": ["PRAGMA wal_checkpoint(TRUNCATE)"],
    }
    family = ["ANALYZE TABLE jobs, words, tallies, numbers, history, notifications"]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements.get(engine.dialect.name, family):
            connection.exec_driver_sql(statement).close()


def questions(ledger: Ledger, jobs: int) -> dict[str, Callable[[], Any]]:
    middle, end = job_id(jobs // 2), BEGAN + jobs * APART
    page = partial(ledger.jobs, limit=51)
    old = f"{BEGAN + jobs // 4 * APART:%Y-%m-%d}"
    return {
        "first page": page,
        "page in the middle": partial(page, before=middle),
        "one state": partial(page, states=[State.REJECTED]),
        "a state without jobs": partial(page, states=[State.HELD]),
        "three states": partial(page, states=[State.REJECTED, State.HELD, State.PARTIAL]),
        "one route": partial(page, routes=["route03"]),
        "four routes": partial(page, routes=ROUTES[:4]),
        "four routes, three states": partial(
            page, routes=ROUTES[:4], states=[State.REJECTED, State.HELD, State.PARTIAL]
        ),
        "a sender": partial(page, sender="sender007"),
        "a sender and a state": partial(page, sender="sender007", states=[State.REJECTED]),
        "a sender and a route": partial(page, sender="sender007", routes=["route03"]),
        "nobody": partial(page, sender="nobody"),
        "since last week": partial(page, since=end - timedelta(days=7)),
        "since last week, rejected": partial(page, since=end - timedelta(days=7), states=[State.REJECTED]),
        "search: common": partial(page, text="sales"),
        "search: an old day": partial(page, text=old),
        "search: a whole old name": partial(page, text=f"leads_{old}_"),
        "search: part of a word": partial(page, text="entas_2"),
        "search: nothing": partial(page, text="zebra"),
        "search: a common word and a rare state": partial(page, text="sales", states=[State.CHECKED]),
        "search: a sender of many": partial(page, text="sender007", states=[State.MENDED]),
        "search: a code, in part": partial(page, text=code_of(jobs // 3)[:6]),
        "search: in the middle": partial(page, text="sales", before=middle),
        "search: nothing, route": partial(page, text="zebra", routes=["route03"]),
        "counts": ledger.counts,
        "counts of four routes": partial(ledger.counts, routes=ROUTES[:4]),
        "counts of 30 days": partial(ledger.counts, since=end - timedelta(days=30, hours=5)),
        "a job by its code": partial(ledger.job, code_of(jobs // 3)),
        "earlier": partial(ledger.earlier, "route03", f"{jobs // 2:064x}", "b" * 64),
        "what happened to a job": partial(ledger.history, middle),
        "the newest event": ledger.newest_event,
        "500 changes": partial(ledger.changes, Mark(jobs + 1, f"clai{middle}")),
        "messages owed": ledger.owing,
        "the oldest of them": ledger.owing_since,
        "those that are due": partial(ledger.owed, end),
    }


def took(ask: Callable[[], Any]) -> float:
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("url")
    parser.add_argument("--jobs", type=int, default=1_000_000)
    given = parser.parse_args()
    ledger = Ledger.open(given.url)
    if not ledger.counts():
        fill(ledger, given.jobs)
        settle(ledger)
    print(f"{'':40} {'median':>8} {'slowest':>8}  found")
    for name, ask in questions(ledger, given.jobs).items():
        found = ask()
        times = [took(ask) for _ in range(TIMES)]
        size = len(found) if hasattr(found, "__len__") else found if isinstance(found, int) else int(found is not None)
        print(f"{name:40} {median(times):8.1f} {max(times):8.1f}  {size}", flush=True)
    ledger.close()


if __name__ == "__main__":
    main()

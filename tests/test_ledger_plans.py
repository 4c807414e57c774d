"""What the servers do with the ledger's questions: they go by the index that was made for each, and sort no table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text

from dropscore.domain.jobs import State
from dropscore.ledger import Ledger, beside, note_of, queries, search
from dropscore.ledger.owing import values_of_note
from dropscore.ledger.rows import history_of, values_of
from dropscore.ledger.tables import history, notifications
from ledgers import NOW, fresh_database, job_id, receipt

JOBS = 20_000
HALF = NOW + timedelta(minutes=JOBS // 2)


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def ledger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """A ledger with so many jobs that reading all of them would cost more than going by an index."""
    with fresh_database(request.param, tmp_path_factory.mktemp("ledger")) as url:
        opened = Ledger.open(url)
        opened._database.write(fill)
        tables = "jobs, words, tallies, history, notifications"
        analyze = "VACUUM ANALYZE" if request.param == "postgresql" else f"ANALYZE TABLE {tables}"
        with opened._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(analyze).close()
        yield opened
        opened.close()


def fill(connection: Connection) -> None:
    rare = [str(state) for state in State if state is not State.DELIVERED]
    states = ["delivered"] * 81 + 2 * rare + ["delivered"]
    pattern = values_of(receipt(0))
    rows = []
    for number in range(JOBS):
        claimed = NOW + timedelta(minutes=number)
        rows.append(
            pattern
            | {"job": job_id(number), "code": f"K{number:07d}", "state": states[number % 100], "claimed": claimed}
            | {"route": f"r{number % 7}", "sender": f"s{number % 11}", "sha256": f"{number:064x}"}
            | {"name": f"sales_{number}.csv", "search": f"k{number:07d} sales_{number}.csv"}
        )
    for start in range(0, JOBS, 2000):
        beside.number(connection, [row["job"] for row in rows[start : start + 2000]])
        beside.added(connection, rows[start : start + 2000])
    events = [event for number in range(JOBS) for event in history_of(receipt(number))]
    connection.execute(insert(history), events)
    note = note_of(receipt(0))
    assert note is not None
    sent = values_of_note(note) | {"due": None, "sent_at": NOW}
    connection.execute(insert(notifications), [sent | {"id": f"delivered:{job_id(n)}"} for n in range(JOBS)])
    connection.execute(insert(notifications), [values_of_note(note) | {"id": f"owed:{n}"} for n in range(3)])


def plan(ledger: Ledger, statement: Any) -> str:
    """Return which index each table is read by, and how the server sorts."""
    engine = ledger._database.engine
    compiled = str(statement.compile(engine, compile_kwargs={"literal_binds": True})).replace("%%", "%")
    with engine.connect() as connection:
        explained = connection.execution_options(no_parameters=True).exec_driver_sql(f"EXPLAIN {compiled}")
        return "\n".join(" ".join(f"{name}={value}" for name, value in row._mapping.items()) for row in explained)


def indexes(told: str) -> set[str]:
    tables = "jobs|words|tallies|numbers|history|notifications"
    return set(re.findall(rf"(?:using |on |key=)((?:{tables})_\w+|PRIMARY)\b", told))


def wanted(**more: Any) -> queries.Wanted:
    return queries.Wanted(
        **({"states": None, "routes": None, "sender": None, "text": "", "since": None, "limit": 50} | more)
    )


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({}, "jobs_newest"),
        ({"since": HALF}, "jobs_newest"),
        ({"states": [State.REJECTED]}, "jobs_by_state"),
        ({"states": [State.REJECTED, State.HELD, State.PARTIAL]}, "jobs_by_state"),
        ({"states": [State.REJECTED], "routes": ["r3"]}, "jobs_by_route"),
        ({"routes": ["r3", "r4"]}, "jobs_by_route"),
        ({"sender": "s3", "states": [State.REJECTED]}, "jobs_by_sender_state"),
        ({"sender": "s3"}, "jobs_by_sender_state"),
    ],
)
@pytest.mark.parametrize("below", [None, (HALF, job_id(JOBS // 2))])
def test_a_page_is_read_from_its_index(ledger: Ledger, asked: dict[str, Any], index: str, below: Any) -> None:
    told = plan(ledger, queries.page(wanted(**asked), below))
    assert index in indexes(told), told
    # Most of the newest are delivered, and so found there; rows of several stretches are fetched by their ids.
    assert indexes(told) <= {index, "jobs_newest", "jobs_pkey", "PRIMARY"}, told
    assert "Seq Scan on jobs" not in told
    assert "type=ALL key=None" not in told


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (queries.named("K0000009"), {"jobs_code"}),
        (queries.named(job_id(9)), {"jobs_pkey", "PRIMARY"}),
        (queries.earlier("r3", "a" * 64, "b" * 64), {"jobs_by_content"}),
        (queries.counts(None, HALF)[1], {"jobs_by_state", "jobs_newest"}),
        (queries.counts(["r3"], HALF)[1], {"jobs_by_route", "jobs_newest"}),
        (queries.newest_event(), {"history_pkey", "PRIMARY"}),
        (queries.event(JOBS), {"history_pkey", "PRIMARY"}),
        (queries.since(JOBS, 500), {"history_pkey", "PRIMARY"}),
        (queries.of_ids([job_id(number) for number in range(5)]), {"jobs_pkey", "PRIMARY"}),
        (queries.history_of(job_id(9)), {"history_of_job"}),
        (queries.owing(), {"notifications_due"}),
        (queries.oldest_owed(), {"notifications_due"}),
        (search.edge_of_newest((HALF, job_id(1))), {"jobs_newest"}),
        (search.beginning("sales_77", HALF), {"words_pkey", "PRIMARY"}),
        (search.exactly("sales", HALF), {"words_pkey", "PRIMARY"}),
        (search.coded("K00001"), {"jobs_code"}),
        (search.holding([job_id(number) for number in range(5)], "sales"), {"jobs_pkey", "PRIMARY"}),
    ],
)
def test_a_look_up_goes_by_an_index(ledger: Ledger, statement: Any, index: set[str]) -> None:
    told = plan(ledger, statement)
    assert indexes(told), told
    assert indexes(told) <= index, told


def test_counting_reads_tallies_and_no_jobs(ledger: Ledger) -> None:
    (statement,) = queries.counts(["r3"], None)
    told = plan(ledger, statement)
    assert "tallies" in told
    assert not re.search(r"jobs_|table=jobs| on jobs", told), told


def test_the_old_table_is_read_from_its_newest_row_and_by_its_id(ledger: Ledger) -> None:
    for statement in ("SELECT * FROM wp_records WHERE id = 77", "SELECT * FROM wp_records ORDER BY id DESC LIMIT 20"):
        told = plan(ledger, text(statement))
        assert "Seq Scan" not in told, told
        assert "key=None" not in told, told

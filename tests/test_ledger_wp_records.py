"""The view that stands for the old table: its columns, its four words, its ids, and that nothing is written by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from dropscore.domain.jobs import Kind
from dropscore.ledger import Ledger
from dropscore.receipt import Counts, Event
from ledgers import KINDS, NOW, fresh_database, job_id, receipt


@pytest.fixture(scope="module", params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fresh_database(request.param, tmp_path_factory.mktemp("ledger")) as made:
        ledger = Ledger.open(made)
        none: dict[str, Any] = {"counts": Counts(), "files": ()}
        ledger.account(receipt(1, "held", **none))
        ledger.account(receipt(2, "working", route="default", **none))
        ledger.account(receipt(3, "delivered"))
        ledger.account(receipt(4, "partial", counts=Counts(rows=3, scored=2, set_aside=1)))
        ledger.account(receipt(5, "rejected", **none))
        ledger.account(receipt(6, "checked", kind=Kind.CHECK, **none))
        ledger.account(receipt(7, "answered", **none))
        ledger.account(receipt(8, "rejected", **none))
        ledger.account(receipt(9, "delivered"))
        ledger.account(receipt(10, "held", **none))
        ledger.account(receipt(11, "checked", kind=Kind.CHECK, route="default", **none))
        ledger.account(receipt(12, "delivered", kind=Kind.ACTUALS, **none))
        for number, event in {8: "mended", 9: "archived", 10: "trashed"}.items():
            ledger.record_event(job_id(number), Event.model_validate({"at": NOW, "event": event}))
        ledger.close()
        yield made


@pytest.fixture
def records(url: str) -> Iterator[dict[int, Any]]:
    engine = create_engine(url)
    with engine.connect() as connection:
        yield {row.id: row for row in connection.execute(text("SELECT * FROM wp_records"))}
    engine.dispose()


def test_the_columns_are_those_of_the_old_table(url: str) -> None:
    engine = create_engine(url)
    names = [column["name"] for column in inspect(engine).get_columns("wp_records")]
    assert names == ["id", "path_up", "status_file", "date_init", "path_result", "date_result"]
    engine.dispose()


def test_every_status_is_one_of_four_words(records: dict[int, Any]) -> None:
    assert {number: row.status_file for number, row in records.items()} == {
        1: "PENDING",
        2: "IN PROGRESS",
        3: "PROCESS OK",
        4: "PROCESS OK",
        5: "ERROR",
        6: "PROCESS OK",
        7: "PROCESS OK",
        8: "ERROR",
        9: "PROCESS OK",
        10: "ERROR",
        11: "PROCESS OK",
        12: "PROCESS OK",
    }


def test_paths_and_times(records: dict[int, Any]) -> None:
    assert records[2].path_up == "inbox/sales_2.csv"
    assert records[3].path_up == "inbox/credit/sales_3.csv"
    assert records[6].path_up == "inbox/credit/check/sales_6.csv"
    assert records[11].path_up == "inbox/check/sales_11.csv"
    assert records[12].path_up == "inbox/credit/actuals/sales_12.csv"
    assert records[3].path_result == "outbox/credit/sales_3.xlsx"
    assert [records[number].path_result for number in (1, 2, 5, 6)] == [None] * 4
    claimed = (NOW + timedelta(seconds=3)).replace(tzinfo=None)

    def moment(value: Any) -> datetime:
        return datetime.fromisoformat(value) if isinstance(value, str) else value

    assert (moment(records[3].date_init), moment(records[3].date_result)) == (claimed, claimed + timedelta(seconds=2))
    assert records[2].date_result is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE wp_records SET path_result = 'x' WHERE id = 3",
        "UPDATE wp_records SET status_file = 'ERROR' WHERE id = 3",
        "DELETE FROM wp_records WHERE id = 3",
        "INSERT INTO wp_records (id, status_file) VALUES (99, 'PENDING')",
    ],
)
def test_it_is_for_reading(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text(statement))
    engine.dispose()

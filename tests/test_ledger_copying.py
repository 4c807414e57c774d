"""A copy between every two kinds of database: whole, continued where it was broken off, compared, and nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text, update

from dropscore.domain.errors import Refused, Unavailable
from dropscore.ledger import Ledger, note_of
from dropscore.ledger import copying as module
from dropscore.ledger.tables import jobs, metadata
from dropscore.receipt import Event, Sender
from ledgers import KINDS, NOW, empty, fresh_database, job_id, receipt

JOBS = 70


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Ledger]]:
    """One ledger of each kind, and a second one on SQLite: the source of most copies."""
    with ExitStack() as stack:
        opened = {}
        for kind in (*KINDS, "source"):
            name = "sqlite" if kind == "source" else kind
            url = stack.enter_context(fresh_database(name, tmp_path_factory.mktemp("ledger")))
            opened[kind] = Ledger.open(url)
            stack.callback(opened[kind].close)
        fill(opened["source"])
        yield opened


@pytest.fixture(params=KINDS)
def target(ledgers: dict[str, Ledger], request: pytest.FixtureRequest) -> Ledger:
    empty(ledgers[request.param])
    return ledgers[request.param]


@pytest.fixture
def source(ledgers: dict[str, Ledger]) -> Ledger:
    return ledgers["source"]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 16)


def fill(ledger: Ledger) -> None:
    odd = {3: "caf\udce9.csv", 4: "nul\0.csv", 5: "x" * 300 + ".csv", 6: "😀 né.csv"}
    for number in reversed(range(JOBS)):
        name = odd.get(number, f"Sales_{number}.csv")
        moment = NOW + timedelta(hours=number, microseconds=123_456)
        told = receipt(number, name=name, sender=Sender(name=f"s{number % 3}"), claimed=moment)
        note = note_of(told)
        ledger.account(told, [note] if note else [])
    for number, kind in enumerate(("archived", "trashed", "mended", "notified")):
        ledger.record_event(job_id(number), Event.model_validate({"at": NOW, "event": kind, "job": job_id(9)}))
    ledger.sent([f"{job_id(9)}:delivered"], NOW)


def contents(ledger: Ledger) -> dict[str, set[Any]]:
    return {
        table.name: {
            tuple(round(value, 3) if isinstance(value, float) else value for value in row)
            for row in ledger._database.read(lambda connection, table=table: connection.execute(select(table)).all())
        }
        for table in metadata.sorted_tables
    }


def test_everything_is_copied_and_copied_back(source: Ledger, target: Ledger, ledgers: dict[str, Ledger]) -> None:
    copied = source.copy_to(target)
    assert (copied.jobs, copied.notifications) == (JOBS, JOBS)
    assert copied.written == 2 * JOBS + copied.events + JOBS  # with a number for each job
    assert without_empty(contents(target)) == without_empty(contents(source))
    assert target.jobs() == source.jobs()
    assert target.counts() == source.counts()
    assert len(target.jobs(text="sales_42")) == 1
    back = ledgers["postgresql" if target is not ledgers["postgresql"] else "mariadb"]
    empty(back)
    target.copy_to(back)
    assert without_empty(contents(back)) == without_empty(contents(source))


def without_empty(found: dict[str, set[Any]]) -> dict[str, set[Any]]:
    """Tallies that stand at 0 are no difference."""
    return found | {"tallies": {row for row in found["tallies"] if row[-1]}}


def test_the_copy_goes_on_counting_where_it_was(source: Ledger, target: Ledger) -> None:
    source.copy_to(target)
    target.account(receipt(900))
    with_number = text("SELECT id FROM wp_records ORDER BY id DESC")
    found = target._database.read(lambda connection: list(connection.execute(with_number).scalars()))
    assert len(found) == JOBS + 1
    assert found[0] > found[1] >= JOBS
    assert [row.event for row in target.history(job_id(900))] == ["claimed", "delivered"]


class BrokenOff(Exception):
    pass


def test_a_copy_that_was_broken_off_goes_on(source: Ledger, target: Ledger) -> None:
    whole = source.copy_to(target).written
    empty(target)

    def break_off(done: int, total: int) -> None:
        if done >= JOBS + 30:
            raise BrokenOff

    with pytest.raises(BrokenOff):
        source.copy_to(target, break_off)
    told: list[tuple[int, int]] = []
    again = source.copy_to(target, lambda done, total: told.append((done, total)))
    assert 0 < again.written < whole - JOBS
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]
    assert source.copy_to(target).written == 0


def test_what_changed_since_is_written_anew(source: Ledger, target: Ledger) -> None:
    source.copy_to(target)
    target.record_event(job_id(20), Event.model_validate({"at": NOW, "event": "archived"}))
    stale = update(jobs).where(jobs.c.job == job_id(21)).values(sentence="old")
    target._database.write(lambda connection: connection.execute(stale))
    with pytest.raises(Refused, match="history holds more or fewer rows"):
        source.copy_to(target)  # an event of its own is not thrown away
    assert target.jobs() == source.jobs()


def test_a_ledger_with_jobs_of_its_own_is_left_alone(source: Ledger, target: Ledger) -> None:
    target.account(receipt(5000))
    before = contents(target)
    with pytest.raises(Refused, match=f"holds jobs that the other one does not have, such as {job_id(5000)}"):
        source.copy_to(target)
    assert contents(target) == before


def test_what_is_written_to_a_copy_meanwhile_is_noticed(source: Ledger, target: Ledger) -> None:
    meddled = []

    def meddle(done: int, total: int) -> None:
        if not meddled and done > total // 2:
            change = update(jobs).where(jobs.c.job == job_id(JOBS - 1)).values(sentence="meddled")
            meddled.append(target._database.write(lambda connection: connection.execute(change)))

    with pytest.raises(Refused, match="jobs does not hold what was copied"):
        source.copy_to(target, meddle)


def test_a_ledger_is_not_copied_onto_itself(target: Ledger) -> None:
    url = target._database.url
    with pytest.raises(Refused, match="the same ledger"):
        target.copy_to(Ledger(url.render_as_string(hide_password=False)))
    if url.host:
        other_name = url.set(host="localhost", port=None).render_as_string(hide_password=False)
        assert target.is_at(other_name)
        assert not target.is_at(url.set(database="other").render_as_string(hide_password=False))


def test_a_source_of_an_older_version_is_not_copied(target: Ledger, tmp_path_factory: pytest.TempPathFactory) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('old') / 'ledger.sqlite'}"
    Ledger.open(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE ledger_version SET version_num = '0001'"))
    engine.dispose()
    with pytest.raises(Unavailable, match="not up to date"):
        Ledger(url, reading=True).copy_to(target)

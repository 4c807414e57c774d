"""Tallies, numbers and words: the same as counting and splitting everything by hand, whatever happens to jobs."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dropscore.domain.jobs import State
from dropscore.ledger import Ledger, beside
from dropscore.ledger.tables import jobs, numbers, tallies
from dropscore.receipt import Counts, Event, Sender
from ledgers import KINDS, NOW, empty, fresh_database, job_id, receipt


@pytest.fixture(scope="module", params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fresh_database(request.param, tmp_path_factory.mktemp("ledger")) as made:
        yield made


@pytest.fixture(scope="module")
def opened(url: str) -> Iterator[Ledger]:
    ledger = Ledger.open(url)
    yield ledger
    ledger.close()


@pytest.fixture
def ledger(opened: Ledger) -> Ledger:
    empty(opened)
    return opened


def event(kind: str, **more: str) -> Event:
    return Event.model_validate({"at": NOW + timedelta(seconds=10), "event": kind, **more})


def asked(ledger: Ledger, statement: Any) -> list[Any]:
    return list(ledger._database.read(lambda connection: connection.execute(statement).all()))


def tallied(ledger: Ledger) -> Counter[beside.Place]:
    return Counter({beside.Place(*row[:3]): int(row.jobs) for row in asked(ledger, select(tallies)) if row.jobs})


def by_hand(ledger: Ledger) -> Counter[beside.Place]:
    return Counter(beside.place_of(row._asdict()) for row in asked(ledger, select(jobs)))


def test_tallies_follow_everything_that_happens_to_jobs(ledger: Ledger) -> None:
    days = [NOW + timedelta(days=number % 3, hours=number) for number in range(8)]
    for number, claimed in enumerate(days):
        ledger.account(receipt(number, "working", claimed=claimed, counts=Counts(), route=f"r{number % 2}"))
        assert tallied(ledger) == by_hand(ledger)
    for number, state in enumerate(("delivered", "rejected", "held", "partial", "working")):
        told = receipt(number, state, claimed=days[number], counts=Counts(), route=f"r{number % 2}")
        for _ in range(2):
            ledger.account(told)
        assert tallied(ledger) == by_hand(ledger)
    for kind in ("archived", "trashed", "mended", "notified"):
        ledger.record_event(job_id(0), event(kind))
        ledger.record_event(job_id(404), event(kind))
        assert tallied(ledger) == by_hand(ledger)
    ledger.account(receipt(5, claimed=days[5] + timedelta(days=9), route="elsewhere"))
    ledger.rebuild([(receipt(1, claimed=days[1]), [event("trashed")]), (receipt(50), [])], NOW)
    assert tallied(ledger) == by_hand(ledger)
    assert sum(tallied(ledger).values()) == len(ledger.jobs()) == 9


@pytest.mark.parametrize("routes", [None, ["r0"], ["r0", "r1"]])
def test_counts_since_a_moment_are_exact(ledger: Ledger, routes: list[str] | None) -> None:
    for number in range(12):
        ledger.account(receipt(number, claimed=NOW + timedelta(hours=7 * number), route=f"r{number % 3}"))
    for hours in (-48, 0, 7, 8, 11.5, 12, 12.5, 36, 60, 77, 78, 500):
        since = NOW + timedelta(hours=hours)
        wanted = sum(row.claimed >= since and (not routes or row.route in routes) for row in ledger.jobs())
        assert sum(ledger.counts(routes=routes, since=since).values()) == wanted, hours


def test_one_job_accounted_by_many_at_once_is_counted_once(ledger: Ledger, url: str) -> None:
    start = threading.Barrier(4)

    def account() -> None:
        mine = Ledger.open(url)
        start.wait()
        for number in range(5):
            mine.account(receipt(number))
            mine.record_event(job_id(number), event("archived"))
        mine.close()

    threads = [threading.Thread(target=account) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.counts() == {State.ARCHIVED: 5}
    assert tallied(ledger) == by_hand(ledger)


def test_a_job_keeps_its_number(ledger: Ledger) -> None:
    def numbered() -> dict[str, int]:
        return {row.job: row.number for row in asked(ledger, select(numbers))}

    ledger.account(receipt(2, "working", counts=Counts()))
    ledger.account(receipt(1))
    before = numbered()
    assert before[job_id(2)] < before[job_id(1)]
    ledger.account(receipt(2))
    ledger.rebuild([(receipt(1), []), (receipt(2), []), (receipt(3), [])], NOW)
    after = numbered()
    assert {job: after[job] for job in before} == before
    assert after[job_id(3)] > max(before.values())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sales_2026-03.csv", ["sales_2026-03.csv", "2026-03.csv", "03.csv", "ana", "sales", "2026"]),
        ("Über Straße.v2.CSV", ["über strasse.v2.csv", "strasse.v2.csv", "v2.csv", "ana", "über", "strasse"]),
        ("a.b.csv", ["a.b.csv", "b.csv", "ana"]),
        ("noending", ["noending", "ana"]),
        (".csv", ["csv", "ana"]),
        ("caf\udce9.csv", ["caf\\udce9.csv", "udce9.csv", "ana", "udce9"]),
        ("ana ANA.csv", ["ana ana.csv", "ana.csv", "ana"]),
        ("x" * 100 + ".csv", ["x" * 40, "ana"]),
    ],
)
def test_words_are_what_begins_at_each_word(name: str, words: list[str]) -> None:
    row = {"job": "J", "name": name, "sender": "Ana", "claimed": datetime.now()}
    assert [one["word"] for one in beside.words_of(row)] == words


def test_a_name_of_many_words_has_no_more_than_a_row_can_bear(ledger: Ledger) -> None:
    told = receipt(1, name="😀" + " ".join(f"w{number}" for number in range(300)), sender=Sender(name="é" * 128))
    ledger.account(told)
    assert ledger.job(told.job) is not None

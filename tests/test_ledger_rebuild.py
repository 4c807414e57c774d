"""A lost ledger comes back from receipts and events, and nobody is told twice of old news."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dropscore.domain.jobs import State
from dropscore.ledger import Kept, Ledger, Rebuilt, note_of
from dropscore.ledger.rebuild import REMARK
from dropscore.receipt import Event
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


def event(kind: str, minutes: float = 1, **more: str) -> Event:
    return Event.model_validate({"at": NOW + timedelta(minutes=minutes), "event": kind, **more})


def test_jobs_history_and_states_are_as_before(ledger: Ledger) -> None:
    told = {1: [event("archived")], 2: [event("mended", job=job_id(3))], 3: [event("trashed"), event("restored", 2)]}
    for number, events in told.items():
        ledger.account(receipt(number), kept=f"kept/{number}")
        for one in events:
            ledger.record_event(job_id(number), one, State.DELIVERED if one.event == "restored" else None)
    before = ledger.jobs(), [ledger.history(job_id(number)) for number in told]
    empty(ledger)
    kept = [Kept(receipt(number), events, f"kept/{number}") for number, events in told.items()]
    once = (Kept(receipt, iter(events), path) for receipt, events, path in kept)
    assert ledger.rebuild(once, NOW) == Rebuilt(jobs=3, events=4, owed=3, sent=0)
    assert (ledger.jobs(), [ledger.history(job_id(number)) for number in told]) == before
    assert [row.state for row in before[0]] == [State.DELIVERED, State.MENDED, State.ARCHIVED]


def test_a_rebuild_may_be_repeated_and_corrects_what_is_there(ledger: Ledger) -> None:
    ledger.account(receipt(1, "working"))
    kept = [(receipt(1), [event("archived")]), (receipt(2), [])]
    for _ in range(2):
        ledger.rebuild(kept, NOW)
        assert [row.state for row in ledger.jobs()] == [State.DELIVERED, State.ARCHIVED]
        assert [row.event for row in ledger.history(job_id(1))] == ["claimed", "delivered", "archived"]


def test_only_what_was_told_or_is_old_counts_as_sent(ledger: Ledger) -> None:
    hours = {1: 1, 2: 1, 3: 23, 4: 25, 5: 25}
    kept = [
        Kept(
            receipt(number, claimed=NOW - timedelta(hours=ago)),
            [event("notified", notification=f"{job_id(number)}:delivered")] if number in (1, 5) else [],
        )
        for number, ago in hours.items()
    ]
    assert ledger.rebuild(kept, NOW) == Rebuilt(jobs=5, events=2, owed=2, sent=3)
    assert {one.note.job for one in ledger.owed(NOW)} == {job_id(2), job_id(3)}
    found = ledger._database.read(
        lambda connection: connection.exec_driver_sql("SELECT job, last_error FROM notifications").all()
    )
    assert {row[0] for row in found if row[1] == REMARK} == {job_id(4)}


def test_that_a_job_was_held_does_not_stand_for_its_verdict(ledger: Ledger) -> None:
    told_of_holding = [event("held"), event("notified", 2, notification=f"{job_id(1)}:held"), event("released", 3)]
    ledger.rebuild([(receipt(1), told_of_holding)], NOW)
    assert [one.note.id for one in ledger.owed(NOW + timedelta(hours=1))] == [f"{job_id(1)}:delivered"]


def test_what_was_owed_and_is_told_by_its_events_is_marked(ledger: Ledger) -> None:
    note = note_of(receipt(1))
    assert note is not None
    ledger.account(receipt(1), [note])
    ledger.rebuild([(receipt(1), [event("notified", notification=note.id)])], NOW)
    assert ledger.owing() == 0


def test_two_receipts_with_one_code_are_both_restored(ledger: Ledger) -> None:
    ledger.rebuild([(receipt(1), []), (receipt(2, code=receipt(1).code), [])], NOW)
    assert len({row.code for row in ledger.jobs()}) == 2


def test_more_jobs_than_a_batch_are_restored(ledger: Ledger) -> None:
    rebuilt = ledger.rebuild(((receipt(number), []) for number in range(1234)), NOW + timedelta(days=9))
    assert rebuilt == Rebuilt(jobs=1234, events=0, owed=0, sent=1234)
    assert ledger.counts() == {State.DELIVERED: 1234}

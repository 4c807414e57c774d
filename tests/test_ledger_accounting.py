"""Many jobs accounted in one transaction: the same rows as one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dropscore.domain.jobs import State
from dropscore.ledger import Entry, Ledger, note_of
from dropscore.receipt import Counts, Event, Receipt
from ledgers import KINDS, NOW, empty, fresh_database, job_id, receipt

MOVED = Event(at=NOW + timedelta(hours=1), event="archived", by="ada")


@pytest.fixture(scope="module", params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with fresh_database(request.param, tmp_path_factory.mktemp("ledger")) as url:
        ledger = Ledger.open(url)
        yield ledger
        ledger.close()


@pytest.fixture
def ledger(opened: Ledger) -> Ledger:
    empty(opened)
    return opened


def _before(ledger: Ledger) -> None:
    """One job is at work, one is done and was archived, and of one the event came before the job."""
    ledger.account(receipt(1, "working", counts=Counts()))
    ledger.account(receipt(2))
    ledger.record_event(job_id(2), MOVED, State.ARCHIVED)
    ledger.record_event(job_id(3), MOVED, State.ARCHIVED)


def _entry(told: Receipt) -> Entry:
    note = note_of(told)
    return Entry(told, (note,) if note else (), f"state/receipts/{told.job}.json")


ENTRIES = [_entry(one) for one in (receipt(4), receipt(2), receipt(1), receipt(5, "rejected"), receipt(3))]


def _all(ledger: Ledger) -> tuple[object, ...]:
    history = [[row.event for row in ledger.history(job_id(number))] for number in range(1, 6)]
    owed = sorted(one.note.id for one in ledger.owed(NOW + timedelta(days=1)))
    return ledger.jobs(), history, owed, ledger.counts(), [row.code for row in ledger.jobs(text="sales")]


def test_together_is_as_one_by_one_and_doing_it_again_changes_nothing(ledger: Ledger) -> None:
    _before(ledger)
    for entry in ENTRIES:
        ledger.account(entry.receipt, entry.notes, kept=entry.kept)
    alone = _all(ledger)
    empty(ledger)
    _before(ledger)
    ledger.account_all(ENTRIES)
    assert _all(ledger) == alone
    states = {row.job: row.state for row in ledger.jobs()}
    assert [states[job_id(number)] for number in range(1, 6)] == [
        *(State.DELIVERED, State.ARCHIVED, State.ARCHIVED, State.DELIVERED, State.REJECTED)
    ]
    ledger.account_all(ENTRIES)
    assert _all(ledger) == alone


def test_of_two_with_one_code_the_second_gets_another(ledger: Ledger) -> None:
    ledger.account_all([Entry(receipt(1, code="K7F2QXM4")), Entry(receipt(2, code="K7F2QXM4"))])
    assert sorted(row.code for row in ledger.jobs()) == ["K7F2QXM4", f"K7F2QXM4-{job_id(2)[-6:]}"]

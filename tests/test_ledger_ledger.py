"""The ledger's promises, on every kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dropscore.domain.jobs import State, Verdict, Via
from dropscore.domain.notes import Note, NoteKind
from dropscore.ledger import Changes, Ledger, Mark, note_of
from dropscore.receipt import Counts, Event, Lineage, ModelFact, Receipt, Sender
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


def note(receipt_: Receipt) -> Note:
    made = note_of(receipt_)
    assert made is not None
    return made


def event(kind: str, seconds: float = 10, **more: str) -> Event:
    return Event.model_validate({"at": NOW + timedelta(seconds=seconds), "event": kind, **more})


def test_a_job_is_found_again_as_its_receipt_tells_it(ledger: Ledger) -> None:
    told = receipt(7, sender=Sender(name="ana", via=Via.API), lineage=Lineage(mends=job_id(3)))
    ledger.account(told, [note(told)], kept="state/receipts/2026-11/x.json")
    row = ledger.job(told.code)
    assert row is not None
    assert row == ledger.job(told.job) == ledger.jobs()[0]
    assert (row.job, row.code, row.route, row.name, row.sender, row.via) == (
        told.job, told.code, "credit", "sales_7.csv", "ana", Via.API,
    )  # fmt: skip
    assert (row.state, row.verdict) == (State.DELIVERED, Verdict.DELIVERED)
    assert (row.rows, row.scored, row.set_aside, row.bytes) == (3, 3, 0, 30)
    assert (row.model_name, row.model_version, row.model_sha256) == ("credit", "1.0.0", "b" * 64)
    assert (row.claimed, row.published, row.seconds) == (told.times.claimed, told.times.published, 2.0)
    assert (row.mends, row.result, row.kept) == (
        job_id(3), "outbox/credit/sales_7.xlsx", "state/receipts/2026-11/x.json",
    )  # fmt: skip


def test_times_keep_their_microseconds_and_their_zone(ledger: Ledger) -> None:
    moment = NOW + timedelta(microseconds=123_456)
    ledger.account(receipt(1, claimed=moment))
    row = ledger.job(job_id(1))
    assert row is not None
    assert row.claimed == moment
    assert row.claimed.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "name",
    [
        "caf\udce9.csv",
        "nul\0.csv",
        "x" * 3000,
        "😀 né.csv",
        "'; DROP TABLE jobs; --",
        "\u202egpj.csv",
        "a\nb\tc",
        "%_\\",
    ],
)
def test_any_name_can_be_stored(ledger: Ledger, name: str) -> None:
    told = receipt(1, name=name, sender=Sender(name=name), sentence=name, route=name[:40])
    ledger.account(told, [note(told)])
    row = ledger.job(told.job)
    assert row is not None
    assert len(row.name) <= 255
    assert [owed.note.name for owed in ledger.owed(NOW + timedelta(days=1))] == [name[:800]]


def test_accounting_twice_leaves_one_job_one_note_and_one_history(ledger: Ledger) -> None:
    told = receipt(1)
    for _ in range(3):
        ledger.account(told, [note(told)])
    assert len(ledger.jobs()) == 1
    assert ledger.owing() == 1
    assert [row.event for row in ledger.history(told.job)] == ["claimed", "delivered"]


@pytest.mark.parametrize(("kind", "state"), [("archived", "archived"), ("trashed", "trashed"), ("mended", "mended")])
def test_a_late_accounting_does_not_take_a_job_back(ledger: Ledger, kind: str, state: str) -> None:
    told = receipt(1)
    ledger.account(told)
    ledger.record_event(told.job, event(kind, job=job_id(2)))
    ledger.account(told, [note(told)])
    row = ledger.job(told.job)
    assert row is not None
    assert row.state == State(state)
    assert row.mended_by == (job_id(2) if kind == "mended" else None)


def test_an_event_that_came_before_its_accounting_is_not_lost(ledger: Ledger) -> None:
    told = receipt(1)
    ledger.record_event(told.job, event("archived"))
    ledger.account(told)
    row = ledger.job(told.job)
    assert row is not None
    assert row.state is State.ARCHIVED


def test_an_open_job_follows_its_receipt_until_its_verdict(ledger: Ledger) -> None:
    for state in ("working", "held", "working"):
        ledger.account(receipt(1, state, counts=Counts()))
        row = ledger.job(job_id(1))
        assert row is not None
        assert (row.state, row.verdict) == (State(state), None)
    ledger.account(receipt(1, "partial", counts=Counts(rows=9, scored=7, set_aside=2)))
    ledger.account(receipt(1, "working", counts=Counts()))
    row = ledger.job(job_id(1))
    assert row is not None
    assert (row.state, row.set_aside) == (State.PARTIAL, 2)


def test_an_event_told_again_does_not_move_a_job_again(ledger: Ledger) -> None:
    ledger.account(receipt(1))
    trashed, restored = event("trashed", 10), event("restored", 20)
    ledger.record_event(job_id(1), trashed)
    ledger.record_event(job_id(1), restored, State.DELIVERED)
    ledger.record_event(job_id(1), trashed)
    row = ledger.job(job_id(1))
    assert row is not None
    assert row.state is State.DELIVERED
    told = ledger.history(job_id(1))
    assert [(line.event, line.state) for line in told[2:]] == [
        ("trashed", State.TRASHED), ("restored", State.DELIVERED),
    ]  # fmt: skip


def test_a_code_of_two_jobs_costs_neither_its_place(ledger: Ledger) -> None:
    ledger.account(receipt(1))
    ledger.account(receipt(2, code=receipt(1).code))
    ledger.account(receipt(2, code=receipt(1).code))
    assert sorted(row.code for row in ledger.jobs()) == ["K0000001", "K0000001-000002"]


def test_a_code_is_found_as_people_type_it(ledger: Ledger) -> None:
    ledger.account(receipt(1, code="K0F1QXM4"))
    for typed in ("K0F1QXM4", "k0f1qxm4", " KOFIQXM4 ", "kofLqxm4"):
        assert ledger.job(typed) is not None, typed
    assert ledger.job("K0F1QXM5") is None


def numbers(rows: object) -> list[int]:
    return [int(row.job[4:]) for row in rows]  # type: ignore[attr-defined]


def test_jobs_come_newest_first_and_page_by_page(ledger: Ledger) -> None:
    for number in (3, 1, 5, 2, 4):
        ledger.account(receipt(number))
    for number in (6, 7):  # claimed at the same moment as 5: the id decides
        ledger.account(receipt(number, claimed=receipt(5).times.claimed))
    seen: list[int] = []
    before = None
    while page := ledger.jobs(limit=3, before=before):
        seen += numbers(page)
        before = page[-1].job
    assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_jobs_are_filtered(ledger: Ledger) -> None:
    ledger.account(receipt(1))
    ledger.account(receipt(2, "rejected", counts=Counts(rows=3, set_aside=3)))
    ledger.account(receipt(3, route="Credit", sender=Sender(name="Bo")))
    ledger.account(receipt(4, "rejected", route="leads", counts=Counts(), name="Über Straße.csv"))
    assert numbers(ledger.jobs(states=[State.REJECTED])) == [4, 2]
    assert numbers(ledger.jobs(states=[State.REJECTED, State.DELIVERED])) == [4, 3, 2, 1]
    assert numbers(ledger.jobs(routes=["credit"])) == [2, 1]
    assert numbers(ledger.jobs(routes=["credit", "leads"], states=[State.REJECTED])) == [4, 2]
    assert numbers(ledger.jobs(routes=["credit", "leads"])) == [4, 2, 1]
    assert numbers(ledger.jobs(sender="Bo")) == [3]
    assert numbers(ledger.jobs(since=receipt(3).times.claimed)) == [4, 3]
    assert ledger.jobs(routes=[]) == ledger.jobs(states=[]) == ledger.jobs(limit=0) == []
    assert numbers(ledger.jobs(routes=[f"r{i}" for i in range(99)] + ["leads"])) == [4]
    for text in ("über", "STRASSE", "U\u0308ber", "k0000004"):
        assert numbers(ledger.jobs(text=text)) == [4], text
    assert ledger.jobs(text="%") == ledger.jobs(text="_s_l_") == []


def test_counts_by_state(ledger: Ledger) -> None:
    ledger.account(receipt(1))
    ledger.account(receipt(2))
    ledger.account(receipt(3, "working", route="leads"))
    assert ledger.counts() == {State.DELIVERED: 2, State.WORKING: 1}
    assert ledger.counts(routes=["leads"]) == {State.WORKING: 1}
    assert ledger.counts(routes=[]) == {}
    assert ledger.counts(since=receipt(2).times.claimed) == {State.DELIVERED: 1, State.WORKING: 1}


def test_the_earlier_job_with_the_same_content(ledger: Ledger) -> None:
    same = {"input": receipt(1).input}
    ledger.account(receipt(1))
    ledger.account(receipt(2, **same))
    ledger.account(receipt(3, "rejected", counts=Counts(), **same))
    ledger.account(receipt(4, route="leads", **same))
    ledger.account(receipt(5, model=ModelFact(name="credit", version="2.0.0", sha256="d" * 64), **same))
    found = ledger.earlier("credit", same["input"].sha256, "b" * 64)
    assert found is not None
    assert found.job == job_id(2)
    assert ledger.earlier("credit", "0" * 64, "b" * 64) is None


def test_notes_are_owed_put_off_and_sent(ledger: Ledger) -> None:
    first, second = note(receipt(1)), note(receipt(2))
    ledger.owe([second, first])
    ledger.owe([first])
    later = NOW + timedelta(minutes=1)
    assert [owed.note for owed in ledger.owed(later)] == [first, second]
    assert ledger.owed(NOW) == []
    ledger.put_off([first.id], "mailto://***: no", later + timedelta(seconds=2))
    assert [owed.note.id for owed in ledger.owed(later)] == [second.id]
    put_off = ledger.owed(later + timedelta(seconds=2))[0]
    assert (put_off.attempts, put_off.last_error) == (1, "mailto://***: no")
    ledger.sent([second.id], later)
    ledger.owe([second])  # an accounting made up for must not tell people again
    ledger.put_off([second.id], "late", later)
    assert [owed.note.id for owed in ledger.owed(later + timedelta(hours=1))] == [first.id]
    assert ledger.owing() == 1


def test_notes_put_off_before_the_clock_was_set_back_are_due(ledger: Ledger) -> None:
    ledger.owe([note(receipt(1))])
    ledger.put_off([note(receipt(1)).id], "no", NOW + timedelta(days=400))
    assert len(ledger.owed(NOW)) == 1


def test_a_note_of_no_job_with_a_long_and_odd_id(ledger: Ledger) -> None:
    odd = Note(
        id="disk:" + "é" * 300, kind=NoteKind.UNAVAILABLE, route="", at=NOW.isoformat(), sentence="Full.", place="disk"
    )
    ledger.owe([odd])
    ledger.owe([odd])
    assert [owed.note for owed in ledger.owed(NOW)] == [odd]
    ledger.sent([odd.id], NOW)
    assert ledger.owing() == 0


def test_a_reader_reads_and_writes_nothing(ledger: Ledger, url: str) -> None:
    ledger.account(receipt(1))
    reader = Ledger.open(url, reading=True)
    assert numbers(reader.jobs()) == [1]
    reader.close()


def test_thousands_of_notes_are_marked_in_one_call(ledger: Ledger) -> None:
    notes = [note(receipt(number)) for number in range(3000)]
    ledger.owe(notes)
    owed = ledger.owed(NOW + timedelta(hours=1), 3000)
    assert len(owed) == 3000
    ledger.sent([one.note.id for one in owed], NOW)
    assert ledger.owing() == 0


def test_changes_since_an_event_are_told_once_for_each_job_as_it_is_now(ledger: Ledger) -> None:
    assert ledger.newest_event() == Mark() and ledger.changes(Mark()) == Changes([], Mark(), False)
    for number in (1, 2):
        ledger.account(receipt(number))
    seen = ledger.newest_event()
    ledger.account(receipt(3))
    ledger.record_event(job_id(1), event("archived"))
    ledger.record_event(job_id(1), event("trashed", 20))
    ledger.record_event(job_id(2), event("notified", 30, notification="n"))
    ledger.record_event(job_id(9), event("archived", 40))  # of a job that is not accounted yet
    found = ledger.changes(seen)
    assert found is not None and not found.more
    assert [(row.job, row.state) for _, row in found.jobs] == [
        (job_id(3), State.DELIVERED),
        (job_id(1), State.TRASHED),
    ]
    assert found.jobs[0][0] < found.jobs[1][0] < found.through
    assert ledger.changes(found.through) == Changes([], found.through, False)
    cut = Mark(found.through.number, found.through.fingerprint[:12])
    assert ledger.changes(cut) == Changes([], found.through, False)


def test_changes_come_in_pieces_and_none_is_left_out(ledger: Ledger) -> None:
    for number in range(7):
        ledger.account(receipt(number))
    at, told = Mark(), []
    while (piece := ledger.changes(at, limit=3)) is not None:
        told += [row.job for _, row in piece.jobs]
        at = piece.through
        if not piece.more:
            break
    assert list(dict.fromkeys(told)) == [job_id(number) for number in range(7)]
    assert at == ledger.newest_event()


def test_changes_since_an_event_of_another_ledger_are_not_known(ledger: Ledger) -> None:
    ledger.account(receipt(1))
    newest = ledger.newest_event()
    assert ledger.changes(Mark(newest.number + 1000, newest.fingerprint)) is None
    assert ledger.changes(Mark(newest.number, "f" * 40)) is None

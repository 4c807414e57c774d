"""Requests by file: carried out once, answered, and found again after a crash."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dropscore import durable
from dropscore.domain.jobs import State, Task, Verdict
from dropscore.receipt import Receipt
from service_house import House, answer, make_house

ULID = "01KA000000000000000000000{}"


def _delivered(tmp_path: Path) -> tuple[House, Receipt]:
    house = make_house(tmp_path)
    house.drop()
    house.turn()
    (receipt,) = house.receipts()
    return house, receipt


def _rejected(tmp_path: Path) -> tuple[House, Receipt]:
    def reject(task: Task) -> None:
        answer(task, Verdict.REJECTED)

    house = make_house(tmp_path, work=reject)
    house.drop()
    house.turn()
    (receipt,) = house.receipts()
    house.work = answer
    return house, receipt


@pytest.mark.parametrize("made", [_delivered, _rejected])
def test_retry_makes_a_new_job_from_the_same_bytes(tmp_path: Path, made: object) -> None:
    house, receipt = made(tmp_path)  # type: ignore[operator]
    told = house.ask(ULID.format(1), verb="retry", job=receipt.code, by="ops")
    assert (told["ok"], told["job"]) == (True, ULID.format(1))
    again = next(other for other in house.receipts() if other.job != receipt.job)
    assert (again.job, again.state, again.lineage.retry_of) == (ULID.format(1), "delivered", receipt.job)
    assert again.input == receipt.input
    events = house.root.events(receipt.job).read_text()
    assert json.loads(events)["event"] == "retried" and json.loads(events)["job"] == again.job
    row = house.ledger.job(receipt.job)
    assert row is not None and row.state is State.MENDED, "a retried failure needs nobody's attention any more"


def test_a_request_carried_out_twice_makes_one_job(tmp_path: Path) -> None:
    house, receipt = _delivered(tmp_path)
    house.ask(ULID.format(1), verb="retry", job=receipt.code)
    (house.root.requests_done / f"{ULID.format(1)}.json").unlink()
    house.restart()
    told = house.ask(ULID.format(1), verb="retry", job=receipt.code)
    assert told["ok"] is True
    assert len(house.receipts()) == 2


def test_retry_uses_no_other_bytes_than_those_that_were_dropped(tmp_path: Path) -> None:
    house, receipt = _rejected(tmp_path)
    original = house.root.failed / "credit" / f"sales.{receipt.code}.csv"
    original.write_bytes(b"a,b\n9,9\n")
    told = house.ask(ULID.format(1), verb="retry", job=receipt.code)
    assert told["ok"] is False and "drop the file again" in str(told["sentence"])
    assert len(house.receipts()) == 1


def test_archive_moves_the_results_and_undo_brings_them_back(tmp_path: Path) -> None:
    house, receipt = _delivered(tmp_path)
    before = house.files(house.root.outbox), house.files(house.root.archive)
    assert house.ask(ULID.format(1), verb="archive", job=receipt.code, by="ops")["ok"] is True
    assert house.files(house.root.outbox) == []
    row = house.ledger.job(receipt.job)
    assert row is not None and row.state is State.ARCHIVED
    assert house.ask(ULID.format(2), verb="undo", job=receipt.code, by="ops")["ok"] is True
    assert (house.files(house.root.outbox), house.files(house.root.archive)) == before
    row = house.ledger.job(receipt.job)
    assert row is not None and row.state is State.DELIVERED


def test_delete_moves_all_into_the_trash_and_undo_brings_it_back(tmp_path: Path) -> None:
    house, receipt = _delivered(tmp_path)
    before = house.files(house.root.outbox), house.files(house.root.archive)
    assert house.ask(ULID.format(1), verb="delete", job=receipt.code, by="ops")["ok"] is True
    assert (house.files(house.root.outbox), house.files(house.root.archive)) == ([], [])
    assert len(house.files(house.root.trash)) == 3
    house.ask(ULID.format(2), verb="undo", job=receipt.code, by="ops")
    assert (house.files(house.root.outbox), house.files(house.root.archive)) == before
    assert house.files(house.root.trash) == []


def test_what_lies_in_the_trash_is_not_put_away_twice_and_comes_back_as_it_was(tmp_path: Path) -> None:
    house, receipt = _delivered(tmp_path)
    before = house.files(house.root.outbox), house.files(house.root.archive)
    for number, verb in enumerate(("archive", "delete")):
        assert house.ask(ULID.format(number), verb=verb, job=receipt.code, by="ops")["ok"] is True
    for number, verb in enumerate(("archive", "delete"), start=2):
        told = house.ask(ULID.format(number), verb=verb, job=receipt.code, by="ops")
        assert told["ok"] is False and "in the trash" in str(told["sentence"])
    house.ask(ULID.format(4), verb="undo", job=receipt.code, by="ops")
    assert (house.files(house.root.outbox), house.files(house.root.archive)) == before
    row = house.ledger.job(receipt.job)
    assert row is not None and row.state is State.DELIVERED


def test_what_a_reader_took_is_no_hindrance(tmp_path: Path) -> None:
    house, receipt = _delivered(tmp_path)
    for name in house.files(house.root.outbox):
        (house.root.outbox / name).unlink()
    assert house.ask(ULID.format(1), verb="delete", job=receipt.code, by="ops")["ok"] is True
    assert len(house.files(house.root.trash)) == 1


def test_an_upload_becomes_the_job_of_its_ulid_without_settling(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    upload = house.root.uploads / ULID.format(7)
    upload.mkdir()
    (upload / "data").write_bytes(b"a,b\n1,2")
    meta = {"user": "ana", "route": "credit", "name": "sales.csv", "via": "panel"}
    (upload / "meta.json").write_text(json.dumps(meta))
    told = house.ask(ULID.format(7), verb="submit", upload=ULID.format(7), by="ana")
    assert told["ok"] is True
    (receipt,) = house.receipts()
    assert (receipt.job, receipt.sender.name, receipt.sender.via) == (ULID.format(7), "ana", "panel")
    assert house.files(house.root.uploads) == []
    published = house.root.path / receipt.files[0].path
    kept = house.root.results / receipt.job / published.name
    assert kept.read_bytes() == published.read_bytes() and not kept.samefile(published)


@pytest.mark.parametrize(
    "words",
    [
        {"verb": "retry", "job": "NOSUCHJB"},
        {"verb": "retry", "job": ULID.format(9)},
        {"verb": "submit", "upload": "../../etc"},
        {"verb": "submit", "upload": ULID.format(9)},
        {"verb": "explode"},
        {"no": "verb"},
    ],
)
def test_what_cannot_be_done_is_answered_with_a_sentence(tmp_path: Path, words: dict[str, str]) -> None:
    house = make_house(tmp_path)
    told = house.ask(ULID.format(1), **words)
    assert told["ok"] is False and told["sentence"]


def test_a_torn_request_is_answered_and_stops_nothing(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    durable.write_new(house.root.requests / f"{ULID.format(1)}.json", b'{"verb": "ret')
    house.drop()
    house.turn()
    assert (house.root.requests_done / f"{ULID.format(1)}.json").exists()
    assert len(house.receipts()) == 1


@pytest.mark.parametrize("words", [{"verb": "retry"}, {"verb": "process"}, {"verb": "process", "routes": 7}])
def test_a_request_without_its_words_is_answered_and_the_loop_goes_on(tmp_path: Path, words: dict[str, object]) -> None:
    house = make_house(tmp_path)
    told = house.ask(ULID.format(1), **words)
    assert told["ok"] is False and "cannot be understood" in str(told["sentence"])
    house.drop()
    house.turn()
    assert len(house.receipts()) == 1

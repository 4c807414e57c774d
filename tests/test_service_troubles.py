"""What operators are told of the inboxes: one message when it begins, one when it is over."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dropscore.durable import write_new
from dropscore.folders import new_job
from dropscore.intake.scan import Completeness
from dropscore.service.room import Room
from service_house import House, make_house

MINUTES = 60.0


def _pass(house: House, seconds: float) -> None:
    until = house.now + seconds
    while house.now < until:
        house.now += 20.0
        house.service.work_once(taking=True)


def _told(house: House) -> list[tuple[str, str]]:
    """Return what operators are owed, in order: the kind and the key."""
    notes = [one.note for one in house.ledger.owed(datetime.now(UTC).replace(year=2100)) if one.note.job is None]
    return [(str(note.kind), note.place) for note in sorted(notes, key=lambda note: (note.at, str(note.kind) != "un"))]


def test_drops_that_wait_for_the_same_are_one_message(tmp_path: Path) -> None:
    house = make_house(tmp_path, complete=Completeness.MARKER)
    for number in range(5):
        house.drop(f"d{number}.csv")
    _pass(house, 14 * MINUTES)
    assert _told(house) == []
    _pass(house, 10 * MINUTES)
    assert _told(house) == [("unavailable", "waiting:credit:marker-missing")]
    (incident,) = house.service._incidents.open.values()
    assert "5 drops have been for more than 15 minutes in the inbox of credit, the first is d0.csv" in incident.matter
    for number in range(5):
        house.drop(f"d{number}.csv.done", b"")
    house.turn()
    assert sorted(kind for kind, _ in _told(house)) == ["recovered", "unavailable"]


def test_a_name_in_flight_that_is_old_is_one_message(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.service.reload(replace(house.plan, stale_in_flight=0.0))
    part = house.drop("sales.csv.part")
    house.drop("more.csv.part")
    _pass(house, 2 * MINUTES)
    assert _told(house) == [("unavailable", "in-flight:credit")]
    part.unlink()
    (part.parent / "more.csv.part").unlink()
    _pass(house, 2 * MINUTES)
    assert sorted(kind for kind, _ in _told(house)) == ["recovered", "unavailable"]


def test_a_name_in_flight_that_is_new_is_none(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    part = house.drop("sales.csv.part")
    os.utime(part, (1.0, 1.0))  # a time of the sender's choice
    _pass(house, 60 * MINUTES)
    assert _told(house) == []


@pytest.mark.parametrize("what", ["folder", "pipe", "link"])
def test_what_is_no_file_and_stays_is_one_message(tmp_path: Path, what: str) -> None:
    house = make_house(tmp_path)
    path = house.root.inbox / "credit" / "sales.csv"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/etc/passwd")
    _pass(house, 10 * MINUTES)
    assert _told(house) == []
    _pass(house, 10 * MINUTES)
    assert _told(house) == [("unavailable", "no-file:credit")]
    path.rmdir() if what == "folder" else path.unlink()
    _pass(house, 2 * MINUTES)
    assert sorted(kind for kind, _ in _told(house)) == ["recovered", "unavailable"]


def test_a_claimed_drop_of_which_nobody_knows_is_told_and_kept(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    orphan = house.root.inbox / "credit" / ".dropscore" / new_job()
    _pass(house, 1 * MINUTES)
    orphan.mkdir()
    (orphan / "drop").write_bytes(b"a,b\n1,2\n")
    _pass(house, 3 * MINUTES)
    assert _told(house) == [("unavailable", f"orphan:{orphan.name}")]
    assert (orphan / "drop").read_bytes() == b"a,b\n1,2\n"
    (orphan / "drop").rename(house.root.inbox / "credit" / "again.csv")
    orphan.rmdir()
    _pass(house, 3 * MINUTES)
    assert sorted(kind for kind, _ in _told(house) if "orphan" in _) == ["recovered", "unavailable"]
    house.turn()
    assert [receipt.name for receipt in house.receipts()] == ["again.csv"]


def test_a_parked_job_is_told_once_and_its_claimed_drop_is_no_orphan(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.drop()
    while not any(house.root.processing.glob("0*/input")):
        house.now += 1.0
        house.service.work_once(taking=True)
        for job in house.service.jobs.values():
            if job.future is not None:
                job.future.exception(timeout=10)
    (job,) = house.service.jobs
    (house.root.job(job) / "claim.json").write_text("{")
    house.restart()
    _pass(house, 5 * MINUTES)
    assert _told(house) == [("unavailable", f"parked:{job}")]
    shutil.rmtree(house.root.processing / f".parked-{job}")
    shutil.rmtree(house.root.inbox / "credit" / ".dropscore" / job)
    _pass(house, 5 * MINUTES)
    assert sorted(kind for kind, _ in _told(house)) == ["recovered", "unavailable"]


def test_a_fault_of_every_claim_is_one_message_however_often_it_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two tries the inbox itself is listed without fault: that does not end it."""
    house = make_house(tmp_path, quiet_seconds=0.0)
    _pass(house, 1 * MINUTES)
    with monkeypatch.context() as patch:

        def full(*arguments: object) -> None:
            raise OSError(28, "No space left on device", str(house.root.processing))

        patch.setattr("dropscore.service.claiming.claims.intend", full)
        for number in range(3):
            house.drop(f"d{number}.csv")
        _pass(house, 5 * MINUTES)
        patch.setattr("dropscore.service.loop.room_beside", lambda *_: Room(0))  # meanwhile there is no room, either
        _pass(house, 5 * MINUTES)
        assert _told(house) == [("unavailable", "disk:inbox/credit")]
    house.turn()
    assert sorted(kind for kind, _ in _told(house)) == ["recovered", "unavailable"]
    assert len(house.receipts()) == 3


def test_the_notices_of_operators_name_no_control_characters(tmp_path: Path) -> None:
    house = make_house(tmp_path, complete=Completeness.MARKER)
    write_new(house.root.inbox / "credit" / "a\x1b[31m\nb.csv", b"a\n")
    _pass(house, 20 * MINUTES)
    (incident,) = house.service._incidents.open.values()
    assert "\x1b" not in incident.matter and "\n" not in incident.matter

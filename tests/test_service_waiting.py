"""What waits in the inboxes, in which order it will be taken, and how long that may take."""

from __future__ import annotations

import json
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from dropscore.intake.scan import Completeness
from dropscore.service.status import MOST_WAITING
from dropscore.service.waiting import Pace
from service_house import House, make_house


def _status(house: House) -> dict[str, Any]:
    house.now += 2.0
    house.service.work_once(taking=True)
    status: dict[str, Any] = json.loads(house.root.status.read_bytes())
    return status


def test_each_job_at_work_says_whose_and_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house(tmp_path, quiet_seconds=0.0)
    house.drop(route="credit/check")
    house.service._hands.submit = lambda task, deadline: Future()
    status = _status(house)
    for _ in range(5):
        status = _status(house)
    (job,) = status["jobs"]
    assert (job["kind"], job["sender"]["via"], job["name"]) == ("check", "folder", "sales.csv")
    assert job["sender"]["name"] and job["sender"]["uid"] == (tmp_path.stat().st_uid)


def test_a_queue_has_positions_and_estimates_that_grow(tmp_path: Path) -> None:
    house = make_house(tmp_path, quiet_seconds=0.0)
    house.service._hands.submit = lambda task, deadline: Future()  # whatever is at work stays there
    for number in range(20):
        house.drop(f"d{number:02}.csv", b"a,b\n" + b"1,2\n" * 1000)
        house.now += 2.0
        house.service.work_once(taking=True)
    entries = _status(house)["waiting"]
    assert [entry["position"] for entry in entries] == list(range(1, 9)), "12 are at work, 8 wait for their turn"
    assert {entry["waiting"] for entry in entries} == {"queued"}
    estimates = [entry["estimate_seconds"] for entry in entries]
    assert estimates == sorted(estimates) and estimates[0] < estimates[-1]
    assert entries[0]["name"] == "d12.csv" and "number 1 in the queue" in entries[0]["why"]


def test_what_waits_for_somebody_has_no_position(tmp_path: Path) -> None:
    house = make_house(tmp_path, complete=Completeness.MARKER)
    house.drop()
    (entry,) = _status(house)["waiting"]
    assert entry["waiting"] == "marker-missing" and "position" not in entry


def test_a_drop_in_its_quiet_time_is_in_the_queue_and_not_before_its_time(tmp_path: Path) -> None:
    house = make_house(tmp_path, quiet_seconds=600.0)
    house.drop()
    (entry,) = _status(house)["waiting"]
    assert (entry["waiting"], entry["position"]) == ("growing", 1) and 590 < entry["estimate_seconds"] < 610


def test_a_crowd_is_counted_and_the_first_of_it_listed(tmp_path: Path) -> None:
    house = make_house(tmp_path, complete=Completeness.MARKER)
    for number in range(MOST_WAITING + 5):
        house.drop(f"d{number:04}.csv")
        house.drop(f"d{number:04}.csv.part")
    status = _status(house)
    assert (len(status["waiting"]), status["waiting_count"]) == (MOST_WAITING, 2 * MOST_WAITING + 10)


def test_what_cannot_be_taken_says_what_is_away(tmp_path: Path) -> None:
    house = make_house(tmp_path, quiet_seconds=0.0)
    house.service.work_once(taking=True)
    house.root.processing.rename(house.root.path / "elsewhere")
    house.root.processing.write_bytes(b"")
    house.drop()
    (entry,) = _status(house)["waiting"]
    assert entry["waiting"] == "unavailable"
    assert "cannot be taken now: Not a directory" in entry["why"] and "processing" in entry["why"]


def test_an_estimate_follows_what_was_seen() -> None:
    pace = Pace()
    assert 0.05 <= pace.seconds(1000) < 1.0 < pace.seconds(20_000_000)
    for _ in range(50):
        pace.took(3_000, 0.1)
    assert pace.seconds(3_000) == pytest.approx(0.1, abs=0.02)
    for _ in range(25):
        pace.took(100_000_000, 50.0)
    assert pace.seconds(100_000_000) == pytest.approx(50.0, rel=0.1)
    assert pace.seconds(3_000) < 1.0


def test_a_drop_that_waits_for_its_marker_is_known_after_a_fault_is_over(tmp_path: Path) -> None:
    house = make_house(tmp_path, complete=Completeness.MARKER)
    house.drop()
    for _ in range(4):
        _status(house)
    inbox = house.root.inbox / "credit"
    inbox.rename(inbox.with_name("away"))
    assert [one["waiting"] for one in _status(house)["waiting"]] == ["unavailable"]
    inbox.with_name("away").rename(inbox)
    assert [one["waiting"] for one in _status(house)["waiting"]] == ["marker-missing"]
    house.drop("sales.csv.done", b"")
    house.turn()
    assert len(house.receipts()) == 1

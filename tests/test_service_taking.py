"""The request `process`: what is complete is taken at once, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dropscore.durable import write_new
from dropscore.intake.scan import Completeness
from dropscore.service.job import Stage
from service_house import House, make_house

ASKED = "01KA0000000000000000000001"


def _ask(house: House, routes: list[str] | None = None, name: str | None = None) -> dict[str, Any]:
    """Ask, and turn the loop once: so nothing is taken because it has served its quiet time."""
    words = {"verb": "process", "routes": routes or ["credit"], "name": name, "by": "ops"}
    write_new(house.root.requests / f"{ASKED}.json", json.dumps(words).encode())
    house.service.work_once(taking=True)
    done = house.root.requests_done / f"{ASKED}.json"
    answer: dict[str, Any] = json.loads(done.read_bytes())
    done.unlink()
    return answer


def test_what_is_complete_is_taken_without_its_quiet_time(tmp_path: Path) -> None:
    house = make_house(tmp_path, "credit", "other", quiet_seconds=3600.0)
    house.drop()
    house.drop("look.csv", route="credit/check")
    house.drop("not-asked.csv", route="other")
    told = _ask(house)
    assert (told["ok"], told["left"], told["next"]) == (True, [], [])
    assert told["sentence"].startswith("2 drops are taken: sales.csv [")
    assert {one["name"] for one in told["jobs"]} == {"sales.csv", "look.csv"}
    house.turn()
    assert {receipt.code for receipt in house.receipts()} == {one["code"] for one in told["jobs"]}
    assert (house.root.inbox / "other" / "not-asked.csv").exists()


def test_one_name_leaves_the_others(tmp_path: Path) -> None:
    house = make_house(tmp_path, quiet_seconds=3600.0)
    house.drop("a.csv")
    house.drop("b.csv")
    assert [one["name"] for one in _ask(house, name="b.csv")["jobs"]] == ["b.csv"]
    assert (house.root.inbox / "credit" / "a.csv").exists()


def test_a_text_without_a_final_newline_is_taken_with_its_warning(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.drop(content=b"a,b\n1,2")
    assert _ask(house)["ok"] is True
    (job,) = house.service.jobs.values()
    assert job.claim.newline_waited, "which is what the worker's warning hangs on"


def test_what_somebody_writes_stays_and_serves_its_quiet_time_again(tmp_path: Path) -> None:
    house = make_house(tmp_path, quiet_seconds=100.0)
    path = house.drop()
    with path.open("ab"):
        told = _ask(house, name="sales.csv")
        assert (told["ok"], told["jobs"]) == (False, [])
        assert "has it open for writing" in told["sentence"] and told["left"][0]["name"] == "sales.csv"
    house.now += 3.0
    house.service.work_once(taking=True)
    assert path.exists(), "the request is answered: what is complete later is taken by the rules"
    house.now += 101.0
    house.turn()
    assert len(house.receipts()) == 1


@pytest.mark.parametrize(("rule", "suffix"), [(Completeness.MARKER, ".done"), (Completeness.CHECKSUM, ".sha256")])
def test_a_missing_sidecar_is_never_passed_over(tmp_path: Path, rule: Completeness, suffix: str) -> None:
    house = make_house(tmp_path, complete=rule)
    path = house.drop()
    told = _ask(house)
    assert (told["ok"], told["jobs"]) == (False, [])
    assert f"sales.csv{suffix} is not there yet" in told["sentence"] and path.exists()


@pytest.mark.parametrize(
    ("name", "part"),
    [("sales.csv.part", "still being written"), ("_note.csv", "underscore"), ("absent.csv", "There is no absent.csv")],
)
def test_names_that_are_never_taken_are_told(tmp_path: Path, name: str, part: str) -> None:
    house = make_house(tmp_path)
    if name != "absent.csv":
        house.drop(name)
    told = _ask(house, name=name)
    assert (told["ok"], told["jobs"]) == (False, []) and part in told["sentence"]


def test_an_empty_inbox_and_an_unknown_route(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    told = _ask(house)
    assert told["ok"] is True and "Nothing that could be taken lies in the inbox of credit." in told["sentence"]
    assert _ask(house, ["elsewhere"])["sentence"] == "There is no route elsewhere here."


def test_what_finds_no_room_is_next_without_its_quiet_time(tmp_path: Path) -> None:
    house = make_house(tmp_path, quiet_seconds=3600.0)
    names = {f"d{number:02}.csv" for number in range(30)}
    for name in names:
        house.drop(name)
    told = _ask(house)
    assert len(told["jobs"]) == house.plan.at_once
    assert {one["name"] for one in told["jobs"]} | set(told["next"]) == names
    house.turn()
    assert {receipt.name for receipt in house.receipts()} == names


def test_an_inbox_that_is_away_is_told(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.turn()
    inbox = house.root.inbox / "credit"
    inbox.rename(inbox.with_name("elsewhere"))
    told = _ask(house)
    assert told["ok"] is False and "is away" in told["sentence"]


def test_after_a_crash_the_same_jobs_are_told_and_none_is_made_twice(tmp_path: Path) -> None:
    house = make_house(tmp_path, quiet_seconds=3600.0)
    house.drop("a.csv")
    house.drop("b.csv")
    first = _ask(house)
    assert all(job.stage is not Stage.DONE for job in house.service.jobs.values())
    house.restart()  # the answer was never written, and the request is there again
    again = _ask(house)
    assert {one["job"] for one in again["jobs"]} == {one["job"] for one in first["jobs"]}
    house.turn()
    assert len(house.receipts()) == 2


def test_where_nobody_can_tell_whether_it_is_being_written_the_quiet_time_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dropscore.intake.probe.writer_on", lambda handle: None)
    house = make_house(tmp_path, quiet_seconds=100.0)
    house.drop()
    told = _ask(house)
    assert (told["ok"], told["jobs"]) == (False, [])
    house.now += 101.0
    house.service.work_once(taking=True)
    assert len(house.service.jobs) == 1

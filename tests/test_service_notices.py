"""`NAME.waiting.json`: beside a drop that waits for long, and nowhere else."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from dropscore.domain.jobs import TEMPLATE
from dropscore.intake.scan import Completeness
from service_house import House, make_house

MINUTES = 60.0


def _pass(house: House, seconds: float) -> None:
    """Let time pass in steps that a sleeping laptop would take, and the loop turn after each."""
    until = house.now + seconds
    while house.now < until:
        house.now += 20.0
        house.service.work_once(taking=True)


def _notices(house: House) -> list[Path]:
    return sorted(house.root.inbox.rglob("*.waiting.json"))


def _told(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def test_a_drop_that_waits_gets_its_notice_after_15_minutes_and_it_goes_with_the_drop(tmp_path: Path) -> None:
    house = make_house(tmp_path, complete=Completeness.MARKER)
    drop = house.drop()
    _pass(house, 14 * MINUTES)
    assert _notices(house) == []
    _pass(house, 2 * MINUTES)
    (notice,) = _notices(house)
    assert notice.name == "sales.csv.waiting.json"
    told = _told(notice)
    assert (told["file"], told["state"], told["route"], told["waiting"]) == (
        "sales.csv", "waiting", "credit", "marker-missing",
    )  # fmt: skip
    assert told["sentence"].startswith("sales.csv.done is not there yet.")
    drop.unlink()
    _pass(house, 1 * MINUTES)
    assert _notices(house) == []


def test_it_goes_when_the_drop_is_taken_and_is_no_drop_itself(tmp_path: Path) -> None:
    house = make_house(tmp_path, complete=Completeness.MARKER)
    house.drop()
    _pass(house, 16 * MINUTES)
    assert len(_notices(house)) == 1
    house.drop("sales.csv.done", b"")
    house.turn()
    assert _notices(house) == [] and [receipt.name for receipt in house.receipts()] == ["sales.csv"]


def test_it_follows_the_reason(tmp_path: Path) -> None:
    house = make_house(tmp_path, complete=Completeness.MARKER)
    drop = house.drop()
    _pass(house, 16 * MINUTES)
    (notice,) = _notices(house)
    since = _told(notice)["since"]
    with drop.open("ab"):
        house.drop("sales.csv.done", b"")
        _pass(house, 1 * MINUTES)
        told = _told(notice)
        assert (told["waiting"], told["since"]) == ("held-open", since)
        assert "has it open for writing" in told["sentence"]


def test_a_place_in_the_queue_is_told_and_brought_up_to_date(tmp_path: Path) -> None:
    house = make_house(tmp_path, quiet_seconds=0.0)
    house.service._hands.submit = lambda task, deadline: Future()
    for number in range(14):
        house.drop(f"d{number:02}.csv")
    _pass(house, 16 * MINUTES)
    assert [(_told(path)["position"], _told(path)["waiting"]) for path in _notices(house)] == [
        (1, "queued"),
        (2, "queued"),
    ]
    first, second = _notices(house)
    first.with_name(first.name.removesuffix(".waiting.json")).unlink()
    _pass(house, 3 * MINUTES)
    assert [(path, _told(path)["position"]) for path in _notices(house)] == [(second, 1)]


def test_what_a_crash_left_is_taken_back_or_gone_on_with(tmp_path: Path) -> None:
    house = make_house(tmp_path, complete=Completeness.MARKER)
    gone, stays = house.drop("gone.csv"), house.drop("stays.csv")
    _pass(house, 16 * MINUTES)
    assert len(_notices(house)) == 2
    gone.unlink()
    house.restart()
    _pass(house, 1 * MINUTES)
    assert [path.name for path in _notices(house)] == ["stays.csv.waiting.json"]
    stays.unlink()
    _pass(house, 1 * MINUTES)
    assert _notices(house) == []


@pytest.mark.parametrize("theirs", ["text", "document", "folder", "link"])
def test_what_somebody_else_laid_under_such_a_name_stays(tmp_path: Path, theirs: str) -> None:
    house = make_house(tmp_path, complete=Completeness.MARKER)
    inbox = house.root.inbox / "credit"
    for name in ("sales.csv.waiting.json", "other.csv.waiting.json"):
        if theirs == "folder":
            (inbox / name).mkdir()
        elif theirs == "link":
            (inbox / name).symlink_to("/etc/passwd")
        else:
            (inbox / name).write_text("mine" if theirs == "text" else '{"by": "me"}')
    before = {path.name: path.lstat().st_ino for path in _notices(house)}
    house.drop()
    _pass(house, 20 * MINUTES)
    assert {path.name: path.lstat().st_ino for path in _notices(house)} == before


def test_it_has_the_folder_s_group_and_a_mode_that_lets_it_read(tmp_path: Path) -> None:
    house = make_house(tmp_path, complete=Completeness.MARKER)
    house.drop()
    _pass(house, 16 * MINUTES)
    (notice,) = _notices(house)
    assert stat.S_IMODE(notice.stat().st_mode) == 0o640
    assert notice.stat().st_gid == notice.parent.stat().st_gid


def test_names_that_leave_no_room_and_names_that_are_no_text(tmp_path: Path) -> None:
    house = make_house(tmp_path, complete=Completeness.MARKER)
    house.drop("x" * 251 + ".csv")
    house.drop(os.fsdecode(b"a\xff\nb.csv"))
    _pass(house, 16 * MINUTES)
    (notice,) = _notices(house)
    assert os.fsencode(notice.name) == b"a\xff\nb.csv.waiting.json"
    assert _told(notice)["file"] == "a��b.csv"


def test_an_inbox_that_is_away_is_left_alone(tmp_path: Path) -> None:
    house = make_house(tmp_path, complete=Completeness.MARKER)
    house.drop()
    _pass(house, 10 * MINUTES)
    inbox = house.root.inbox / "credit"
    inbox.rename(inbox.with_name("away"))
    inbox.mkdir()  # what lies under a mount point, once nothing is mounted there
    (inbox / ".dropscore").mkdir()
    _pass(house, 20 * MINUTES)
    assert [path.name for path in inbox.rglob("*")] == [".dropscore"]


def test_a_crowd_gets_no_more_than_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dropscore.service.notices.MOST_NOTICES", 20)
    house = make_house(tmp_path, complete=Completeness.MARKER)
    for number in range(60):
        house.drop(f"d{number:02}.csv")
    _pass(house, 20 * MINUTES)
    assert len(_notices(house)) == 20
    for number in range(60):
        house.drop(f"d{number:02}.csv.done", b"")
    house.turn()
    assert len(house.receipts()) == 60
    left = [path.name for path in (house.root.inbox / "credit").iterdir() if path.is_file()]
    assert left in ([], [TEMPLATE])


def test_where_nothing_can_be_written_the_drops_are_taken_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("dropscore.service.notices._lay", refuse)
    house = make_house(tmp_path, complete=Completeness.MARKER)
    house.drop()
    _pass(house, 16 * MINUTES)
    house.drop("sales.csv.done", b"")
    house.turn()
    assert len(house.receipts()) == 1

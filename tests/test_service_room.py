"""How many more may be at work: some of any size, and small ones beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dropscore.journal import Claim
from dropscore.service.job import Job, Stage
from dropscore.service.plan import Plan
from dropscore.service.room import SMALL_BYTES, Room, room_beside
from service_house import make_house

BIG = SMALL_BYTES + 1


def _jobs(tmp_path: Path, *sizes: int, stage: Stage = Stage.WORK, trouble: str = "") -> tuple[Plan, list[Job]]:
    house = make_house(tmp_path)
    house.drop()
    house.turn()
    (receipt,) = house.receipts()
    claim = Claim.model_validate(
        {
            **{name: getattr(receipt, name) for name in ("job", "code", "route", "name", "sender")},
            "name_base64": "",
            "claimed": receipt.times.claimed,
        }
    )
    return house.plan, [Job(claim, tmp_path, None, stage, size, trouble=trouble) for size in sizes]


def test_small_ones_take_their_own_places_first() -> None:
    room = Room(2, 3)
    assert [room.take(SMALL_BYTES) for _ in range(6)] == [True] * 5 + [False]
    assert room.is_full


def test_big_ones_leave_the_places_of_small_ones_alone() -> None:
    room = Room(1, 3)
    assert (room.take(BIG), room.take(BIG), room.take(1)) == (True, False, True)
    assert (room.any, room.small) == (0, 2)


def test_more_small_ones_than_there_are_places_for_take_those_of_any_size(tmp_path: Path) -> None:
    plan, jobs = _jobs(tmp_path, *[1] * 5, BIG)
    assert room_beside(replace(plan, at_once=4, small_at_once=3), jobs) == Room(1, 0)
    assert room_beside(replace(plan, at_once=4, small_at_once=9), jobs) == Room(3, 4)
    assert room_beside(replace(plan, at_once=2, small_at_once=0), jobs).is_full


def test_those_that_wait_for_the_world_or_for_the_ledger_leave_their_places(tmp_path: Path) -> None:
    plan, waiting = _jobs(tmp_path / "a", 1, BIG, trouble="model:credit")
    _, published = _jobs(tmp_path / "b", 1, BIG, stage=Stage.ACCOUNT)
    _, held = _jobs(tmp_path / "c", BIG, stage=Stage.HELD)
    assert room_beside(plan, [*waiting, *published, *held]) == Room(plan.at_once, plan.small_at_once)

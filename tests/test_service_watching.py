"""When the inboxes are looked at, and when they are left in peace."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import Task
from dropscore.intake import settle
from service_house import House, make_house


@pytest.fixture(autouse=True)
def few_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "MOST_QUESTIONS", 20)


def _away(task: Task) -> None:
    raise Unavailable("model:credit", "The model is away.")


def _looked(house: House) -> float:
    """Have everything looked at, and return for how long it is then left alone."""
    house.now += 60.0
    house.service.work_once(taking=True)
    return house.service._watching.seconds_to_scan(house.now)


def test_a_crowd_in_a_route_that_waits_for_the_world_is_left_in_peace(tmp_path: Path) -> None:
    house = make_house(tmp_path, work=_away, quiet_seconds=1.0)
    for number in range(60):
        house.drop(f"{number:05}.csv")
    house.turn(60)
    assert "credit" in house.service._watching.blocked
    assert _looked(house) >= 1.0


def test_a_crowd_is_asked_about_turn_by_turn_without_a_wait(tmp_path: Path) -> None:
    house = make_house(tmp_path, quiet_seconds=1.0)
    for number in range(45):
        house.drop(f"{number:05}.csv")
    house.turn(3000)
    assert len(house.receipts()) == 45

"""While the ledger is away publishing goes on, however long it takes; then what was missed is accounted for, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dropscore.domain.errors import Unavailable
from dropscore.service import accounting
from service_house import House, make_house

MANY = 40
"""More than may be at work at once."""


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path, quiet_seconds=0.0)


class Away:
    """Stands in for the ledger's calls, and counts them."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        for name in ("account", "account_all", "job", "owe", "record_event", "earlier"):
            monkeypatch.setattr(house.ledger, name, self)

    def __call__(self, *_: Any, **__: Any) -> Any:
        self.calls += 1
        raise Unavailable("ledger", "It is away.")


def drop_many(house: House) -> None:
    for number in range(MANY):
        house.drop(f"d{number:02}.csv")


def test_claiming_and_publishing_go_on_without_a_ledger(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert house.plan.at_once < MANY
    with monkeypatch.context() as patched:
        Away(house, patched)
        drop_many(house)
        house.turn()
        assert len(house.receipts()) == MANY
        assert len(house.files(house.root.outbox / "credit")) == 2 * MANY
        assert all(job.receipt is None for job in house.service.jobs.values()), "they are read again when it is back"
    house.now += 600.0
    house.turn()
    assert len(house.ledger.jobs()) == MANY
    assert house.ledger.owing() == MANY + 2  # and that the ledger was away, and is back
    assert house.files(house.root.processing) == []


def test_after_a_restart_in_the_middle_of_it_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        Away(house, patched)
        drop_many(house)
        house.turn()
        house.restart()
        for number in range(MANY, MANY + 5):
            house.drop(f"d{number:02}.csv")
        house.turn()
        assert len(house.receipts()) == MANY + 5
    house.now += 600.0
    house.turn()
    assert len(house.ledger.jobs()) == MANY + 5


def test_what_was_missed_is_made_up_for_in_portions(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounting, "AT_ONCE", 10)
    with monkeypatch.context() as patched:
        Away(house, patched)
        drop_many(house)
        house.turn()
    house.now += 600.0
    house.service.work_once(taking=True)
    assert len(house.ledger.jobs()) == 10
    house.turn()
    assert len(house.ledger.jobs()) == MANY

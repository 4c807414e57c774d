"""Published jobs are told to the ledger together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dropscore.domain.errors import Unavailable
from dropscore.ledger import Entry
from service_house import House, make_house


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = make_house(tmp_path, quiet_seconds=0.0)
    house.plan = replace(house.plan, small_at_once=50)
    house.restart()
    for number in range(30):
        house.drop(f"d{number:02}.csv")
    return house


def test_many_share_a_transaction(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    account_all = house.ledger.account_all

    def counted(entries: list[Entry]) -> None:
        calls.append(len(entries))
        account_all(entries)

    monkeypatch.setattr(house.ledger, "account_all", counted)
    house.turn()
    assert sum(calls) == 30 and len(calls) <= 15
    assert len(house.ledger.jobs()) == 30


def test_an_outage_in_the_middle_lets_all_of_them_wait_and_none_is_told_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_all, fails = house.ledger.account_all, [True]

    def unsure(entries: list[Entry]) -> None:
        """The transaction was carried out, and its answer is lost."""
        account_all(entries)
        if fails and fails.pop():
            raise Unavailable("ledger", "The line was cut.")

    monkeypatch.setattr(house.ledger, "account_all", unsure)
    house.turn()
    house.now += 400.0
    house.turn()
    assert not fails and house.files(house.root.processing) == []
    assert sorted(row.name for row in house.ledger.jobs()) == [f"d{number:02}.csv" for number in range(30)]
    assert all(len(house.ledger.history(row.job)) == 2 for row in house.ledger.jobs())

"""Many drops are claimed side by side, and each for itself."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from dropscore.intake import claim as claims
from dropscore.service import claiming
from service_house import House, make_house


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = make_house(tmp_path, quiet_seconds=0.0)
    house.plan = replace(house.plan, small_at_once=50)
    house.restart()
    return house


def test_drops_are_claimed_at_the_same_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other would never pass: each waits until the others are there."""
    together = threading.Barrier(8)
    take = claims.take

    def meet(*arguments: object) -> None:
        together.wait(timeout=20)
        take(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(claiming.claims, "take", meet)
    for number in range(8):
        house.drop(f"d{number}.csv", f"a,b\n{number},2\n".encode())
    house.turn()
    assert len(house.receipts()) == 8 and together.broken is False


def test_what_has_gone_meanwhile_concerns_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    intend = claims.intend

    def taken_back(folder: Path, claim: claims.Claim) -> None:
        if claim.name == "d3.csv":
            (Path(claim.inbox or "") / "d3.csv").unlink()
        intend(folder, claim)

    monkeypatch.setattr(claiming.claims, "intend", taken_back)
    for number in range(6):
        house.drop(f"d{number}.csv")
    house.turn()
    assert sorted(receipt.name for receipt in house.receipts()) == ["d0.csv", "d1.csv", "d2.csv", "d4.csv", "d5.csv"]
    assert house.files(house.root.processing) == []


def test_while_the_disk_is_full_one_is_tried_and_then_all_go_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def full(folder: Path, claim: claims.Claim) -> None:
        tries.append(claim.name)
        raise OSError(28, "No space left on device", str(folder))

    for number in range(20):
        house.drop(f"d{number:02}.csv")
    with monkeypatch.context() as patched:
        patched.setattr(claiming.claims, "intend", full)
        house.turn(6)
        first = len(tries)
        assert first >= 20, "all were tried before anybody knew"
        house.turn(6)
        assert 0 < len(tries) - first <= 6, "then one at each look"
        assert len(house.files(house.root.inbox / "credit")) >= 20
    house.turn()
    assert len(house.receipts()) == 20
    assert house.files(house.root.processing) == []

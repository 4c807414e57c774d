"""Drift from end to end: told in the receipt, held until a word where the route says so, and added up over days."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from e2e.daemon import House, awaited, make_house, make_model, running


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    model = make_model(tmp_path_factory.mktemp("model") / "price")
    routes = {"homes": "", "careful": "drift = 'hold'", "careless": "drift = 'off'"}
    made = make_house(tmp_path_factory.mktemp("drift") / "root", routes, model=model)
    with running(made):
        yield made


def large_homes(rows: int) -> str:
    """Return homes that are larger than most that the model was trained on."""
    return "area,rooms\n" + "".join(f"{150 + at % 60}.5,{1 + at % 7}\n" for at in range(rows))


def drop(house: House, route: str, name: str, text: str) -> None:
    (house.root / "inbox" / route / f"{name}.csv").write_text(text)


def test_drift_is_told_and_refuses_nothing(house: House) -> None:
    drop(house, "homes", "large", large_homes(200))
    receipt = house.await_receipt("homes", "large")
    assert receipt["verdict"] == "delivered"
    assert receipt["drift"]["state"] == "drift"
    assert receipt["drift"]["sentences"][0].startswith("*area* is higher than in training: median ")


def test_a_route_that_does_not_want_to_know(house: House) -> None:
    drop(house, "careless", "large", large_homes(200))
    assert "drift" not in house.await_receipt("careless", "large")


def test_a_held_drop_waits_for_a_yes_or_a_no(house: House) -> None:
    for name, word in (("wanted", "retry"), ("unwanted", "delete")):
        drop(house, "careful", name, large_homes(200))

        def held(name: str = name) -> dict[str, Any] | None:
            kept = [json.loads(path.read_bytes()) for path in (house.root / "state" / "receipts").rglob("*.json")]
            return next((one for one in kept if one["name"] == f"{name}.csv" and one["state"] == "held"), None)

        receipt = awaited(held, f"{name} to be held", house.log)
        assert "it has drifted from what its model was trained on. *area* is higher" in receipt["sentence"]
        assert house.receipts("careful", "outbox", name) == []
        house.call(word, receipt["code"])
    assert house.await_receipt("careful", "wanted")["verdict"] == "delivered"
    awaited(house.at_rest, "both jobs to be done", house.log)
    assert house.receipts("careful", "outbox", "unwanted") == []


def test_files_too_small_to_say_add_up_in_the_last_days(house: House) -> None:
    for at in range(3):
        drop(house, "homes", f"small{at}", large_homes(20))
        assert house.await_receipt("homes", f"small{at}")["drift"]["state"] == "few-rows"
    kept = house.root / "state" / "drift" / "route-homes.json"

    def looked() -> list[dict[str, Any]]:
        windows: list[dict[str, Any]] = json.loads(kept.read_bytes())["windows"] if kept.exists() else []
        return windows if windows and windows[0]["jobs"] == 4 else []

    week, month = awaited(looked, "the last days", house.log)
    assert (week["days"], month["days"]) == (7, 30)
    assert week["drift"]["rows"] == 260
    assert week["drift"]["state"] == "drift"
    begun = kept.parent / "begun.json"
    awaited(lambda: begun.exists() and "homes" in json.loads(begun.read_bytes()), "the owner to be told", house.log)
    assert "careless" not in json.loads(begun.read_bytes())

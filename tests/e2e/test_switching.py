"""Another version of a model in use: never unaided, from the next job on, written down, and taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LinearRegression

from e2e.daemon import House, awaited, homes_csv, make_house, make_model, make_version, running


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1.0.0, and 2.0.0, by which a room is worth 12."""
    folder = make_model(tmp_path_factory.mktemp("models") / "price")
    return make_version(folder, "2.0.0", LinearRegression(), room=12)


def scored_by(house: House, route: str, name: str) -> str:
    (house.root / "inbox" / route / f"{name}.csv").write_text(homes_csv(5))
    return str(house.await_receipt(route, name)["model"]["version"])


def switch(house: House, *arguments: str, code: int = 0) -> Any:
    found = house.call("model", *arguments, "--json", code=code)
    return json.loads(found) if found else None


def test_a_challenger_is_promoted_and_taken_back_and_each_is_written_down(tmp_path: Path, models: Path) -> None:
    routes = {"homes": "challenger = '2.0.0'", "fixed": "version = '1.0.0'", "newest": ""}
    house = make_house(tmp_path / "root", routes, model=models)
    house.call("model", "promote", "homes", "2.0.0", "--why", "it is better", code=10)
    with running(house):
        assert [scored_by(house, route, "first") for route in routes] == ["1.0.0", "1.0.0", "2.0.0"]
        answer = switch(house, "promote", "homes", "2.0.0", "--why", "it is better")
        assert (answer["ok"], answer["version"], answer["before"]) == (True, "2.0.0", "1.0.0")
        assert scored_by(house, "homes", "second") == "2.0.0"
        switch(house, "promote", "homes", "2.0.0", "--why", "again", code=1)
        switch(house, "promote", "homes", "9.0.0", "--why", "none such", code=1)
        switch(house, "promote", "fixed", "2.0.0", "--why", "pinned", code=1)
        switch(house, "promote", "nowhere", "2.0.0", "--why", "no route", code=1)
        switch(house, "rollback", "newest", "--why", "never switched", code=1)
    with running(house):
        assert scored_by(house, "homes", "third") == "2.0.0", "also after a restart"
        assert switch(house, "rollback", "homes", "--why", "it was not")["version"] == "1.0.0"
        assert scored_by(house, "homes", "fourth") == "1.0.0"
        awaited(lambda: len(list((house.root / "state" / "challenged").rglob("*.json"))) == 2, "both", house.log)
    listed = {entry["routes"][0]: entry for entry in json.loads(house.call("model", "list", "--json"))}
    assert listed["homes"]["version"] == "1.0.0" and listed["homes"]["challenger"] == "2.0.0"
    assert (listed["homes"]["switched"]["why"], listed["homes"]["switched"]["back"]) == ("it was not", True)
    assert "in place of 2.0.0" in house.call("model", "list")
    rivalry = json.loads(house.call("model", "report", "homes", "--json"))["rivalry"]
    assert (rivalry["challenger"], rivalry["champions"], rivalry["failed"]) == ("2.0.0", ["1.0.0"], 0)
    assert rivalry["jobs"] == 2 and rivalry["changed"] == rivalry["rows"] == 10, "the second and third were its own"
    assert "Challenger 2.0.0" in house.call("model", "report", "homes")
    kept = json.loads((house.root / "state" / "champions.json").read_bytes())["routes"]["homes"]
    assert [(one["version"], one["why"]) for one in kept] == [("2.0.0", "it is better"), ("1.0.0", "it was not")]
    assert all(one["by"] for one in kept)

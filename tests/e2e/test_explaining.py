"""Reasons beside predictions, from the real daemon; and a model that has none keeps its drops until it is mended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from sklearn.neighbors import KNeighborsRegressor

from e2e.daemon import House, awaited, homes_csv, make_house, make_model, make_version, running


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of one model: the newer one asks its neighbours."""
    folder = make_model(tmp_path_factory.mktemp("models") / "price")
    return make_version(folder, "2.0.0", KNeighborsRegressor())


def incidents(house: House) -> list[str]:
    status = house.root / "state" / "status.json"
    return [one["key"] for one in json.loads(status.read_bytes())["incidents"]] if status.exists() else []


def test_a_drop_gets_its_reasons_and_one_whose_model_has_none_waits(tmp_path: Path, models: Path) -> None:
    routes = {"linear": "version = '1.0.0'\nexplain = 2", "near": "explain = 2"}
    house = make_house(tmp_path / "root", routes, model=models)
    with running(house):
        awaited(lambda: "explain:price" in incidents(house), "operators to hear at the start", house.log)
        for route in routes:
            (house.root / "inbox" / route / "homes.csv").write_text(homes_csv(20))
        receipt = house.await_receipt("linear", "homes")
        sheet = CalamineWorkbook.from_path(str(house.root / receipt["files"][0]["path"]))
        header, first, *_ = sheet.get_sheet_by_name("Predictions").to_python()
        assert header == ["id", "area", "rooms", "price", "reason_1", "reason_2"]
        assert first[4].startswith("area low −") and first[5].startswith("rooms low −")
        awaited(lambda: (house.root / "inbox" / "near" / "homes.csv").exists() is False, "the claim", house.log)
        assert house.receipts("near", "failed", "homes") == []
        text = house.config.read_text()
        assert "explain = 2" in text
        house.config.write_text("".join(text.rsplit("explain = 2", 1)))
    with running(house):
        assert house.await_receipt("near", "homes")["state"] == "delivered"
        awaited(lambda: "explain:price" not in incidents(house), "the end of the incident", house.log)

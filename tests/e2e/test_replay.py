"""`replay`: what the real daemon did is done again to the last byte, or it is said what differs."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LinearRegression

from e2e.daemon import House, awaited, homes_csv, make_house, make_model, make_version, running

BAD = homes_csv(20).replace("22.5,3", "far too large,3", 1)
TWO_WAYS = "formats = ['xlsx', 'csv']\nexplain = 1"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1.0.0, and 2.0.0, by which a room is worth 12 and no home is larger than 100."""
    folder = make_model(tmp_path_factory.mktemp("models") / "price")
    limits = {"area": {"constraints": {"maximum": 100}}}
    return make_version(folder, "2.0.0", LinearRegression(), room=12, largest=100, schema=limits)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[House]:
    """A root in which a good, a bad and a half good drop were done under version 1.0.0; the daemon has ended."""
    routes = {"homes": f"version = '1.0.0'\n{TWO_WAYS}", "parts": "version = '1.0.0'\npolicy = 'good-rows'"}
    made = make_house(tmp_path_factory.mktemp("replay") / "root", routes, model=models)
    with running(made):
        for route, name, text in (("homes", "good", homes_csv(200)), ("homes", "bad", BAD), ("parts", "half", BAD)):
            (made.root / "inbox" / route / f"{name}.csv").write_text(text)
            made.await_receipt(route, name)
        awaited(made.at_rest, "all to be accounted for", made.log)
    yield made


def code_of(house: House, route: str, stem: str) -> str:
    (receipt,) = house.read_receipts(route, stem)
    return str(receipt["code"])


def replayed(house: House, *arguments: str, code: int = 0) -> Any:
    return json.loads(house.call("replay", *arguments, "--json", code=code))


def lying(house: House) -> list[tuple[Path, int]]:
    """Return every file with the time of its last change."""
    files = [path for path in house.root.rglob("*") if path.is_file() and "ledger" not in path.name]
    return sorted((path, path.stat().st_mtime_ns) for path in files)


@pytest.mark.parametrize(
    ("route", "stem", "verdict", "suffixes"),
    [
        ("homes", "good", "delivered", {".xlsx", ".csv"}),
        ("homes", "bad", "rejected", {".fix.xlsx"}),
        ("parts", "half", "partial", {".xlsx", ".fix.xlsx"}),
    ],
)
def test_the_same_version_makes_the_same_bytes(
    house: House, route: str, stem: str, verdict: str, suffixes: set[str]
) -> None:
    (found,) = replayed(house, code_of(house, route, stem))["jobs"]
    assert (found["same"], found["verdict"], set(found["files"])) == (True, verdict, suffixes), found


def test_many_are_told_in_one_table_and_nothing_is_touched(house: House) -> None:
    before = lying(house)
    told = house.call("replay", "--since", "1d")
    assert told.count("yes") == 3 and all(name in told for name in ("good.csv", "bad.csv", "half.csv"))
    assert len(replayed(house, "--since", "1d", "--route", "parts")["jobs"]) == 1
    assert before == lying(house)


def test_another_version_is_compared_row_by_row(house: House, tmp_path: Path) -> None:
    code = code_of(house, "homes", "good")
    (found,) = replayed(house, code, "--model", "2.0.0", "-o", str(tmp_path / "rows.parquet"))["jobs"]
    rows = pq.read_table(tmp_path / "rows.parquet").to_pandas()
    areas = [20 + number % 150 + 0.5 for number in range(200)]
    small = [number for number, area in enumerate(areas) if area <= 100]
    assert list(rows.columns) == ["row", "price 1.0.0", "price 2.0.0", "changed"]
    assert (found["rows"], found["only_before"], found["only_after"]) == (len(small), 200 - len(small), 0)
    assert found["changed"] == len(small) == (rows.changed == "yes").sum()
    assert rows.row.tolist() == [number + 2 for number in small], "as the file numbers them"
    rooms = np.array([1 + number % 7 for number in small])
    assert (rows["price 2.0.0"] - rows["price 1.0.0"]).to_numpy() == pytest.approx(2 * rooms)
    (price,) = found["outputs"]
    assert (price["mean"], price["most"]) == (pytest.approx(2 * rooms.mean()), pytest.approx(14))
    told = house.call("replay", code, "--model", "2.0.0", "-o", tmp_path / "rows.csv")
    assert f"price: {2 * rooms.mean():+.4g} on average" in told
    with (tmp_path / "rows.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(small)


def test_what_cannot_be_replayed_says_why(house: House, tmp_path: Path) -> None:
    code = code_of(house, "homes", "good")
    house.call("replay", code, "--model", "3.0.0", code=1)
    house.call("replay", "NOSUCHCODE", code=1)
    house.call("replay", code=2)
    house.call("replay", code, "--since", "1d", code=2)
    house.call("replay", code, "-o", tmp_path / "rows.csv", code=2)
    (archived,) = (house.root / "archive").rglob("good.*.csv")
    shutil.move(archived, tmp_path / "kept")
    try:
        house.call("replay", code, code=1)
        left = replayed(house, "--since", "1d", code=1)["left_out"]
        assert list(left) == [code] and "no longer kept" in left[code]
    finally:
        shutil.move(tmp_path / "kept", archived)


def test_other_settings_make_other_bytes_and_that_is_said(house: House) -> None:
    text = house.config.read_text()
    house.config.write_text(text.replace(TWO_WAYS, f"{TWO_WAYS}\nlanguage = 'es'"))
    try:
        told = house.call("replay", code_of(house, "homes", "good"), code=1)
    finally:
        house.config.write_text(text)
    assert "the route's settings are others than then" in told

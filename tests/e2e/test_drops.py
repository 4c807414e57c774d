"""Drops as people and programs make them: cp, mv, a slow writer, a name in flight."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.daemon import House, assert_scored, awaited, homes_csv, make_house, make_model, running


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "price")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[House]:
    made = make_house(tmp_path_factory.mktemp("plain") / "root", {"homes": ""}, model=model)
    with running(made):
        yield made


def test_a_file_copied_in_is_scored_and_archived(house: House, tmp_path: Path) -> None:
    text = homes_csv(500)
    (tmp_path / "copied.csv").write_text(text)
    subprocess.run(["cp", tmp_path / "copied.csv", house.root / "inbox" / "homes"], check=True)
    receipt = house.await_receipt("homes", "copied")
    assert_scored(house, receipt, text)
    assert not (house.root / "inbox" / "homes" / "copied.csv").exists()
    awaited(house.at_rest, "the job's folder to go", house.log)
    (kept,) = (house.root / "archive").rglob("copied.*.csv")
    assert kept.read_text() == text


def test_a_file_moved_in_is_scored(house: House, tmp_path: Path) -> None:
    text = homes_csv(3)
    (tmp_path / "moved.csv").write_text(text)
    subprocess.run(["mv", tmp_path / "moved.csv", house.root / "inbox" / "homes"], check=True)
    assert_scored(house, house.await_receipt("homes", "moved"), text)


def test_a_file_that_somebody_still_writes_is_left_alone_however_long_it_stands_still(house: House) -> None:
    text = homes_csv(200)
    half = len(text) // 2
    place = house.root / "inbox" / "homes"
    with (place / "slow.csv").open("w") as writer:
        writer.write(text[:half])
        writer.flush()
        # Another drop, made later, passes it by: so the wait is proven without a clock.
        (place / "quick.csv").write_text(homes_csv(2))
        house.await_receipt("homes", "quick")
        (place / "quick-again.csv").write_text(homes_csv(2))
        house.await_receipt("homes", "quick-again")
        assert (place / "slow.csv").exists()
        assert "slow.csv" in house.call("why", place / "slow.csv")
        writer.write(text[half:])
    assert_scored(house, house.await_receipt("homes", "slow"), text)


def test_names_in_flight_are_never_taken_and_the_final_name_is(house: House) -> None:
    text = homes_csv(4)
    place = house.root / "inbox" / "homes"
    (place / "upload.csv.part").write_text(text)
    (place / "after.csv").write_text(text)
    house.await_receipt("homes", "after")
    assert (place / "upload.csv.part").exists()
    (place / "upload.csv.part").rename(place / "upload.csv")
    assert_scored(house, house.await_receipt("homes", "upload"), text)


def test_a_bad_file_comes_back_byte_for_byte_with_a_workbook_to_mend(house: House) -> None:
    text = homes_csv(5).replace("21.5", "21,5", 1).replace("H00001,21,5", 'H00001,"21,5"')
    (house.root / "inbox" / "homes" / "bad.csv").write_text(text)
    receipt = house.await_receipt("homes", "bad")
    assert receipt["verdict"] == "rejected"
    files = {file["role"]: house.root / file["path"] for file in receipt["files"]}
    assert files["original"].read_text() == text
    assert files["original"].parent == files["fix"].parent == house.root / "failed" / "homes"
    assert [(problem["row"], problem["column"]) for problem in receipt["problems"]] == [(3, "area")]

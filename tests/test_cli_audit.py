"""`audit`: exit code 1 and a mend for each difference."""

from __future__ import annotations

from pathlib import Path

from cli_root import keep, make_house, receipt


def test_a_sound_root_and_one_with_a_stranger_in_its_archive(tmp_path: Path) -> None:
    house = make_house(tmp_path / "r")
    assert (
        house.call("audit").stdout == "0 jobs, 0 files in place, 0 taken by their readers, 0 removed; 0 differences.\n"
    )
    (house.root.archive / "stranger.csv").write_bytes(b"")
    result = house.call("audit")
    assert result.exit_code == 1
    assert "archive/stranger.csv\tIt belongs to no job.\t" in result.stdout


def test_an_input_that_is_gone_is_told_with_its_mend(tmp_path: Path) -> None:
    house = make_house(tmp_path / "r")
    keep(house, receipt("a.csv"))
    document = house.json("audit")
    assert document["jobs"] == 1 and document["ledger"] is True
    assert all(one["mend"] for one in document["differences"])


def test_a_receipt_that_cannot_be_read(tmp_path: Path) -> None:
    house = make_house(tmp_path / "r")
    one = receipt("a.csv")
    house.root.kept_receipt(one.job).parent.mkdir(parents=True)
    house.root.kept_receipt(one.job).write_text("{")
    assert [found["what"] for found in house.json("audit")["differences"]] == ["The receipt cannot be read."]

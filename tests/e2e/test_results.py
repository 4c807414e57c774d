"""A route that asks for its results as CSV and Parquet too: published as one set, named in the receipt."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from e2e.daemon import homes_csv, make_house, make_model, running

FORMATS = 'formats = ["xlsx", "csv", "parquet"]\n'


def test_each_format_is_published_and_holds_the_same_predictions(tmp_path: Path) -> None:
    model = make_model(tmp_path / "price")
    house = make_house(tmp_path / "root", {"homes": FORMATS}, model=model)
    header, *lines = homes_csv(60).splitlines()
    text = "\n".join([f"{header},note", *(f"{line},=1+{at}" for at, line in enumerate(lines)), ""])
    with running(house):
        (house.root / "inbox" / "homes" / "sales.csv").write_text(text)
        receipt = house.await_receipt("homes", "sales")
    results = [file for file in receipt["files"] if file["role"] == "result"]
    code = receipt["code"]
    assert [Path(file["path"]).name for file in results] == [
        f"sales.{code}.{kind}" for kind in ("xlsx", "csv", "parquet")
    ]
    assert all((house.root / file["path"]).stat().st_size == file["bytes"] for file in results)

    workbook = CalamineWorkbook.from_path(str(house.root / results[0]["path"]))
    names, *rows = workbook.get_sheet_by_name("Predictions").to_python()
    table = pq.read_table(house.root / results[2]["path"])
    assert table.column_names == names
    output = names[-1]
    assert str(table.schema.field(output).type) == "double"
    assert table[output].to_pylist() == pytest.approx([row[-1] for row in rows])
    assert table["note"].to_pylist() == [f"=1+{at}" for at in range(60)]

    read = list(csv.DictReader(io.StringIO((house.root / results[1]["path"]).read_bytes().decode("utf-8-sig"))))
    assert [float(row[output]) for row in read] == pytest.approx(table[output].to_pylist(), rel=1e-11)
    assert [row["note"] for row in read] == [f"'=1+{at}" for at in range(60)]
    (told,) = [group for group in receipt["groups"] if group["code"] == "formula-guarded"]
    assert told["count"] == 60

"""Results for programs: CSV that no spreadsheet takes for formulas, and Parquet with the checked types."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dropscore.workbook import Column, Kind, ResultCsv, ResultParquet, Role

TEXT = Column("text", role=Role.EXTRA)
NUMBER = Column("n", Kind.NUMBER)


def written(tmp_path: Path, columns: tuple[Column, ...], cells: dict[str, object], delimiter: str = ",") -> ResultCsv:
    result = ResultCsv(tmp_path / "result.csv", columns, delimiter)
    rows = len(next(part for pair in cells.values() for part in pair if part is not None))  # type: ignore[attr-defined]
    result.take(result.pourer.pour(cells, rows))  # type: ignore[arg-type]
    result.close()
    return result


def rows_of(tmp_path: Path, delimiter: str = ",") -> list[list[str]]:
    text = (tmp_path / "result.csv").read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.mark.parametrize(
    "risky",
    [
        "=1+1",
        "+1+cmd|' /C calc'!A0",
        "-2+3+cmd",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1",
        "\n=1",
        "＝1+1",
        "＠x",
        "-",
        "+",
        "=",
        '="a,b"',
    ],
)
def test_text_that_a_spreadsheet_would_compute_has_an_apostrophe_and_quotes(tmp_path: Path, risky: str) -> None:
    result = written(tmp_path, (TEXT,), {"text": (None, pa.array([risky, "plain"]))})
    assert rows_of(tmp_path)[1:] == [[f"'{risky}"], ["plain"]]
    assert result.guarded == 1
    assert b"\"'" in (tmp_path / "result.csv").read_bytes()


@pytest.mark.parametrize(
    "number",
    ["-5", "+5", "-1.5", "-1,5", "-1.234,50", "-1 234", "+34 600 123 456", "-.5", "-1e-5", "-007", "-95%"],
)
def test_what_is_a_number_stays_one_even_in_a_column_of_text(tmp_path: Path, number: str) -> None:
    result = written(tmp_path, (TEXT,), {"text": (None, pa.array([number]))}, ";")
    assert rows_of(tmp_path, ";")[1:] == [[number]]
    assert result.guarded == 0


def test_numbers_dates_and_missing_cells_are_written_as_they_are(tmp_path: Path) -> None:
    day = Column("day", Kind.DATE)
    cells = {
        "n": (pa.array(["-1.5", None, "7"]), pa.array([None, "n/a", None])),
        "day": (pa.array(["45000", None, "45001"]), None),
    }
    written(tmp_path, (NUMBER, day), cells)  # type: ignore[arg-type]
    assert rows_of(tmp_path) == [["n", "day"], ["-1.5", "2023-03-15"], ["n/a", ""], ["7", "2023-03-16"]]


def test_a_name_of_a_column_is_guarded_too(tmp_path: Path) -> None:
    result = written(tmp_path, (Column("=x", role=Role.EXTRA),), {"=x": (None, pa.array(["a"]))})
    assert rows_of(tmp_path)[0] == ["'=x"] and result.guarded == 1


def test_parquet_keeps_types_and_nulls_a_row_group_for_each_block(tmp_path: Path) -> None:
    types = {"n": pa.float64(), "day": pa.date32(), "text": pa.string()}
    result = ResultParquet(tmp_path / "result.parquet", types)
    block = {"day": pa.array([1, 2], pa.date32()), "n": pa.array([1.5, None]), "text": pa.array(["=1", None])}
    for _ in range(2):
        result.take(block)
    result.close()
    table = pq.read_table(tmp_path / "result.parquet")
    assert dict(zip(table.column_names, table.schema.types, strict=True)) == types
    assert table.to_pylist()[2:] == [
        {"n": 1.5, "day": block["day"][0].as_py(), "text": "=1"},
        {"n": None, "day": block["day"][1].as_py(), "text": None},
    ]
    assert pq.ParquetFile(tmp_path / "result.parquet").num_row_groups == 2


def test_another_type_than_was_said_is_our_fault_and_found(tmp_path: Path) -> None:
    result = ResultParquet(tmp_path / "result.parquet", {"n": pa.float64()})
    with pytest.raises(ValueError, match="'n' is int64"):
        result.take({"n": pa.array([1])})
    result.discard()
    result.discard()
    assert not (tmp_path / "result.parquet").exists()
    with pytest.raises(ValueError, match="closed"):
        result.take({"n": pa.array([1.0])})


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "result.csv").write_text("there")
    with pytest.raises(FileExistsError):
        ResultCsv(tmp_path / "result.csv", (TEXT,))
    assert (tmp_path / "result.csv").read_text() == "there"

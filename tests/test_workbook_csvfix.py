"""The mendable CSV holds the rows as they came: it is read back equal by a strict reader."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dropscore.workbook import Column
from dropscore.workbook.csvfix import FixCsv
from workbook_samples import numbers, strings, texts

VALUES = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))


def read(path: Path, delimiter: str = ",") -> list[list[str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


@given(st.lists(st.tuples(VALUES, VALUES), max_size=8), st.sampled_from([",", ";", "\t", "|"]))
def test_any_texts_are_read_back(rows: list[tuple[str | None, str | None]], delimiter: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fix.csv"
        made = FixCsv(path, (Column('a"\n,;'), Column("b")), delimiter)
        made.pour({'a"\n,;': texts(*(row[0] for row in rows)), "b": texts(*(row[1] for row in rows))}, len(rows))
        made.close()
        expected = [['a"\n,;', "b"], *([one or "", two or ""] for one, two in rows)]
        assert [row or ["", ""] for row in read(path, delimiter)] == expected


def test_dates_that_came_as_values_are_iso(tmp_path: Path) -> None:
    columns = (Column("day", "date"), Column("at", "datetime"), Column("n", "number"))
    made = FixCsv(tmp_path / "fix.csv", columns)
    made.pour({
        "day": (strings(45_000, None, 25_569), strings(None, "30.2.26", None)),
        "at": numbers("45000.75", "45000.000011574074", "0.5"),
        "n": (strings("1e5", None, None), strings(None, "=1+1", None)),
    }, 3)  # fmt: skip
    made.close()
    assert read(tmp_path / "fix.csv")[1:] == [
        ["2023-03-15", "2023-03-15T18:00:00", "1e5"],
        ["30.2.26", "2023-03-15T00:00:01", "=1+1"],
        ["1970-01-01", "1899-12-30T12:00:00", ""],
    ]


def test_excel_sees_that_it_is_utf_8(tmp_path: Path) -> None:
    FixCsv(tmp_path / "fix.csv", (Column("ä"),)).close()
    assert (tmp_path / "fix.csv").read_bytes() == b"\xef\xbb\xbf\xc3\xa4\n"


def test_a_column_of_nothing_is_empty(tmp_path: Path) -> None:
    made = FixCsv(tmp_path / "fix.csv", (Column("a"), Column("b")))
    made.pour({"a": (None, None), "b": texts("x", None)}, 2)
    made.pour({"a": (None, None), "b": (None, None)}, 0)
    made.close()
    assert read(tmp_path / "fix.csv") == [["a", "b"], ["", "x"], ["", ""]]


def test_a_discarded_file_is_gone(tmp_path: Path) -> None:
    FixCsv(tmp_path / "fix.csv", (Column("a"),)).discard()
    assert list(tmp_path.iterdir()) == []

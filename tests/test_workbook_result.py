"""The result opens in three readers with the same values, and looks as people expect."""

from __future__ import annotations

import csv
import datetime
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import python_calamine

from dropscore.domain.jobs import Verdict
from dropscore.domain.problems import Problem, ProblemGroup, Severity
from dropscore.workbook import Column, ResultBook, Written
from workbook_samples import OUTPUTS, assert_sound, numbers, part, strings, summary, texts

LONG_NAME = "n" * 300
COLUMNS = (
    Column("zip", "text", title="Postcode", description="With its zeros.", required=True),
    Column("account", "text"),
    Column("when", "date"),
    Column("at", "datetime"),
    Column("income", "number"),
    Column("members", "integer"),
    Column("note", "text", "extra"),
    Column("=SUM(A1)", "text", "extra"),
    Column("ZIP", "text", "extra"),
    Column(LONG_NAME, "text", "extra"),
    *OUTPUTS,
)
NOTES = [
    "=1+1",
    '=HYPERLINK("http://x","y")',
    "  edges  ",
    "line\nbreak",
    "_x0041_",
    "😀 <&>",
    "\x01\x02",
    None,
    "+1",
    "é" * 40_000,
]
DATES = [45_000 + at for at in range(10)]


def cells(start: int = 0) -> dict[str, tuple[Any, Any]]:
    count = len(NOTES)
    shares = [round(0.05 + at / 10, 2) for at in range(count)]
    return {
        "zip": texts(*["00123"] * count),
        "account": texts(*["1234567890123456789"] * count),
        "when": numbers(*DATES),
        "at": numbers(*[45_000.75] * count),
        "income": (
            strings(*[None if at == 3 else start + at + 0.5 for at in range(count)]),
            strings(*[None] * 3, "n/a", *[None] * 6),
        ),
        "members": numbers(*[123_456_789_012] * count),
        "note": texts(*NOTES),
        "=SUM(A1)": texts(*["-1"] * count),
        "ZIP": texts(*["z"] * count),
        LONG_NAME: (None, None),
        "prediction": texts(*["bad" if share > 0.5 else "good" for share in shares]),
        "probability of bad": numbers(*shares),
    }  # fmt: skip


WARNING = Problem("odd", 5, 5, "income", "E5", "n/a", "a number", "Leave it empty.", Severity.WARNING)
GROUP = ProblemGroup("odd", "income", 1, "1 cell of income is 'n/a'.", "It was read as missing.", Severity.WARNING)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("result") / "result.xlsx"
    made = ResultBook(path, COLUMNS)
    made.pour(cells(), 10, np.arange(2, 12))
    made.pour(cells(100), 10, np.arange(12, 22))
    written = made.finish(summary(20, warnings=1), [WARNING], [GROUP], [("job", "01J"), ("input SHA-256", "ab" * 32)])
    assert written == Written(rows=20, cut_cells=2, replaced_characters=4)
    return path


def test_every_part_is_sound(book: Path) -> None:
    assert_sound(book)


def test_openpyxl_reads_the_values(book: Path) -> None:
    sheet = openpyxl.load_workbook(book)["Predictions"]
    assert [cell.value for cell in sheet[1]] == [column.name for column in COLUMNS]
    assert {cell.data_type for cell in sheet[1]} == {"s"}
    rows = list(sheet.iter_rows(min_row=2))
    assert len(rows) == 20
    assert {cell.data_type for row in rows for cell in row} == {"s", "n", "d"}
    first = [cell.value for cell in rows[0]]
    assert first[:6] == ["00123", "1234567890123456789", datetime.datetime(2023, 3, 15),
                         datetime.datetime(2023, 3, 15, 18), 0.5, 123_456_789_012]  # fmt: skip
    assert rows[3][4].value == "n/a"
    notes = [row[6].value for row in rows[:10]]
    assert notes[:4] == NOTES[:4]
    assert notes[4] == "_x005F_x0041_"  # this reader leaves the escape that a spreadsheet takes away
    assert notes[5:9] == ["😀 <&>", "\ufffd\ufffd", None, "+1"]
    assert len(notes[9]) == 32_767
    assert [row[11].value for row in rows[:3]] == [0.05, 0.15, 0.25]


def test_calamine_reads_the_values(book: Path) -> None:
    rows = python_calamine.load_workbook(str(book)).get_sheet_by_name("Predictions").to_python()
    assert rows[0] == [column.name for column in COLUMNS]
    assert len(rows) == 21
    assert rows[1][:6] == ["00123", "1234567890123456789", datetime.date(2023, 3, 15),
                           datetime.datetime(2023, 3, 15, 18), 0.5, 123_456_789_012]  # fmt: skip
    assert [row[6] for row in rows[1:10]] == [*NOTES[:6], "\ufffd\ufffd", "", "+1"]
    assert rows[4][4] == "n/a"


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_reads_the_values(book: Path, tmp_path: Path) -> None:
    rows = as_csv(book, tmp_path)["Predictions"]
    assert rows[0] == [column.name for column in COLUMNS]
    assert rows[1][:6] == ["00123", "1234567890123456789", "2023-03-15", "2023-03-15 18:00:00", "0.5", "123456789012"]
    assert [row[6] for row in rows[1:10]] == [*NOTES[:6], "\ufffd\ufffd", "", "+1"]
    assert rows[10][6].startswith("é" * 32_000) and "40,000 characters" in rows[10][6]
    assert rows[4][4] == "n/a"
    assert rows[1][10:] == ["good", "5%"]  # as it is edited: every digit
    assert len(rows) == 21


def as_csv(book: Path, folder: Path) -> dict[str, list[list[str]]]:
    """Return every sheet as LibreOffice shows it."""
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to",
         "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1",
         "--outdir", str(folder), str(book)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    found = {}
    for path in folder.glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as lines:
            found[path.stem.removeprefix(f"{book.stem}-")] = list(csv.reader(lines))
    return found


def test_an_edit_keeps_what_a_column_is(book: Path) -> None:
    sheet = openpyxl.load_workbook(book)["Predictions"]
    formats = [cell.number_format for cell in sheet[2]]
    assert formats[:7] == ["@", "@", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "General", "0", "@"]
    assert formats[-1] == "0.0%"
    assert [sheet.column_dimensions[letter].width for letter in "AB"] > [6.0, 20.0]
    assert sheet.column_dimensions["J"].width <= 60


def test_the_sheet_is_ready_for_work(book: Path) -> None:
    sheet = openpyxl.load_workbook(book)["Predictions"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:L21"
    assert sheet["A2"].fill.fgColor.rgb != sheet["K2"].fill.fgColor.rgb == sheet["L2"].fill.fgColor.rgb
    assert [str(area.sqref) for area in sheet.conditional_formatting] == ["L2:L1048576"]
    assert sheet["A1"].comment.text == "Postcode\nWith its zeros.\nRead by the model.\nText. Required."
    xml = part(book, "xl/worksheets/sheet2.xml")
    assert '<ignoredError sqref="A1:L1048576" twoDigitTextYear="1" numberStoredAsText="1"/>' in xml
    order = [
        "<cols>",
        "<sheetData>",
        "<autoFilter",
        "<conditionalFormatting",
        "<pageMargins",
        "<ignoredErrors>",
        "<legacyDrawing",
    ]
    assert sorted(order, key=xml.index) == order
    assert "$A$1:$L$21</definedName>" in part(book, "xl/workbook.xml")


def test_the_summary_says_what_happened(book: Path) -> None:
    sheet = openpyxl.load_workbook(book)["Summary"]
    said = {row[0]: row[1] for row in sheet.iter_rows(values_only=True) if row[0] is not None}
    assert "✔ Scored" in said
    assert said["Result"] == "All 20 rows were scored."
    assert (said["In the file"], said["Scored"], said["Set aside"]) == (20, 20, 0)
    assert (said["Code"], said["Model"], said["Received"]) == ("K7F2QXM4", "Credit risk 1.0.0", "2026-11-24 21:30 CET")
    everything = " ".join(str(value) for row in sheet.iter_rows(values_only=True) for value in row if value is not None)
    assert "1 cell of income is 'n/a'. It was read as missing." in everything
    assert "2 cells were longer than Excel allows" in everything
    assert "4 characters that a workbook cannot hold" in everything


def test_the_charts_show_the_predictions(book: Path) -> None:
    workbook = openpyxl.load_workbook(book)
    sheet = workbook["Summary"]
    assert len(sheet._charts) == 2
    table = [row[3:6] for row in sheet.iter_rows(min_row=3, max_row=18, values_only=True)]
    assert table[:3] == [("Rows by Credit risk", "Rows", "Share"), ("bad", 10, 0.5), ("good", 10, 0.5)]
    assert table[4:6] == [("Distribution of probability of bad", "Rows", "Share"), ("0 – 0.1", 2, 0.1)]
    assert sum(row[1] for row in table[5:15]) == 20
    drawing = part(book, "xl/drawings/drawing1.xml")
    assert 'descr="Rows by Credit risk: bad 10, good 10" title="Rows by Credit risk"' in drawing
    first = part(book, "xl/charts/chart1.xml")
    assert "<f>'Summary'!$D$4:$D$5</f><strCache>" in first and "<v>bad</v>" in first
    assert "<f>'Summary'!$E$8:$E$17</f><numCache>" in part(book, "xl/charts/chart2.xml")


def test_a_problem_leads_to_its_cell(book: Path) -> None:
    sheet = openpyxl.load_workbook(book)["Rows to fix"]
    assert [cell.value for cell in sheet[2]] == [5, "E5", "income", "n/a", "a number", "Leave it empty.", "warning"]
    assert sheet["B2"].hyperlink.location == "'Predictions'!E5"


def test_a_problem_whose_row_is_elsewhere_leads_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    made = ResultBook(path, [Column("a"), *OUTPUTS])
    rows = {"a": texts("x", "y"), "prediction": texts("good", "bad"), "probability of bad": numbers(0, 1)}
    made.pour(rows, 2, np.array([4, 9]))
    problems = [Problem("p", row, row, "a", f"A{row}") for row in (4, 5, 9)]
    made.finish(summary(3, 1, Verdict.PARTIAL), problems)
    sheet = openpyxl.load_workbook(path)["Rows to fix"]
    links = [cell.hyperlink and cell.hyperlink.location for cell in sheet["B"][1:]]
    assert links == ["'Predictions'!A2", None, "'Predictions'!A3"]


def test_about_holds_what_the_caller_says(book: Path) -> None:
    rows = list(openpyxl.load_workbook(book)["About"].iter_rows(values_only=True))
    assert rows == [("What", "Value"), ("job", "01J"), ("input SHA-256", "ab" * 32)]


@pytest.mark.parametrize("rows", [0, 1])
def test_hardly_any_rows(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "r.xlsx"
    made = ResultBook(path, [Column("a"), *OUTPUTS])
    if rows:
        made.pour({"a": texts("x"), "prediction": texts("good"), "probability of bad": numbers(0.5)}, 1)
    made.finish(summary(rows))
    assert_sound(path)
    workbook = openpyxl.load_workbook(path)
    assert workbook.sheetnames == ["Summary", "Predictions", "About"]
    assert workbook["Predictions"].max_row == rows + 1
    assert len(workbook["Summary"]._charts) == 2 * rows
    assert len(python_calamine.load_workbook(str(path)).get_sheet_by_name("Predictions").to_python()) == rows + 1


def test_rows_go_on_in_the_next_sheet(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    made = ResultBook(path, [Column("a"), *OUTPUTS], sheet_rows=8)
    for start in range(0, 20, 5):
        names = [f"row {at}" for at in range(start, start + 5)]
        made.pour({"a": texts(*names), "prediction": texts(*["good"] * 5), "probability of bad": numbers(*[0.5] * 5)},
                  5, np.arange(start + 2, start + 7))  # fmt: skip
    made.finish(summary(20), [Problem("p", 9, 9, "a", "A9"), Problem("p", 16, 16, "prediction", "B16")])
    assert_sound(path)
    workbook = openpyxl.load_workbook(path)
    assert workbook.sheetnames == ["Summary", "Predictions", "Predictions 2", "Predictions 3", "Rows to fix", "About"]
    sheets = [workbook[name] for name in workbook.sheetnames[1:4]]
    assert [cell.value for sheet in sheets for cell in sheet["A"][1:]] == [f"row {at}" for at in range(20)]
    assert [sheet["A1"].value for sheet in sheets] == ["a"] * 3
    assert [sheet.auto_filter.ref for sheet in sheets] == ["A1:C8", "A1:C8", "A1:C7"]
    assert all(sheet["A1"].comment for sheet in sheets)
    assert [cell.hyperlink.location for cell in workbook["Rows to fix"]["B"][1:]] == [
        "'Predictions 2'!A2",
        "'Predictions 3'!B2",
    ]
    assert "go on in 'Predictions 2', 'Predictions 3'" in part(path, "xl/worksheets/sheet1.xml")


def test_a_sheet_is_filled_to_its_last_row(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    made = ResultBook(path, [Column("a")])
    block = {"a": numbers(*range(50_000))}
    for _ in range(20):
        made.pour(block, 50_000)
    made.pour({"a": numbers(*range(48_577))}, 48_577)  # 1,048,577 rows, where a sheet holds 1,048,575
    made.finish(summary(1_048_577))
    xml = part(path, "xl/worksheets/sheet2.xml")
    assert xml.count("<row>") == 1_048_576
    rows = python_calamine.load_workbook(str(path)).get_sheet_by_name("Predictions 2").to_python()
    assert rows == [["a"], [48_575.0], [48_576.0]]
    assert part(path, "xl/worksheets/sheet3.xml").count("<row>") == 3
    assert 'ref="A1:A1048576"' in xml


def test_a_last_sheet_that_is_just_full_needs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    made = ResultBook(path, [Column("a")], sheet_rows=6)
    made.pour({"a": texts(*"abcde")}, 5)
    made.finish(summary(5))
    assert openpyxl.load_workbook(path).sheetnames == ["Summary", "Predictions", "About"]


@pytest.mark.parametrize(
    "make", [lambda path: ResultBook(path, COLUMNS), lambda path: ResultBook(path, COLUMNS, language="es")]
)
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, make: Callable[[Path], ResultBook]) -> None:
    raw = []
    for name in ("a.xlsx", "b.xlsx"):
        made = make(tmp_path / name)
        made.pour(cells(), 10)
        made.finish(summary(10), [WARNING], [GROUP], [("a", "b")])
        raw.append((tmp_path / name).read_bytes())
    assert raw[0] == raw[1]


_FRESH = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from test_workbook_result import COLUMNS, GROUP, WARNING, ResultBook, cells, summary
made = ResultBook(Path({path!r}), COLUMNS)
made.pour(cells(), 10)
made.finish(summary(10), [WARNING], [GROUP], [("a", "b")])
"""


def test_a_machine_without_lxml_makes_a_sound_book(tmp_path: Path) -> None:
    """openpyxl writes its XML with lxml where that is installed, and a little differently without."""
    books = []
    for lxml in ("True", "False"):
        path = tmp_path / f"{lxml}.xlsx"
        script = _FRESH.format(tests=str(Path(__file__).parent), path=str(path))
        subprocess.run(
            [sys.executable, "-c", script],
            check=True,
            env={"OPENPYXL_LXML": lxml, "PYTHONHASHSEED": str(len(lxml))},
        )
        assert_sound(path)
        workbook = openpyxl.load_workbook(path)
        books.append({sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in workbook})
        assert len(workbook["Summary"]._charts) == 2
        assert workbook["Predictions"].auto_filter.ref == "A1:L11"
    assert books[0] == books[1]


def test_spanish(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    made = ResultBook(path, [Column("a")], language="es")
    made.finish(summary(0))
    sheet = openpyxl.load_workbook(path)["Summary"]
    assert sheet["A1"].value == "✔ Puntuado"


def test_a_discarded_book_leaves_nothing(tmp_path: Path) -> None:
    made = ResultBook(tmp_path / "r.xlsx", [Column("a")])
    made.pour({"a": texts("x")}, 1)
    made.discard()
    made.discard()
    assert list(tmp_path.iterdir()) == []


def test_columns_that_no_sheet_can_hold(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="named twice"):
        ResultBook(tmp_path / "r.xlsx", [Column("a"), Column("a")])
    with pytest.raises(ValueError, match="1 to 16384"):
        ResultBook(tmp_path / "r.xlsx", [])
    assert list(tmp_path.iterdir()) == []


def test_text_never_leaves_its_tag(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    hostile = '"><&\x00' + "_x0041_"
    made = ResultBook(
        path,
        [
            Column(hostile, title=hostile, description=hostile, enum=(hostile,)),
            Column("p", "text", "output", title=hostile),
        ],
    )
    made.pour({hostile: texts(hostile), "p": texts(hostile)}, 1, np.array([2]))
    problem = Problem(hostile, 2, 2, hostile, hostile, hostile, hostile, hostile)
    group = ProblemGroup(hostile, hostile, 1, hostile, hostile)
    made.finish(summary(1), [problem], [group], [(hostile, hostile)])
    assert_sound(path)
    openpyxl.load_workbook(path)
    assert not re.search(r"[\x00-\x08]", part(path, "xl/worksheets/sheet3.xml"))

"""Workbooks: values are values, errors are seen, and no archive does harm."""

from __future__ import annotations

import datetime
import io
import re
import zipfile

import openpyxl
import pytest

from dropscore.domain.rules import Limits, Rules
from dropscore.domain.schema import Field, Schema, Type
from dropscore.table import sheet as sheet_module
from table_help import PEOPLE, read, workbook

HEAD = ["age", "income", "segment"]
KINDS = Schema(
    (
        Field("n", Type.NUMBER),
        Field("i", Type.INTEGER),
        Field("t", Type.STRING),
        Field("b", Type.BOOLEAN),
        Field("d", Type.DATE),
        Field("m", Type.DATETIME),
    )
)


def changed(data: bytes, part: str, pattern: bytes, by: bytes) -> bytes:
    """Return the workbook with one of its parts rewritten."""
    out, total = io.BytesIO(), 0
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == part:
                content, times = re.subn(pattern, by, content)
                total += times
            new.writestr(name, content)
    assert total, "nothing was changed"
    return out.getvalue()


def test_values_are_values() -> None:
    rows = [
        ["n", "i", "t", "b", "d", "m"],
        [1.5, 42, "x", True, datetime.date(2026, 2, 28), datetime.datetime(2026, 2, 28, 13, 14, 15)],
        [0.1, 7.0, "007", False, datetime.datetime(2026, 2, 28), datetime.date(2026, 2, 28)],
        [None, None, None, None, None, None],
        [-1, 0, "y", 1, None, None],
    ]
    found = read(workbook(*rows), KINDS)
    assert found.problems == ()
    day = datetime.date(2026, 2, 28)
    assert found.typed == {
        "n": [1.5, 0.1, None, -1.0],
        "i": [42, 7, None, 0],
        "t": ["x", "007", None, "y"],
        "b": [True, False, None, True],
        "d": [day, day, None, None],
        "m": [datetime.datetime(2026, 2, 28, 13, 14, 15), datetime.datetime(2026, 2, 28), None, None],
    }
    assert found.numbers["n"] == ["1.5", "0.1", None, "-1"]
    assert found.reading is not None
    assert (found.reading.format, found.reading.sheet, found.reading.header_row) == ("xlsx", "Sheet", 1)
    assert found.row_numbers == [2, 3, 4, 5]


def test_rules_of_notation_are_for_text_alone() -> None:
    rules = Rules(decimal=",", group=".", dates="%d.%m.%Y")
    rows = [["n", "i", "t", "b", "d", "m"], [1.5, 1, 1.5, None, datetime.date(2026, 2, 28), None]]
    rows += [["1.234,5", "1.234", "x", None, "28.02.2026", "28.02.2026 10:00"]]
    found = read(workbook(*rows), KINDS, rules)
    assert found.problems == ()
    assert found.typed["n"] == [1.5, 1234.5]
    assert found.typed["i"] == [1, 1234]
    assert found.typed["t"] == ["1.5", "x"]
    assert found.typed["d"] == [datetime.date(2026, 2, 28)] * 2
    assert read(workbook(["n", "i", "t", "b", "d", "m"], ["1.5"]), KINDS, rules).codes == ["broken-groups"]


def test_wrong_kinds_are_bad_cells() -> None:
    when = datetime.datetime(2026, 2, 28, 10)
    found = read(workbook(["n", "i", "t", "b", "d", "m"], [when, 1.5, "x", 2, 46081, 46081.5]), KINDS)
    assert [(problem.code, problem.cell) for problem in found.problems] == [
        ("not-a-number", "A2"),
        ("not-an-integer", "B2"),
        ("not-a-boolean", "D2"),
        ("not-a-date", "E2"),
        ("not-a-date", "F2"),
    ]
    assert read(workbook(["n", "i", "t", "b", "d", "m"], [1, 1, "x", True, when]), KINDS).codes == ["other-date"]
    assert found.problems[0].line is None


def test_long_numbers_in_text_have_lost_digits() -> None:
    found = read(workbook(["n", "i", "t", "b", "d", "m"], [1, 1, 1234567890123456789]), KINDS)
    assert found.codes == ["scientific-notation"]
    assert read(workbook(["n", "i", "t", "b", "d", "m"], [1, 1, 123456789012345]), KINDS).typed["t"] == [
        "123456789012345"
    ]


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#REF!", "#NAME?"])
def test_errors_are_seen(error: str) -> None:
    """The reader of workbooks gives errors as empty cells, and empty would be *missing*."""
    found = read(workbook(HEAD, [1, error, "food"], [2, 3, error]))
    assert [(problem.code, problem.cell, problem.found) for problem in found.problems] == [
        ("spreadsheet-error", "B2", error),
        ("spreadsheet-error", "C3", error),
    ]


def test_errors_far_down_and_without_a_place() -> None:
    rows = [[1, 2, "food"]] * 3000 + [[1, "#N/A", "food"]]
    assert read(workbook(HEAD, *rows)).only("spreadsheet-error").cell == "B3002"
    data = changed(workbook(HEAD, [1, "#N/A", "food"]), "xl/worksheets/sheet1.xml", rb' r="B2"', b"")
    assert read(data).codes == ["spreadsheet-broken"]


def test_formulas_whose_results_were_not_saved() -> None:
    found = read(workbook(HEAD, ["=1+1", 2, "food"], [1, '=""', "food"]))
    assert [(problem.code, problem.cell) for problem in found.problems] == [
        ("formula-without-value", "A2"),
        ("formula-without-value", "B3"),
    ]


def test_formulas_whose_results_were_saved() -> None:
    data = changed(
        workbook(HEAD, ["=1+1", 2, "food"]), "xl/worksheets/sheet1.xml", rb"</f><v ?/?>(</v>)?", b"</f><v>2</v>"
    )
    found = read(data)
    assert found.problems == ()
    assert found.typed["age"] == [2]


def test_lines_above_the_header_and_a_table_that_starts_further_right() -> None:
    def move(book: openpyxl.Workbook) -> None:
        book.active.move_range("A1:C3", rows=2, cols=1)
        book.active["B1"] = "Customers"

    found = read(workbook(HEAD, [1, 2, "food"], ["x", 2, "food"], change=move))
    assert found.reading is not None
    assert found.reading.header_row == 3
    assert found.only("not-a-number").cell == "B5"
    assert found.row_numbers == [4, 5]


def test_rows_above_the_header_that_look_like_data() -> None:
    assert read(workbook([1, 2, "food"], HEAD, [1, 2, "food"])).codes == ["rows-above-header"]


def test_no_header_no_rows_nothing() -> None:
    assert read(workbook([1, 2, "food"])).codes == ["no-header"]
    assert read(workbook(HEAD)).codes == ["no-rows"]
    assert read(workbook()).codes == ["empty-file"]
    assert read(workbook(["a", "b"])).codes == ["missing-column"] * 3


def test_blank_rows() -> None:
    found = read(workbook(HEAD, [1, 2, "food"], [], [3, 4, "food"], [], []))
    assert found.codes == ["blank-line"]
    assert found.only("blank-line").row == 3
    assert found.rows == 3


def test_content_below_no_name() -> None:
    found = read(workbook(HEAD, [1, 2, "food"], [1, 2, "food", "x"]))
    assert found.only("too-many-cells").row == 3
    assert found.stray == {1: ("1", "2", "food", "x")}


def test_a_total() -> None:
    assert read(workbook(HEAD, [1, 2, "food"], ["Total", 2, None])).codes == ["total-row"]


def test_columns_that_pass_through_keep_their_kind() -> None:
    when = datetime.date(2026, 2, 28)
    found = read(workbook([*HEAD, "x"], *[[1, 2, "food", x] for x in (1.5, "1.5", when, 10**16, True, None, 7)]))
    assert found.problems == ()
    assert found.numbers["x"] == ["1.5", None, None, None, None, None, "7"]
    assert found.texts["x"] == [None, "1.5", "2026-02-28", "1e+16", "TRUE", None, None]


def test_the_first_sheet_is_read() -> None:
    def second(book: openpyxl.Workbook) -> None:
        book.create_sheet("Other").append(["nothing"])

    assert read(workbook(HEAD, [1, 2, "food"], change=second)).problems == ()


def test_the_sheet_of_a_fix_workbook_is_found() -> None:
    def second(book: openpyxl.Workbook) -> None:
        for row in ([*HEAD, "_dropscore_row"], [1, 2, "food", "K7F2QXM4:2"]):
            sheet = book["Rows"] if "Rows" in book.sheetnames else book.create_sheet("Rows")
            sheet.append(row)

    found = read(workbook(["Summary"], ["2 rows need fixing"], change=second))
    assert found.problems == ()
    assert found.reading is not None
    assert found.reading.sheet == "Rows"
    assert found.texts["_dropscore_row"] == ["K7F2QXM4:2"]


def test_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_module, "BLOCK_ROWS", 2)
    found = read(workbook(HEAD, *[[at, 2, "food"] for at in range(5)]))
    assert found.typed["age"] == [0, 1, 2, 3, 4]
    assert found.row_numbers == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("xl/vbaProject.bin", "spreadsheet-macros"),
        ("xl/macrosheets/sheet1.xml", "spreadsheet-macros"),
        ("xl/activeX/activeX1.bin", "spreadsheet-macros"),
        ("xl/embeddings/oleObject1.bin", "spreadsheet-macros"),
        ("xl/externalLinks/externalLink1.xml", "spreadsheet-links"),
        ("/xl/externalLinks/externalLink1.xml", "spreadsheet-links"),
        ("xl\\vbaProject.bin", "spreadsheet-macros"),
        ("XL/WORKBOOK.XML", "spreadsheet-broken"),
    ],
)
def test_what_is_never_opened(part: str, code: str) -> None:
    buffer = io.BytesIO(workbook(HEAD, [1, 2, "food"]))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(part, b"x")
    assert read(buffer.getvalue()).codes == [code]


def test_bombs() -> None:
    buffer = io.BytesIO(workbook(HEAD, [1, 2, "food"]))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.png", b"\0" * 40_000_000)
    assert read(buffer.getvalue()).codes == ["packed-ratio"]
    rules = Rules(limits=Limits(bytes=10_000_000, ratio=10_000))
    assert read(buffer.getvalue(), PEOPLE, rules).codes == ["too-many-bytes"]


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"])
def test_entities_are_refused(part: str) -> None:
    data = changed(workbook(HEAD, [1, 2, "food"]), part, rb"^(<\?xml[^>]*>)?", b'<!DOCTYPE x [<!ENTITY a "b">]>')
    assert read(data).codes == ["spreadsheet-broken"]


def test_cut_off_anywhere_it_is_refused() -> None:
    data = workbook(HEAD, [1, 2, "food"])
    for end in range(40, len(data), 97):
        assert read(data[:end]).refused, end


def test_changed_anywhere_it_is_refused_or_read_right() -> None:
    data = workbook(HEAD, [34, 2, "food"])
    for at in range(0, len(data), 11):
        found = read(data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :])
        assert found.refused or found.typed["age"] == [34], at

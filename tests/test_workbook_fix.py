"""In the fix workbook a person sees what is wrong, mends it, and it comes back as it went."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import python_calamine

from dropscore.domain.jobs import Verdict
from dropscore.domain.problems import Problem, ProblemGroup, Severity
from dropscore.workbook import FIX_SHEET, ID_COLUMN, Column, FixBook
from test_workbook_result import as_csv
from workbook_samples import assert_sound, part, strings, summary, texts

COLUMNS = (
    Column("zip", "text", title="Postcode", required=True),
    Column("housing", "text", description="How the applicant lives.", enum=("own", "rent", "=free, of course")),
    Column("income", "number", enum=()),
    Column("remark", "text", "extra"),
)
YELLOW = "00FFEB3B"
ROWS = 6
NUMBERS = np.arange(2, 2 + ROWS)
PROBLEMS = [
    Problem("category", 3, 3, "housing", "B3", "rentt", "own or rent", "Did you mean rent?"),
    Problem("comma", 3, 3, "income", "C3", "1,5", "a number", "Write 1.5."),
    Problem("width", 5, 5, None, None, "6 cells", "4 cells", "Quote the text."),
    Problem("odd", 6, 6, "remark", "D6", "x", "", "", Severity.WARNING),
]
GROUPS = [
    ProblemGroup("comma", "income", 1, "1 cell of income uses a decimal comma.", "Save with a point."),
    ProblemGroup("odd", "remark", 1, "1 cell of remark is odd.", "", Severity.WARNING),
]
STRAY = {3: ("00123", "own", "1", "Müller", "Hans", "x")}


def block() -> dict[str, Any]:
    bad = {"housing": np.array([False, True, *[False] * 4]), "income": np.array([False, True, *[False] * 4])}
    to_fix = bad["housing"].copy()
    to_fix[3] = True
    return {
        "cells": {
            "zip": texts("00123", "00123", "00123", None, "00123", "00123"),
            "housing": texts("own", "rentt", None, None, "rent", "own"),
            "income": (strings(1, None, "2.50", None, 3, 4), strings(None, "1,5", None, None, None, None)),
            "remark": texts("=1+1", "a", "b", None, "x", "y"),
        },
        "bad": bad,
        "rows": ROWS,
        "numbers": NUMBERS,
        "to_fix": to_fix,
        "stray": STRAY,
    }


def made(path: Path, *, limit: int = 100, rows: int = ROWS, **more: Any) -> list[Path]:
    book = FixBook(path, COLUMNS, code="K7F2QXM4", rows=rows, limit=limit)
    book.pour(**block(), **more)
    told = summary(ROWS, ROWS, Verdict.REJECTED, bad_cells=2, problems=3)
    return book.finish(told, PROBLEMS, GROUPS)


@pytest.fixture(scope="module")
def fix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fix") / "fix.xlsx"
    assert made(path) == [path]
    return path


def filled(path: Path) -> Iterator[str]:
    sheet = openpyxl.load_workbook(path)[FIX_SHEET]
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            if cell.fill.fgColor.rgb == YELLOW:
                yield cell.coordinate


def test_every_part_is_sound(fix: Path) -> None:
    assert_sound(fix)


def test_the_rows_are_as_they_came_and_named(fix: Path) -> None:
    rows = python_calamine.load_workbook(str(fix)).get_sheet_by_index(0).to_python()
    assert rows == [
        ["zip", "housing", "income", "remark", ID_COLUMN],
        ["00123", "own", 1.0, "=1+1", "K7F2QXM4:2"],
        ["00123", "rentt", "1,5", "a", "K7F2QXM4:3"],
        ["00123", "", 2.5, "b", "K7F2QXM4:4"],
        ["00123", "own", "1", "Müller | Hans | x", "K7F2QXM4:5"],
        ["00123", "rent", 3.0, "x", "K7F2QXM4:6"],
        ["00123", "own", 4.0, "y", "K7F2QXM4:7"],
    ]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_saved_as_csv_by_libreoffice_nothing_is_lost(fix: Path, tmp_path: Path) -> None:
    rows = as_csv(fix, tmp_path)[FIX_SHEET]
    assert rows[1] == ["00123", "own", "1", "=1+1", "K7F2QXM4:2"]
    assert [row[4] for row in rows[1:]] == [f"K7F2QXM4:{number}" for number in range(2, 8)]
    assert rows[2][2] == "1,5"


def test_the_rows_are_the_sheet_that_is_open(fix: Path) -> None:
    workbook = openpyxl.load_workbook(fix)
    assert workbook.sheetnames == ["Rows", "To fix", "Lists"]
    assert workbook.active.title == FIX_SHEET
    assert workbook["Lists"].sheet_state == "hidden"


def test_bad_cells_and_rows_of_the_wrong_width_are_filled(fix: Path) -> None:
    assert list(filled(fix)) == ["B3", "C3", "A5", "B5", "C5", "D5"]


def test_a_filled_cell_keeps_what_it_is(fix: Path) -> None:
    sheet = openpyxl.load_workbook(fix)[FIX_SHEET]
    assert sheet["B3"].number_format == "@"
    assert sheet["C3"].number_format == "General"


def test_notes_say_found_expected_and_do_this(fix: Path) -> None:
    sheet = openpyxl.load_workbook(fix)[FIX_SHEET]
    assert sheet["B3"].comment.text == "Found: rentt\nExpected: own or rent\nDid you mean rent?"
    assert sheet["A5"].comment.text == "Found: 6 cells\nExpected: 4 cells\nQuote the text."
    assert "Postcode" in sheet["A1"].comment.text
    assert "leave this column as it is" in sheet["E1"].comment.text


def test_two_problems_of_a_cell_share_its_note(tmp_path: Path) -> None:
    book = FixBook(tmp_path / "fix.xlsx", COLUMNS, code="C", rows=ROWS, limit=100)
    book.pour(**block())
    problem = Problem("a", 3, 3, "income", "C3", "1,5", "a number")
    book.finish(summary(ROWS, ROWS, Verdict.REJECTED), [problem, Problem("b", 3, 3, "income", "C3", hint="Too small.")])
    note = openpyxl.load_workbook(tmp_path / "fix.xlsx")[FIX_SHEET]["C3"].comment.text
    assert note == "Found: 1,5\nExpected: a number\n\nToo small."
    assert part(tmp_path / "fix.xlsx", "xl/comments/comment1.xml").count('ref="C3"') == 1


def test_categories_are_chosen_from_a_list(fix: Path) -> None:
    workbook = openpyxl.load_workbook(fix)
    [choice] = workbook[FIX_SHEET].data_validations.dataValidation
    assert (str(choice.sqref), choice.formula1) == ("B2:B1048576", "Lists!$A$1:$A$3")
    cells = [row[0] for row in workbook["Lists"].iter_rows()]
    assert [(cell.value, cell.data_type) for cell in cells] == [("own", "s"), ("rent", "s"), ("=free, of course", "s")]


def test_the_list_leads_to_each_cell(fix: Path) -> None:
    sheet = openpyxl.load_workbook(fix)["To fix"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][0] == "✘ Not scored"
    said = [text for row in rows for text in row if isinstance(text, str)]
    assert "1 cell of income uses a decimal comma. Save with a point." in said
    assert said.index("What is wrong") < said.index("Warnings") < said.index("Row")
    start = next(at for at, row in enumerate(rows) if row[0] == "Row") + 1
    assert rows[start] == [3, "B3", "housing", "rentt", "own or rent", "Did you mean rent?", "error"]
    links = {link.ref: link.location for link in sheet._hyperlinks} or {
        cell.coordinate: cell.hyperlink.location for row in sheet.iter_rows() for cell in row if cell.hyperlink
    }
    assert list(links.values()) == ["'Rows'!B3", "'Rows'!C3", "'Rows'!A5", "'Rows'!D6"]


def test_only_the_rows_set_aside_are_handed_back(tmp_path: Path) -> None:
    made(tmp_path / "fix.xlsx", rows=2, only_to_fix=True)
    rows = python_calamine.load_workbook(str(tmp_path / "fix.xlsx")).get_sheet_by_index(0).to_python()
    assert [row[-1] for row in rows[1:]] == ["K7F2QXM4:3", "K7F2QXM4:5"]
    assert list(filled(tmp_path / "fix.xlsx")) == ["B2", "C2", "A3", "B3", "C3", "D3"]
    sheet = openpyxl.load_workbook(tmp_path / "fix.xlsx")["To fix"]
    links = [cell.hyperlink.location for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    assert links == ["'Rows'!B2", "'Rows'!C2", "'Rows'!A3"]  # the row of the warning is not here


def test_beyond_the_limit_the_mendable_file_is_a_csv(tmp_path: Path) -> None:
    files = made(tmp_path / "fix.xlsx", limit=5)
    assert files == [tmp_path / "fix.xlsx", tmp_path / "fix.csv"]
    lines = files[1].read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == f"zip,housing,income,remark,{ID_COLUMN}"
    assert lines[2:5] == ['00123,rentt,"1,5",a,K7F2QXM4:3', "00123,,2.50,b,K7F2QXM4:4",
                          "00123,own,1,Müller | Hans | x,K7F2QXM4:5"]  # fmt: skip
    assert len(lines) == ROWS + 1
    rows = python_calamine.load_workbook(str(files[0])).get_sheet_by_index(0).to_python()
    assert [row[0:2] for row in rows] == [["zip", "housing"], ["00123", "rentt"], ["00123", "own"]]
    assert ID_COLUMN not in rows[0]  # what is for reading cannot be taken for the mended file
    assert "for reading" in part(files[0], "xl/worksheets/sheet2.xml")


def test_a_refused_mended_file_gets_new_names(tmp_path: Path) -> None:
    columns = [*COLUMNS, Column(ID_COLUMN, "text", "extra")]
    book = FixBook(tmp_path / "fix.xlsx", columns, code="NEW00000", rows=ROWS, limit=100)
    given = block()
    given["cells"] |= {ID_COLUMN: texts(*[f"OLD00000:{number}" for number in NUMBERS])}
    given["bad"] |= {ID_COLUMN: np.ones(ROWS, np.bool_)}
    book.pour(**given)
    book.finish(summary(ROWS, ROWS, Verdict.REJECTED))
    rows = python_calamine.load_workbook(str(tmp_path / "fix.xlsx")).get_sheet_by_index(0).to_python()
    assert rows[0].count(ID_COLUMN) == 1
    assert [row[-1] for row in rows[1:]] == [f"NEW00000:{number}" for number in NUMBERS]


def test_a_thousand_notes_and_all_cells_filled(tmp_path: Path) -> None:
    count = 3_000
    book = FixBook(tmp_path / "fix.xlsx", [Column("a", "number")], code="C", rows=2 * count, limit=10_000)
    for start in (0, count):
        numbers = np.arange(start + 2, start + count + 2)
        book.pour(
            {"a": texts(*["x"] * count)}, {"a": np.ones(count, np.bool_)}, count, numbers, np.ones(count, np.bool_)
        )
    problems = [Problem("p", row, row, "a", f"A{row}", "x", "a number") for row in range(2, 1_102)]
    book.finish(summary(2 * count, 2 * count, Verdict.REJECTED, problems=2 * count), problems)
    assert_sound(tmp_path / "fix.xlsx")
    assert part(tmp_path / "fix.xlsx", "xl/comments/comment1.xml").count("<comment ") == 1_002  # two on the header
    boxes = part(tmp_path / "fix.xlsx", "xl/drawings/commentsDrawing1.vml")
    assert boxes.count("<v:shape ") == 1_002
    assert 'data="1"' in boxes
    assert len(list(filled(tmp_path / "fix.xlsx"))) == 2 * count
    assert "The first 1,100 of 6,000 are listed." in part(tmp_path / "fix.xlsx", "xl/worksheets/sheet2.xml")


def test_the_same_input_gives_the_same_bytes(fix: Path, tmp_path: Path) -> None:
    made(tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == fix.read_bytes()


@pytest.mark.parametrize("limit", [1, 100])
def test_a_discarded_book_leaves_nothing(tmp_path: Path, limit: int) -> None:
    book = FixBook(tmp_path / "fix.xlsx", COLUMNS, code="C", rows=ROWS, limit=limit)
    book.pour(**block())
    book.discard()
    book.discard()
    assert list(tmp_path.iterdir()) == []

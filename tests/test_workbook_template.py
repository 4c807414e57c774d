"""The workbook to fill in, as openpyxl reads it: header, notes, formats, what each cell accepts, and the lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from dropscore.domain.schema import Field, Type, UnknownCategory
from dropscore.workbook import Asked, Page, write_template
from workbook_samples import assert_sound

HEADINGS = tuple("abcdefgh")


def page(*fields: Field, note: str = "What it is.", hint: str = "What it takes.") -> Page:
    asked = tuple(Asked(field, note, hint, (field.name, *"2345678")) for field in fields)
    return Page("What is accepted: sales", ("One sentence.",), HEADINGS, asked, ("The end.",))


def book(tmp_path: Path, *fields: Field, **more: str) -> Any:
    write_template(tmp_path / "t.xlsx", page(*fields, **more))
    assert_sound(tmp_path / "t.xlsx")
    return load_workbook(tmp_path / "t.xlsx")


def rule(tmp_path: Path, field: Field) -> tuple[Any, ...]:
    (found,) = book(tmp_path, field)["Rows"].data_validations.dataValidation
    assert str(found.sqref) == "A2:A1048576"
    return found.type, found.operator, found.formula1, found.formula2, found.errorStyle


FIELDS = (
    Field("code", Type.STRING, title="Code", min_length=5, max_length=5),
    Field("segment", Type.STRING, required=True, enum=("retail", "whole, sale")),
    Field("amount", Type.NUMBER, minimum=0.5, maximum=10),
    Field("since", Type.DATE),
)


def test_the_rows_are_the_first_sheet_and_have_a_header_alone(tmp_path: Path) -> None:
    found = book(tmp_path, *FIELDS)
    assert found.sheetnames == ["Rows", "What is accepted", "Lists"]
    assert found["Lists"].sheet_state == "hidden"
    rows = found["Rows"]
    assert [[cell.value for cell in row] for row in rows.iter_rows()] == [["code", "segment", "amount", "since"]]
    assert rows.freeze_panes == "A2"
    assert found.active.title == "Rows"


def test_every_header_has_its_note(tmp_path: Path) -> None:
    rows = book(tmp_path, *FIELDS, note="Line 1\n<Line 2>")["Rows"]
    assert [cell.comment.text for cell in rows[1]] == ["Line 1\n<Line 2>"] * 4


def test_new_cells_have_the_column_s_format_and_room(tmp_path: Path) -> None:
    found = book(tmp_path, *FIELDS, Field("count", Type.INTEGER), Field("id", Type.INTEGER, maximum=10**17))
    sizes = [found["Rows"].column_dimensions[letter] for letter in "ABCDEF"]
    assert [size.number_format for size in sizes] == ["@", "@", "General", "yyyy-mm-dd", "0", "@"]
    assert all(size.width >= 12 for size in sizes)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (Field("x", Type.NUMBER, minimum=0.5, maximum=10), ("decimal", "between", "0.5", "10", "stop")),
        (Field("x", Type.NUMBER, minimum=0), ("decimal", "greaterThanOrEqual", "0", None, "stop")),
        (Field("x", Type.INTEGER, maximum=7), ("whole", "lessThanOrEqual", "7", None, "stop")),
        (Field("x", Type.INTEGER), ("whole", "greaterThanOrEqual", "-1000000000000000", None, "stop")),
        (Field("x", Type.NUMBER), ("decimal", "greaterThanOrEqual", "-1E+300", None, "stop")),
        (Field("x", Type.INTEGER, maximum=10**17), (None, None, None, None, "stop")),
        (Field("x", Type.STRING, max_length=3), ("textLength", "lessThanOrEqual", "3", None, "stop")),
        (Field("x", Type.STRING, min_length=3), ("textLength", "greaterThanOrEqual", "3", None, "stop")),
        (Field("x", Type.STRING, pattern="A.*"), (None, None, None, None, "stop")),
        (Field("x", Type.STRING, enum=("a", "b", "c")), ("list", None, "Lists!$A$1:$A$3", None, "stop")),
        (Field("x", Type.DATE, minimum="2026-01-01"), ("date", None, "46023", "2958465.99999", "stop")),
        (Field("x", Type.DATE, maximum="2026-01-01"), ("date", None, "61", "46023", "warning")),
        (
            Field("x", Type.DATETIME, minimum="2026-01-01T12:00:00", maximum="2026-01-02"),
            ("date", None, "46023.5", "46024", "stop"),
        ),
        # What is right, too, must not be locked out: words for a missing value, currency signs, other categories.
        (
            Field("x", Type.NUMBER, missing_values=("", "NA"), minimum=0, maximum=1),
            ("decimal", "between", "0", "1", "warning"),
        ),
        (
            Field("x", Type.NUMBER, missing_values=("NA",), required=True, maximum=1),
            ("decimal", "lessThanOrEqual", "1", None, "stop"),
        ),
        (Field("x", Type.INTEGER, bare_number=False, maximum=1), ("whole", "lessThanOrEqual", "1", None, "warning")),
        (
            Field("x", Type.STRING, enum=("a",), unknown_category=UnknownCategory.FLAG),
            ("list", None, "Lists!$A$1:$A$1", None, "warning"),
        ),
        (Field("x", Type.BOOLEAN), ("list", None, "Lists!$A$1:$A$2", None, "warning")),
    ],
)  # fmt: skip
def test_a_cell_accepts_what_the_model_does(tmp_path: Path, field: Field, expected: tuple[Any, ...]) -> None:
    found = rule(tmp_path, field)
    # `between` is what the file means where it says nothing.
    assert (found[0], None if found[1] == "between" else found[1], *found[2:]) == (
        expected[0], None if expected[1] == "between" else expected[1], *expected[2:],
    )  # fmt: skip


def test_the_lists_hold_the_categories_as_a_cell_would(tmp_path: Path) -> None:
    lists = book(
        tmp_path,
        Field("a", Type.STRING),
        Field("b", Type.STRING, enum=("=1+1", "007")),
        Field("c", Type.INTEGER, enum=("1", "2", "3")),
        Field("d", Type.BOOLEAN, true_values=("ja",), false_values=("nein",)),
    )["Lists"]
    assert [[cell.value for cell in column] for column in lists.iter_cols()] == [
        ["=1+1", "007", None], [1, 2, 3], ["ja", "nein", None],
    ]  # fmt: skip
    assert lists["A1"].data_type in ("s", "inlineStr")  # text, never a formula


def test_messages_are_no_longer_than_excel_bears(tmp_path: Path) -> None:
    (found,) = book(tmp_path, Field("n" * 300, Type.NUMBER), hint="h" * 900)["Rows"].data_validations.dataValidation
    assert (len(found.promptTitle), len(found.prompt)) == (32, 250)
    assert (len(found.errorTitle), len(found.error)) == (32, 250)


def test_the_list_of_what_is_accepted_has_a_line_for_each_column(tmp_path: Path) -> None:
    rows = [[cell.value for cell in row] for row in book(tmp_path, *FIELDS)["What is accepted"].iter_rows()]
    assert rows[0][0] == "What is accepted: sales"
    assert rows[1][0] == "One sentence."
    at = rows.index(list(HEADINGS))
    assert [row[0] for row in rows[at + 1 : at + 5]] == [field.name for field in FIELDS]
    assert rows[-1][0] == "The end."


def test_strange_names_are_written_as_they_are(tmp_path: Path) -> None:
    names = ["=SUM(A1)", '<b>&"', "two\nlines", "'quoted"]
    rows = book(tmp_path, *(Field(name, Type.STRING, enum=("<&>",)) for name in names))["Rows"]
    assert [cell.value for cell in rows[1]] == names


def test_without_columns_nothing_is_left_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds 1 to"):
        write_template(tmp_path / "t.xlsx", page())
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        write_template(tmp_path / "t.xlsx", page(*FIELDS))
    assert (tmp_path / "t.xlsx").read_bytes() == b"mine"

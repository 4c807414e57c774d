"""Text and booleans, and what the schema asks of a value."""

from __future__ import annotations

import pytest

from dropscore.domain.problems import Severity
from dropscore.domain.schema import Field, Schema, Type, UnknownCategory
from table_help import one, read

TEXT = Field("t", Type.STRING)
SEGMENT = Field("t", Type.STRING, enum=("retail", "food", "Other"))
CODE = Field("t", Type.STRING, pattern="[0-9]{5}")


def test_a_word_is_a_word() -> None:
    """Namibia's NA, and whatever else other tools take for nothing."""
    cells = ["NA", "null", "None", "nan", "-", "N/A", "01-Mrz", "1e5", "007", " x ", "#1 choice", "TRUE"]
    found = one(TEXT, *cells)
    assert found.problems == ()
    assert found.typed["t"] == cells
    assert found.texts["t"] == cells
    assert found.numbers["t"] == [None] * len(cells)


def test_missing_text() -> None:
    assert one(TEXT, "", "x").typed["t"] == [None, "x"]
    assert one(Field("t", Type.STRING, missing_values=("NA", "")), "NA", "", "x").typed["t"] == [None, None, "x"]
    assert one(Field("t", Type.STRING, missing_values=()), "").typed["t"] == [""]
    assert one(Field("t", Type.STRING, required=True), "").codes == ["missing-value"]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("#N/A", "spreadsheet-error"),
        ("#NV", "spreadsheet-error"),
        ("#WERT!", "spreadsheet-error"),
        ("#REF!", "spreadsheet-error"),
        ("#¡DIV/0!", "spreadsheet-error"),
        ("##", "hash-signs"),
        ("\\N", "database-null"),
        ("1,2E+12", "scientific-notation"),
        ("1.23457E+15", "scientific-notation"),
    ],
)
def test_what_spreadsheets_and_databases_do_to_text(cell: str, code: str) -> None:
    found = one(TEXT, "x", cell)
    assert found.codes == [code]
    assert found.typed["t"] == ["x", None]


def test_what_the_schema_lists_is_never_damage() -> None:
    field = Field("t", Type.STRING, enum=("#N/A", "x"), missing_values=("", "\\N"))
    assert one(field, "#N/A", "\\N").problems == ()


def test_categories() -> None:
    found = one(SEGMENT, "retail", "retial", "RETAIL", " food", "zzz", "")
    assert found.bad == [False, True, True, True, True, False]
    assert found.codes == ["unknown-value"] * 4
    hints = [problem.hint or "" for problem in found.problems]
    assert "did you mean `retail`?" in hints[0]
    assert "did you mean `retail`?" in hints[1]
    assert "did you mean `food`?" in hints[2]
    assert "did you mean" not in hints[3]
    (group,) = found.groups
    assert group.count == 4
    assert "`retial`: did you mean `retail`?" in group.sentence


def test_many_categories_are_not_all_listed() -> None:
    field = Field("t", Type.STRING, enum=tuple(f"w{at}" for at in range(30)))
    problem = one(field, "nothing like it").only("unknown-value")
    assert problem.expected is not None
    assert "(30 in all)" in problem.expected


def test_unknown_categories_may_be_flagged_or_scored() -> None:
    flag = Field("t", Type.STRING, enum=("a",), unknown_category=UnknownCategory.FLAG)
    found = one(flag, "a", "b")
    assert found.bad == [False, False]
    assert found.typed["t"] == ["a", "b"]
    assert [problem.severity for problem in found.problems] == [Severity.WARNING]
    score = Field("t", Type.STRING, enum=("a",), unknown_category=UnknownCategory.SCORE)
    assert one(score, "a", "b").problems == ()


def test_patterns_match_as_a_whole() -> None:
    field = Field("t", Type.STRING, pattern="[A-Z]{2}|x")
    assert one(field, "AB", "x", "ABC", "xAB", "AB\n").bad == [False, False, True, True, True]


def test_patterns_that_only_python_knows() -> None:
    field = Field("t", Type.STRING, pattern="(?!AB)[A-Z]{2}")
    assert one(field, "AC", "AB", "", "CD").bad == [False, True, False, False]


def test_lost_zeros() -> None:
    found = one(CODE, "01067", "1067", "67", "123456", "x")
    assert found.codes == ["lost-zeros", "lost-zeros", "pattern", "pattern"]
    assert found.problems[0].hint is not None
    assert "`01067`" in found.problems[0].hint
    assert found.problems[1].hint is not None
    assert "`00067`" in found.problems[1].hint


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1.2E+04", "scientific-notation"),
        ("01-Mrz", "turned-into-date"),
        ("1. Mar", "pattern"),
        ("Mar-26", "turned-into-date"),
        ("01-ene", "turned-into-date"),
        ("01-févr", "turned-into-date"),
        ("2026-03-01", "turned-into-date"),
    ],
)
def test_damage_against_a_pattern(cell: str, code: str) -> None:
    assert one(Field("t", Type.STRING, pattern="[0-9]-[0-9]"), cell).codes == [code]


def test_damage_against_categories() -> None:
    assert one(Field("t", Type.STRING, enum=("1-3", "1-4")), "01-Mar").codes == ["turned-into-date"]


def test_lengths_count_characters() -> None:
    field = Field("t", Type.STRING, min_length=2, max_length=3)
    found = one(field, "ä", "äö", "äöü", "äöüß", "")
    assert found.bad == [True, False, False, True, False]
    assert found.codes == ["too-short", "too-long"]


def test_booleans() -> None:
    field = Field("b", Type.BOOLEAN, true_values=("ja", "1"), false_values=("nein", "0"))
    found = one(field, "ja", "nein", "1", " 0 ", "", "Ja", "true", "NA")
    assert found.typed["b"] == [True, False, True, False, None, None, None, None]
    assert found.codes == ["not-a-boolean", "not-a-boolean", "missing-word"]
    assert found.problems[0].expected == "one of `ja`, `1`, `nein`, `0`"
    assert found.texts["b"][:2] == ["ja", "nein"]


def test_each_cell_is_judged_by_itself_and_once() -> None:
    field = Field("t", Type.STRING, enum=("ab",), pattern="[a-z]+", max_length=2)
    assert one(field, "ABC").codes == ["unknown-value"]
    assert read(b"t;x\n\x07;1\n", Schema((field,))).codes == ["control-character"]

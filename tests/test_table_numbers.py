"""Numbers in one notation: what is read, what is refused and as what, and what a workbook shows."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropscore.domain.rules import Rules
from dropscore.domain.schema import Field, Type
from table_help import Read, one

NUMBER = Field("n", Type.NUMBER)
INTEGER = Field("n", Type.INTEGER)
COMMA = Field("n", Type.NUMBER, decimal_char=",", group_char=".")
GROUPED = Field("n", Type.NUMBER, group_char=",")
SPACED = Field("n", Type.NUMBER, decimal_char=",", group_char=" ")
SWISS = Field("n", Type.NUMBER, group_char="'")
MONEY = Field("n", Type.NUMBER, group_char=",", bare_number=False)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (NUMBER, "1", 1.0),
        (NUMBER, "-1.5", -1.5),
        (NUMBER, "+1.5", 1.5),
        (NUMBER, ".5", 0.5),
        (NUMBER, "5.", 5.0),
        (NUMBER, "-.5", -0.5),
        (NUMBER, "007.50", 7.5),
        (NUMBER, "1e5", 1e5),
        (NUMBER, "1.5E-3", 0.0015),
        (NUMBER, " 12 ", 12.0),
        (NUMBER, "0.1", 0.1),
        (NUMBER, "179769313486231570000000000000000000000.0", 1.7976931348623157e38),
        (INTEGER, "42", 42),
        (INTEGER, "-0042", -42),
        (INTEGER, "+7", 7),
        (INTEGER, "9223372036854775807", 2**63 - 1),
        (INTEGER, "-9223372036854775808", -(2**63)),
        (COMMA, "1,5", 1.5),
        (COMMA, "1.234", 1234.0),
        (COMMA, "1.234,5", 1234.5),
        (COMMA, "1234567,5", 1234567.5),
        (COMMA, "-1.234.567,5", -1234567.5),
        (COMMA, "1,5e3", 1500.0),
        (GROUPED, "1,234.5", 1234.5),
        (GROUPED, "1234.5", 1234.5),
        (SPACED, "1 234,5", 1234.5),
        (SPACED, "1\u00a0234\u00a0567", 1234567.0),
        (SPACED, "1\u202f234,5", 1234.5),
        (SWISS, "1'234.5", 1234.5),
        (SWISS, "1\u2019234.5", 1234.5),
        (MONEY, "$1,234.50", 1234.5),
        (MONEY, "-$5", -5.0),
        (MONEY, "€ 12.50", 12.5),
        (MONEY, "12.50 €", 12.5),
        (MONEY, "CHF 12", 12.0),
        (MONEY, "95%", 95.0),
        (MONEY, "(1,234.50)", -1234.5),
        (MONEY, "12.50-", -12.5),
        (MONEY, "($12)", -12.0),
    ],
)
def test_what_is_read(field: Field, text: str, value: float) -> None:
    found = one(field, text, "1")
    assert found.problems == ()
    assert found.typed["n"] == [value, 1]


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        (NUMBER, "abc", "not-a-number"),
        (NUMBER, "1.2.3", "not-a-number"),
        (NUMBER, "1..5", "not-a-number"),
        (NUMBER, "--1", "not-a-number"),
        (NUMBER, "1-2", "not-a-number"),
        (NUMBER, "12x", "not-a-number"),
        (NUMBER, "0x10", "not-a-number"),
        (NUMBER, "1_000", "grouped-number"),
        (NUMBER, "inf", "not-a-number"),
        (NUMBER, "Infinity", "not-a-number"),
        (NUMBER, "١٢", "not-a-number"),
        (NUMBER, "1 2", "broken-groups"),
        (NUMBER, "e5", "not-a-number"),
        (NUMBER, "-", "missing-word"),
        (NUMBER, ".", "missing-word"),
        (NUMBER, "nan", "missing-word"),
        (NUMBER, "N/A", "missing-word"),
        (NUMBER, "null", "missing-word"),
        (NUMBER, "1,5", "decimal-comma"),
        (NUMBER, "0,125", "decimal-comma"),
        (NUMBER, "1.234,5", "decimal-comma"),
        (NUMBER, "1,234", "ambiguous-number"),
        (NUMBER, "1,234,567", "grouped-number"),
        (NUMBER, "1,234.5", "grouped-number"),
        (NUMBER, "1 234.5", "grouped-number"),
        (NUMBER, "1'234", "grouped-number"),
        (NUMBER, "1,23,456", "broken-groups"),
        (NUMBER, "1e999", "number-too-large"),
        (NUMBER, "1,2E+12", "scientific-notation"),
        (NUMBER, "01-Mrz", "turned-into-date"),
        (NUMBER, "Jan-26", "turned-into-date"),
        (NUMBER, "#DIV/0!", "spreadsheet-error"),
        (NUMBER, "#NV", "spreadsheet-error"),
        (NUMBER, "####", "hash-signs"),
        (NUMBER, "\\N", "database-null"),
        (NUMBER, "95 %", "percent"),
        (NUMBER, "$5", "currency"),
        (NUMBER, "5 EUR", "currency"),
        (NUMBER, "(5)", "accounting-negative"),
        (NUMBER, "5-", "accounting-negative"),
        (INTEGER, "12.5", "not-an-integer"),
        (INTEGER, "12.0", "not-an-integer"),
        (INTEGER, "12,5", "not-an-integer"),
        (INTEGER, "1e5", "not-a-number"),
        (INTEGER, "1.2E+12", "scientific-notation"),
        (INTEGER, "9223372036854775808", "number-too-large"),
        (INTEGER, "-9223372036854775809", "number-too-large"),
        (INTEGER, "1" * 60, "number-too-large"),
        (COMMA, "1.5", "broken-groups"),
        (COMMA, "1.23.456", "broken-groups"),
        (COMMA, "1,234,567", "grouped-number"),
        (COMMA, "1.234.56", "broken-groups"),
        (COMMA, ".234", "decimal-point"),
        (GROUPED, "1,23", "broken-groups"),
        (GROUPED, "12345,678", "broken-groups"),
        (GROUPED, "1.234,5", "decimal-comma"),
        (SPACED, "1 23", "broken-groups"),
        (MONEY, "5 apples", "not-a-number"),
        (MONEY, "((5))", "accounting-negative"),
    ],
)
def test_what_is_refused_and_as_what(field: Field, text: str, code: str) -> None:
    found = one(field, "1", text, "2")
    assert found.codes == [code]
    assert found.typed["n"] == [1, None, 2]
    assert found.texts["n"][1] == text


def test_both_readings_are_named() -> None:
    problem = one(NUMBER, "-1,234").only("ambiguous-number")
    assert problem.hint is not None
    assert "-1234 or -1.234" in problem.hint


@pytest.mark.parametrize("decimal", [".", ","])
def test_the_routes_notation(decimal: str) -> None:
    text = f"12{decimal}5"
    found = one(NUMBER, text, rules=Rules(decimal=decimal))
    assert found.typed["n"] == [12.5]
    other = "." if decimal == "," else ","
    assert one(NUMBER, f"12{other}5", rules=Rules(decimal=decimal)).bad_rows == 1
    assert found.reading is not None
    assert found.reading.notation == ({"n": "decimal ,"} if decimal == "," else {})


def test_the_routes_groups() -> None:
    found = one(NUMBER, "1.234,5", rules=Rules(decimal=",", group="."))
    assert found.typed["n"] == [1234.5]
    assert one(GROUPED, "1,5", rules=Rules(decimal=",")).typed["n"] == [1.5]


def test_blanks_are_missing_not_bad() -> None:
    found = one(NUMBER, "", "  ", "1", "abc")
    assert found.typed["n"] == [None, None, 1.0, None]
    assert found.bad == [False, False, False, True]
    required = one(Field("n", Type.NUMBER, required=True), "", "  ", "1", "abc")
    assert required.codes == ["missing-value", "missing-value", "not-a-number"]


def test_missing_is_what_the_schema_says() -> None:
    field = Field("n", Type.NUMBER, missing_values=("NA", "-999"))
    found = one(field, "NA", "-999", "1", "")
    assert found.typed["n"] == [None, None, 1.0, None]
    assert found.bad == [False, False, False, True], "an empty cell is missing only where the schema says so"
    assert one(Field("n", Type.NUMBER, required=True, missing_values=("NA",)), "NA").codes == ["missing-value"]


def test_bounds() -> None:
    field = Field("n", Type.NUMBER, minimum=0, maximum=10)
    found = one(field, "0", "10", "-0.001", "10.001", "")
    assert found.bad == [False, False, True, True, False]
    assert found.codes == ["below-minimum", "above-maximum"]
    assert found.typed["n"] == [0.0, 10.0, None, None, None]


def test_enum_of_numbers_compares_values() -> None:
    field = Field("n", Type.NUMBER, enum=("1", "2.5"))
    assert one(field, "1.0", "2.50", "3").bad == [False, False, True]


@pytest.mark.parametrize(
    ("field", "text", "number"),
    [
        (NUMBER, "1.5", "1.5"),
        (NUMBER, "-0.25", "-0.25"),
        (NUMBER, "0", "0"),
        (NUMBER, "0.5", "0.5"),
        (NUMBER, "1.50", "1.50"),
        (COMMA, "1.234,5", "1234.5"),
        (MONEY, "$1,234.50", "1234.50"),
        (NUMBER, "123456789012345", "123456789012345"),
        (NUMBER, "0.12345678901234568", "0.12345678901234568"),
        (INTEGER, "9007199254740992", "9007199254740992"),
        (NUMBER, "+1.5", "1.5"),
        (NUMBER, " 1.5", "1.5"),
        (NUMBER, "007", None),
        (NUMBER, "-01", None),
        (NUMBER, ".5", None),
        (NUMBER, "5.", None),
        (NUMBER, "1e5", None),
        (NUMBER, "0.1234567890123456789", None),
        (NUMBER, "0.10000000000000000", None),
        (INTEGER, "9007199254740993", None),
        (INTEGER, "1234567890123456789", None),
        (NUMBER, "12345678901234567890", None),
    ],
)
def test_what_a_workbook_shows(field: Field, text: str, number: str | None) -> None:
    found = one(field, text, "7")
    assert found.problems == ()
    assert found.numbers["n"] == [number, "7"]
    assert found.texts["n"] == [None if number else text, None]


def test_bad_cells_are_shown_as_they_are() -> None:
    found = one(Field("n", Type.NUMBER, minimum=0), "-1.5", "x", "")
    assert found.numbers["n"] == [None, None, None]
    assert found.texts["n"] == ["-1.5", "x", None]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_every_float_that_python_writes_is_read_back(values: list[float]) -> None:
    found = one(NUMBER, *map(repr, values))
    assert found.typed["n"] == values
    _shown_without_loss(found)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=30))
def test_every_integer_is_read_back(values: list[int]) -> None:
    found = one(INTEGER, *map(str, values))
    assert found.typed["n"] == values
    _shown_without_loss(found)


def _shown_without_loss(found: Read) -> None:
    """A spreadsheet reads a number into a double: nothing that is shown as one may change by that."""
    for number, value in zip(found.numbers["n"], found.typed["n"], strict=True):
        if number is not None:
            assert float(number) == value
            assert "e" not in number
            assert abs(float(number)) <= 2**53 or not float(number).is_integer()


@given(st.lists(st.text("0123456789.,-+eE ()%x", max_size=8), min_size=1, max_size=20))
def test_any_text_is_read_as_python_reads_it_or_refused(cells: list[str]) -> None:
    found = one(NUMBER, *cells)
    for cell, value, bad in zip(cells, found.typed["n"], found.bad, strict=True):
        if value is not None:
            assert math.isclose(value, float(cell), rel_tol=1e-15)
        elif cell.strip(" "):
            assert bad, cell

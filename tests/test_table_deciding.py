"""`decimal = "auto"` and `dates = "auto"`: the whole column decides, or is refused with both readings."""

from __future__ import annotations

import datetime

import pytest

from dropscore.domain.rules import Rules
from dropscore.domain.schema import Field, Schema, Type
from dropscore.table import lines, structure
from table_help import one, read, workbook

AUTO = Rules(decimal="auto", dates="auto")
NUMBER = Field("n", Type.NUMBER)
DATE = Field("d", Type.DATE)


@pytest.fixture(autouse=True, params=[50_000, 1], ids=["one block", "many blocks"])
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "BLOCK_ROWS", request.param)
    monkeypatch.setattr(lines, "BLOCK_ROWS", request.param)


@pytest.mark.parametrize(
    ("cells", "values", "notation"),
    [
        (["1", "2"], [1, 2], None),
        (["1.5", "2"], [1.5, 2], None),
        (["1,5", "2"], [1.5, 2], "decimal ,"),
        (["1,234", "1,5"], [1.234, 1.5], "decimal ,"),
        (["1.234", "1,5"], [1234, 1.5], "decimal ,, group ."),
        (["1,234", "1.5"], [1234, 1.5], "group ,"),
        (["1,234,567"], [1234567], "group ,"),
        (["1.234.567"], [1234567], "decimal ,, group ."),
        (["1.234,5"], [1234.5], "decimal ,, group ."),
        (["abc", "1,5"], [None, 1.5], "decimal ,"),
        (["", "1,5"], [None, 1.5], "decimal ,"),
        (["0.125"], [0.125], None),
        (["1234.567"], [1234.567], None),
        (["-1,5e3", "1"], [-1500, 1], "decimal ,"),
        (["abc"], [None], None),
    ],
)
def test_numbers_that_decide(cells: list[str], values: list[float | None], notation: str | None) -> None:
    found = one(NUMBER, *cells, rules=AUTO)
    assert found.typed["n"] == values
    assert found.reading is not None
    assert found.reading.notation.get("n") == notation


@pytest.mark.parametrize("cells", [["1,234"], ["1.234"], ["1", "2,500", "x"], ["1.234", "2.345"]])
def test_numbers_that_do_not_decide(cells: list[str]) -> None:
    found = one(NUMBER, *cells, rules=AUTO)
    assert found.refused
    assert found.codes == ["undecided-decimal"]


def test_both_readings_are_named() -> None:
    problem = one(NUMBER, "7", "1,234", rules=AUTO).only("undecided-decimal")
    assert (problem.row, problem.cell, problem.found) == (3, "A3", "1,234")
    assert problem.hint is not None
    assert "`1,234` is 1234 with a point and 1.234 with a comma" in problem.hint
    problem = one(NUMBER, "1.234", rules=AUTO).only("undecided-decimal")
    assert problem.hint is not None
    assert "`1.234` is 1.234 with a point and 1234 with a comma" in problem.hint


@pytest.mark.parametrize("cells", [["1.5", "2,5"], ["1,234.5", "1.234,5"], ["1,234", "1.5", "0,5"]])
def test_numbers_that_contradict(cells: list[str]) -> None:
    problem = one(NUMBER, *cells, rules=AUTO).only("contradicting-decimal")
    assert problem.hint is not None
    assert "a point" in problem.hint


def test_whole_numbers_have_no_decimals_to_be_in_doubt() -> None:
    found = one(Field("n", Type.INTEGER), "1,234", "5", rules=AUTO)
    assert found.typed["n"] == [1234, 5]
    assert one(Field("n", Type.INTEGER), "1,234", "1.234", rules=AUTO).codes == ["contradicting-decimal"]


def test_each_column_decides_for_itself() -> None:
    schema = Schema((Field("a", Type.NUMBER), Field("b", Type.NUMBER)))
    found = read(b"a;b\n1,5;1.5\n", schema, AUTO)
    assert found.typed == {"a": [1.5], "b": [1.5]}
    both = read(b"a;b\n1,234;1.234\n", schema, AUTO)
    assert [(problem.code, problem.column) for problem in both.problems] == [
        ("undecided-decimal", "a"),
        ("undecided-decimal", "b"),
    ]


def day(year: int, month: int, day_: int) -> datetime.date:
    return datetime.date(year, month, day_)


@pytest.mark.parametrize(
    ("cells", "values", "notation"),
    [
        (["2026-04-03"], [day(2026, 4, 3)], None),
        (["03/04/2026", "31/01/2026"], [day(2026, 4, 3), day(2026, 1, 31)], "dates %d/%m/%Y"),
        (["03/04/2026", "01/31/2026"], [day(2026, 3, 4), day(2026, 1, 31)], "dates %m/%d/%Y"),
        (["31.01.2026"], [day(2026, 1, 31)], "dates %d.%m.%Y"),
        (["31-1-2026"], [day(2026, 1, 31)], "dates %d-%m-%Y"),
        (["03/03/2026"], [day(2026, 3, 3)], "dates %d/%m/%Y"),
        (["x", "31/01/2026", ""], [None, day(2026, 1, 31), None], "dates %d/%m/%Y"),
        (["x"], [None], None),
    ],
)
def test_dates_that_decide(cells: list[str], values: list[datetime.date | None], notation: str | None) -> None:
    found = one(DATE, *cells, rules=AUTO)
    assert found.typed["d"] == values
    assert found.reading is not None
    assert found.reading.notation.get("d") == notation


def test_dates_that_do_not_decide() -> None:
    problem = one(DATE, "03/04/2026", "05/06/2026", rules=AUTO).only("undecided-dates")
    assert problem.row == 2
    assert problem.hint is not None
    assert "2026-04-03 or 2026-03-04" in problem.hint


@pytest.mark.parametrize(
    "cells",
    [
        ["31/01/2026", "01/31/2026"],
        ["31/01/2026", "2026-04-03"],
        ["31/01/2026", "03.04.2026"],
        ["2026-04-03", "03/04/2026"],
    ],
)
def test_dates_that_contradict(cells: list[str]) -> None:
    assert one(DATE, *cells, rules=AUTO).codes == ["contradicting-dates"]


def test_times() -> None:
    found = one(Field("d", Type.DATETIME), "03/04/2026 10:30", "31/01/2026", rules=AUTO)
    assert found.typed["d"] == [datetime.datetime(2026, 4, 3, 10, 30), datetime.datetime(2026, 1, 31)]


def test_values_of_a_workbook_do_not_decide() -> None:
    schema = Schema((NUMBER, DATE))
    rows = [["n", "d"], [1.234, datetime.date(2026, 4, 3)], ["1,5", "31/01/2026"]]
    found = read(workbook(*rows), schema, AUTO)
    assert found.typed == {"n": [1.234, 1.5], "d": [day(2026, 4, 3), day(2026, 1, 31)]}
    alone = read(workbook(["n", "d"], [1.234, datetime.date(2026, 4, 3)]), schema, AUTO)
    assert alone.typed == {"n": [1.234], "d": [day(2026, 4, 3)]}
    doubtful = read(workbook(["n", "d"], [1.5, None], ["1,234", None]), schema, AUTO)
    assert doubtful.only("undecided-decimal").cell == "A3"

"""Columns matched by name: near misses, doubles, blanks, and what is missing."""

from __future__ import annotations

import pytest

from dropscore.domain.rules import Header, Limits, Rules
from dropscore.domain.schema import Field, Schema, Type
from dropscore.table.header import column_letters, loose
from table_help import PEOPLE, read

FORGIVING = Rules(header=Header.FORGIVING)
CUSTOMER = Schema((Field("customer_id", Type.STRING), Field("größe", Type.NUMBER)))


@pytest.mark.parametrize(("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_letters(index: int, letters: str) -> None:
    assert column_letters(index) == letters


@pytest.mark.parametrize("name", ["customer_id", "Customer ID", "CUSTOMER-ID", " customerId ", "customer\u00a0id"])
def test_what_is_loosely_the_same(name: str) -> None:
    assert loose(name) == "customerid"


def test_accents_composed_or_not() -> None:
    assert loose("gro\u0308ße") == loose("gr\u00f6ße")


def test_spelling_is_suggested() -> None:
    found = read("Customer ID;Größe\nx;1\n".encode(), CUSTOMER)
    assert found.refused
    assert [(problem.code, problem.column, problem.cell, problem.found) for problem in found.problems] == [
        ("header-spelling", "customer_id", "A1", "Customer ID"),
        ("header-spelling", "größe", "B1", "Größe"),
    ]


def test_spelling_is_accepted_where_the_route_says_so() -> None:
    found = read("Customer ID;Größe\nx;1\n".encode(), CUSTOMER, FORGIVING)
    assert found.problems == ()
    assert found.typed == {"customer_id": ["x"], "größe": [1.0]}
    assert [column.name for column in found.columns] == ["Customer ID", "Größe"]


def test_an_exact_name_wins() -> None:
    found = read(b"Age,age,income,segment\n9,1,2,food\n", PEOPLE, FORGIVING)
    assert found.typed["age"] == [1]


def test_two_that_are_loosely_the_same_are_not_guessed_between() -> None:
    found = read(b"Age,AGE,income,segment\n9,1,2,food\n", PEOPLE, FORGIVING)
    assert found.codes == ["missing-column"]


def test_missing_columns_are_named_with_the_nearest_there_is() -> None:
    found = read(b"age,incme,region\n1,2,food\n")
    assert found.codes == ["missing-column", "missing-column"]
    income, segment = found.problems
    assert income.column == "income"
    assert income.hint is not None
    assert "Is `incme` meant to be *income*?" in income.hint
    assert segment.hint is not None
    assert "meant" not in segment.hint
    assert segment.found == "age, incme, region"


def test_doubles_are_refused_even_where_the_model_does_not_know_them() -> None:
    found = read(b"age,income,segment,x,x\n1,2,food,3,4\n")
    assert found.only("duplicate-header").cell == "E1"


def test_all_that_is_wrong_with_a_header_is_said_at_once() -> None:
    found = read(b"Age,x,x,income\n1,2,3,4\n")
    assert sorted(found.codes) == ["duplicate-header", "header-spelling", "missing-column"]


def test_a_column_without_a_name_passes_through() -> None:
    found = read(b",age,income,segment\n0,1,2,food\n1,2,3,food\n")
    assert found.codes == ["blank-header"]
    assert found.columns[0].name == "(column A)"
    assert found.texts["(column A)"] == ["0", "1"]
    assert found.bad_rows == 0


def test_too_many_columns() -> None:
    rules = Rules(limits=Limits(columns=3))
    assert read(b"age,income,segment,x\n1,2,food,3\n", PEOPLE, rules).codes == ["too-many-columns"]
    assert read(b"age,income,segment\n1,2,food\n", PEOPLE, rules).problems == ()
